//! Evaluation of values for one host at one task.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use ksplay_value::{Map, Str, Template, TemplateKind, Undefined, Value};

use crate::eval::changes::Changes;
use crate::eval::{Home, Run, objects, ops};
use crate::tree::Tree;
use crate::{Environment, Error, ErrorKind, Scope, parse};

/// The parsed form of a template, kept with it.
enum Parsed {
    Tree(Result<Arc<Tree>, Error>),
    Secret(Result<Str, Error>),
}

/// A template and what it gave.
pub(crate) type Evaluated = (Arc<Template>, Value);

/// Evaluates values with the variables of one host at one task. Cheap to make; keeps results of pure variables for its
/// lifetime, so make one for each evaluation of a task, not one for a run.
pub struct Templar<'e> {
    pub(crate) environment: &'e Environment,
    pub(crate) scope: &'e dyn Scope,
    /// Variables that were looked at, evaluated one level.
    variables: RefCell<HashMap<Str, Option<Value>>>,
    /// Results of templates, by their address; the template is kept so that the address stays its own.
    results: RefCell<HashMap<usize, Evaluated>>,
    /// The templates that are being evaluated, to find those that need themselves.
    active: RefCell<Vec<Arc<Template>>>,
    /// How many things were called that may answer differently the next time.
    impure: Cell<u64>,
    stacks: Cell<u64>,
    /// What templates gave that may answer differently the next time: for the template that is being evaluated they are
    /// evaluated once.
    pub(crate) seen: RefCell<Option<Vec<Evaluated>>>,
    /// What the template that is being evaluated changes.
    pub(crate) changes: RefCell<Option<Box<Changes>>>,
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
            seen: RefCell::default(),
            changes: RefCell::default(),
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
        self.resolved(value).map_err(|error| self.suggest(error))
    }

    /// [`Templar::resolve`] inside of an evaluation, whose errors may still come to nothing.
    pub(crate) fn resolved(&self, value: &Value) -> Result<Value, Error> {
        if self.has_changed() { self.settled(&self.deep(value)?) } else { self.settled(value) }
    }

    fn settled(&self, value: &Value) -> Result<Value, Error> {
        if is_data(value) {
            return Ok(value.clone());
        }
        Ok(match value {
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Unknown(_)
            | Value::Omit => value.clone(),
            Value::Undefined(undefined) => return Err(outermost(ops::undefined_error(undefined))),
            Value::Template(template) => {
                let value = self.template(template)?;
                self.settled(&value).map_err(|mut error| {
                    error.reached_through(template.span.as_ref());
                    error
                })?
            }
            Value::List(items) | Value::Tuple(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let item = self.settled(item)?;
                    if !matches!(item, Value::Omit) {
                        resolved.push(item);
                    }
                }
                Value::from(resolved)
            }
            Value::Map(map) => {
                let mut resolved = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    if let Value::Tuple(_) = key.as_value() {
                        // As a value of its own a tuple is a list, which cannot be a key.
                        return Err(outermost(Error::operation("unhashable type: 'list'")));
                    }
                    if let Value::Object(_) = key.as_value() {
                        self.settled(key.as_value())?;
                    }
                    let item = self.settled(item)?;
                    if !matches!(item, Value::Omit) {
                        resolved.insert(key.clone().into_value(), item);
                    }
                }
                resolved.keep_open_as(map);
                resolved.into()
            }
            Value::Object(object) if object.type_name() == "struct_time" => {
                self.warn("Type 'struct_time' is unsupported in variable storage, converting to 'list'.".into());
                object.iterate().unwrap_or_default().into()
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
                    resolved.insert(key, self.resolved(&item)?);
                }
                resolved.into()
            }
            Value::Object(_) => value.clone(),
        })
    }

    /// The value of a variable, evaluated to any depth; `None` when there is none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn variable(&self, name: &str) -> Result<Option<Value>, Error> {
        self.shared_variable(name)?.map(|value| self.resolve(&value)).transpose()
    }

    /// A variable evaluated one level; [`Value::Undefined`] when its definition needs something undefined.
    pub(crate) fn scope_variable(&self, name: &str) -> Result<Option<Value>, Error> {
        if self.may_change() {
            self.own_variable(name, || self.shared_variable(name))
        } else {
            self.shared_variable(name)
        }
    }

    fn shared_variable(&self, name: &str) -> Result<Option<Value>, Error> {
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

    /// Tells the user something that is no error.
    pub(crate) fn warn(&self, message: String) {
        if let Some(warn) = &self.environment.warn {
            warn(message);
        }
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
        let parse = match template.kind {
            TemplateKind::Expression => parse::parse_expression,
            TemplateKind::Jinja | TemplateKind::Vault => parse::parse_value,
        };
        let parsed = template.parsed(|| Parsed::Tree(parse(&template.text).map(Arc::new)));
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
        match template.kind {
            TemplateKind::Jinja => {}
            TemplateKind::Expression => return Ok(Value::String(template.text.clone())),
            TemplateKind::Vault => return self.reveal(template),
        }
        let address = Arc::as_ptr(template) as usize;
        if let Some((_, value)) = self.results.borrow().get(&address) {
            return Ok(value.clone());
        }
        let known = |seen: &Vec<Evaluated>| {
            let found = seen.iter().find(|(other, _)| Arc::ptr_eq(other, template));
            found.map(|(_, value)| value.clone())
        };
        if let Some(value) = self.seen.borrow().as_ref().and_then(known) {
            return Ok(value);
        }
        self.enter(template)?;
        let before = self.impure.get();
        let value = self.evaluate(template);
        self.active.borrow_mut().pop();
        let value = value.map_err(|mut error| {
            error.reached_through(template.span.as_ref());
            outermost(error)
        })?;
        if self.impure.get() == before {
            self.results.borrow_mut().insert(address, (Arc::clone(template), value.clone()));
        } else if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.push((Arc::clone(template), value.clone()));
        }
        Ok(value)
    }

    /// Notes that a template is being evaluated; an error when it already is.
    fn enter(&self, template: &Arc<Template>) -> Result<(), Error> {
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
        Ok(())
    }

    /// What a template gives, evaluated one level.
    pub(crate) fn value_of(&self, tree: Arc<Tree>, home: Home) -> Result<Value, Error> {
        Run::new(self, tree, home).value()
    }

    fn evaluate(&self, template: &Arc<Template>) -> Result<Value, Error> {
        let tree = self.tree(template)?;
        let home = template.span.clone().map_or(Home::None, Home::Value);
        Ok(match self.value_of(tree, home)? {
            Value::String(text) => Value::String(with_newlines(text, &template.text, "\n")),
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
}

/// How many templates may need one another.
const MAX_TEMPLATES: usize = 64;

/// The result with at least as many newlines at its end as its template has; those that it lacks are `newline`.
pub(crate) fn with_newlines(result: Str, template: &str, newline: &str) -> Str {
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(template).saturating_sub(count(&result));
    if missing == 0 { result } else { format!("{result}{}", newline.repeat(missing)).into() }
}

/// Whether there is nothing in the value that evaluation would change.
fn is_data(value: &Value) -> bool {
    match value {
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Unknown(_) => true,
        Value::List(items) => items.iter().all(is_data),
        Value::Map(map) => map
            .iter()
            .all(|(key, value)| !matches!(key.as_value(), Value::Tuple(_) | Value::Object(_)) && is_data(value)),
        _ => false,
    }
}

/// The error as a value: it is an error again where the value is used.
pub(crate) fn undefined_of(error: Error) -> Value {
    let (message, span) = (error.message.clone(), error.span.clone());
    match error.kind {
        ErrorKind::Undefined => Undefined { name: message.clone(), message, span, failure: None }.into(),
        _ => Undefined { name: String::new(), message, span, failure: Some(Arc::new(error)) }.into(),
    }
}

/// The message as the user sees it: what kind of failure it is stands in front.
pub(crate) fn outermost(error: Error) -> Error {
    outermost_in(error, "template")
}

/// [`outermost`] of a template or an expression, as `what` says.
pub(crate) fn outermost_in(mut error: Error, what: &str) -> Error {
    match error.kind {
        ErrorKind::Operation
            if !(error.message.starts_with("Error rendering ")
                || error.message.starts_with("The ") && error.message.contains(" plugin '")) =>
        {
            error.message.insert_str(0, &format!("Error rendering {what}: "));
        }
        ErrorKind::UnknownPlugin if error.message.starts_with("No ") => {
            error.message.insert_str(0, &format!("Syntax error in {what}: "));
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
