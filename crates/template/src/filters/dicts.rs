//! Filters over mappings: merging, turning into lists and back.

use std::sync::Arc;

use ksplay_value::{Map, Value};

use super::args::{iterate, key, map as mapping, python_class, tuple};
use super::lists::map_of;
use super::order::{folded, sort};
use crate::eval::Nothing;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("combine", combine),
    ("dict", dict),
    ("dict2items", dict2items),
    ("dictsort", dictsort),
    ("items", items),
    ("items2dict", items2dict),
    ("rekey_on_member", rekey_on_member),
];

/// Entries of later mappings laid over earlier ones: `{'a': 1} | combine({'b': 2})` is `{'a': 1, 'b': 2}`.
/// `recursive` merges mappings within; `list_merge` (`replace`, `keep`, `append`, `prepend`, `append_rp`, `prepend_rp`)
/// says what becomes of lists that meet.
fn combine(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    if call.kwargs.keys().any(|key| !matches!(key.as_str(), Some("recursive" | "list_merge"))) {
        return Err(Error::operation("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let (subject, rest, [recursive, list_merge]) = call.bind_rest(["recursive", "list_merge"])?;
    let lists = ListMerge::parse(&list_merge.text_or("replace"))?;
    let recursive = recursive.flag_or(false);
    let mut all: Vec<&Value> = std::iter::once(&subject).chain(&rest).flat_map(to_combine).collect();
    let Some(last) = all.pop() else { return Ok(Value::empty_map()) };
    // As ansible-core, which begins with the last, and looks at what it is only when there is something to combine.
    let mut merged = last.clone();
    for value in all.into_iter().rev() {
        let (Value::Map(base), Value::Map(over)) = (value, &merged) else {
            let (base, over) = (value.type_name(), merged.type_name());
            return Err(Error::operation(format!(
                "failed to combine variables, expected dicts but got a '{base}' and a '{over}'."
            )));
        };
        let mut base = base.as_ref().clone();
        merge(&mut base, over, recursive, lists);
        merged = base.into();
    }
    Ok(merged)
}

/// A list of mappings counts as its items, null as nothing.
fn to_combine(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    items.iter().filter(|item| !item.is_null() && !matches!(item.as_str(), Some("None" | "null")))
}

/// What becomes of lists that meet.
#[derive(Clone, Copy)]
pub(super) enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendAfresh,
    PrependAfresh,
}

impl ListMerge {
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendAfresh,
            "prepend_rp" => Self::PrependAfresh,
            _ => {
                return Err(Error::operation(
                    "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', \
                     'append_rp' or 'prepend_rp'",
                ));
            }
        })
    }

    fn merge(self, old: &[Value], new: &[Value]) -> Vec<Value> {
        let without = |items: &[Value], others: &[Value]| -> Vec<Value> {
            items.iter().filter(|item| !others.contains(item)).cloned().collect()
        };
        match self {
            Self::Replace => new.to_vec(),
            Self::Keep => old.to_vec(),
            Self::Append => [old, new].concat(),
            Self::Prepend => [new, old].concat(),
            Self::AppendAfresh => [&without(old, new), new].concat(),
            Self::PrependAfresh => [new, &without(old, new)].concat(),
        }
    }
}

/// Lays the entries of one mapping over those of another.
pub(super) fn merge(base: &mut Map, over: &Map, recursive: bool, lists: ListMerge) {
    for (key, new) in over.iter() {
        let merged = match (base.get_key(key), new) {
            (Some(Value::Map(old)), Value::Map(new)) if recursive => {
                let mut old = old.as_ref().clone();
                merge(&mut old, new, recursive, lists);
                Value::Map(Arc::new(old))
            }
            (Some(Value::List(old)), Value::List(new)) => lists.merge(old, new).into(),
            _ => new.clone(),
        };
        base.insert(key.clone(), merged);
    }
}

/// The entries as a list of mappings: `{'a': 1} | dict2items` is `[{'key': 'a', 'value': 1}]`.
fn dict2items(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [key_name, value_name]) = call.bind_lazy(["key_name", "value_name"])?;
    let (key_name, value_name) = (key_name.text_or("key"), value_name.text_or("value"));
    crate::eval::ops::defined_within(&subject)?;
    let Some(entries) = entries(call, &subject)? else {
        let kind = python_class(&subject);
        return Err(Error::operation(format!("dict2items requires a dictionary, got {kind} instead.")));
    };
    Ok(entries.into_iter().map(|(key, value)| map_of([(&key_name, key), (&value_name, value)])).collect())
}

/// The entries of a mapping, or of an object that is like one; `None` for all else.
fn entries(call: &Call<'_, '_>, value: &Value) -> Result<Option<Vec<(Value, Value)>>, Error> {
    match value {
        Value::Object(object) if object.is_mapping() => {
            let entry = |key: Value| Ok((key.clone(), call.member(value, &key)?));
            iterate(value)?.into_iter().map(entry).collect::<Result<_, _>>().map(Some)
        }
        Value::Map(map) => Ok(Some(map.iter().map(|(key, value)| (key.as_value().clone(), value.clone())).collect())),
        _ => Ok(None),
    }
}

