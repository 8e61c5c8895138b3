//! Bare expressions: the texts of `when`, `until`, `debug: var` and the like.

use std::sync::Arc;

use ksplay_value::{Map, Str, Template, TemplateKind, Unknown, Value};

use crate::eval::{self, Home, ops};
use crate::templar::outermost_in;
use crate::{Error, ErrorKind, Templar};

/// What the message of a condition that cannot be evaluated mostly begins with.
pub const CONDITIONAL: &str = "Error while evaluating conditional";

/// The truth of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// It is known.
    Known(bool),
    /// It rests on something that is not known before the play is carried out.
    Unknown(Arc<Unknown>),
}

/// What a value rests on, at any depth, that is not known before the play is carried out.
pub fn unknown_in(value: &Value) -> Option<Arc<Unknown>> {
    match ops::unknown_within([value])? {
        Value::Unknown(unknown) => Some(unknown),
        _ => None,
    }
}

impl Templar<'_> {
    /// The value of a bare expression (`loop: "{{…}}"` has markers and goes to `resolve`), such as the text of
    /// `debug: var=`, `until` or `changed_when`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn expression(&self, text: &Value) -> Result<Value, Error> {
        let resolved = self.expression_value(text).and_then(|value| self.resolved(&value));
        resolved.map_err(|error| self.suggest(located(error, text)))
    }

    /// The value of a bare expression as [`Templar::expression`] has it, with `instead` of what is undefined in it.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn expression_with(&self, text: &Value, instead: &mut dyn FnMut(Error) -> Value) -> Result<Value, Error> {
        let own = |error| self.suggest(located(error, text));
        match self.expression_value(text) {
            Ok(value) => self.with_errors(&value, &mut |error| instead(own(error))).map_err(own),
            Err(error) if error.kind == ErrorKind::Undefined => Ok(instead(own(error))),
            Err(error) => Err(own(error)),
        }
    }

    /// The value evaluated to any depth, with `instead` of what is undefined in it.
    fn with_errors(&self, value: &Value, instead: &mut dyn FnMut(Error) -> Value) -> Result<Value, Error> {
        let resolved = match value {
            Value::List(items) | Value::Tuple(items) => {
                let items = items.iter().map(|item| self.with_errors(item, instead));
                return Ok(items
                    .collect::<Result<Vec<_>, _>>()?
                    .into_iter()
                    .filter(|item| *item != Value::Omit)
                    .collect());
            }
            Value::Map(map) => {
                let mut resolved = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    match self.with_errors(item, instead)? {
                        Value::Omit => {}
                        item => drop(resolved.insert(key.clone().into_value(), item)),
                    }
                }
                return Ok(resolved.into());
            }
            Value::Template(template) => match self.template(template) {
                Ok(value) => return self.with_errors(&value, instead),
                Err(error) => Err(error),
            },
            other => self.resolved(other),
        };
        match resolved {
            Err(error) if error.kind == ErrorKind::Undefined => Ok(instead(located(error, value))),
            resolved => resolved,
        }
    }

    fn expression_value(&self, text: &Value) -> Result<Value, Error> {
        match text {
            Value::String(text) => self.bare(text),
            Value::Template(template) => match template.kind {
                TemplateKind::Expression => self.evaluate_expression(template),
                TemplateKind::Jinja if is_whole(&template.text) => self.template(template),
                TemplateKind::Jinja => self.bare(&template.text).map_err(|mut error| {
                    if error.kind == ErrorKind::Syntax {
                        error.message = error.message.replacen(
                            "Syntax error in expression:",
                            "Syntax error in expression. Template delimiters are not supported in expressions:",
                            1,
                        );
                    }
                    error
                }),
                TemplateKind::Vault => self.shallow(text),
            },
            other => self.shallow(other),
        }
    }

    fn evaluate_expression(&self, template: &Arc<Template>) -> Result<Value, Error> {
        let home = template.span.clone().map_or(Home::None, Home::Value);
        let value = self.tree(template).and_then(|tree| self.value_of(tree, home));
        value.map_err(|error| outermost_in(error, "expression"))
    }

    /// The value of an expression that comes without a place.
    fn bare(&self, text: &Str) -> Result<Value, Error> {
        let tree = self.environment.expressions.tree(text);
        let value = tree.and_then(|tree| self.value_of(tree, Home::None));
        value.map_err(|error| outermost_in(error, "expression"))
    }

    /// The truth of a condition: a bare expression, a boolean, or a template. Errors have the whole message of
    /// ansible-core, with `Error while evaluating conditional: ` where that is part of it.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`], and if the result is no boolean and broken conditionals are not allowed.
    pub fn condition(&self, condition: &Value) -> Result<Truth, Error> {
        self.truth_of(condition).map_err(|mut error| {
            error = self.suggest(located(error, condition));
            if error.kind != ErrorKind::Undefined || error.message.starts_with("The ") {
                // Of these the reference shows only where they arose.
                error.outer = None;
                return error;
            }
            error.message.insert_str(0, &format!("{CONDITIONAL}: "));
            error
        })
    }

    fn truth_of(&self, condition: &Value) -> Result<Truth, Error> {
        let lenient = self.environment.allow_broken_conditionals;
        let broken = |message: &str| Error::new(ErrorKind::BrokenConditional, message);
        let text = match condition {
            Value::String(text) => Some(text),
            Value::Template(template) => Some(&template.text),
            _ => None,
        };
        match condition {
            Value::Bool(flag) => return Ok(Truth::Known(*flag)),
            Value::Null => return Ok(Truth::Known(true)),
            _ if text.is_some_and(|text| text.is_empty()) && lenient => return Ok(Truth::Known(true)),
            _ if text.is_some_and(|text| text.is_empty()) => {
                return Err(broken("Empty conditional expressions are not allowed."));
            }
            Value::String(_) | Value::Template(_) | Value::Unknown(_) => {}
            other if lenient => return Ok(Truth::Known(other.is_true())),
            _ => return Err(broken("Conditional expressions must be strings.")),
        }
        let mut value = self.expression_value(condition)?;
        // `when: "{{ x }}"` with an `x` that is itself a condition. Its text may come from a host, so nothing that
        // calls anything is evaluated.
        if let (Value::Template(template), Value::String(text)) = (condition, &value)
            && template.kind == TemplateKind::Jinja
            && self.environment.expressions.tree(text).is_ok_and(|tree| !crate::reads::calls(&tree.body))
        {
            value = self.bare(text)?;
        }
        let truth = match &value {
            Value::Bool(flag) => return Ok(Truth::Known(*flag)),
            Value::Unknown(unknown) => return Ok(Truth::Unknown(Arc::clone(unknown))),
            Value::Object(object) if object.as_any().is::<eval::Nothing>() => {
                let message = "Error rendering expression: Type 'Undefined' is unsupported for variable storage.";
                return Err(Error::operation(message));
            }
            Value::Undefined(undefined) => return Err(ops::undefined_error(undefined)),
            other => eval::truth(other)?.unwrap_or(true),
        };
        if lenient {
            return Ok(Truth::Known(truth));
        }
        Err(broken(&format!(
            "Conditional result ({}) was derived from value of type '{}'. Conditionals must have a boolean result.",
            if truth { "True" } else { "False" },
            value.type_name()
        )))
    }
}

/// The error with the place of this text: its own when it has none, else the one through which it came about.
fn located(mut error: Error, text: &Value) -> Error {
    let Value::Template(template) = text else { return error };
    error.reached_through(template.span.as_ref());
    error
}

/// Whether a condition is one template from its beginning to its end, rather than an expression with markers in it.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") || text.starts_with("{%") && text.ends_with("%}")
}
