//! Filters over mappings: merging, turning into lists and back.

use std::sync::Arc;

use ksplay_value::{Map, Value};

use super::args::{iterate, key, map as mapping, tuple};
use super::lists::map_of;
use super::order::{folded, sort};
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
    let (subject, rest, [recursive, list_merge]) = call.bind_rest(["recursive", "list_merge"])?;
    let lists = ListMerge::parse(&list_merge.text_or("replace"))?;
    let recursive = recursive.flag_or(false);
    let mut all = Vec::new();
    collect_maps(&subject, &mut all)?;
    for value in &rest {
        collect_maps(value, &mut all)?;
    }
    let mut all = all.into_iter();
    let mut merged = all.next().unwrap_or_default();
    for map in all {
        merge(&mut merged, &map, recursive, lists);
    }
    Ok(merged.into())
}

/// A list of mappings counts as its items, what is empty or null as nothing.
fn collect_maps(value: &Value, all: &mut Vec<Map>) -> Result<(), Error> {
    let items = match value {
        Value::List(items) | Value::Tuple(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    for item in items {
        match item {
            Value::Map(map) => all.push(map.as_ref().clone()),
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::List(inner) | Value::Tuple(inner) if inner.is_empty() => {}
            other => {
                let kind = other.type_name();
                return Err(Error::operation(format!(
                    "failed to combine variables, expected dicts but got a '{kind}'"
                )));
            }
        }
    }
    Ok(())
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
                    "'list_merge' can only be 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'",
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
    let entries = entries(call, &subject, "dict2items")?;
    Ok(entries.into_iter().map(|(key, value)| map_of([(&key_name, key), (&value_name, value)])).collect())
}

/// The entries of a mapping, or of an object that is like one.
fn entries(call: &Call<'_, '_>, value: &Value, what: &str) -> Result<Vec<(Value, Value)>, Error> {
    match value {
        Value::Object(object) if object.is_mapping() => {
            iterate(value)?.into_iter().map(|key| Ok((key.clone(), call.member(value, &key)?))).collect()
        }
        _ => Ok(mapping(value, what)?.iter().map(|(key, value)| (key.as_value().clone(), value.clone())).collect()),
    }
}

/// A list of mappings as one: `[{'key': 'a', 'value': 1}] | items2dict` is `{'a': 1}`.
fn items2dict(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [key_name, value_name]) = call.bind(["key_name", "value_name"])?;
    let key_name = key_name.value().unwrap_or_else(|| "key".into());
    let value_name = value_name.value().unwrap_or_else(|| "value".into());
    let Some(items) = subject.as_list() else {
        return Err(Error::operation(format!("items2dict requires a list, got {} instead", subject.type_name())));
    };
    let mut made = Map::new();
    for item in items {
        let found = match item {
            Value::Map(_) | Value::List(_) | Value::Tuple(_) => {
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
                 got {item} instead"
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
    if matches!(subject, Value::Undefined(_)) {
        return Ok(Value::List(Arc::default()));
    }
    Ok(entries(call, &subject, "items")?.into_iter().map(|(key, value)| tuple(vec![key, value])).collect())
}

/// The pairs of a mapping by key, or `by='value'`: `{'b': 1, 'a': 2} | dictsort` is `[('a', 2), ('b', 1)]`.
fn dictsort(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (subject, [case_sensitive, by, reverse]) = call.bind(["case_sensitive", "by", "reverse"])?;
    let by = by.text_or("key");
    let case_sensitive = case_sensitive.flag_or(false);
    if by != "key" && by != "value" {
        return Err(Error::operation("You can only sort by either \"key\" or \"value\""));
    }
    let keyed = mapping(&subject, "dictsort")?.iter().map(|(key, value)| {
        let wanted = if by == "key" { key.as_value() } else { value };
        let wanted = if case_sensitive { wanted.clone() } else { folded(wanted) };
        (wanted, tuple(vec![key.as_value().clone(), value.clone()]))
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
