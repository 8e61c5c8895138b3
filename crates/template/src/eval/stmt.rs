//! Statements.

use std::sync::Arc;

use ksplay_value::{Str, Value};

use super::include::missing;
use super::objects::{Loop, MacroObject, NamespaceObject};
use super::{Blocks, Flow, Frame, Local, Output, Run};
use crate::tree::{Args, Expr, ExprKind, For, Stmt, Target, Tree};
use crate::{Error, ErrorKind};

/// Adds the blocks of a template behind those of the templates that extend it.
pub(crate) fn collect_blocks(body: &[Stmt], tree: &Arc<Tree>, blocks: &mut Blocks) {
    for statement in body {
        match statement {
            Stmt::Block(block) => {
                blocks.entry(block.name.clone()).or_default().push((Arc::clone(block), Arc::clone(tree)));
                collect_blocks(&block.body, tree, blocks);
            }
            Stmt::For(node) => {
                collect_blocks(&node.body, tree, blocks);
                collect_blocks(&node.otherwise, tree, blocks);
            }
            Stmt::If { then, otherwise, .. } => {
                collect_blocks(then, tree, blocks);
                collect_blocks(otherwise, tree, blocks);
            }
            Stmt::With { body, .. }
            | Stmt::SetBlock { body, .. }
            | Stmt::FilterBlock { body, .. }
            | Stmt::Scoped(body) => {
                collect_blocks(body, tree, blocks);
            }
            _ => {}
        }
    }
}

