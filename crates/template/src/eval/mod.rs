//! The evaluator: walks the tree of one template.

mod calls;
pub(crate) mod changes;
mod expr;
pub(crate) mod globals;
mod include;
mod macros;
mod methods;
pub(crate) mod moments;
mod nothing;
pub(crate) mod objects;
pub(crate) mod ops;
mod output;
pub(crate) mod percent;
mod stmt;

use std::collections::HashMap;
use std::sync::Arc;

use ksplay_value::{Source, Span, Str, Undefined, Value};

use crate::tree::{Block, Expr, Tree};
use crate::{Error, FileOptions, Templar};

pub(crate) use calls::first_undefined;
pub(crate) use expr::{key_of, truth};
pub(crate) use methods::{Arguments, call as call_method, has as has_method, hashable, number_attribute};
pub(crate) use nothing::Nothing;
pub(crate) use output::Output;

/// How deep macros, blocks, files and loops may nest: less than expressions, of which each holds several.
const MAX_NESTED: usize = 150;

/// Where the text of a tree stands, for messages.
#[derive(Debug, Clone)]
pub(crate) enum Home {
    /// Nowhere that has a name.
    None,
    /// In a value that begins here.
    Value(Span),
    /// It is a file of its own.
    File(Arc<Source>),
}

/// A variable that the template itself has set.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) name: Str,
    pub(crate) value: Value,
}

/// The variables of one scope of a template.
pub(crate) type Frame = Vec<Local>;

/// How far a statement got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
}

/// A block as its template and each template that extends it define it: the innermost first.
type Blocks = HashMap<Str, Vec<(Arc<Block>, Arc<Tree>)>>;

/// One evaluation of one template.
pub(crate) struct Run<'t, 'e> {
    pub(crate) templar: &'t Templar<'e>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) home: Home,
    pub(crate) frames: Vec<Frame>,
    /// Which stack of scopes `frames` is: macros know the one they were made in.
    pub(crate) stack: u64,
    blocks: Blocks,
    /// The blocks that are being put out, for `super()`.
    within: Vec<(Str, usize)>,
    extends: Option<Arc<Tree>>,
    /// How files that this one includes are read; `None` in values of playbooks, which read them as the defaults say.
    pub(crate) options: FileOptions,
    /// Whether the variables of the scope can be seen: not in a template imported without its context.
    pub(crate) sees_scope: bool,
    /// How many of the frames belong to the template itself, outside of loops and the like.
    top: usize,
    depth: usize,
}

impl<'t, 'e> Run<'t, 'e> {
    pub(crate) fn new(templar: &'t Templar<'e>, tree: Arc<Tree>, home: Home) -> Self {
        Self {
            templar,
            tree,
            home,
            frames: vec![Frame::new()],
            stack: templar.next_stack(),
            blocks: Blocks::new(),
            within: Vec::new(),
            extends: None,
            options: FileOptions::default(),
            sees_scope: true,
            top: 1,
            depth: 0,
        }
    }

    /// What the template gives; what it changes ends with it.
    pub(crate) fn value(mut self) -> Result<Value, Error> {
        let templar = self.templar;
        let changes = self.tree.may_change.then(Box::default);
        templar.apart(changes, || {
            let value = self.template()?.value(templar)?;
            if templar.has_changed() { templar.deep(&value) } else { Ok(value) }
        })
    }

    /// Everything that the template puts out.
    pub(crate) fn template(&mut self) -> Result<Output, Error> {
        let mut output = Output::new();
        let mut tree = Arc::clone(&self.tree);
        if let [crate::tree::Stmt::Emit(expr)] = tree.body.as_slice() {
            let value = self.eval(expr)?;
            output.push(self.templar, value)?;
            return Ok(output);
        }
        stmt::collect_blocks(&tree.body, &tree, &mut self.blocks);
        loop {
            self.exec(&tree.body, &mut output)?;
            match self.extends.take() {
                Some(parent) => {
                    tree = Arc::clone(&parent);
                    self.tree = parent;
                }
                None => return Ok(output),
            }
        }
    }

    /// Carries out a macro, block, file or loop within itself.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth > MAX_NESTED {
            return Err(changes::endless());
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    /// The error, with the place of this expression when it has none yet.
    fn locate(&self, mut error: Error, at: u32) -> Error {
        if error.span.is_none() {
            error.span = self.span(at);
        }
        error
    }

    fn span(&self, at: u32) -> Option<Span> {
        place_of(&self.home, &self.tree.text, at)
    }

    fn undefined(&self, name: &str, message: String, expr: &Expr) -> Value {
        Undefined { name: name.into(), message, span: self.span(expr.at), failure: None }.into()
    }
}

/// The place of a byte offset of a text: exact in files, for values the place where they begin, as ansible-core says it.
pub(crate) fn place_of(home: &Home, text: &str, at: u32) -> Option<Span> {
    match home {
        Home::None => None,
        Home::Value(span) => Some(span.clone()),
        Home::File(source) => {
            let before = text.get(..at as usize).unwrap_or(text);
            let lines = |text: &str| text.matches('\n').count();
            // A header is no part of the text that was parsed.
            let header = lines(&source.text).saturating_sub(lines(text));
            let line = (header + lines(before)) as u32;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32;
            Some(Span::new(source, line + 1, column + 1))
        }
    }
}
