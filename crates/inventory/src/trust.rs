//! What a trusted source says: text with markers is a template.

use ksplay_value::text::from_literal;
use ksplay_value::{Map, Span, Template, TemplateKind, Value, has_markers};

/// The value of a variable in a hosts file: a Python literal, or else the text itself.
pub(crate) fn variable(text: &str, span: Option<&Span>) -> Value {
    trust(from_literal(text).unwrap_or_else(|| Value::from(text)), span)
}

/// Data of a trusted source: every text in it that has markers is a template. Keys stay text, whatever is in them.
pub(crate) fn trust(data: Value, span: Option<&Span>) -> Value {
    match data {
        Value::String(text) if has_markers(&text) => Template::new(TemplateKind::Jinja, &*text, span.cloned()).into(),
        Value::List(items) => items.iter().map(|item| trust(item.clone(), span)).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone().into_value(), trust(value.clone(), span)))
            .collect::<Map>()
            .into(),
        other => other,
    }
}
