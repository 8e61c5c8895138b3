//! Evaluation of values for one host at one task.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Map, Source, Str, Template, TemplateKind, Undefined, Value};

use crate::eval::{self, Home, Run, objects, ops};
use crate::tree::Tree;
use crate::{Environment, Error, ErrorKind, parse};

/// The variables that an evaluation can see.
pub trait Scope: Send + Sync {
    /// The definition of a variable, templates in it not yet evaluated; `None` when there is none.
    fn get(&self, name: &str) -> Option<Value>;

    /// The names of all variables, for `vars`, `lookup('varnames')` and "did you mean".
    fn names(&self) -> Vec<Str>;
}

/// The truth of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// It is known.
    Known(bool),
    /// It rests on something that is not known before the play is carried out; the names of what.
    Unknown(Vec<Str>),
}

/// How a template file is rendered (the options of the module `template` and its `#jinja2:` header).
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Remove the first newline after a block.
    pub trim_blocks: bool,
    /// Strip blanks before a block at the start of its line.
    pub lstrip_blocks: bool,
    /// What newlines of the template become.
    pub newline_sequence: String,
    /// Keep the newline at the end of the file.
    pub keep_trailing_newline: bool,
    /// The markers of variables, blocks and comments when they are not the usual ones.
    pub markers: Option<[(String, String); 3]>,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            trim_blocks: true,
            lstrip_blocks: false,
            newline_sequence: "\n".into(),
            keep_trailing_newline: true,
            markers: None,
        }
    }
}

/// A scope with some variables in front of another, such as a loop's `item`.
pub struct Layer<'s> {
    /// The variables in front.
    pub front: Map,
    /// The variables behind.
    pub behind: &'s dyn Scope,
}

impl Scope for Layer<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.front.get(name).cloned().or_else(|| self.behind.get(name))
    }

    fn names(&self) -> Vec<Str> {
        let mut names = self.behind.names();
        for key in self.front.keys() {
            if let Some(name) = key.as_str()
                && !names.iter().any(|known| &**known == name)
            {
                names.push(name.into());
            }
        }
        names
    }
}

impl Scope for Map {
    fn get(&self, name: &str) -> Option<Value> {
        Map::get(self, name).cloned()
    }

    fn names(&self) -> Vec<Str> {
        self.keys().filter_map(|key| key.as_str()).map(Str::from).collect()
    }
}

/// The parsed form of a template, kept with it.
enum Parsed {
    Tree(Result<Arc<Tree>, Error>),
    Secret(Result<Str, Error>),
}

/// Evaluates values with the variables of one host at one task. Cheap to make; keeps results of pure variables for its
/// lifetime, so make one for each evaluation of a task, not one for a run.
pub struct Templar<'e> {
    pub(crate) environment: &'e Environment,
    pub(crate) scope: &'e dyn Scope,
    /// Variables that were looked at, evaluated one level.
    variables: RefCell<HashMap<Str, Option<Value>>>,
    /// Results of templates, by their address; the template is kept so that the address stays its own.
    results: RefCell<HashMap<usize, (Arc<Template>, Value)>>,
    /// The templates that are being evaluated, to find those that need themselves.
    active: RefCell<Vec<Arc<Template>>>,
    /// How many things were called that may answer differently the next time.
    impure: Cell<u64>,
    stacks: Cell<u64>,
}

impl<'e> Templar<'e> {
    /// An evaluator over these variables.
    pub fn new(environment: &'e Environment, scope: &'e dyn Scope) -> Self {
        Self {
            environment,
            scope,
            variables: RefCell::default(),
            results: RefCell::default(),
            active: RefCell::default(),
            impure: Cell::new(0),
            stacks: Cell::new(0),
        }
    }