/// A list of mappings as one: `[{'key': 'a', 'value': 1}] | items2dict` is `{'a': 1}`.
fn items2dict(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [key_name, value_name]) = call.bind(["key_name", "value_name"])?;
    let key_name = key_name.value().unwrap_or_else(|| "key".into());
    let value_name = value_name.value().unwrap_or_else(|| "value".into());
    let Some(items) = subject.as_list() else {
        let kind = python_class(&subject);
        return Err(Error::operation(format!("items2dict requires a list, got {kind} instead.")));
    };
    let mut made = Map::new();
    for item in items {
        let found = match item {
            Value::Map(_) => (call.member(item, &key_name)?, call.member(item, &value_name)?),
            Value::List(_) | Value::Tuple(_) if key_name.as_int().is_some() && value_name.as_int().is_some() => {
                (call.member(item, &key_name)?, call.member(item, &value_name)?)
            }
            _ => {
                return Err(Error::operation(format!(
                    "items2dict requires a list of dictionaries, got {subject} instead."
                )));
            }
        };
        if matches!(found, (Value::Undefined(_), _) | (_, Value::Undefined(_))) {
            return Err(Error::operation(format!(
                "items2dict requires each dictionary in the list to contain the keys '{key_name}' and '{value_name}', \
                 got {subject} instead."
            )));
        }
        made.insert(key(found.0)?, found.1);
    }
    Ok(made.into())
}

/// Pairs as a mapping: `[['a', 1]] | dict` is `{'a': 1}`.
fn dict(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let keywords = std::mem::take(&mut call.kwargs);
    let (subject, []) = call.bind([])?;
    let mut made = match &subject {
        Value::Map(map) => map.as_ref().clone(),
        other => {
            let mut made = Map::new();
            for pair in iterate(other)? {
                let mut pair = iterate(&pair)?.into_iter();
                let (Some(name), Some(value), None) = (pair.next(), pair.next(), pair.next()) else {
                    return Err(Error::operation("dictionary update sequence needs pairs of a key and a value"));
                };
                made.insert(key(name)?, value);
            }
            made
        }
    };
    made.extend(keywords);
    Ok(made.into())
}

/// The pairs of a mapping: `{'a': 1} | items` is `[('a', 1)]`.
fn items(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, []) = call.bind_lazy([])?;
    let Some(entries) = entries(call, &subject)? else {
        return match subject.type_name() {
            "Undefined" => Ok(Vec::new().into()),
            _ => Err(Error::operation("Can only get item pairs from a mapping.")),
        };
    };
    Ok(entries.into_iter().map(|(key, value)| tuple(vec![key, value])).collect())
}

/// The pairs of a mapping by key, or `by='value'`: `{'b': 1, 'a': 2} | dictsort` is `[('a', 2), ('b', 1)]`.
fn dictsort(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [case_sensitive, by, reverse]) = call.bind_lazy(["case_sensitive", "by", "reverse"])?;
    let by = by.text_or("key");
    let case_sensitive = case_sensitive.flag_or(false);
    if by != "key" && by != "value" {
        return Err(Error::operation("You can only sort by either \"key\" or \"value\""));
    }
    let subject = call.deep(subject)?;
    let Some(entries) = entries(call, &subject)? else {
        let no_items = || Error::operation(format!("'{}' object has no attribute 'items'", subject.type_name()));
        return Err(Nothing::refusal([&subject]).unwrap_or_else(no_items));
    };
    let keyed = entries.into_iter().map(|(key, value)| {
        let wanted = if by == "key" { &key } else { &value };
        let wanted = if case_sensitive { wanted.clone() } else { folded(wanted) };
        (wanted, tuple(vec![key, value]))
    });
    sort(keyed.collect(), reverse.flag_or(false)).map(Value::from)
}

/// A mapping of mappings by one of their members: `[{'n': 'a'}] | rekey_on_member('n')` is `{'a': {'n': 'a'}}`.
/// With `duplicates='overwrite'` a later one wins, else it is an error.
fn rekey_on_member(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [member, duplicates]) = call.bind(["key", "duplicates"])?;
    let (member, duplicates) = (member.required()?.to_string(), duplicates.text_or("error"));
    if duplicates != "error" && duplicates != "overwrite" {
        return Err(Error::operation(format!(
            "duplicates parameter to rekey_on_member has unknown value {duplicates}"
        )));
    }
    let items = match &subject {
        Value::Map(map) => map.values().cloned().collect(),
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        _ => return Err(Error::operation("Type is not a valid list, set, or dict")),
    };
    let mut made = Map::new();
    for item in items {
        let Some(name) = mapping(&item, "rekey_on_member")?.get(&member).cloned() else {
            return Err(Error::operation(format!("Key {member} was not found")));
        };
        if made.insert(key(name.clone())?, item).is_some() && duplicates == "error" {
            return Err(Error::operation(format!("Key {name} is not unique, cannot correctly turn into dict")));
        }
    }
    Ok(made.into())
}
