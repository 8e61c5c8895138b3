//! Methods of `str`.

use std::sync::Arc;

use ksplay_value::{Map, Value};

use super::Arguments;
use super::format::format;
use crate::Error;

pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Calls a method of a string.
pub(super) fn call(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let all = |test: fn(char) -> bool| Value::Bool(!text.is_empty() && text.chars().all(test));
    let cased = || text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    Ok(match arguments.name {
        "upper" => Value::from(text.to_uppercase()),
        "lower" | "casefold" => Value::from(text.to_lowercase()),
        "capitalize" => Value::from(capitalize(text)),
        "title" => Value::from(title(text)),
        "swapcase" => Value::from(swapcase(text)),
        "strip" => Value::from(strip(text, arguments, true, true)?),
        "lstrip" => Value::from(strip(text, arguments, true, false)?),
        "rstrip" => Value::from(strip(text, arguments, false, true)?),
        "split" | "rsplit" => split(text, arguments)?,
        "splitlines" => splitlines(text, arguments.int(0, "keepends", 0)? != 0),
        "partition" | "rpartition" => partition(text, arguments)?,
        "join" => join(text, arguments)?,
        "replace" => replace(text, arguments)?,
        "startswith" | "endswith" => affix(text, arguments)?,
        "removeprefix" => {
            let affix = needed(arguments, 0, "prefix")?;
            Value::from(text.strip_prefix(affix).unwrap_or(text))
        }
        "removesuffix" => {
            let affix = needed(arguments, 0, "suffix")?;
            Value::from(text.strip_suffix(affix).unwrap_or(text))
        }
        "find" | "rfind" | "index" | "rindex" => search(text, arguments)?,
        "count" => count(text, arguments)?,
        "center" | "ljust" | "rjust" => justify(text, arguments)?,
        "zfill" => zfill(text, arguments)?,
        "expandtabs" => expandtabs(text, arguments.int(0, "tabsize", 8)?),
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => Value::Bool(text.is_ascii()),
        "isdigit" | "isdecimal" => all(|c| c.is_ascii_digit()),
        "isnumeric" => all(char::is_numeric),
        "isspace" => all(char::is_whitespace),
        "isprintable" => Value::Bool(text.chars().all(|c| !c.is_control())),
        "islower" => Value::Bool(cased() && !text.chars().any(char::is_uppercase)),
        "isupper" => Value::Bool(cased() && !text.chars().any(char::is_lowercase)),
        "istitle" => Value::Bool(cased() && title(text) == text),
        "isidentifier" => {
            let mut chars = text.chars();
            let first = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
            Value::Bool(first && chars.all(|c| c == '_' || c.is_alphanumeric()))
        }
        "encode" => super::bytes::encoded(text, arguments)?,
        "maketrans" => translation(arguments)?,
        "translate" => Value::from(translate(text, arguments)?),
        "format" => Value::from(format(text, arguments)?),
        "format_map" => {
            // What is no mapping matters only when a field is looked for in it.
            let kwargs = arguments.require(0, "mapping")?.as_map().cloned().unwrap_or_default();
            let inner = Arguments { name: "format", values: Vec::new(), kwargs, templar: arguments.templar };
            Value::from(format(text, &inner)?)
        }
        name => return Err(Error::operation(format!("the method '{name}' of 'str' is not supported"))),
    })
}

fn needed<'a>(arguments: &'a Arguments<'_, '_>, index: usize, name: &str) -> Result<&'a str, Error> {
    let given = arguments.require(index, name)?;
    arguments.text(index, name)?.ok_or_else(|| arguments.no_text(index, given))
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            result.extend(c.to_lowercase());
        } else {
            result.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    result
}

fn swapcase(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            result.extend(c.to_lowercase());
        } else {
            result.extend(c.to_uppercase());
        }
    }
    result
}

fn strip(text: &str, arguments: &Arguments<'_, '_>, start: bool, end: bool) -> Result<String, Error> {
    let chars = arguments.text(0, "chars")?;
    let matches = |c: char| chars.map_or_else(|| c.is_whitespace(), |chars| chars.contains(c));
    let mut rest = text;
    if start {
        rest = rest.trim_start_matches(matches);
    }
    if end {
        rest = rest.trim_end_matches(matches);
    }
    Ok(rest.to_owned())
}

fn split(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let from_right = arguments.name == "rsplit";
    let limit = arguments.int(1, "maxsplit", -1)?;
    let limit = usize::try_from(limit).ok();
    let Some(separator) = arguments.text(0, "sep")? else {
        return Ok(split_blanks(text, limit, from_right).into_iter().map(Value::from).collect());
    };
    if separator.is_empty() {
        return Err(Error::operation("empty separator"));
    }
    Ok(match (limit, from_right) {
        (None, _) => text.split(separator).map(Value::from).collect(),
        (Some(limit), false) => text.splitn(limit + 1, separator).map(Value::from).collect(),
        (Some(limit), true) => {
            let mut parts: Vec<Value> = text.rsplitn(limit + 1, separator).map(Value::from).collect();
            parts.reverse();
            Value::from(parts)
        }
    })
}

