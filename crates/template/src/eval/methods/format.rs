//! Python's `str.format`.

use ksplay_value::{Value, text::repr};

use super::Arguments;
use crate::Error;
use crate::eval::percent;

/// The template with its fields (`{}`, `{0}`, `{name.a[b]!r:>8}`) filled from values and keyword arguments.
pub(super) fn format(template: &str, arguments: &Arguments<'_, '_>) -> Result<String, Error> {
    let mut counter = 0;
    expand(template, arguments, &mut counter, 2)
}

fn expand(template: &str, arguments: &Arguments<'_, '_>, counter: &mut usize, depth: usize) -> Result<String, Error> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(Error::operation("Single '}' encountered in format string"));
        }
        let mut level = 1;
        let end = rest.find(|c| {
            match c {
                '{' => level += 1,
                '}' => level -= 1,
                _ => {}
            }
            level == 0
        });
        let end = end.ok_or_else(|| {
            Error::operation(match rest {
                "" => "Single '{' encountered in format string",
                _ => "expected '}' before end of string",
            })
        })?;
        let field = &rest[..end];
        rest = &rest[end + 1..];
        let (head, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = head.split_once('!').unwrap_or((head, ""));
        let mut value = lookup(name, arguments, counter)?;
        crate::eval::ops::defined_within(&value)?;
        match conversion {
            "" => {}
            "s" => value = Value::from(value.to_string()),
            "r" | "a" => value = Value::from(repr(&value)),
            other => return Err(Error::operation(format!("Unknown conversion specifier '{other}'"))),
        }
        let spec = if spec.contains('{') && depth > 0 {
            expand(spec, arguments, counter, depth - 1)?
        } else {
            spec.to_owned()
        };
        if spec.is_empty() {
            text.push_str(&value.to_string());
        } else {
            text.push_str(&percent::apply(&value, &percent::parse_spec(&spec)?)?);
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn lookup(field: &str, arguments: &Arguments<'_, '_>, counter: &mut usize) -> Result<Value, Error> {
    let end = field.find(['.', '[']).unwrap_or(field.len());
    let (name, mut path) = field.split_at(end);
    let missing =
        |index: usize| Error::operation(format!("Replacement index {index} out of range for positional args tuple"));
    let mut value = if name.is_empty() {
        *counter += 1;
        arguments.values.get(*counter - 1).cloned().ok_or_else(|| missing(*counter - 1))?
    } else if let Ok(index) = name.parse::<usize>() {
        arguments.values.get(index).cloned().ok_or_else(|| missing(index))?
    } else {
        arguments.kwargs.get(name).cloned().ok_or_else(|| Error::operation(format!("'{name}'")))?
    };
    while !path.is_empty() {
        if let Some(after) = path.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = &after[..end];
            if let Value::Map(_) = value
                && !super::has(&value, name)
            {
                return Err(Error::operation(format!("'dict' object has no attribute '{name}'")));
            }
            value = arguments.templar.get_attr(&value, name)?;
            path = &after[end..];
        } else {
            let Some(after) = path.strip_prefix('[') else {
                return Err(Error::operation("Only '.' or '[' may follow ']' in format field specifier"));
            };
            let (key, rest) = after.split_once(']').ok_or_else(|| Error::operation("Missing ']' in format string"))?;
            if key.is_empty() {
                return Err(Error::operation("Empty attribute in format string"));
            }
            let key = key.parse::<i64>().map_or_else(|_| Value::from(key), Value::Int);
            value = arguments.templar.get_item(&value, &key)?;
            path = rest;
        }
        crate::eval::ops::defined(&value)?;
    }
    arguments.templar.deep(&value)
}
