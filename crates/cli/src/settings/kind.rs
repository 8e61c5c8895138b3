//! What a setting may be, as `ansible-config list` says it: a function for each way of reading one in
//! [`Reader`](super::reader::Reader), by the same name and with the same arguments.

use ksplay_value::Value;

/// The type of a setting, and what it is when nobody sets it.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The word for the type.
    pub word: &'static str,
    /// The words that it can be; empty where that is not limited.
    pub choices: &'static [&'static str],
    /// What it is when nobody sets it.
    pub default: Value,
}

fn of(word: &'static str, default: impl Into<Value>) -> Kind {
    Kind { word, choices: &[], default: default.into() }
}

fn texts(all: &[&str]) -> Value {
    all.iter().map(|text| Value::from(*text)).collect()
}

pub(super) fn text(default: &str) -> Kind {
    of("string", default)
}

pub(super) fn optional() -> Kind {
    of("string", Value::Null)
}

pub(super) fn choice(choices: &'static [&'static str]) -> Kind {
    Kind { choices, ..of("string", choices[0]) }
}

pub(super) fn colour(default: &str) -> Kind {
    of("string", default)
}

pub(super) fn flag(default: bool) -> Kind {
    of("boolean", default)
}

pub(super) fn shared_flag(default: bool) -> Kind {
    flag(default)
}

pub(super) fn optional_flag() -> Kind {
    of("boolean", Value::Null)
}

pub(super) fn number(default: i64) -> Kind {
    of("integer", default)
}

pub(super) fn optional_number() -> Kind {
    of("integer", Value::Null)
}

pub(super) fn list(default: &[&str]) -> Kind {
    of("list", texts(default))
}

pub(super) fn path() -> Kind {
    of("path", Value::Null)
}

pub(super) fn path_or(default: &str) -> Kind {
    of("path", default)
}

pub(super) fn paths(separator: char, default: &[&str]) -> Kind {
    of(if separator == ':' { "pathspec" } else { "pathlist" }, texts(default))
}
