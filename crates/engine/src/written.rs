//! Values as the author of the play wrote them.

use ksplay_value::{Map, Span, Value};

/// A condition or another template as it was written.
pub(crate) fn as_written(value: &Value) -> Value {
    match value {
        Value::Template(template) => Value::from(&*template.text),
        other => other.clone(),
    }
}

/// A value with its templates as they were written.
pub(crate) fn written(value: &Value) -> Value {
    match value {
        Value::List(items) => items.iter().map(written).collect(),
        Value::Map(map) => {
            map.iter().map(|(key, value)| (key.clone().into_value(), written(value))).collect::<Map>().into()
        }
        other => as_written(other),
    }
}

/// Where a template was written; other values carry no place.
pub(crate) fn place(value: &Value) -> Option<Span> {
    match value {
        Value::Template(template) => template.span.clone(),
        _ => None,
    }
}
