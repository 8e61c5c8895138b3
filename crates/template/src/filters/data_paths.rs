//! Filters of ansible.utils that find things in data by paths.

use ksplay_value::{Key, Map, Value, text::repr};

use super::args::iterate;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("get_path", get_path),
    ("index_of", index_of),
    ("param_list_compare", param_list_compare),
    ("to_paths", to_paths),
];

/// What lies at a path: `{'a': [{'b': 1}]} | get_path('a[0].b')` is `1`.
fn get_path(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [path, wantlist]) = call.bind(["path", "wantlist"])?;
    let Some(path) = path.given() else {
        return Err(Error::operation("['missing required arguments: path']"));
    };
    if value.as_map().is_none() {
        let kind = value.type_name();
        return Err(Error::operation(format!("the argument must be a mapping, not {kind}")));
    }
    let path = path.to_string();
    let broken = || Error::operation(format!("'{path}' is no path"));
    let mut found = value;
    let mut rest = path.as_str();
    while !rest.is_empty() {
        let key = match rest.strip_prefix('[') {
            Some(inside) => {
                let (key, after) = inside.split_once(']').ok_or_else(broken)?;
                rest = after;
                let quoted = key.len() > 1 && key.starts_with(['"', '\'']) && key.ends_with(['"', '\'']);
                if quoted { Value::from(&key[1..key.len() - 1]) } else { key.parse().map_or(key.into(), Value::Int) }
            }
            None => {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                rest = &name[end..];
                name[..end].into()
            }
        };
        found = call.member(&found, &key)?;
    }
    if let Value::Undefined(undefined) = &found {
        return Err(super::args::undefined_error(undefined));
    }
    Ok(if wantlist.flag_or(false) { vec![found].into() } else { found })
}

/// Every single value by its path: `{'a': {'b': [1]}} | to_paths` is `{'a.b[0]': 1}`. `prepend` begins the paths.
fn to_paths(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fn collect(value: &Value, path: Key, paths: &mut Map) -> Result<(), Error> {
        match value {
            Value::Map(map) if !map.is_empty() => {
                for (key, value) in map.iter() {
                    let before = path.as_value();
                    let below = match key.as_value() {
                        _ if !before.is_true() => key.clone(),
                        Value::String(name) if name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
                            format!("{before}.{name}").into()
                        }
                        Value::String(_) => format!("{before}[{}]", repr(key.as_value())).into(),
                        other => {
                            let kind = other.type_name();
                            let message = format!("expected string or bytes-like object, got '{kind}'");
                            return Err(Error::operation(message));
                        }
                    };
                    collect(value, below, paths)?;
                }
            }
            Value::List(items) | Value::Tuple(items) if !items.is_empty() => {
                for (at, item) in items.iter().enumerate() {
                    collect(item, format!("{}[{at}]", path.as_value()).into(), paths)?;
                }
            }
            // The root itself is no path.
            Value::Map(_) | Value::List(_) if path.as_value() == &Value::from("") => {}
            single => {
                paths.insert(path, single.clone());
            }
        }
        Ok(())
    }
    let (value, [prepend, wantlist]) = call.bind(["prepend", "wantlist"])?;
    let mut paths = Map::new();
    collect(&value, prepend.text_or("").into(), &mut paths)?;
    let paths = Value::from(paths);
    Ok(if wantlist.flag_or(false) { vec![paths].into() } else { paths })
}

/// Where in a list the items are that pass a test: `['a', 'b'] | index_of('eq', 'b')` is `1`. Of several a list;
/// `key` tests an entry of the items, `fail_on_missing` wants all of them to have it.
fn index_of(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (data, [test, value, key, fail, wantlist]) =
        call.bind(["test", "value", "key", "fail_on_missing", "wantlist"])?;
    let Some(test) = test.text() else {
        return Err(Error::operation("['missing required arguments: test']"));
    };
    let (value, key, fail) = (value.given(), key.text(), fail.flag_or(false));
    let items = match &data {
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    let mut places = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let tested = match &key {
            None => item,
            Some(key) => match item.get(key) {
                Some(found) => found.clone(),
                None if fail => {
                    let message = format!("Error when using plugin 'index_of': '{key}' was not found in '{item}'");
                    return Err(Error::operation(message));
                }
                None => continue,
            },
        };
        let args = std::iter::once(tested).chain(value.clone()).collect();
        if call.templar.call_test(&test, args, Map::new())?.is_true() {
            places.push(Value::from(at));
        }
    }
    Ok(match places.as_slice() {
        [only] if !wantlist.flag_or(false) => only.clone(),
        _ => places.into(),
    })
}

/// Which of the parameters that are there are wanted: `['a', 'b'] | param_list_compare(['all', '!b'])` has `['a']` as
/// `actionable`; those wanted that are not there are `unsupported`.
fn param_list_compare(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (base, [wanted]) = call.bind(["target"])?;
    let Some(wanted) = wanted.value() else {
        return Err(Error::operation("Missing either 'base' or 'other value in filter input"));
    };
    let base: Vec<String> = iterate(&base)?.iter().map(Value::to_string).collect();
    let wanted: Vec<String> = iterate(&wanted)?.iter().map(Value::to_string).collect();
    let excluded: Vec<&str> = wanted.iter().filter_map(|name| name.strip_prefix('!')).collect();
    let named: Vec<&String> = wanted.iter().filter(|name| !name.starts_with('!') && *name != "all").collect();
    let everything = wanted.iter().any(|name| name == "all");
    let actionable = base.iter().filter(|name| {
        (everything || named.contains(name)) && !excluded.contains(&name.as_str()) && !excluded.contains(&"all")
    });
    let unsupported = named.iter().filter(|name| !base.contains(name)).map(|name| name.as_str());
    Ok(Map::from([
        ("actionable", actionable.map(|name| Value::from(name.as_str())).collect::<Value>()),
        ("unsupported", unsupported.map(Value::from).collect()),
    ])
    .into())
}
