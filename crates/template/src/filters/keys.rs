//! Filters that pick and rename keys. Two collections have them under the same names: those of ansible.utils go to any
//! depth, those of community.general take a list of mappings.

use ksplay_value::{Map, Value};

use super::args::iterate;
use super::regex::{Flags, Pattern};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("ansible.utils.keep_keys", keep_deep),
    ("ansible.utils.remove_keys", remove_deep),
    ("ansible.utils.replace_keys", replace_deep),
    ("keep_keys", keep),
    ("remove_keys", remove),
    ("replace_keys", replace),
];

/// How the names that are given and the keys compare.
struct Matching {
    targets: Vec<String>,
    kind: Kind,
}

enum Kind {
    Equal,
    Starts,
    Ends,
    Regex(Vec<Pattern>),
}

impl Matching {
    fn new(targets: Vec<String>, kind: &str, equal: &str) -> Result<Self, Error> {
        let kind = match kind {
            kind if kind == equal => Kind::Equal,
            "starts_with" => Kind::Starts,
            "ends_with" => Kind::Ends,
            "regex" => {
                let patterns = targets.iter().map(|target| Pattern::new(target, Flags::default()));
                Kind::Regex(patterns.collect::<Result<_, _>>()?)
            }
            other => {
                return Err(Error::operation(format!(
                    "The matching_parameter must be one of ['{equal}', 'starts_with', 'ends_with', 'regex']. matching_parameter is {other}"
                )));
            }
        };
        Ok(Self { targets, kind })
    }