fn split_blanks(text: &str, limit: Option<usize>, from_right: bool) -> Vec<String> {
    let Some(limit) = limit else { return text.split_whitespace().map(str::to_owned).collect() };
    let mut parts = Vec::new();
    let mut rest = if from_right { text.trim_end() } else { text.trim_start() };
    while parts.len() < limit && !rest.is_empty() {
        let found = if from_right { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        let Some(at) = found else { break };
        if from_right {
            let width = rest[at..].chars().next().map_or(1, char::len_utf8);
            parts.push(rest[at + width..].to_owned());
            rest = rest[..at].trim_end();
        } else {
            parts.push(rest[..at].to_owned());
            rest = rest[at..].trim_start();
        }
    }
    if !rest.is_empty() {
        parts.push(if from_right { rest.trim_start() } else { rest }.to_owned());
    }
    if from_right {
        parts.reverse();
    }
    parts
}

fn splitlines(text: &str, keep_ends: bool) -> Value {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['\n', '\r', '\x0b', '\x0c', '\u{85}', '\u{2028}', '\u{2029}']);
        let (line, width) = match end {
            Some(at) if rest[at..].starts_with("\r\n") => (at, 2),
            Some(at) => (at, rest[at..].chars().next().map_or(1, char::len_utf8)),
            None => (rest.len(), 0),
        };
        lines.push(Value::from(if keep_ends { &rest[..line + width] } else { &rest[..line] }));
        rest = &rest[line + width..];
    }
    Value::from(lines)
}

fn partition(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let separator = needed(arguments, 0, "sep")?;
    if separator.is_empty() {
        return Err(Error::operation("empty separator"));
    }
    let right = arguments.name == "rpartition";
    let found = if right { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match found {
        Some((before, after)) => [before, separator, after],
        None if right => ["", "", text],
        None => [text, "", ""],
    };
    Ok(Value::Tuple(Arc::new(parts.into_iter().map(Value::from).collect())))
}

fn join(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let iterable = arguments.require(0, "iterable")?;
    let no_iterable = |_| Error::operation("can only join an iterable");
    let items = arguments.templar.iterate(iterable).map_err(no_iterable)?;
    items.iter().try_for_each(crate::eval::ops::defined)?;
    let mut result = String::new();
    for (index, item) in items.iter().enumerate() {
        let Value::String(item) = item else {
            return Err(Error::operation(format!(
                "sequence item {index}: expected str instance, {} found",
                item.type_name()
            )));
        };
        if index > 0 {
            result.push_str(text);
        }
        result.push_str(item);
    }
    Ok(Value::from(result))
}

fn replace(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let (old, new) = (needed(arguments, 0, "old")?, needed(arguments, 1, "new")?);
    let count = arguments.int(2, "count", -1)?;
    Ok(Value::from(match usize::try_from(count) {
        Ok(count) => text.replacen(old, new, count),
        Err(_) => text.replace(old, new),
    }))
}

/// The part of the text between the character positions of the arguments `start` and `end`.
fn window<'t>(text: &'t str, arguments: &Arguments<'_, '_>) -> Result<(usize, &'t str), Error> {
    if arguments.values.len() < 2 {
        return Ok((0, text));
    }
    let length = text.chars().count() as i64;
    let bound = |index: usize, default: i64| match arguments.values.get(index) {
        None | Some(Value::Null) => Ok(default as usize),
        Some(Value::Int(at)) => Ok(if *at < 0 { (at + length).max(0) } else { *at.min(&length) } as usize),
        Some(Value::Bool(flag)) => Ok(usize::from(*flag).min(length as usize)),
        Some(_) => Err(Error::operation("slice indices must be integers or None or have an __index__ method")),
    };
    let (start, end) = (bound(1, 0)?, bound(2, length)?);
    let byte = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    let (from, to) = (byte(start), byte(end));
    Ok((start, text.get(from..to.max(from)).unwrap_or_default()))
}

