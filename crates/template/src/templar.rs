//! Evaluation of values for one host at one task.

use std::sync::Arc;

use ksplay_value::{Map, Source, Str, Value};

use crate::{Environment, Error};

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

/// Evaluates values with the variables of one host at one task. Cheap to make; keeps results of pure variables for its
/// lifetime, so make one for each evaluation of a task, not one for a run.
pub struct Templar<'e> {
    environment: &'e Environment,
    scope: &'e dyn Scope,
}

impl<'e> Templar<'e> {
    /// An evaluator over these variables.
    pub fn new(environment: &'e Environment, scope: &'e dyn Scope) -> Self {
        Self { environment, scope }
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
    pub fn resolve(&self, _value: &Value) -> Result<Value, Error> {
        todo!()
    }

    /// The value of a variable, evaluated to any depth; `None` when there is none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn variable(&self, _name: &str) -> Result<Option<Value>, Error> {
        todo!()
    }

    /// The value of a bare expression (`when`, `loop: "{{…}}"` has markers and goes to `resolve`), such as the text of
    /// `debug: var=`, `until` or `changed_when`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn expression(&self, _text: &Value) -> Result<Value, Error> {
        todo!()
    }

    /// The truth of a condition: a bare expression, a boolean, or a template.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`], and if the result is no boolean and broken conditionals are not allowed.
    pub fn condition(&self, _condition: &Value) -> Result<Truth, Error> {
        todo!()
    }

    /// The text of a template file.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn render(&self, _file: &Arc<Source>, _options: &FileOptions) -> Result<Value, Error> {
        todo!()
    }

    /// One level of the value evaluated: no template itself, but its items may be. What is undefined is
    /// [`Value::Undefined`], no error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn shallow(&self, _value: &Value) -> Result<Value, Error> {
        todo!()
    }

    /// The value evaluated to any depth, with [`Value::Undefined`] where something is undefined, instead of an error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn deep(&self, _value: &Value) -> Result<Value, Error> {
        todo!()
    }

    /// `base[key]`, evaluated one level; [`Value::Undefined`] when there is no such item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_item(&self, _base: &Value, _key: &Value) -> Result<Value, Error> {
        todo!()
    }

    /// `base.name`, evaluated one level; [`Value::Undefined`] when there is no such attribute or item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_attr(&self, _base: &Value, _name: &str) -> Result<Value, Error> {
        todo!()
    }

    /// The items that a `for` loop over the value would see.
    ///
    /// # Errors
    ///
    /// If it cannot be iterated over.
    pub fn iterate(&self, _value: &Value) -> Result<Vec<Value>, Error> {
        todo!()
    }

    /// Calls a filter; the first of `args` is its subject.
    ///
    /// # Errors
    ///
    /// If there is no such filter, or it refuses its arguments.
    pub fn call_filter(&self, _name: &str, _args: Vec<Value>, _kwargs: Map) -> Result<Value, Error> {
        todo!()
    }

    /// Calls a test; the first of `args` is its subject.
    ///
    /// # Errors
    ///
    /// If there is no such test, or it refuses its arguments.
    pub fn call_test(&self, _name: &str, _args: Vec<Value>, _kwargs: Map) -> Result<Value, Error> {
        todo!()
    }

    /// Calls a lookup as `query` does: the list that it answers with.
    ///
    /// # Errors
    ///
    /// If there is no such lookup, or it fails.
    pub fn call_lookup(&self, _name: &str, _terms: Vec<Value>, _options: Map) -> Result<Value, Error> {
        todo!()
    }

    /// Calls a callable value: a macro, a global function.
    ///
    /// # Errors
    ///
    /// If it cannot be called, or fails.
    pub fn call_value(&self, _callable: &Value, _args: Vec<Value>, _kwargs: Map) -> Result<Value, Error> {
        todo!()
    }

    /// Python's `str()` of the value, templates in it evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn text(&self, _value: &Value) -> Result<String, Error> {
        todo!()
    }

    /// The value of a trusted text: evaluated when it has markers.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn evaluate_text(&self, _text: &str) -> Result<Value, Error> {
        todo!()
    }

    /// Python's `==` with templates in the values evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn equals(&self, _left: &Value, _right: &Value) -> Result<bool, Error> {
        todo!()
    }

    /// Python's order of the values; an error when they have none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn compare(&self, _left: &Value, _right: &Value) -> Result<std::cmp::Ordering, Error> {
        todo!()
    }

    /// Python's `item in container`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn contains(&self, _container: &Value, _item: &Value) -> Result<bool, Error> {
        todo!()
    }
}