    /// The settings.
    pub fn environment(&self) -> &'e Environment {
        self.environment
    }

    /// The variables.
    pub fn scope(&self) -> &'e dyn Scope {
        self.scope
    }

    /// The value with every template in it evaluated, to any depth. Tuples are lists; entries and items that are
    /// `omit` are left out (at the root, [`Value::Omit`] stays); [`Value::Unknown`] stays where it is.
    ///
    /// # Errors
    ///
    /// If a template is wrong, or something undefined is used.
    pub fn resolve(&self, value: &Value) -> Result<Value, Error> {
        Ok(match value {
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Unknown(_)
            | Value::Omit => value.clone(),
            Value::Undefined(undefined) if eval::is_soft(undefined) => {
                return Err(outermost(Error::operation(undefined.message.clone())));
            }
            Value::Undefined(undefined) => return Err(ops::undefined_error(undefined)),
            Value::Template(template) => {
                let value = self.template(template)?;
                self.resolve(&value)?
            }
            Value::List(items) => match self.resolve_items(items)? {
                Some(items) => Value::from(items),
                None => value.clone(),
            },
            Value::Tuple(items) => Value::from(self.resolve_items(items)?.unwrap_or_else(|| items.to_vec())),
            Value::Map(map) => {
                if map.values().all(is_plain) {
                    return Ok(value.clone());
                }
                let mut resolved = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let item = self.resolve(item)?;
                    if !matches!(item, Value::Omit) {
                        resolved.insert(key.clone().into_value(), item);
                    }
                }
                resolved.into()
            }
            Value::Object(object) if objects::is_transient(object.as_ref()) => {
                return Err(outermost(Error::operation(format!(
                    "Type '{}' is unsupported for variable storage.",
                    object.type_name()
                ))));
            }
            Value::Object(object) if object.is_mapping() => {
                let mut resolved = Map::new();
                for key in object.iterate().unwrap_or_default() {
                    let item = self.get_item(value, &key)?;
                    resolved.insert(key, self.resolve(&item)?);
                }
                resolved.into()
            }
            Value::Object(_) => value.clone(),
        })
    }

    fn resolve_items(&self, items: &[Value]) -> Result<Option<Vec<Value>>, Error> {
        if items.iter().all(is_plain) {
            return Ok(None);
        }
        let mut resolved = Vec::with_capacity(items.len());
        for item in items {
            let item = self.resolve(item)?;
            if !matches!(item, Value::Omit) {
                resolved.push(item);
            }
        }
        Ok(Some(resolved))
    }

    /// The value of a variable, evaluated to any depth; `None` when there is none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn variable(&self, name: &str) -> Result<Option<Value>, Error> {
        self.scope_variable(name)?.map(|value| self.resolve(&value)).transpose()
    }

    /// The value of a bare expression (`when`, `loop: "{{…}}"` has markers and goes to `resolve`), such as the text of
    /// `debug: var=`, `until` or `changed_when`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn expression(&self, text: &Value) -> Result<Value, Error> {
        let value = self.expression_value(text)?;
        self.resolve(&value)
    }

    fn expression_value(&self, text: &Value) -> Result<Value, Error> {
        match text {
            Value::String(text) => self.bare(text),
            Value::Template(template) if template.kind == TemplateKind::Jinja => {
                if is_whole(&template.text) {
                    return self.template(template);
                }
                self.bare(&template.text).map_err(|mut error| {
                    error.span = error.span.or_else(|| template.span.clone());
                    if error.kind == ErrorKind::Syntax {
                        error.message = error.message.replacen(
                            "Syntax error in expression:",
                            "Syntax error in expression. Template delimiters are not supported in expressions:",
                            1,
                        );
                    }
                    error
                })
            }
            other => self.shallow(other),
        }
    }

    fn bare(&self, text: &Str) -> Result<Value, Error> {
        let expression = |mut error: Error| {
            error = outermost(error);
            for what in ["Syntax error in", "Error rendering"] {
                error.message = error.message.replacen(&format!("{what} template"), &format!("{what} expression"), 1);
            }
            error
        };
        let tree = self.environment.expressions.tree(text).map_err(expression)?;
        Run::new(self, tree, Home::None).template().map(|output| output.value()).map_err(expression)
    }

    /// The truth of a condition: a bare expression, a boolean, or a template.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`], and if the result is no boolean and broken conditionals are not allowed.
    pub fn condition(&self, condition: &Value) -> Result<Truth, Error> {
        let lenient = self.environment.allow_broken_conditionals;
        match condition {
            Value::Bool(flag) => return Ok(Truth::Known(*flag)),
            Value::Null => return Ok(Truth::Known(true)),
            Value::String(text) if text.is_empty() && lenient => return Ok(Truth::Known(true)),
            Value::String(text) if text.is_empty() => {
                return Err(Error::new(ErrorKind::BrokenConditional, "Empty conditional expressions are not allowed."));
            }
            Value::String(_) | Value::Template(_) | Value::Unknown(_) => {}
            other if lenient => return Ok(Truth::Known(other.is_true())),
            _ => {
                return Err(Error::new(ErrorKind::BrokenConditional, "Conditional expressions must be strings."));
            }
        }
        let conditional = |mut error: Error| {
            if error.kind == ErrorKind::Undefined {
                error.message.insert_str(0, "Error while evaluating conditional: ");
            }
            error
        };
        let mut value = self.expression_value(condition).map_err(conditional)?;
        // `when: "{{ x }}"` with an `x` that is itself a condition. Its text may come from a host, so nothing that
        // calls anything is evaluated.
        if let (Value::Template(_), Value::String(text)) = (condition, &value)
            && self.environment.expressions.tree(text).is_ok_and(|tree| !crate::reads::calls(&tree.body))
        {
            value = self.bare(text).map_err(conditional)?;
        }
        let truth = match &value {
            Value::Bool(flag) => return Ok(Truth::Known(*flag)),
            Value::Unknown(unknown) => return Ok(Truth::Unknown(unknown.because.clone())),
            Value::Undefined(undefined) if eval::is_soft(undefined) => {
                return Err(Error::operation(format!("Error rendering expression: {}", undefined.message)));
            }
            Value::Undefined(undefined) => return Err(conditional(ops::undefined_error(undefined))),
            other => eval::truth(other)?.unwrap_or(true),
        };
        if lenient {
            return Ok(Truth::Known(truth));
        }
        let mut error = Error::new(
            ErrorKind::BrokenConditional,
            format!(
                "Conditional result ({}) was derived from value of type '{}'. Conditionals must have a boolean result.",
                if truth { "True" } else { "False" },
                value.type_name()
            ),
        );
        if let Value::Template(template) = condition {
            error.span.clone_from(&template.span);
        }
        Err(error)
    }

    /// The text of a template file.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn render(&self, file: &Arc<Source>, options: &FileOptions) -> Result<Value, Error> {
        let (options, text) = options.with_header(&file.text)?;
        // Line numbers count in the whole file.
        let text: Arc<str> = text.into();
        let tree = parse::parse_file(&text, &file.name, &options)?;
        let mut run = Run::new(self, Arc::new(tree), Home::File(Arc::clone(file)));
        run.options = options.clone();
        let value = run.template().and_then(|output| output.into_text(self)).map_err(outermost)?;
        let value = match value {
            Value::String(rendered) if options.keep_trailing_newline => {
                Value::String(with_newlines(rendered, &file.text))
            }
            other => other,
        };
        Ok(match value {
            Value::String(text) if options.newline_sequence != "\n" => {
                Value::from(text.replace("\r\n", "\n").replace('\n', &options.newline_sequence))
            }
            other => other,
        })
    }

    /// A variable evaluated one level; [`Value::Undefined`] when its definition needs something undefined.
    pub(crate) fn scope_variable(&self, name: &str) -> Result<Option<Value>, Error> {
        if let Some(known) = self.variables.borrow().get(name) {
            return Ok(known.clone());
        }
        let Some(definition) = self.scope.get(name) else {
            self.variables.borrow_mut().insert(name.into(), None);
            return Ok(None);
        };
        let before = self.impure.get();
        let value = self.shallow(&definition)?;
        if self.impure.get() == before {
            self.variables.borrow_mut().insert(name.into(), Some(value.clone()));
        }
        Ok(Some(value))
    }

    /// All variables, not evaluated: the variable `vars`.
    pub(crate) fn all_variables(&self) -> Value {
        let mut map = Map::new();
        for name in self.scope.names() {
            if let Some(value) = self.scope.get(&name) {
                map.insert(&name, value);
            }
        }
        map.into()
    }

    /// Something was called that may answer differently the next time.
    pub(crate) fn impure(&self) {
        self.impure.set(self.impure.get() + 1);
    }

    pub(crate) fn next_stack(&self) -> u64 {
        self.stacks.set(self.stacks.get() + 1);
        self.stacks.get()
    }

    pub(crate) fn tree(&self, template: &Arc<Template>) -> Result<Arc<Tree>, Error> {
        let parsed = template.parsed(|| Parsed::Tree(parse::parse_value(&template.text).map(Arc::new)));
        match &*parsed {
            Parsed::Tree(Ok(tree)) => Ok(Arc::clone(tree)),
            Parsed::Tree(Err(error)) => {
                let mut error = error.clone();
                error.span = error.span.or_else(|| template.span.clone());
                Err(error)
            }
            Parsed::Secret(_) => Err(Error::new(ErrorKind::Vault, "the vault value is no template")),
        }
    }

    /// The result of a template, evaluated one level.
    pub(crate) fn template(&self, template: &Arc<Template>) -> Result<Value, Error> {
        if template.kind == TemplateKind::Vault {
            return self.reveal(template);
        }
        let address = Arc::as_ptr(template) as usize;
        if let Some((_, value)) = self.results.borrow().get(&address) {
            return Ok(value.clone());
        }
        {
            let mut active = self.active.borrow_mut();
            if active.len() >= MAX_TEMPLATES || active.iter().any(|other| Arc::ptr_eq(other, template)) {
                let mut error = Error::new(
                    ErrorKind::Recursion,
                    format!("Recursive loop detected in template: {}", recursion(&active, template)),
                );
                error.span.clone_from(&template.span);
                return Err(error);
            }
            active.push(Arc::clone(template));
        }
        let before = self.impure.get();
        let value = self.evaluate(template);
        self.active.borrow_mut().pop();
        let value = value.map_err(|mut error| {
            error.span = error.span.or_else(|| template.span.clone());
            outermost(error)
        })?;
        if self.impure.get() == before {
            self.results.borrow_mut().insert(address, (Arc::clone(template), value.clone()));
        }
        Ok(value)
    }

    fn evaluate(&self, template: &Arc<Template>) -> Result<Value, Error> {
        let tree = self.tree(template)?;
        let home = template.span.clone().map_or(Home::None, Home::Value);
        let value = Run::new(self, tree, home).template()?.value();
        Ok(match value {
            Value::String(text) => Value::String(with_newlines(text, &template.text)),
            other => other,
        })
    }

    fn reveal(&self, template: &Arc<Template>) -> Result<Value, Error> {
        let parsed = template.parsed(|| {
            Parsed::Secret(match &self.environment.reveal {
                Some(reveal) => {
                    reveal(&template.text).map(Str::from).map_err(|message| Error::new(ErrorKind::Vault, message))
                }
                None => Err(Error::new(ErrorKind::Vault, "Attempting to decrypt but no vault secrets found.")),
            })
        });
        match &*parsed {
            Parsed::Secret(Ok(text)) => Ok(Value::String(text.clone())),
            Parsed::Secret(Err(error)) => {
                let mut error = error.clone();
                error.span.clone_from(&template.span);
                Err(error)
            }
            Parsed::Tree(_) => Err(Error::new(ErrorKind::Vault, "the template is no vault value")),
        }
    }

    /// Where template files are looked for: the folders of `ansible_search_path`, then that of the run.
    pub fn search_paths(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if let Ok(Some(Value::List(folders))) = self.variable("ansible_search_path") {
            for folder in folders.iter().filter_map(Value::as_str) {
                paths.push(PathBuf::from(folder).join("templates"));
                paths.push(PathBuf::from(folder));
            }
        }
        paths.push(self.environment.base_dir.clone());
        paths
    }

    /// The template file of this name, looked for beside `current` and then in the search paths.
    pub(crate) fn load_file(
        &self,
        name: &str,
        current: Option<&str>,
        options: &FileOptions,
    ) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        self.impure();
        let mut candidates: Vec<PathBuf> = Vec::new();
        if let Some(folder) = current.and_then(|current| Path::new(current).parent()) {
            candidates.push(folder.join(name));
        }
        candidates.extend(self.search_paths().into_iter().map(|folder| folder.join(name)));
        for path in candidates {
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Error::operation(format!("cannot read '{}': {error}", path.display())))?;
            let source = Source::new(path.to_string_lossy(), text);
            let text: Arc<str> = source.text.as_str().into();
            let options = FileOptions { keep_trailing_newline: false, ..options.clone() };
            let tree = parse::parse_file(&text, &source.name, &options)?;
            return Ok(Some((Arc::new(tree), Home::File(source))));
        }
        Ok(None)
    }
}