impl<'t, 'e> Run<'t, 'e> {
    /// Carries out statements in order.
    pub(crate) fn exec(&mut self, body: &[Stmt], output: &mut Output) -> Result<Flow, Error> {
        for statement in body {
            match self.stmt(statement, output)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn stmt(&mut self, statement: &Stmt, output: &mut Output) -> Result<Flow, Error> {
        match statement {
            Stmt::Text(text) => {
                if self.extends.is_none() {
                    output.push_str(self.templar, text)?;
                }
            }
            Stmt::Emit(expr) => {
                if self.extends.is_none() {
                    let value = self.eval(expr)?;
                    output.push(self.templar, value).map_err(|error| self.locate(error, expr.at))?;
                }
            }
            Stmt::For(node) => return self.for_loop(node, None, 0, output),
            Stmt::If { test, then, otherwise } => {
                let value = self.eval(test)?;
                match self.truth(&value).map_err(|error| self.locate(error, test.at))? {
                    Some(true) => return self.exec(then, output),
                    Some(false) => return self.exec(otherwise, output),
                    None => output.push(self.templar, value)?,
                }
            }
            Stmt::With { assignments, body } => {
                let mut frame = Frame::new();
                for (target, expr) in assignments {
                    let value = self.eval(expr)?;
                    self.frames.push(std::mem::take(&mut frame));
                    let assigned = self.assign(target, value);
                    frame = self.frames.pop().unwrap_or_default();
                    assigned.map_err(|error| self.locate(error, expr.at))?;
                }
                self.frames.push(frame);
                let flow = self.exec(body, output);
                self.frames.pop();
                return flow;
            }
            Stmt::Set(target, expr) => {
                let value = self.eval(expr)?;
                self.assign(target, value).map_err(|error| self.locate(error, expr.at))?;
            }
            Stmt::SetBlock { target, filter, body } => {
                let mut value = self.captured(body)?;
                if let Some(filter) = filter {
                    value = self.chain(filter, value)?;
                }
                self.assign(target, value)?;
            }
            Stmt::FilterBlock { filter, body } => {
                let value = self.captured(body)?;
                let value = self.chain(filter, value)?;
                if self.extends.is_none() {
                    output.push(self.templar, value)?;
                }
            }
            Stmt::Scoped(body) => {
                self.frames.push(Frame::new());
                let flow = self.exec(body, output);
                self.frames.pop();
                return flow;
            }
            Stmt::Block(block) => {
                if self.extends.is_none() {
                    self.block(&block.name, 0, output)?;
                }
            }
            Stmt::Extends(name) => {
                let parent = self.load_named(name)?.ok_or_else(|| self.locate(missing("", self), name.at))?;
                collect_blocks(&parent.0.body, &parent.0, &mut self.blocks);
                self.extends = Some(parent.0);
            }
            Stmt::Include { name, ignore_missing, with_context } => {
                self.include(name, *ignore_missing, *with_context, output)?;
            }
            Stmt::Import { name, target, with_context } => {
                let module = self.import(name, *with_context)?;
                self.set_local(target, module);
            }
            Stmt::FromImport { name, names, with_context } => {
                let module = self.import(name, *with_context)?;
                for (from, to) in names {
                    let value = self.templar.get_attr(&module, from)?;
                    let value = match value {
                        Value::Undefined(_) => self.undefined(
                            from,
                            format!("the template {:?} does not export the requested name '{from}'", self.tree.name),
                            name,
                        ),
                        value => value,
                    };
                    self.set_local(to, value);
                }
            }
            Stmt::Macro(decl) => {
                let value = MacroObject::create(decl, self);
                self.set_local(&decl.name, value);
            }
            Stmt::CallBlock { call, caller } => {
                let caller = MacroObject::create(caller, self);
                let ExprKind::Call(callee, args) = &call.kind else {
                    return Err(Error::new(ErrorKind::Syntax, "expected a call"));
                };
                let value = self.call_with_caller(callee, args, call, Some(caller))?;
                if self.extends.is_none() {
                    output.push(self.templar, value)?;
                }
            }
            Stmt::Do(expr) => {
                self.extension("do", expr.at)?;
                self.eval(expr)?;
            }
            Stmt::Break => {
                self.extension("loopcontrols", 0)?;
                return Ok(Flow::Break);
            }
            Stmt::Continue => {
                self.extension("loopcontrols", 0)?;
                return Ok(Flow::Continue);
            }
        }
        Ok(Flow::Next)
    }

    /// An error unless this extension of Jinja is switched on.
    fn extension(&self, name: &str, at: u32) -> Result<(), Error> {
        let on = &self.templar.environment().jinja_extensions;
        if on.iter().any(|extension| extension.rsplit('.').next() == Some(name)) {
            return Ok(());
        }
        let tag = if name == "do" { "do" } else { "break' or 'continue" };
        let error = Error::new(
            ErrorKind::Syntax,
            format!(
                "Syntax error in template: Encountered unknown tag '{tag}'. It needs the Jinja extension '{name}'."
            ),
        );
        Err(self.locate(error, at))
    }

    /// What a body puts out, a single value as it is.
    pub(crate) fn captured(&mut self, body: &[Stmt]) -> Result<Value, Error> {
        let mut output = Output::new();
        let extends = self.extends.take();
        self.frames.push(Frame::new());
        let flow = self.exec(body, &mut output);
        self.frames.pop();
        self.extends = extends;
        flow?;
        output.value(self.templar)
    }

    /// Applies a chain of filters to a value.
    fn chain(&mut self, filter: &Expr, value: Value) -> Result<Value, Error> {
        match &filter.kind {
            ExprKind::Filter { name, subject, args } => {
                let value = match subject {
                    Some(inner) => self.chain(inner, value)?,
                    None => value,
                };
                self.filter(name, value, args).map_err(|error| self.locate(error, filter.at))
            }
            _ => Ok(value),
        }
    }

    /// Sets a variable of the innermost scope.
    pub(crate) fn set_local(&mut self, name: &Str, value: Value) {
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.iter_mut().find(|local| local.name == *name) {
            Some(local) => local.value = value,
            None => frame.push(Local { name: name.clone(), value }),
        }
    }

    fn assign(&mut self, target: &Target, value: Value) -> Result<(), Error> {
        match target {
            Target::Name(name) => {
                self.set_local(name, value);
                Ok(())
            }
            Target::Attr(name, attribute) => {
                let holder = self.local(name).map(|local| local.value.clone());
                match holder.as_ref().and_then(NamespaceObject::of) {
                    Some(namespace) => {
                        namespace.set(attribute, value);
                        Ok(())
                    }
                    None => Err(Error::operation("cannot assign attribute on non-namespace object")),
                }
            }
            Target::Many(targets) => {
                if let Value::Unknown(_) = value {
                    return targets.iter().try_for_each(|target| self.assign(target, value.clone()));
                }
                if !matches!(
                    value,
                    Value::List(_) | Value::Tuple(_) | Value::String(_) | Value::Map(_) | Value::Object(_)
                ) {
                    super::ops::defined(&value)?;
                    return Err(Error::operation(format!("cannot unpack non-iterable {} object", value.type_name())));
                }
                let items = self.templar.iterate(&value)?;
                if items.len() > targets.len() {
                    return Err(Error::operation(format!("too many values to unpack (expected {})", targets.len())));
                }
                if items.len() < targets.len() {
                    return Err(Error::operation(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        items.len()
                    )));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item)?;
                }
                Ok(())
            }
        }
    }

