//! Python's text of values: `str()`, `repr()`, and JSON as Python writes it.

use std::fmt;

use crate::Value;

/// Writes Python's `str()` of a value.
pub fn write_str(f: &mut dyn fmt::Write, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => f.write_str(text),
        other => write_repr(f, other),
    }
}

/// Writes Python's `repr()` of a value.
pub fn write_repr(f: &mut dyn fmt::Write, value: &Value) -> fmt::Result {
    write!(f, "{value:?}")
}
