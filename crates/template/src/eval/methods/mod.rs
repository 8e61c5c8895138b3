//! The methods of Python's own types. One file a type; each with a table of names.

mod bytes;
mod dates;
mod format;
mod lists;
mod maps;
mod numbers;
mod signatures;
mod strings;
mod times;

use ksplay_value::{Key, Map, Value};

pub(crate) use numbers::attribute as number_attribute;

use crate::{Error, Templar};

/// The arguments of a method call.
pub(crate) struct Arguments<'a, 'e> {
    /// The name of the method.
    pub name: &'a str,
    /// Positional arguments, evaluated to any depth.
    pub values: Vec<Value>,
    /// Keyword arguments.
    pub kwargs: Map,
    /// The evaluator.
    pub templar: &'a Templar<'e>,
}

impl Arguments<'_, '_> {
    /// The argument at a position or of a name.
    fn get(&self, index: usize, name: &str) -> Option<&Value> {
        self.values.get(index).or_else(|| self.kwargs.get(name))
    }

    /// The argument at a position or of a name, which must be there.
    fn require(&self, index: usize, name: &str) -> Result<&Value, Error> {
        self.get(index, name).ok_or_else(|| {
            Error::operation(format!("{}() missing required argument '{name}' (pos {})", self.name, index + 1))
        })
    }

    /// An integer argument.
    fn int(&self, index: usize, name: &str, default: i64) -> Result<i64, Error> {
        match self.get(index, name) {
            None => Ok(default),
            Some(Value::Int(number)) => Ok(*number),
            Some(Value::Bool(flag)) => Ok(i64::from(*flag)),
            Some(other) => {
                Err(Error::operation(format!("'{}' object cannot be interpreted as an integer", other.type_name())))
            }
        }
    }

    /// A text argument.
    fn text(&self, index: usize, name: &str) -> Result<Option<&str>, Error> {
        match self.get(index, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.no_text(index, other)),
        }
    }

    /// The error of an argument that is no text, in Python's words, which are others for each method.
    fn no_text(&self, index: usize, value: &Value) -> Error {
        let (name, kind) = (self.name, value.type_name());
        Error::operation(match name {
            "find" | "rfind" | "index" | "rindex" | "count" | "partition" | "rpartition" => {
                format!("must be str, not {kind}")
            }
            "split" | "rsplit" => format!("must be str or None, not {kind}"),
            "strip" | "lstrip" | "rstrip" => format!("{name} arg must be None or str"),
            "replace" | "strftime" | "isoformat" => format!("{name}() argument {} must be str, not {kind}", index + 1),
            _ => format!("{name}() argument must be str, not {kind}"),
        })
    }
}

/// Whether values of this type have a method of this name.
pub(crate) fn has(receiver: &Value, name: &str) -> bool {
    match receiver {
        Value::String(_) => strings::METHODS.contains(&name),
        Value::List(_) => lists::METHODS.contains(&name),
        Value::Tuple(_) => matches!(name, "count" | "index"),
        Value::Map(_) => maps::METHODS.contains(&name),
        Value::Object(object) if object.is_mapping() => {
            matches!(name, "keys" | "values" | "items" | "get")
        }
        Value::Object(object) => {
            let object = object.as_ref();
            dates::has(object, name) || times::has(object, name) || bytes::has(object, name)
        }
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Bool(_) => numbers::has(receiver, name),
        _ => false,
    }
}

/// Calls a method that does not change its receiver; one that does changes a copy.
pub(crate) fn call(receiver: &Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    signatures::check(receiver, arguments)?;
    match receiver {
        Value::String(text) => strings::call(text, arguments),
        Value::List(_) | Value::Tuple(_) => lists::call(&mut receiver.clone(), arguments),
        Value::Map(_) => maps::call(&mut receiver.clone(), arguments),
        Value::Object(object) => {
            let any = object.as_ref();
            let found = dates::call(any, arguments)
                .or_else(|| times::call(any, arguments))
                .or_else(|| bytes::call(any, arguments));
            found.unwrap_or_else(|| maps::object(any, arguments))
        }
        other => numbers::call(other, arguments),
    }
}

/// Calls a method that changes its receiver.
pub(crate) fn change(receiver: &mut Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    signatures::check(receiver, arguments)?;
    match receiver {
        Value::List(_) => lists::call(receiver, arguments),
        Value::Map(_) => maps::call(receiver, arguments),
        other => call(other, arguments),
    }
}

/// A value as a key of a mapping; lists and mappings cannot be, nor tuples that hold one.
pub(crate) fn hashable(value: Value) -> Result<Key, Error> {
    match value {
        Value::Tuple(items) => {
            items.iter().try_for_each(|item| hashable(item.clone()).map(drop))?;
            Ok(Key::from(Value::Tuple(items)))
        }
        Value::List(_) | Value::Map(_) => Err(Error::operation(format!("unhashable type: '{}'", value.type_name()))),
        Value::Undefined(undefined) => Err(super::ops::undefined_error(&undefined)),
        other => Ok(Key::from(other)),
    }
}
