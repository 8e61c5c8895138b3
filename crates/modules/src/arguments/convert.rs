//! Ansible's conversions of what was given to the type that is declared.

use ksplay_value::text::{from_json, from_literal};
use ksplay_value::{Map, Value};

use super::{Opt, OptType};
use crate::Failure;

/// The value as the declared type.
pub(super) fn convert(opt: &Opt, value: &Value) -> Result<Value, Failure> {
    let converted = to_type(opt.kind, value).map_err(|why| {
        let kind = opt.kind.word();
        Failure::new(format!(
            "argument '{}' is of type {} and we were unable to convert to {kind}: {why}",
            opt.name,
            value.type_name()
        ))
    })?;
    let (OptType::List, Value::List(items)) = (opt.kind, &converted) else { return Ok(converted) };
    items
        .iter()
        .map(|item| {
            to_type(opt.elements, item).map_err(|why| {
                let kind = opt.elements.word();
                Failure::new(format!(
                    "Elements value for option '{}' is of type {} and we were unable to convert to {kind}: {why}",
                    opt.name,
                    item.type_name()
                ))
            })
        })
        .collect()
}

pub(super) fn to_type(kind: OptType, value: &Value) -> Result<Value, String> {
    match kind {
        OptType::Raw => Ok(value.clone()),
        OptType::Str => Ok(text(value)),
        OptType::Path => Ok(expand_path(&text(value).to_string()).into()),
        OptType::Bool => to_bool(value),
        OptType::Int => to_int(value),
        OptType::Float => to_float(value),
        OptType::List => to_list(value),
        OptType::Dict => to_dict(value),
    }
}

fn text(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        Value::Null => "".into(),
        other => other.to_string().into(),
    }
}

fn impossible(value: &Value, kind: &str) -> String {
    format!("<class '{}'> cannot be converted to a {kind}", value.type_name())
}

/// The boolean that this text stands for in Ansible: `yes`, `on`, `1`, … in any case; `None` for any other text.
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "t" | "1" => Some(true),
        "no" | "n" | "off" | "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

fn to_bool(value: &Value) -> Result<Value, String> {
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Float(number) if *number == 0.0 || *number == 1.0 => Some(*number == 1.0),
        Value::String(text) => boolean(text),
        Value::Int(_) | Value::Float(_) => None,
        other => return Err(impossible(other, "bool")),
    };
    flag.map(Value::Bool).ok_or_else(|| {
        format!(
            "The value '{value}' is not a valid boolean. Valid booleans include: '0', '1', 'f', 'false', 'n', 'no', \
             'off', 'on', 't', 'true', 'y', 'yes', 0, 1"
        )
    })
}

fn to_int(value: &Value) -> Result<Value, String> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    let number = match value {
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Int(number) => Some(*number),
        Value::Float(number) => whole(*number),
        Value::String(text) => {
            let text = text.trim().replace('_', "");
            text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
        }
        _ => None,
    };
    number.map(Value::Int).ok_or_else(|| {
        let mut repr = String::new();
        let _ = ksplay_value::text::write_repr(&mut repr, value);
        format!("\"{repr}\" cannot be converted to an int")
    })
}

fn to_float(value: &Value) -> Result<Value, String> {
    let number = match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(Value::Float).ok_or_else(|| impossible(value, "float"))
}

fn to_list(value: &Value) -> Result<Value, String> {
    match value {
        Value::List(_) => Ok(value.clone()),
        Value::Tuple(items) => Ok(Value::List(items.clone())),
        Value::String(text) => Ok(text.split(',').collect()),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Bool(_) => {
            Ok([value.to_string()].into_iter().collect())
        }
        other => Err(impossible(other, "list")),
    }
}

fn to_dict(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Map(_) => return Ok(value.clone()),
        Value::String(text) => text.trim(),
        other => return Err(impossible(other, "dict")),
    };
    if text.starts_with('{') {
        return match from_json(text).ok().or_else(|| from_literal(text)) {
            Some(map @ Value::Map(_)) => Ok(map),
            _ => Err("unable to evaluate string as dictionary".into()),
        };
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".into());
    }
    let pairs = split_pairs(text);
    if pairs.iter().any(|pair| !pair.contains('=')) {
        return Err("dictionary requested, could not parse JSON or key=value".into());
    }
    Ok(pairs.iter().filter_map(|pair| pair.split_once('=')).collect::<Map>().into())
}

/// The `k=v` of a text, separated by commas or spaces that are not quoted; quotes and backslashes are taken away.
fn split_pairs(text: &str) -> Vec<String> {
    let mut pairs = Vec::new();
    let mut pair = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, quote) {
            ('\\', _) => pair.extend(chars.next()),
            ('"' | '\'', None) => quote = Some(char),
            (_, Some(open)) if char == open => quote = None,
            (',' | ' ', None) => pairs.push(std::mem::take(&mut pair)),
            _ => pair.push(char),
        }
    }
    pairs.push(pair);
    pairs.retain(|pair| !pair.is_empty());
    pairs
}

/// The path with `~`, `~user`, `$NAME` and `${NAME}` replaced; unknown names stay as they are.
pub fn expand_path(path: &str) -> String {
    expand_variables(&expand_home(path))
}

fn expand_home(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home =
        if user.is_empty() { std::env::var("HOME").ok().or_else(own_home) } else { crate::system::home_of(user) };
    match home {
        Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
        None => path.to_owned(),
    }
}

fn own_home() -> Option<String> {
    crate::system::own_home()
}

/// The text with `$NAME` and `${NAME}` replaced by this program's environment, as Python's `os.path.expandvars`.
fn expand_variables(text: &str) -> String {
    expand_with(text, &|name| std::env::var(name).ok())
}

/// The text with `$NAME` and `${NAME}` replaced by what `lookup` knows.
pub(crate) fn expand_with(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix('{') {
            Some(braced) => match braced.find('}') {
                Some(end) => (&braced[..end], end + 2),
                None => ("", 0),
            },
            None => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match lookup(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..=at + length]),
        }
        rest = &after[length..];
    }
    out + rest
}