/// How many templates may need one another.
const MAX_TEMPLATES: usize = 64;

/// Whether a condition is one template from its beginning to its end, rather than an expression with markers in it.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") || text.starts_with("{%") && text.ends_with("%}")
}

/// The result with at least as many newlines at its end as its template has.
fn with_newlines(result: Str, template: &str) -> Str {
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(template).saturating_sub(count(&result));
    if missing == 0 { result } else { format!("{result}{}", "\n".repeat(missing)).into() }
}

pub(crate) fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::String(_)
    )
}

pub(crate) fn undefined_of(error: Error) -> Value {
    Undefined { name: error.message.clone(), message: error.message, span: error.span }.into()
}

/// The message as the user sees it: what kind of failure it is stands in front.
fn outermost(mut error: Error) -> Error {
    match error.kind {
        ErrorKind::Operation
            if !(error.message.starts_with("Error rendering ")
                || error.message.starts_with("The ") && error.message.contains(" plugin '")) =>
        {
            error.message.insert_str(0, "Error rendering template: ");
        }
        ErrorKind::UnknownPlugin if error.message.starts_with("No ") => {
            error.message.insert_str(0, "Syntax error in template: ");
        }
        _ => {}
    }
    error
}

fn recursion(active: &[Arc<Template>], again: &Arc<Template>) -> String {
    let start = active.iter().position(|other| Arc::ptr_eq(other, again)).unwrap_or(0);
    let shown: Vec<&str> = active[start..].iter().take(5).chain([again]).map(|template| &*template.text).collect();
    shown.join(" -> ")
}
