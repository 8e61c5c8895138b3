//! Which arguments the methods of Python's own types take.

use ksplay_value::Value;

use super::Arguments;
use crate::Error;

/// What a method takes.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    One,
    /// From so many to so many, by position alone.
    Some(usize, usize),
    /// These, by position (as many as the number says) or by name.
    Named(usize, &'static [&'static str]),
    Anything,
}

const STRING: &[(&str, Takes)] = &[
    ("join partition rpartition removeprefix removesuffix zfill format_map translate", Takes::One),
    ("count endswith find index rfind rindex startswith maketrans", Takes::Some(1, 3)),
    ("center ljust rjust", Takes::Some(1, 2)),
    ("strip lstrip rstrip", Takes::Some(0, 1)),
    ("encode", Takes::Named(2, &["encoding", "errors"])),
    ("expandtabs", Takes::Named(1, &["tabsize"])),
    ("split rsplit", Takes::Named(2, &["sep", "maxsplit"])),
    ("splitlines", Takes::Named(1, &["keepends"])),
    ("replace", Takes::Some(2, 3)),
    ("format", Takes::Anything),
];

const LIST: &[(&str, Takes)] = &[
    ("append count extend remove", Takes::One),
    ("index", Takes::Some(1, 3)),
    ("insert", Takes::Some(2, 2)),
    ("pop", Takes::Some(0, 1)),
    ("sort", Takes::Named(0, &["key", "reverse"])),
];

const MAP: &[(&str, Takes)] = &[
    ("get", Takes::Named(2, &["key", "default"])),
    ("setdefault pop fromkeys", Takes::Some(1, 2)),
    ("update", Takes::Anything),
];

const NUMBER: &[(&str, Takes)] =
    &[("to_bytes", Takes::Named(2, &["length", "byteorder", "signed"])), ("fromhex", Takes::One)];

const BYTES: &[(&str, Takes)] = &[("decode", Takes::Named(2, &["encoding", "errors"]))];

const MOMENT: &[(&str, Takes)] = &[
    ("astimezone", Takes::Named(1, &["tz"])),
    ("isoformat", Takes::Named(2, &["sep", "timespec"])),
    ("strftime", Takes::Named(1, &["format"])),
    (
        "replace",
        Takes::Named(8, &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"]),
    ),
];

const DAY: &[(&str, Takes)] =
    &[("strftime", Takes::Named(1, &["format"])), ("replace", Takes::Named(3, &["year", "month", "day"]))];

const TIME: &[(&str, Takes)] = &[
    ("isoformat", Takes::Named(1, &["timespec"])),
    ("strftime", Takes::Named(1, &["format"])),
    ("replace", Takes::Named(5, &["hour", "minute", "second", "microsecond", "tzinfo", "fold"])),
];

fn takes(receiver: &Value, method: &str) -> Takes {
    let table = match receiver {
        Value::String(_) => STRING,
        Value::List(_) | Value::Tuple(_) => LIST,
        Value::Map(_) => MAP,
        Value::Object(object) => match object.type_name() {
            "bytes" => BYTES,
            "datetime" => MOMENT,
            "date" => DAY,
            "time" => TIME,
            "struct_time" => LIST,
            _ if object.is_mapping() => MAP,
            _ => &[],
        },
        _ => NUMBER,
    };
    let found = table.iter().find(|(names, _)| names.split(' ').any(|name| name == method));
    found.map_or(Takes::Nothing, |(_, takes)| *takes)
}

/// An error in Python's words unless these are arguments that the method takes.
pub(super) fn check(receiver: &Value, arguments: &Arguments<'_, '_>) -> Result<(), Error> {
    let (name, given) = (arguments.name, arguments.values.len());
    let full = format_args!("{}.{name}()", receiver.type_name());
    let keyword = arguments.kwargs.keys().next().map(|key| key.as_value());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let takes = takes(receiver, name);
    // Those that ansible-core's own lists and mappings have are functions of Python.
    let own =
        matches!((receiver, name), (Value::List(_), "copy") | (Value::Map(_), "copy" | "items" | "popitem" | "values"));
    let wrong = match takes {
        Takes::Anything => None,
        Takes::Nothing if own => match keyword {
            Some(keyword) => Some(format!("{full} got an unexpected keyword argument '{keyword}'")),
            None if given > 0 => Some(format!("{full} takes 1 positional argument but {} were given", given + 1)),
            None => None,
        },
        Takes::Some(1, 3) if matches!(receiver, Value::String(_)) && name != "maketrans" => match given {
            _ if keyword.is_some() => Some(format!("{name}() takes no keyword arguments")),
            0 => Some(format!("{name}() takes at least 1 argument (0 given)")),
            1..=3 => None,
            more => Some(format!("{name}() takes at most 3 arguments ({more} given)")),
        },
        Takes::Nothing | Takes::One | Takes::Some(..) if keyword.is_some() => {
            Some(format!("{full} takes no keyword arguments"))
        }
        Takes::Nothing if given > 0 => Some(format!("{full} takes no arguments ({given} given)")),
        Takes::One if given != 1 => Some(format!("{full} takes exactly one argument ({given} given)")),
        Takes::Some(least, most) if least == most && given != least => {
            Some(format!("{name} expected {least} arguments, got {given}"))
        }
        Takes::Some(least, _) if given < least => {
            Some(format!("{name} expected at least {least} argument{}, got {given}", plural(least)))
        }
        Takes::Some(_, most) if given > most => {
            Some(format!("{name} expected at most {most} argument{}, got {given}", plural(most)))
        }
        Takes::Named(0, _) if given > 0 => Some(format!("{name}() takes no positional arguments")),
        Takes::Named(most, _) if given > most => {
            Some(format!("{name}() takes at most {most} argument{} ({given} given)", plural(most)))
        }
        Takes::Named(_, names) => arguments.kwargs.keys().find_map(|key| {
            let key = key.as_value().to_string();
            match names.iter().position(|name| *name == key) {
                None => Some(format!("'{key}' is an invalid keyword argument for {name}()")),
                Some(at) if at < given => {
                    Some(format!("argument for {name}() given by name ('{key}') and position ({})", at + 1))
                }
                Some(_) => None,
            }
        }),
        _ => None,
    };
    wrong.map_or(Ok(()), |message| Err(Error::operation(message)))
}
