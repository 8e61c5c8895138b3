//! Evaluation of values for one host at one task.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Map, Source, Str, Template, TemplateKind, Undefined, Value, has_markers};

use crate::eval::{self, Home, Run, objects, ops};
use crate::reads::Names;
use crate::tree::Tree;
use crate::{Call, Environment, Error, ErrorKind, Function, Reads, parse};

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
    environment: &'e Environment,
    scope: &'e dyn Scope,
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

    /// One level of the value evaluated: no template itself, but its items may be. What is undefined is
    /// [`Value::Undefined`], no error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn shallow(&self, value: &Value) -> Result<Value, Error> {
        match value {
            Value::Template(template) => match self.template(template) {
                Err(error) if error.kind == ErrorKind::Undefined => Ok(undefined_of(error)),
                other => other,
            },
            other => Ok(other.clone()),
        }
    }

    /// The value evaluated to any depth, with [`Value::Undefined`] where something is undefined, instead of an error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn deep(&self, value: &Value) -> Result<Value, Error> {
        match value {
            Value::Template(_) => self.deep(&self.shallow(value)?),
            Value::List(items) | Value::Tuple(items) if items.iter().any(may_be_lazy) => {
                let items = items.iter().map(|item| self.deep(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(if let Value::Tuple(_) = value { Value::Tuple(Arc::new(items)) } else { Value::from(items) })
            }
            Value::Map(map) if map.values().any(may_be_lazy) => {
                let mut deep = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    deep.insert(key.clone().into_value(), self.deep(item)?);
                }
                Ok(deep.into())
            }
            other => Ok(other.clone()),
        }
    }

    /// `base[key]`, evaluated one level; [`Value::Undefined`] when there is no such item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_item(&self, base: &Value, key: &Value) -> Result<Value, Error> {
        let base = self.shallow(base)?;
        if let Value::Undefined(_) | Value::Unknown(_) = base {
            return Ok(base);
        }
        if let Value::Undefined(_) | Value::Unknown(_) = key {
            return Ok(key.clone());
        }
        if let Some(found) = self.item(&base, key)? {
            return Ok(found);
        }
        if let Value::String(name) = key
            && eval::has_method(&base, name)
        {
            return Ok(objects::method(&base, name));
        }
        Ok(self.no_attribute(&base, key))
    }

    fn item(&self, base: &Value, key: &Value) -> Result<Option<Value>, Error> {
        let index = |length: usize| {
            let index = match key {
                Value::Int(index) => *index,
                Value::Bool(flag) => i64::from(*flag),
                _ => return None,
            };
            usize::try_from(if index < 0 { index + length as i64 } else { index }).ok()
        };
        Ok(match base {
            Value::Map(map) => match key {
                Value::String(name) => map.get(name),
                Value::List(_) | Value::Map(_) => None,
                other => map.get_key(&eval::key_of(other)),
            }
            .map(|value| self.shallow(value))
            .transpose()?,
            Value::List(items) | Value::Tuple(items) => {
                index(items.len()).and_then(|index| items.get(index)).map(|value| self.shallow(value)).transpose()?
            }
            Value::String(text) => match key {
                Value::Int(_) => index(text.chars().count())
                    .and_then(|index| text.chars().nth(index))
                    .map(|c| Value::from(c.to_string())),
                _ => None,
            },
            Value::Object(object) => {
                let found = object.get(&eval::key_of(key)).map_err(|error| Error::operation(error.to_string()))?;
                found.map(|value| self.shallow(&value)).transpose()?
            }
            _ => None,
        })
    }

    /// `base.name`, evaluated one level; [`Value::Undefined`] when there is no such attribute or item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_attr(&self, base: &Value, name: &str) -> Result<Value, Error> {
        let base = self.shallow(base)?;
        match &base {
            Value::Undefined(_) | Value::Unknown(_) => Ok(base),
            base if eval::has_method(base, name) => Ok(objects::method(base, name)),
            Value::Map(map) => match map.get(name) {
                Some(value) => self.shallow(value),
                None => Ok(self.no_attribute(&base, &Value::from(name))),
            },
            Value::Object(object) => {
                let found = object.get(&name.into()).map_err(|error| Error::operation(error.to_string()))?;
                found.map_or_else(|| Ok(self.no_attribute(&base, &Value::from(name))), |value| self.shallow(&value))
            }
            _ => Ok(self.no_attribute(&base, &Value::from(name))),
        }
    }

    fn no_attribute(&self, base: &Value, key: &Value) -> Value {
        let mut shown = String::new();
        let _ = ksplay_value::text::write_repr(&mut shown, key);
        let message = match key {
            Value::String(name) if name.starts_with("__") && !matches!(base, Value::Map(_)) => {
                format!("access to attribute {shown} of '{}' object is unsafe.", base.type_name())
            }
            _ => format!("object of type '{}' has no attribute {shown}", base.type_name()),
        };
        Undefined { name: key.to_string(), message, span: None }.into()
    }

    /// The items that a `for` loop over the value would see.
    ///
    /// # Errors
    ///
    /// If it cannot be iterated over.
    pub fn iterate(&self, value: &Value) -> Result<Vec<Value>, Error> {
        match value {
            Value::Template(_) => self.iterate(&self.shallow(value)?),
            Value::List(items) | Value::Tuple(items) => items.iter().map(|item| self.shallow(item)).collect(),
            Value::Map(map) => Ok(map.keys().map(|key| key.as_value().clone()).collect()),
            Value::String(text) => Ok(text.chars().map(|c| Value::from(c.to_string())).collect()),
            Value::Undefined(undefined) => Err(ops::undefined_error(undefined)),
            Value::Object(object) => match object.iterate() {
                Some(items) => Ok(items),
                None => Err(Error::operation(format!("'{}' object is not iterable", object.type_name()))),
            },
            other => Err(Error::operation(format!("'{}' object is not iterable", other.type_name()))),
        }
    }

    /// Calls a filter; the first of `args` is its subject.
    ///
    /// # Errors
    ///
    /// If there is no such filter, or it refuses its arguments.
    pub fn call_filter(&self, name: &str, args: Vec<Value>, kwargs: Map) -> Result<Value, Error> {
        let Some(function) = crate::filters::find(name) else {
            return Err(Error::new(ErrorKind::UnknownPlugin, format!("No filter named '{name}'.")));
        };
        self.plugin(function, "filter", name, args, kwargs)
    }

    /// Calls a test; the first of `args` is its subject.
    ///
    /// # Errors
    ///
    /// If there is no such test, or it refuses its arguments.
    pub fn call_test(&self, name: &str, args: Vec<Value>, kwargs: Map) -> Result<Value, Error> {
        let Some(function) = crate::tests::find(name) else {
            return Err(Error::new(ErrorKind::UnknownPlugin, format!("No test named '{name}'.")));
        };
        self.plugin(function, "test", name, args, kwargs)
    }

    fn plugin(
        &self,
        function: Function,
        kind: &str,
        name: &str,
        args: Vec<Value>,
        kwargs: Map,
    ) -> Result<Value, Error> {
        let short = short_name(name);
        let args = args.iter().map(|arg| self.deep(arg)).collect::<Result<Vec<_>, _>>()?;
        let mut deep = Map::with_capacity(kwargs.len());
        for (key, value) in kwargs {
            deep.insert(key.into_value(), self.deep(&value)?);
        }
        if !ACCEPT_UNDEFINED.contains(&short)
            && let Some(undefined) = eval::first_undefined(&args, &deep)
        {
            return Ok(undefined);
        }
        if !ACCEPT_UNKNOWN.contains(&short)
            && let Some(unknown) = ops::unknown_of(args.iter().chain(deep.values()))
        {
            return Ok(unknown);
        }
        if IMPURE.contains(&short) {
            self.impure();
        }
        match function(&mut Call { name, args, kwargs: deep, templar: self }) {
            Err(error) if error.kind == ErrorKind::Undefined && short != "mandatory" => Ok(undefined_of(error)),
            Err(mut error) if error.kind == ErrorKind::Operation || error.kind == ErrorKind::UnknownPlugin => {
                error.kind = ErrorKind::Operation;
                if !error.message.starts_with("The ") || !error.message.contains(" plugin '") {
                    let full = if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
                    error.message = format!("The {kind} plugin '{full}' failed: {}", error.message);
                }
                Err(error)
            }
            other => other,
        }
    }

    /// Calls a lookup as `query` does: the list that it answers with.
    ///
    /// # Errors
    ///
    /// If there is no such lookup, or it fails.
    pub fn call_lookup(&self, name: &str, terms: Vec<Value>, options: Map) -> Result<Value, Error> {
        let short = short_name(name);
        let Some(function) = crate::lookups::find(name) else {
            return Err(Error::new(ErrorKind::UnknownPlugin, format!("The lookup plugin '{name}' was not found.")));
        };
        self.impure();
        let terms = terms.iter().map(|term| self.deep(term)).collect::<Result<Vec<_>, _>>()?;
        let mut deep = Map::new();
        for (key, value) in options {
            if key.as_str() != Some("wantlist") {
                deep.insert(key.into_value(), self.deep(&value)?);
            }
        }
        if let Some(unknown) = ops::unknown_of(terms.iter().chain(deep.values())) {
            return Ok(unknown);
        }
        let mut call = Call { name, args: terms, kwargs: deep, templar: self };
        match function(&mut call) {
            Err(error) if error.kind == ErrorKind::Undefined => Ok(undefined_of(error)),
            Err(mut error) if error.kind == ErrorKind::Operation && !error.message.starts_with("The lookup plugin") => {
                error.message = format!("The lookup plugin '{short}' failed: {}", error.message);
                Err(error)
            }
            other => other,
        }
    }

    /// `lookup(…)`: the results joined, or the one result.
    pub(crate) fn lookup(&self, name: &str, terms: Vec<Value>, options: Map) -> Result<Value, Error> {
        let want_list = options.get("wantlist").is_some_and(Value::is_true);
        let found = self.call_lookup(name, terms, options)?;
        let Value::List(items) = &found else { return Ok(found) };
        if want_list {
            return Ok(found);
        }
        match items.as_slice() {
            [one] => Ok(one.clone()),
            many if many.iter().all(|item| matches!(item, Value::String(_))) => {
                let texts: Vec<&str> = many.iter().filter_map(Value::as_str).collect();
                Ok(Value::from(texts.join(",")))
            }
            _ => Ok(found),
        }
    }

    /// Calls a callable value: a macro, a global function.
    ///
    /// # Errors
    ///
    /// If it cannot be called, or fails.
    pub fn call_value(&self, callable: &Value, args: Vec<Value>, kwargs: Map) -> Result<Value, Error> {
        let tree = Arc::new(Tree { body: Vec::new(), text: "".into(), name: String::new() });
        Run::new(self, tree, Home::None).apply(callable, args, kwargs, None)
    }

    /// Python's `str()` of the value, templates in it evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn text(&self, value: &Value) -> Result<String, Error> {
        match value {
            Value::String(text) => Ok(text.to_string()),
            Value::Object(object) if !object.is_mapping() => Ok(object.text()),
            other => Ok(self.resolve(other)?.to_string()),
        }
    }

    /// The value of a trusted text: evaluated when it has markers.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn evaluate_text(&self, text: &str) -> Result<Value, Error> {
        if !has_markers(text) {
            return Ok(Value::from(text));
        }
        let template = Arc::new(Template::new(TemplateKind::Jinja, text, None));
        let value = self.template(&template)?;
        self.resolve(&value)
    }

    /// Python's `==` with templates in the values evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn equals(&self, left: &Value, right: &Value) -> Result<bool, Error> {
        Ok(self.deep(left)? == self.deep(right)?)
    }

    /// Python's order of the values; an error when they have none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn compare(&self, left: &Value, right: &Value) -> Result<std::cmp::Ordering, Error> {
        ops::compare(&self.deep(left)?, &self.deep(right)?, "<")
    }

    /// Python's `item in container`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn contains(&self, container: &Value, item: &Value) -> Result<bool, Error> {
        ops::contains(&self.deep(container)?, &self.deep(item)?)
    }

    /// What the templates in a value can read.
    pub fn reads(&self, value: &Value) -> Reads {
        let mut names = Names::default();
        self.collect_reads(value, &mut names);
        names.0
    }

    /// What a bare expression can read.
    pub fn expression_reads(&self, text: &Value) -> Reads {
        match text {
            Value::String(text) => {
                let mut names = Names::default();
                if let Ok(tree) = self.environment.expressions.tree(text) {
                    names.body(&tree.body);
                }
                names.0
            }
            other => self.reads(other),
        }
    }

    fn collect_reads(&self, value: &Value, names: &mut Names) {
        match value {
            Value::Template(template) if template.kind == TemplateKind::Jinja => {
                if let Ok(tree) = self.tree(template) {
                    names.body(&tree.body);
                }
            }
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| self.collect_reads(item, names)),
            Value::Map(map) => map.values().for_each(|item| self.collect_reads(item, names)),
            _ => {}
        }
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

    fn tree(&self, template: &Arc<Template>) -> Result<Arc<Tree>, Error> {
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
    fn template(&self, template: &Arc<Template>) -> Result<Value, Error> {
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

/// Filters and tests that know what to do with something undefined.
const ACCEPT_UNDEFINED: &[&str] = &["default", "d", "ternary", "mandatory", "type_debug", "defined", "undefined"];

/// Filters and tests that know what to do with something unknown.
const ACCEPT_UNKNOWN: &[&str] = &["defined", "undefined", "type_debug"];

/// Filters that may answer differently the next time.
const IMPURE: &[&str] =
    &["random", "shuffle", "password_hash", "vault", "to_uuid", "fileglob", "realpath", "expanduser"];

/// Whether a condition is one template from its beginning to its end, rather than an expression with markers in it.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") || text.starts_with("{%") && text.ends_with("%}")
}

fn short_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// The result with at least as many newlines at its end as its template has.
fn with_newlines(result: Str, template: &str) -> Str {
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(template).saturating_sub(count(&result));
    if missing == 0 { result } else { format!("{result}{}", "\n".repeat(missing)).into() }
}

fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::String(_)
    )
}

fn may_be_lazy(value: &Value) -> bool {
    matches!(value, Value::Template(_) | Value::List(_) | Value::Map(_) | Value::Tuple(_))
}

fn undefined_of(error: Error) -> Value {
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