    /// A loop; `items` are given when it calls itself.
    pub(crate) fn for_loop(
        &mut self,
        node: &Arc<For>,
        items: Option<Value>,
        depth: usize,
        output: &mut Output,
    ) -> Result<Flow, Error> {
        let iterated = match items {
            Some(items) => items,
            None => self.eval(&node.iter)?,
        };
        if let Value::Unknown(_) = iterated {
            output.push(self.templar, iterated)?;
            return Ok(Flow::Next);
        }
        self.frames.push(Frame::new());
        let flow = self.iterate_body(node, &iterated, depth, output);
        self.frames.pop();
        flow
    }

    fn iterate_body(
        &mut self,
        node: &Arc<For>,
        iterated: &Value,
        depth: usize,
        output: &mut Output,
    ) -> Result<Flow, Error> {
        let items = |run: &Self| run.templar.iterate(iterated).map_err(|error| run.locate(error, node.iter.at));
        let mut first = items(self)?;
        if let Some(filter) = &node.filter {
            let mut kept = Vec::with_capacity(first.len());
            for item in first {
                self.assign(&node.target, item.clone())?;
                let value = self.eval(filter)?;
                match self.truth(&value)? {
                    Some(true) => kept.push(item),
                    Some(false) => {}
                    None => {
                        output.push(self.templar, value)?;
                        return Ok(Flow::Next);
                    }
                }
            }
            first = kept;
        }
        if first.is_empty() {
            return self.exec(&node.otherwise, output);
        }
        let state = Loop::new(node, first, depth);
        let name: Str = "loop".into();
        let object = Value::Object(state.clone());
        let mut times = self.templar.times_changed(iterated);
        let mut index = 0;
        loop {
            // As in Python, a loop sees what is done to its list.
            if node.filter.is_none() && self.templar.times_changed(iterated) != times {
                times = self.templar.times_changed(iterated);
                let items = items(self)?;
                if matches!(iterated, Value::Map(_)) && items.len() != state.length() {
                    let error = Error::operation("dictionary changed size during iteration");
                    return Err(self.locate(error, node.iter.at));
                }
                state.replace(items);
            }
            let Some(item) = state.item(index) else { break };
            state.advance(index);
            index += 1;
            if let Some(frame) = self.frames.last_mut() {
                frame.clear();
                frame.push(Local { name: name.clone(), value: object.clone() });
            }
            let item = self.templar.shallow(&item)?;
            self.assign(&node.target, item).map_err(|error| self.locate(error, node.iter.at))?;
            if self.exec(&node.body, output)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    /// Puts out a block; `level` counts how many definitions nearer to the extending template are passed over.
    pub(crate) fn block(&mut self, name: &Str, level: usize, output: &mut Output) -> Result<(), Error> {
        let Some((block, tree)) = self.blocks.get(name).and_then(|blocks| blocks.get(level)).cloned() else {
            let message = if level > 0 {
                format!("there is no parent block called '{name}'.")
            } else {
                format!("'self' has no attribute '{name}'")
            };
            return Err(Error::new(ErrorKind::Undefined, message));
        };
        if block.required {
            return Err(Error::operation(format!("Required block '{name}' not found")));
        }
        let before = std::mem::replace(&mut self.tree, tree);
        self.within.push((name.clone(), level));
        let hidden = if block.scoped { Vec::new() } else { self.frames.split_off(self.top) };
        self.frames.push(Frame::new());
        let result = self.nested(|run| run.exec(&block.body, output));
        self.frames.pop();
        self.frames.extend(hidden);
        self.within.pop();
        self.tree = before;
        result.map(|_| ())
    }

    /// What `super()` gives.
    pub(crate) fn super_block(&mut self) -> Result<Value, Error> {
        let Some((name, level)) = self.within.last().cloned() else {
            return Err(Error::new(ErrorKind::Undefined, "'super' is undefined"));
        };
        let mut output = Output::new();
        self.block(&name, level + 1, &mut output)?;
        output.value(self.templar)
    }

    /// What `self.name()` gives.
    pub(crate) fn self_block(&mut self, name: &str) -> Result<Value, Error> {
        let mut output = Output::new();
        self.block(&name.into(), 0, &mut output)?;
        output.value(self.templar)
    }

    /// Evaluates the arguments of a call and calls.
    fn call_with_caller(
        &mut self,
        callee: &Expr,
        args: &Args,
        expr: &Expr,
        caller: Option<Value>,
    ) -> Result<Value, Error> {
        let function = self.eval(callee)?;
        let mut values = Vec::new();
        let kwargs = self.arguments(args, &mut values)?;
        self.apply(&function, values, kwargs, caller).map_err(|error| self.locate(error, expr.at))
    }
}
