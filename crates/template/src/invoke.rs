//! Calling filters, tests, lookups and other callables.

use std::sync::Arc;

use ksplay_value::{Map, Value};

use crate::eval::{self, Home, Run, ops};
use crate::filters::short;
use crate::templar::undefined_of;
use crate::tree::Tree;
use crate::{Call, Error, ErrorKind, Function, Templar, signature};

/// Filters that may answer differently the next time.
const IMPURE: &[&str] =
    &["random", "shuffle", "password_hash", "vault", "to_uuid", "fileglob", "realpath", "expanduser"];

impl Templar<'_> {
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
        mut args: Vec<Value>,
        mut kwargs: Map,
    ) -> Result<Value, Error> {
        let short = short(name);
        self.passed(&mut args, &mut kwargs);
        let args = args.iter().map(|arg| self.deep(arg)).collect::<Result<Vec<_>, _>>()?;
        let mut deep = Map::with_capacity(kwargs.len());
        for (key, value) in kwargs {
            deep.insert(key.into_value(), self.deep(&value)?);
        }
        let accepts_undefined = match kind {
            "test" => crate::tests::accepts_undefined(short),
            _ => crate::filters::accepts_undefined(short),
        };
        if let Some(Value::Undefined(subject)) = args.first()
            && subject.failure.is_some()
            && short != "type_debug"
        {
            return Ok(args[0].clone());
        }
        if !accepts_undefined && let Some(undefined) = eval::first_undefined(&args, &deep) {
            return Ok(undefined);
        }
        let accepts_unknown = match kind {
            "test" => crate::tests::accepts_unknown(short),
            _ => short == "type_debug",
        };
        let all = || args.iter().chain(deep.values());
        let unknown = || match kind == "filter" && crate::filters::holds_unknown(short, &deep) {
            // Whether the other value is taken rests on the subject, and on the flag that may follow it.
            true if matches!(short, "default" | "d") => {
                ops::unknown_of(args.iter().step_by(2).chain(deep.get("boolean")))
            }
            true => ops::unknown_of(all()),
            false => ops::unknown_within(all()),
        };
        if !accepts_unknown && let Some(unknown) = unknown() {
            return Ok(unknown);
        }
        if IMPURE.contains(&short) {
            self.impure();
        }
        match function(&mut Call { name, args, kwargs: deep, templar: self }) {
            Err(error) if error.of_a_value => Ok(undefined_of(error)),
            Err(error) if error.kind == ErrorKind::Undefined && short != "mandatory" => Ok(undefined_of(error)),
            Err(mut error) if error.kind == ErrorKind::Undefined => {
                error.message = format!("The {kind} plugin 'ansible.builtin.{short}' failed: {}", error.message);
                error.kind = ErrorKind::Operation;
                Ok(undefined_of(error))
            }
            Err(mut error) if error.kind == ErrorKind::Operation || error.kind == ErrorKind::UnknownPlugin => {
                error.kind = ErrorKind::Operation;
                if !error.message.starts_with("The ") || !error.message.contains(" plugin '") {
                    let full = match name.contains('.') {
                        true => name.to_owned(),
                        false => format!("ansible.builtin.{}", signature::spelled(name)),
                    };
                    let message = signature::with_function(kind, short, &error.message);
                    error.message = format!("The {kind} plugin '{full}' failed: {message}");
                }
                Ok(undefined_of(error))
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
        let short = short(name);
        let Some(function) = crate::lookups::find(name) else {
            return Err(Error::new(ErrorKind::UnknownPlugin, format!("The lookup plugin '{name}' was not found.")));
        };
        self.impure();
        let terms = terms.iter().map(|term| self.deep(term)).collect::<Result<Vec<_>, _>>()?;
        let mut deep = Map::new();
        for (key, value) in options {
            deep.insert(key.into_value(), self.deep(&value)?);
        }
        deep.remove("wantlist");
        let errors = deep.remove("errors");
        let forgives = matches!(errors.as_ref().and_then(Value::as_str), Some("ignore" | "warn"));
        let all = || terms.iter().chain(deep.values());
        let unknown = match crate::lookups::holds_unknown(short) {
            true => ops::unknown_of(all()),
            false => ops::unknown_within(all()),
        };
        if let Some(unknown) = unknown {
            return Ok(unknown);
        }
        let mut call = Call { name, args: terms, kwargs: deep, templar: self };
        match function(&mut call) {
            Err(error) if error.kind == ErrorKind::Undefined || error.of_a_value => Ok(undefined_of(error)),
            Err(error) if error.kind == ErrorKind::Operation && forgives => {
                if errors.as_ref().and_then(Value::as_str) == Some("warn") {
                    let what = error.message;
                    self.warn(format!("An error occurred while running the lookup plugin '{short}': {what}"));
                }
                Ok(Value::from(Vec::new()))
            }
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
        let forgives = matches!(options.get("errors").and_then(Value::as_str), Some("ignore" | "warn"));
        let found = self.call_lookup(name, terms, options)?;
        let Value::List(items) = &found else { return Ok(found) };
        if want_list {
            return Ok(found);
        }
        match items.as_slice() {
            [one] => Ok(one.clone()),
            [] if forgives => Ok(Value::Null),
            [] => Ok(found),
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
        let tree = Arc::new(Tree { body: Vec::new(), text: "".into(), name: String::new(), may_change: false });
        Run::new(self, tree, Home::None).apply(callable, args, kwargs, None)
    }
}