    /// The number of the name that fits a key.
    fn find(&self, key: &str) -> Result<Option<usize>, Error> {
        match &self.kind {
            Kind::Equal => Ok(self.targets.iter().position(|target| target == key)),
            Kind::Starts => Ok(self.targets.iter().position(|target| key.starts_with(target.as_str()))),
            Kind::Ends => Ok(self.targets.iter().position(|target| key.ends_with(target.as_str()))),
            Kind::Regex(patterns) => {
                for (at, pattern) in patterns.iter().enumerate() {
                    if pattern.matches_at_start(key)? {
                        return Ok(Some(at));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// The mappings of a list, as the filters of community.general demand it.
fn mappings(value: &Value) -> Result<Vec<&Map>, Error> {
    let class = |value: &Value| format!("{value} is <class '{}'>", value.type_name());
    let (Value::List(items) | Value::Tuple(items)) = value else {
        return Err(Error::operation(format!("First argument must be a list. {}", class(value))));
    };
    let wrong = |item: &Value| Error::operation(format!("The data items must be dictionaries. {}", class(item)));
    items.iter().map(|item| item.as_map().ok_or_else(|| wrong(item))).collect()
}

fn targets(value: Option<Value>) -> Result<Vec<String>, Error> {
    let value = value.unwrap_or_default();
    let targets: Vec<String> = match &value {
        Value::String(text) => vec![text.to_string()],
        Value::List(items) | Value::Tuple(items) => items.iter().map(Value::to_string).collect(),
        other => {
            let kind = other.type_name();
            let message = format!("The target must be a string or a list. target is <class '{kind}'>.");
            return Err(Error::operation(message));
        }
    };
    match targets.is_empty() {
        true => Err(Error::operation("The target can't be empty.")),
        false => Ok(targets),
    }
}

fn picked(call: &mut Call<'_, '_>, wanted: bool) -> Result<Value, Error> {
    let (value, [target, kind]) = call.bind(["target", "matching_parameter"])?;
    let maps = mappings(&value)?;
    let (targets, kind) = (targets(target.given())?, kind.text_or("equal"));
    if kind == "regex" && targets.len() > 1 {
        let message = "Single item is required in the target list if matching_parameter=regex.";
        return Err(Error::operation(message));
    }
    let matching = Matching::new(targets, &kind, "equal")?;
    let mut left = Vec::new();
    for map in maps {
        let mut kept = Map::new();
        for (key, value) in map.iter() {
            if matching.find(&key.as_value().to_string())?.is_some() == wanted {
                kept.insert(key.clone(), value.clone());
            }
        }
        left.push(Value::from(kept));
    }
    Ok(left.into())
}

/// Only the entries of these names: `[{'a': 1, 'b': 2}] | keep_keys(target=['a'])` is `[{'a': 1}]`.
/// `matching_parameter` (`equal`, `starts_with`, `ends_with`, `regex`) says how names compare.
fn keep(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    picked(call, true)
}

/// All entries but those of these names; as `keep_keys`.
fn remove(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    picked(call, false)
}

/// The names before and after.
fn renamings(target: &Value) -> Result<(Vec<String>, Vec<String>), Error> {
    let lacking = || Error::operation("All dictionaries in target must include attributes: after, before.");
    let mut pairs = (Vec::new(), Vec::new());
    for item in iterate(target)? {
        pairs.0.push(item.get("before").ok_or_else(lacking)?.to_string());
        pairs.1.push(item.get("after").ok_or_else(lacking)?.to_string());
    }
    match pairs.0.is_empty() {
        true => Err(Error::operation("The target can't be empty.")),
        false => Ok(pairs),
    }
}

/// The entries under other names: `[{'a': 1}] | replace_keys(target=[{'before': 'a', 'after': 'b'}])` is `[{'b': 1}]`.
fn replace(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [target, kind]) = call.bind(["target", "matching_parameter"])?;
    let maps = mappings(&value)?;
    let (before, after) = renamings(&target.given().unwrap_or_default())?;
    let matching = Matching::new(before, &kind.text_or("equal"), "equal")?;
    let mut renamed = Vec::new();
    for map in maps {
        let mut new = Map::new();
        for (key, value) in map.iter() {
            match matching.find(&key.as_value().to_string())? {
                Some(at) => new.insert(after[at].as_str(), value.clone()),
                None => new.insert(key.clone(), value.clone()),
            };
        }
        renamed.push(Value::from(new));
    }
    Ok(renamed.into())
}

/// What the filters of ansible.utils get: a mapping or a list, and how names compare.
fn deep(call: &mut Call<'_, '_>, what: &str) -> Result<(Value, Value, String), Error> {
    let (value, [target, kind]) = call.bind(["target", "matching_parameter"])?;
    let Some(target) = target.given() else {
        return Err(Error::operation("['missing required arguments: target']"));
    };
    let kind = kind.text_or("equality");
    if !matches!(kind.as_str(), "equality" | "starts_with" | "ends_with" | "regex") {
        return Err(Error::operation(format!(
            "['value of matching_parameter must be one of: starts_with, ends_with, regex, equality, got: {kind}']"
        )));
    }
    if !matches!(value, Value::Map(_) | Value::List(_) | Value::Tuple(_)) {
        let name = crate::filters::short(call.name);
        return Err(Error::operation(format!("Error when using plugin '{name}': Input is not valid for {what}")));
    }
    Ok((value, target, kind))
}

fn names(target: &Value) -> Vec<String> {
    match target {
        Value::List(items) | Value::Tuple(items) => items.iter().map(Value::to_string).collect(),
        other => vec![other.to_string()],
    }
}

/// All but the entries of these names, at any depth; mappings and lists that become empty go too.
fn remove_deep(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fn removed(value: &Value, matching: &Matching) -> Result<Value, Error> {
        Ok(match value {
            Value::Map(map) => {
                let mut left = Map::new();
                for (key, value) in map.iter() {
                    if matching.find(&key.as_value().to_string())?.is_none() {
                        let value = removed(value, matching)?;
                        if !empty(&value) {
                            left.insert(key.clone(), value);
                        }
                    }
                }
                left.into()
            }
            Value::List(items) | Value::Tuple(items) => {
                let items = items.iter().map(|item| removed(item, matching)).collect::<Result<Vec<_>, _>>()?;
                items.into_iter().filter(|item| !empty(item)).collect()
            }
            other => other.clone(),
        })
    }
    let (value, target, kind) = deep(call, "attribute removal")?;
    removed(&value, &Matching::new(names(&target), &kind, "equality")?)
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(items) | Value::Tuple(items) => items.is_empty(),
        _ => false,
    }
}

/// Only the entries of these names, at any depth, with what lies below them; single values in lists stay:
/// `{'a': {'b': 1, 'c': 2}} | ansible.utils.keep_keys(target=['b'])` is `{'a': {'b': 1}}`.
fn keep_deep(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fn kept(value: &Value, matching: &Matching) -> Result<Value, Error> {
        Ok(match value {
            Value::Map(map) => {
                let mut left = Map::new();
                for (key, value) in map.iter() {
                    let found = matching.find(&key.as_value().to_string())?.is_some();
                    let nested = matches!(value, Value::Map(_) | Value::List(_) | Value::Tuple(_));
                    // The reference looks on below what a regular expression matches.
                    if found && !(nested && matches!(matching.kind, Kind::Regex(_))) {
                        left.insert(key.clone(), value.clone());
                    } else if nested {
                        let inner = kept(value, matching)?;
                        if !empty(&inner) {
                            left.insert(key.clone(), inner);
                        }
                    }
                }
                left.into()
            }
            Value::List(items) | Value::Tuple(items) => {
                let items = items.iter().map(|item| kept(item, matching)).collect::<Result<Vec<_>, _>>()?;
                items.into_iter().filter(|item| !empty(item)).collect()
            }
            other => other.clone(),
        })
    }
    let (value, target, kind) = deep(call, "keep operation")?;
    let matching = Matching::new(names(&target), &kind, "equality")?;
    match &value {
        // The mappings of a list stay, be they empty.
        Value::List(items) | Value::Tuple(items) => items.iter().map(|item| kept(item, &matching)).collect(),
        other => kept(other, &matching),
    }
}

/// The entries under other names, at any depth; what is renamed comes last.
fn replace_deep(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fn renamed(value: &Value, matching: &Matching, after: &[String]) -> Result<Value, Error> {
        Ok(match value {
            Value::Map(map) => {
                let mut new = Map::new();
                let mut last = Map::new();
                for (key, value) in map.iter() {
                    let value = renamed(value, matching, after)?;
                    match matching.find(&key.as_value().to_string())? {
                        Some(at) => last.insert(after[at].as_str(), value),
                        None => new.insert(key.clone(), value),
                    };
                }
                new.extend(last.iter().map(|(key, value)| (key.clone(), value.clone())));
                new.into()
            }
            Value::List(items) | Value::Tuple(items) => {
                items.iter().map(|item| renamed(item, matching, after)).collect::<Result<Value, _>>()?
            }
            other => other.clone(),
        })
    }
    let (value, target, kind) = deep(call, "keys replacement")?;
    let (before, after) = renamings(&target)?;
    renamed(&value, &Matching::new(before, &kind, "equality")?, &after)
}