fn affix(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let (_, text) = window(text, arguments)?;
    let starts = arguments.name == "startswith";
    let test = |affix: &Value| match affix {
        Value::String(affix) if starts => Ok(text.starts_with(&**affix)),
        Value::String(affix) => Ok(text.ends_with(&**affix)),
        other => Err(Error::operation(format!(
            "{} first arg must be str or a tuple of str, not {}",
            arguments.name,
            other.type_name()
        ))),
    };
    match arguments.require(0, "prefix")? {
        Value::Tuple(affixes) => {
            for affix in affixes.iter() {
                if test(affix)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        affix => test(affix).map(Value::Bool),
    }
}

fn search(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let wanted = needed(arguments, 0, "sub")?;
    let (start, part) = window(text, arguments)?;
    let found = if arguments.name.starts_with('r') { part.rfind(wanted) } else { part.find(wanted) };
    match found {
        Some(at) => Ok(Value::from(start + part[..at].chars().count())),
        None if arguments.name.ends_with("find") => Ok(Value::Int(-1)),
        None => Err(Error::operation("substring not found")),
    }
}

fn count(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let wanted = needed(arguments, 0, "sub")?;
    let (_, part) = window(text, arguments)?;
    Ok(Value::from(if wanted.is_empty() { part.chars().count() + 1 } else { part.matches(wanted).count() }))
}

fn justify(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    arguments.require(0, "width")?;
    let width = usize::try_from(arguments.int(0, "width", 0)?).unwrap_or(0);
    let fill = arguments.text(1, "fillchar")?.unwrap_or(" ");
    if fill.chars().count() != 1 {
        return Err(Error::operation("The fill character must be exactly one character long"));
    }
    let missing = width.saturating_sub(text.chars().count());
    let (left, right) = match arguments.name {
        "ljust" => (0, missing),
        "rjust" => (missing, 0),
        // As CPython: the odd one goes to the left when the width is odd.
        _ => {
            let left = missing / 2 + (missing & width & 1);
            (left, missing - left)
        }
    };
    Ok(Value::from(format!("{}{text}{}", fill.repeat(left), fill.repeat(right))))
}

/// The table that `translate` takes.
fn translation(arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let code = |letter: char| Value::Int(u32::from(letter).into());
    if arguments.values.len() == 1 {
        // A mapping is no plain `dict` by the time it comes here in the reference.
        return Err(Error::operation("if you give only one argument to maketrans it must be a dict"));
    }
    let letters = |index: usize| match &arguments.values[index] {
        Value::String(text) => Ok(text.chars().collect::<Vec<char>>()),
        other => {
            Err(Error::operation(format!("maketrans() argument {} must be str, not {}", index + 1, other.type_name())))
        }
    };
    let to = letters(1)?;
    let from = letters(0)?;
    if from.len() != to.len() {
        return Err(Error::operation("the first two maketrans arguments must have equal length"));
    }
    let mut table = Map::new();
    from.into_iter().zip(to).for_each(|(from, to)| drop(table.insert(code(from), code(to))));
    if arguments.values.len() > 2 {
        letters(2)?.into_iter().for_each(|letter| drop(table.insert(code(letter), Value::Null)));
    }
    Ok(table.into())
}

/// The text with each letter as a table says: by its code, a code, a text, or none.
fn translate(text: &str, arguments: &Arguments<'_, '_>) -> Result<String, Error> {
    let table = arguments.require(0, "table")?;
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        let code = i64::from(u32::from(letter));
        let found = match table {
            Value::Map(map) => map.get_key(&Value::Int(code).into()).cloned(),
            Value::List(items) | Value::Tuple(items) => items.get(code as usize).cloned(),
            Value::String(text) => text.chars().nth(code as usize).map(|letter| Value::from(letter.to_string())),
            other => {
                return Err(Error::operation(format!("'{}' object is not subscriptable", other.type_name())));
            }
        };
        match found {
            None => result.push(letter),
            Some(Value::Null) => {}
            Some(Value::String(text)) => result.push_str(&text),
            Some(Value::Int(code)) => match u32::try_from(code).ok().and_then(char::from_u32) {
                Some(letter) => result.push(letter),
                None => return Err(Error::operation("character mapping must be in range(0x110000)")),
            },
            Some(_) => return Err(Error::operation("character mapping must return integer, None or str")),
        }
    }
    Ok(result)
}

fn zfill(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    arguments.require(0, "width")?;
    let width = usize::try_from(arguments.int(0, "width", 0)?).unwrap_or(0);
    let zeros = "0".repeat(width.saturating_sub(text.chars().count()));
    Ok(Value::from(match text.strip_prefix(['+', '-']) {
        Some(digits) => format!("{}{zeros}{digits}", &text[..1]),
        None => format!("{zeros}{text}"),
    }))
}

fn expandtabs(text: &str, size: i64) -> Value {
    let size = usize::try_from(size).unwrap_or(0);
    let mut result = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                result.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\t' => {}
            '\n' | '\r' => {
                result.push(c);
                column = 0;
            }
            _ => {
                result.push(c);
                column += 1;
            }
        }
    }
    Value::from(result)
}
