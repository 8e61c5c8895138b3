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

/// The text that a key gets in JSON, as Python's `json.dumps`: `True` is `true`, `1` is `1`.
///
/// # Errors
///
/// If the key is of a type that JSON cannot have as a key.
pub fn json_key(key: &Value) -> Result<String, String> {
    Ok(match key {
        Value::String(text) => text.to_string(),
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => key.to_string(),
        Value::Object(object) => object.json(),
        other => return Err(format!("keys must be str, int, float, bool or None, not {}", other.type_name())),
    })
}
