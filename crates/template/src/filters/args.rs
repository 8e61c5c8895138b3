//! Arguments of a call, bound to parameter names as Python binds them, and conversions of values.

use ksplay_value::{Key, Map, Undefined, Value};

use crate::{Call, Error};

/// One parameter of a call and what was given for it.
pub(crate) struct Arg {
    name: &'static str,
    value: Option<Value>,
}

impl Arg {
    /// The value, null included; `None` when nothing was given.
    pub(crate) fn given(self) -> Option<Value> {
        self.value
    }

    /// The value; an absent one and null are `None`.
    pub(crate) fn value(self) -> Option<Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// The value of a parameter without a default.
    pub(crate) fn required(self) -> Result<Value, Error> {
        let name = self.name;
        self.value.ok_or_else(|| Error::operation(format!("missing 1 required positional argument: '{name}'")))
    }

    /// The Python text of the value.
    pub(crate) fn text(self) -> Option<String> {
        self.value().map(|value| value.to_string())
    }

    /// The Python text of the value, or this one.
    pub(crate) fn text_or(self, default: &str) -> String {
        self.text().unwrap_or_else(|| default.to_owned())
    }

    /// The integer.
    pub(crate) fn int(self) -> Result<Option<i64>, Error> {
        match self.value() {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Bool(flag)) => Ok(Some(i64::from(flag))),
            Some(Value::Float(number)) if number.fract() == 0.0 => Ok(Some(number as i64)),
            Some(Value::String(text)) if text.trim().parse::<i64>().is_ok() => Ok(text.trim().parse().ok()),
            Some(other) => {
                Err(Error::operation(format!("'{}' object cannot be interpreted as an integer", other.type_name())))
            }
        }
    }

    /// The integer, or this one.
    pub(crate) fn int_or(self, default: i64) -> Result<i64, Error> {
        Ok(self.int()?.unwrap_or(default))
    }

    /// Python's truth of the value, or this one.
    pub(crate) fn flag_or(self, default: bool) -> bool {
        self.value.map_or(default, |value| value.is_true())
    }
}

