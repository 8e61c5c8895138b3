//! Methods of `int` and `float`.

use std::sync::Arc;

use ksplay_value::Value;

use super::Arguments;
use crate::Error;
use crate::eval::ops::Number;

/// Whether the number has a method of this name.
pub(super) fn has(receiver: &Value, name: &str) -> bool {
    match receiver {
        Value::Float(_) => matches!(name, "is_integer" | "conjugate" | "hex" | "as_integer_ratio"),
        _ => matches!(name, "bit_length" | "bit_count" | "conjugate" | "is_integer" | "as_integer_ratio"),
    }
}

/// Calls a method of a number.
pub(super) fn call(receiver: &Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let number = Number::of(receiver).ok_or_else(|| {
        Error::operation(format!("object of type '{}' has no method '{}'", receiver.type_name(), arguments.name))
    })?;
    arguments.at_most(0)?;
    Ok(match (arguments.name, number) {
        ("is_integer", Number::Float(number)) => Value::Bool(number.is_finite() && number.fract() == 0.0),
        ("is_integer", _) => Value::Bool(true),
        ("bit_length", Number::Small(number)) => Value::from(u64::from(64 - number.unsigned_abs().leading_zeros())),
        ("bit_length", Number::Int(number)) => Value::from(number.bits()),
        ("bit_count", Number::Small(number)) => Value::from(number.unsigned_abs().count_ones()),
        ("as_integer_ratio", Number::Small(number)) => Value::Tuple(Arc::new(vec![Value::Int(number), Value::Int(1)])),
        ("conjugate", _) => receiver.clone(),
        (name, _) => {
            return Err(Error::operation(format!(
                "the method '{name}' of '{}' is not supported",
                receiver.type_name()
            )));
        }
    })
}
