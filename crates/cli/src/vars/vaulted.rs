//! Vaulted values: where they stand is shown, what they hold never is.

use std::io::Read;
use std::path::Path;

use ksplay_template::unknown_in;
use ksplay_value::{Map, TemplateKind, Unknown, Value, text};

/// What is shown of them.
const SHOWN: &str = "<vaulted>";

/// The value with everything vaulted in it unknown, so that all that rests on it is unknown too.
pub fn hidden(value: &Value) -> Value {
    match value {
        Value::Template(template) if template.kind == TemplateKind::Vault => unknown(),
        Value::List(items) => items.iter().map(hidden).collect(),
        Value::Map(map) => {
            map.iter().map(|(key, value)| (key.as_value().clone(), hidden(value))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

/// A value of a file that is vaulted as a whole.
pub fn unknown() -> Value {
    Unknown { because: vec![SHOWN.into()] }.into()
}

/// Whether a file is vaulted as a whole.
pub fn is_vaulted(file: &Path) -> bool {
    const MARK: &[u8] = b"$ANSIBLE_VAULT";
    let mut begin = [0; MARK.len()];
    std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == MARK
}

/// A value on one line, a template as it is written.
pub fn written(value: &Value) -> String {
    match value {
        Value::Template(template) if template.kind != TemplateKind::Vault => template.text.to_string(),
        Value::Template(_) | Value::Unknown(_) => SHOWN.to_owned(),
        Value::String(text) => text::quoted(text),
        other => match unknown_in(other) {
            Some(unknown) if unknown.because.iter().any(|because| **because == *SHOWN) => {
                text::repr(other).replace("<unknown>", SHOWN)
            }
            _ => text::repr(other),
        },
    }
}

/// The same, of which only the beginning is shown when it is long.
pub fn shortened(value: &Value, width: usize) -> String {
    let text = written(value).replace('\n', "\\n");
    match text.char_indices().nth(width) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl super::Definition {
    /// The value as far as it may be shown and evaluated.
    pub fn shown(&self) -> Value {
        let place = self.span.as_ref().map(|span| Path::new(&span.source.name));
        match self.file.as_deref().or(place).filter(|file| is_vaulted(file)) {
            Some(_) => unknown(),
            None => hidden(&self.value),
        }
    }
}