impl Call<'_, '_> {
    /// The subject and the parameters after it, everything evaluated to any depth.
    ///
    /// # Errors
    ///
    /// For too many arguments, an unknown or doubled keyword, or something undefined in any of them.
    pub(crate) fn bind<const N: usize>(&mut self, names: [&'static str; N]) -> Result<(Value, [Arg; N]), Error> {
        let (subject, mut bound) = self.bind_lazy(names)?;
        for arg in &mut bound {
            if let Some(value) = arg.value.take() {
                arg.value = Some(self.deep(value)?);
            }
        }
        Ok((self.deep(subject)?, bound))
    }

    /// As [`Call::bind`], but leaves what is inside containers, and what is undefined, as it is.
    pub(crate) fn bind_lazy<const N: usize>(&mut self, names: [&'static str; N]) -> Result<(Value, [Arg; N]), Error> {
        let mut args = std::mem::take(&mut self.args).into_iter();
        let subject = args.next().unwrap_or_default();
        let rest: Vec<Value> = args.collect();
        if rest.len() > N {
            let (most, given) = (N + 1, rest.len() + 1);
            let allowed = if N == 0 {
                "1 positional argument".to_owned()
            } else {
                format!("from 1 to {most} positional arguments")
            };
            return Err(Error::operation(format!("takes {allowed} but {given} were given")));
        }
        Ok((subject, self.bind_keywords(names, rest)?))
    }

    /// The positional arguments after the subject, and parameters that can only be given by keyword.
    pub(crate) fn bind_rest<const N: usize>(
        &mut self,
        names: [&'static str; N],
    ) -> Result<(Value, Vec<Value>, [Arg; N]), Error> {
        let mut args = std::mem::take(&mut self.args).into_iter();
        let subject = self.deep(args.next().unwrap_or_default())?;
        let rest = args.map(|value| self.deep(value)).collect::<Result<_, _>>()?;
        let mut bound = self.bind_keywords(names, Vec::new())?;
        for arg in &mut bound {
            if let Some(value) = arg.value.take() {
                arg.value = Some(self.deep(value)?);
            }
        }
        Ok((subject, rest, bound))
    }

    fn bind_keywords<const N: usize>(
        &mut self,
        names: [&'static str; N],
        positional: Vec<Value>,
    ) -> Result<[Arg; N], Error> {
        let mut positional = positional.into_iter();
        let mut doubled = None;
        let bound = names.map(|name| {
            let keyword = self.kwargs.remove(name);
            let value = positional.next();
            if value.is_some() && keyword.is_some() {
                doubled = Some(name);
            }
            Arg { name, value: value.or(keyword) }
        });
        if let Some(name) = doubled {
            return Err(Error::operation(format!("got multiple values for argument '{name}'")));
        }
        match self.kwargs.keys().next() {
            Some(key) => Err(Error::operation(format!("got an unexpected keyword argument '{}'", key.as_value()))),
            None => Ok(bound),
        }
    }

    /// The value with every template in it evaluated.
    pub(crate) fn deep(&self, value: Value) -> Result<Value, Error> {
        let value = match value {
            Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Template(_) => self.templar.deep(&value)?,
            other => other,
        };
        crate::eval::ops::defined_within(&value)?;
        Ok(value)
    }

    /// What iterating over the value gives, each item evaluated as far as its type shows.
    pub(crate) fn items(&self, value: &Value) -> Result<Vec<Value>, Error> {
        iterate(value)?.into_iter().map(|item| self.surface(item)).collect()
    }

    /// A template's value; anything else as it is.
    pub(crate) fn surface(&self, value: Value) -> Result<Value, Error> {
        match value {
            Value::Template(_) => self.templar.shallow(&value),
            other => Ok(other),
        }
    }

    /// What lies at a dotted path (`a.b.0`) below a value; undefined when there is nothing.
    pub(crate) fn attribute(&self, value: &Value, path: &Value) -> Result<Value, Error> {
        let mut found = value.clone();
        match path {
            Value::String(path) => {
                for part in path.split('.') {
                    let key = part.parse::<i64>().map_or_else(|_| Value::from(part), Value::Int);
                    found = self.member(&found, &key)?;
                }
            }
            other => found = self.member(&found, other)?,
        }
        Ok(found)
    }

    /// The item or attribute under one key; undefined when there is none.
    pub(crate) fn member(&self, value: &Value, key: &Value) -> Result<Value, Error> {
        self.templar.get_item(value, key)
    }
}

/// The failure that using something undefined is.
pub(crate) fn undefined_error(undefined: &Undefined) -> Error {
    crate::eval::ops::undefined_error(undefined)
}

/// Something undefined with this message.
pub(crate) fn undefined(message: impl Into<String>) -> Value {
    Value::from(Undefined { message: message.into(), ..Undefined::default() })
}

/// What iterating over a value gives in Python: items, characters, or keys.
pub(crate) fn iterate(value: &Value) -> Result<Vec<Value>, Error> {
    match value {
        Value::List(items) | Value::Tuple(items) => Ok(items.to_vec()),
        Value::String(text) => Ok(text.chars().map(|letter| Value::from(letter.to_string())).collect()),
        Value::Map(map) => Ok(map.keys().map(|key| key.as_value().clone()).collect()),
        Value::Undefined(undefined) => Err(undefined_error(undefined)),
        Value::Object(object) => object.iterate().ok_or_else(|| not_iterable(value)),
        other => Err(not_iterable(other)),
    }
}

fn not_iterable(value: &Value) -> Error {
    Error::operation(format!("'{}' object is not iterable", value.type_name()))
}

/// The text of a string; any other type is an error.
pub(crate) fn string(value: &Value) -> Result<&str, Error> {
    value.as_str().ok_or_else(|| Error::operation(format!("expected a string, not {}", value.type_name())))
}

/// The text of a string; for any other type the error that it lacks this method.
pub(crate) fn string_with<'v>(value: &'v Value, method: &str) -> Result<&'v str, Error> {
    value.as_str().ok_or_else(|| {
        let no_attribute = || Error::operation(format!("'{}' object has no attribute '{method}'", value.type_name()));
        crate::eval::Nothing::refusal([value]).unwrap_or_else(no_attribute)
    })
}

/// The text of a path; any other type is an error, in Python's words.
pub(crate) fn path(value: &Value) -> Result<&str, Error> {
    let message = || format!("expected str, bytes or os.PathLike object, not {}", value.type_name());
    value.as_str().ok_or_else(|| Error::operation(message()))
}

/// The type of a value as Python's `str(type(value))` has it.
pub(crate) fn python_class(value: &Value) -> String {
    format!("<class '{}'>", value.type_name())
}

/// The mapping; any other type is an error.
pub(crate) fn map<'v>(value: &'v Value, what: &str) -> Result<&'v Map, Error> {
    value
        .as_map()
        .ok_or_else(|| Error::operation(format!("{what} requires a dictionary, got {} instead", value.type_name())))
}

/// Python's tuple of these.
pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::Tuple(items.into())
}

/// A key for a map; containers that Python cannot hash are errors.
pub(crate) fn key(value: Value) -> Result<Key, Error> {
    crate::eval::hashable(value)
}

/// A number of any kind as a float.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::BigInt(number) => num_traits::ToPrimitive::to_f64(number.as_ref()),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}
