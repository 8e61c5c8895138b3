//! `str()` and `repr()`.

use std::fmt::{self, Write};

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::number;
use crate::{Map, Value};

/// Writes Python's `str()` of a value.
pub fn write_str(f: &mut dyn Write, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => f.write_str(text),
        Value::Template(template) => f.write_str(&template.text),
        Value::Object(object) => f.write_str(&object.text()),
        other => write_repr(f, other),
    }
}

/// Writes Python's `repr()` of a value.
pub fn write_repr(f: &mut dyn Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null => f.write_str("None"),
        Value::Bool(true) => f.write_str("True"),
        Value::Bool(false) => f.write_str("False"),
        Value::Int(number) => write!(f, "{number}"),
        Value::BigInt(number) => write!(f, "{number}"),
        Value::Float(number) => f.write_str(&number::float(*number)),
        Value::String(text) => write_quoted(f, text),
        Value::Template(template) => write_quoted(f, &template.text),
        Value::List(items) => {
            f.write_char('[')?;
            write_items(f, items)?;
            f.write_char(']')
        }
        Value::Tuple(items) => {
            f.write_char('(')?;
            write_items(f, items)?;
            f.write_str(if items.len() == 1 { ",)" } else { ")" })
        }
        Value::Map(map) => write_map(f, map),
        Value::Object(object) => f.write_str(&object.repr()),
        Value::Undefined(_) => f.write_str("Undefined"),
        Value::Unknown(_) => f.write_str("<unknown>"),
        Value::Omit => f.write_str("<omit>"),
    }
}

/// Python's `repr()` of a value.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_repr(&mut text, value);
    text
}

/// Python's `repr()` of a string.
///
/// ```
/// use ksplay_value::text::quoted;
///
/// assert_eq!(quoted("it's"), r#""it's""#);
/// assert_eq!(quoted("a\tb"), r"'a\tb'");
/// ```
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    let _ = write_quoted(&mut quoted, text);
    quoted
}

fn write_items(f: &mut dyn Write, items: &[Value]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write_repr(f, item)?;
    }
    Ok(())
}

fn write_map(f: &mut dyn Write, map: &Map) -> fmt::Result {
    f.write_char('{')?;
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write_repr(f, key.as_value())?;
        f.write_str(": ")?;
        write_repr(f, value)?;
    }
    f.write_char('}')
}

fn write_quoted(f: &mut dyn Write, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ if character == quote => write!(f, "\\{quote}")?,
            ' '..='~' => f.write_char(character)?,
            _ if is_printable(character) => f.write_char(character)?,
            _ => match u32::from(character) {
                code @ ..=0xff => write!(f, "\\x{code:02x}")?,
                code @ ..=0xffff => write!(f, "\\u{code:04x}")?,
                code => write!(f, "\\U{code:08x}")?,
            },
        }
    }
    f.write_char(quote)
}

/// Python's `str.isprintable()` of one character.
fn is_printable(character: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    match character.general_category() {
        Control | Format | Surrogate | PrivateUse | Unassigned | LineSeparator | ParagraphSeparator => false,
        SpaceSeparator => character == ' ',
        _ => true,
    }
}
