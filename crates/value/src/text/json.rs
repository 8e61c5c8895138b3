//! JSON as Python's `json.dumps` writes it.

use std::borrow::Cow;
use std::fmt::Write;

use super::number;
use crate::{Map, Value};

/// How JSON is laid out; the default is that of `json.dumps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonStyle {
    /// What each level is indented by; `None` puts all on one line.
    pub indent: Option<String>,
    /// What stands between items; `None` is `", "` on one line and `","` with an indent.
    pub item_separator: Option<String>,
    /// What stands between a key and its value.
    pub key_separator: String,
    /// Whether keys are in the order of their text rather than of insertion.
    pub sort_keys: bool,
    /// Whether everything outside ASCII is escaped.
    pub ensure_ascii: bool,
}

impl Default for JsonStyle {
    fn default() -> Self {
        Self {
            indent: None,
            item_separator: None,
            key_separator: ": ".to_owned(),
            sort_keys: false,
            ensure_ascii: true,
        }
    }
}

impl JsonStyle {
    /// Each level indented by this many spaces.
    pub fn indented(spaces: usize) -> Self {
        Self { indent: Some(" ".repeat(spaces)), ..Self::default() }
    }

    /// No blank anywhere.
    pub fn compact() -> Self {
        Self { item_separator: Some(",".to_owned()), key_separator: ":".to_owned(), ..Self::default() }
    }

    /// What Ansible's default output shows the result of a task in when it takes one line: keys sorted, all characters as
    /// they are.
    pub fn result_line() -> Self {
        Self { sort_keys: true, ensure_ascii: false, ..Self::default() }
    }

    /// What Ansible's default output shows the result of a task in when it takes several lines: four spaces, keys sorted, all characters as they are.
    pub fn result() -> Self {
        Self { sort_keys: true, ensure_ascii: false, ..Self::indented(4) }
    }
}

/// Why a value cannot be JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// The key of a mapping is neither text, number, boolean nor null.
    #[error("a key of type {0} cannot be written as JSON")]
    Key(String),
    /// A value that only exists while something is evaluated.
    #[error("a value of type {0} cannot be written as JSON")]
    Value(String),
    /// Something that was looked for and is not there.
    #[error("{0}")]
    Undefined(String),
}

/// JSON as Python's `json.dumps` writes it; dates become text as Ansible's `to_json` does.
///
/// # Errors
///
/// If the value holds something that JSON has not: a tuple as a key, an undefined value.
pub fn to_json(value: &Value, style: &JsonStyle) -> Result<String, NotJson> {
    let separator = match (&style.item_separator, &style.indent) {
        (Some(separator), _) => separator,
        (None, Some(_)) => ",",
        (None, None) => ", ",
    };
    let mut writer = Writer { style, separator, text: String::new() };
    writer.value(value, 0)?;
    Ok(writer.text)
}

/// The text that a key gets in JSON, as Python's `json.dumps`: `True` is `true`, `1` is `1`.
///
/// # Errors
///
/// If the key is of a type that JSON cannot have as a key.
pub fn json_key(key: &Value) -> Result<Cow<'_, str>, NotJson> {
    Ok(match key {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => "null".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Int(_) | Value::BigInt(_) => key.to_string().into(),
        Value::Float(number) => json_float(*number).into(),
        Value::Object(object) => object.json().into(),
        other => return Err(NotJson::Key(other.type_name().to_owned())),
    })
}

fn json_float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        number::float(number)
    }
}

struct Writer<'a> {
    style: &'a JsonStyle,
    separator: &'a str,
    text: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), NotJson> {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Int(_) | Value::BigInt(_) => self.text += &value.to_string(),
            Value::Float(number) => self.text += &json_float(*number),
            Value::String(text) => self.string(text),
            Value::Object(object) => self.string(&object.json()),
            Value::List(items) | Value::Tuple(items) => self.list(items, depth)?,
            Value::Map(map) => self.map(map, depth)?,
            Value::Undefined(undefined) => return Err(NotJson::Undefined(undefined.message.clone())),
            Value::Template(_) | Value::Unknown(_) | Value::Omit => {
                return Err(NotJson::Value(value.type_name().to_owned()));
            }
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<(), NotJson> {
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            self.before_item(index, depth + 1);
            self.value(item, depth + 1)?;
        }
        self.close(']', items.is_empty(), depth);
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), NotJson> {
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map.iter() {
            entries.push((json_key(key.as_value())?, value));
        }
        if self.style.sort_keys {
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        self.text.push('{');
        for (index, (key, value)) in entries.iter().enumerate() {
            self.before_item(index, depth + 1);
            self.string(key);
            self.text.push_str(&self.style.key_separator);
            self.value(value, depth + 1)?;
        }
        self.close('}', entries.is_empty(), depth);
        Ok(())
    }

    fn before_item(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.text.push_str(self.separator);
        }
        self.line_break(depth);
    }

    fn close(&mut self, bracket: char, empty: bool, depth: usize) {
        if !empty {
            self.line_break(depth);
        }
        self.text.push(bracket);
    }

    fn line_break(&mut self, depth: usize) {
        if let Some(indent) = &self.style.indent {
            self.text.push('\n');
            (0..depth).for_each(|_| self.text.push_str(indent));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                ' '..='~' => self.text.push(character),
                '\u{0}'..='\u{1f}' => self.escape(character),
                _ if self.style.ensure_ascii => self.escape(character),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn escape(&mut self, character: char) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(self.text, "\\u{unit:04x}");
        }
    }
}
