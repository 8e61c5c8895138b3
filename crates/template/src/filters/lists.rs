//! Filters over sequences: picking, joining, reordering, grouping.

use ksplay_value::{Map, Value};

use super::args::{iterate, tuple, undefined};
use super::order::{compare, folded, sort as sorted};
use crate::eval::ops;
use crate::tree::BinaryOp;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("batch", batch),
    ("count", length),
    ("extract", extract),
    ("first", first),
    ("flatten", flatten),
    ("groupby", groupby),
    ("join", join),
    ("last", last),
    ("length", length),
    ("list", list),
    ("max", max),
    ("min", min),
    ("reverse", reverse),
    ("slice", slice),
    ("sort", sort),
    ("subelements", subelements),
    ("sum", sum),
];

/// How many items, entries or letters: `[1, 2] | length` is 2.
fn length(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    Ok(match &value {
        Value::List(items) | Value::Tuple(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::String(text) => text.chars().count(),
        Value::Object(object) => object.iterate().map(|items| items.len()).ok_or_else(|| no_length(&value))?,
        other => return Err(no_length(other)),
    }
    .into())
}

fn no_length(value: &Value) -> Error {
    Error::operation(format!("object of type '{}' has no len()", value.type_name()))
}

/// The first item; undefined when there is none: `[1, 2] | first` is 1.
fn first(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    match iterate(&value)?.into_iter().next() {
        Some(item) => call.surface(item),
        None => Ok(undefined("No first item, sequence was empty.")),
    }
}

/// The last item; undefined when there is none: `[1, 2] | last` is 2.
fn last(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    let reversible = || Error::operation(format!("'{}' object is not reversible", value.type_name()));
    match iterate(&value).map_err(|_| reversible())?.pop() {
        Some(item) => call.surface(item),
        None => Ok(undefined("No last item, sequence was empty.")),
    }
}

/// A list that is made anew, which has no items that are undefined.
fn afresh(items: Vec<Value>) -> Result<Value, Error> {
    items.iter().try_for_each(ops::defined)?;
    Ok(items.into())
}

/// What iterating gives, as a list: `'ab' | list` is `['a', 'b']`.
fn list(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    afresh(iterate(&value)?)
}

/// The items as one text: `[1, 2] | join('-')` is `1-2`; `attribute` joins that of each item.
fn join(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [d, attribute]) = call.bind(["d", "attribute"])?;
    let separator = d.text_or("");
    match attribute.value() {
        None => super::strings::joined(&value, &separator).map(Value::from),
        Some(path) => {
            let items = attributes(call, &value, &path)?;
            super::strings::joined(&items.into(), &separator).map(Value::from)
        }
    }
}

/// The attribute at `path` of each item; what is missing is an error.
fn attributes(call: &Call<'_, '_>, value: &Value, path: &Value) -> Result<Vec<Value>, Error> {
    iterate(value)?.iter().map(|item| call.deep(call.attribute(item, path)?)).collect()
}

/// Nested lists as one: `[1, [2, [3]]] | flatten` is `[1, 2, 3]`. `levels` limits the depth; nulls (and the texts
/// `None` and `null`) are left out unless `skip_nulls` is false.
fn flatten(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [levels, skip_nulls]) = call.bind(["levels", "skip_nulls"])?;
    let mut flat = Vec::new();
    flatten_into(&mut flat, iterate(&value)?, levels.int()?, skip_nulls.flag_or(true));
    Ok(flat.into())
}

fn flatten_into(flat: &mut Vec<Value>, items: Vec<Value>, levels: Option<i64>, skip_nulls: bool) {
    for item in items {
        let null = item.is_null() || matches!(item.as_str(), Some("None" | "null"));
        match &item {
            _ if null && skip_nulls => {}
            Value::List(inner) | Value::Tuple(inner) if levels.is_none_or(|levels| levels >= 1) => {
                flatten_into(flat, inner.to_vec(), levels.map(|levels| levels - 1), skip_nulls);
            }
            _ => flat.push(item),
        }
    }
}

/// The item of a container under the subject as key, and what lies below it: `'x' | extract({'x': {'y': 1}}, 'y')` is 1.
fn extract(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (item, [container, morekeys]) = call.bind_lazy(["container", "morekeys"])?;
    let mut found = call.member(&container.required()?, &item)?;
    for key in match morekeys.value() {
        None => Vec::new(),
        Some(keys @ Value::List(_)) => call.items(&keys)?,
        Some(key) => vec![key],
    } {
        found = call.member(&found, &key)?;
    }
    Ok(found)
}

/// The items, or letters, backwards: `'abc' | reverse` is `cba`.
fn reverse(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    if let Value::String(text) = &value {
        return Ok(text.chars().rev().collect::<String>().into());
    }
    let iterable = |error: Error| Error::operation(format!("argument must be iterable: {error}"));
    let mut items = iterate(&value).map_err(iterable)?;
    items.reverse();
    afresh(items)
}

/// The items in order: `['b', 'A'] | sort` is `['A', 'b']`. Text is compared without case unless `case_sensitive`;
/// `attribute` (several with commas) is what is compared instead of the item.
fn sort(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [reverse, case_sensitive, attribute]) = call.bind(["reverse", "case_sensitive", "attribute"])?;
    let case_sensitive = case_sensitive.flag_or(false);
    let attribute = attribute.value();
    let keyed = iterate(&value)?
        .into_iter()
        // In a list of its own, as in Jinja, a key that has no order may equal its like.
        .map(|item| Ok((vec![sort_key(call, &item, attribute.as_ref(), case_sensitive)?].into(), item)))
        .collect::<Result<Vec<_>, Error>>()?;
    sorted(keyed, reverse.flag_or(false)).map(Value::from)
}

fn sort_key(
    call: &Call<'_, '_>,
    item: &Value,
    attribute: Option<&Value>,
    case_sensitive: bool,
) -> Result<Value, Error> {
    let cased = |value: Value| if case_sensitive { value } else { folded(&value) };
    match attribute {
        None => Ok(cased(item.clone())),
        Some(Value::String(paths)) => paths
            .split(',')
            .map(|path| Ok(cased(call.deep(call.attribute(item, &path.into())?)?)))
            .collect::<Result<Vec<_>, Error>>()
            .map(Value::from),
        Some(other) => Ok(cased(call.deep(call.attribute(item, other)?)?)),
    }
}

/// The smallest item: `[2, 1] | min` is 1. Options as for `max`.
fn min(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    extreme(call, std::cmp::Ordering::Less)
}

/// The largest item: `[2, 1] | max` is 2. Text is compared without case unless `case_sensitive`; `attribute` is what is
/// compared instead of the item.
fn max(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    extreme(call, std::cmp::Ordering::Greater)
}

fn extreme(call: &mut Call<'_, '_>, wanted: std::cmp::Ordering) -> Result<Value, Error> {
    let (value, [case_sensitive, attribute]) = call.bind(["case_sensitive", "attribute"])?;
    let case_sensitive = case_sensitive.flag_or(false);
    let attribute = attribute.value();
    let symbol = if wanted.is_gt() { ">" } else { "<" };
    let mut best: Option<(Value, Value)> = None;
    for item in iterate(&value)? {
        let found = match &attribute {
            Some(path) => call.deep(call.attribute(&item, path)?)?,
            None => item.clone(),
        };
        let key = if case_sensitive { found } else { folded(&found) };
        if best.as_ref().map_or(Ok(true), |(known, _)| compare(&key, known, symbol).map(|order| order == wanted))? {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(|| undefined("No aggregated item, sequence was empty."), |(_, item)| item))
}

/// The items added up: `[1, 2] | sum` is 3; `attribute` adds that of each, `start` is added too.
fn sum(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [attribute, start]) = call.bind(["attribute", "start"])?;
    let items = match attribute.value() {
        Some(path) => attributes(call, &value, &path)?,
        None => iterate(&value)?,
    };
    let mut total = start.given().unwrap_or(Value::Int(0));
    if let Value::String(_) = total {
        return Err(Error::operation("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for item in items {
        total = ops::binary(BinaryOp::Add, &total, &item)?;
    }
    Ok(total)
}

/// Rows of a number of items, the last one filled up with `fill_with`: `[1, 2, 3] | batch(2)` is `[[1, 2], [3]]`.
fn batch(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [linecount, fill_with]) = call.bind(["linecount", "fill_with"])?;
    let (count, fill) = (linecount.required()?, fill_with.value());
    let mut rows = Vec::new();
    let mut row: Vec<Value> = Vec::new();
    // A row ends when it has as many items as asked for, and so never when that is no number.
    for item in iterate(&value)? {
        if Value::from(row.len()) == count {
            rows.push(Value::from(std::mem::take(&mut row)));
        }
        row.push(item);
    }
    if !row.is_empty() {
        if let Some(fill) = fill {
            let count = count.as_int().ok_or_else(|| Error::operation("'fill_with' needs a number of items"))?;
            row.resize(usize::try_from(count).unwrap_or(0).max(row.len()), fill);
        }
        rows.push(row.into());
    }
    Ok(rows.into())
}

/// A number of columns as even as can be: `[1, 2, 3] | slice(2)` is `[[1, 2], [3]]`; shorter ones get `fill_with`.
fn slice(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [slices, fill_with]) = call.bind(["slices", "fill_with"])?;
    let (count, fill) = (slices.required()?, fill_with.value());
    let count = count.as_int().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    let count = count.ok_or_else(|| Error::operation("slice needs a positive number"))?;
    let items = iterate(&value)?;
    let (each, longer) = (items.len() / count, items.len() % count);
    let mut rest = items.as_slice();
    let columns = (0..count).map(|index| {
        let (column, after) = rest.split_at(each + usize::from(index < longer));
        rest = after;
        let mut column = column.to_vec();
        if let Some(fill) = fill.as_ref().filter(|_| index >= longer) {
            column.push(fill.clone());
        }
        Value::from(column)
    });
    Ok(columns.collect())
}

/// Groups of items with an equal attribute, in its order: `[{'a': 1}] | groupby('a')` is `[[1, [{'a': 1}]]]`.
fn groupby(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [attribute, default, case_sensitive]) = call.bind(["attribute", "default", "case_sensitive"])?;
    // ansible-core's strict undefined values defeat Jinja's `default`: a missing attribute is an error all the same.
    let (path, case_sensitive) = (attribute.required()?, case_sensitive.flag_or(false));
    drop(default.value());
    let mut keyed = Vec::new();
    for item in iterate(&value)? {
        let found = call.deep(call.attribute(&item, &path)?)?;
        let key = if case_sensitive { found.clone() } else { folded(&found) };
        keyed.push((key.clone(), tuple(vec![key, found, item])));
    }
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for entry in sorted(keyed, false)? {
        let [key, found, item] = entry.as_list().unwrap_or_default() else { continue };
        match groups.last_mut() {
            Some((known, _, items)) if known == key => items.push(item.clone()),
            _ => groups.push((key.clone(), found.clone(), vec![item.clone()])),
        }
    }
    Ok(groups.into_iter().map(|(_, grouper, items)| tuple(vec![grouper, items.into()])).collect())
}

/// Each item paired with each of the list at a path below it: `[{'g': [1, 2]}] | subelements('g')` is
/// `[[{'g': [1, 2]}, 1], [{'g': [1, 2]}, 2]]`.
fn subelements(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [path, skip_missing]) = call.bind(["subelements", "skip_missing"])?;
    let path = match path.required()? {
        Value::String(path) => path.split('.').map(Value::from).collect(),
        Value::List(path) => path.to_vec(),
        _ => return Err(Error::operation("subelements must be a list or a string")),
    };
    let elements = match &value {
        Value::Map(map) => map.values().cloned().collect(),
        Value::List(items) => items.to_vec(),
        _ => return Err(Error::operation("obj must be a list of dicts or a nested dict")),
    };
    subelements_of(&elements, &path, skip_missing.flag_or(false))
}

/// The pairs of the filter and of the lookup `subelements`.
pub(crate) fn subelements_of(elements: &[Value], path: &[Value], skip_missing: bool) -> Result<Value, Error> {
    let mut pairs = Vec::new();
    for element in elements {
        let mut found = element;
        let mut missing = false;
        for part in path {
            let Value::Map(map) = found else {
                let kind = found.type_name();
                return Err(Error::operation(format!(
                    "the key {part} should point to a dictionary, got '{found}': '{kind}' object is not subscriptable"
                )));
            };
            match map.get(&part.to_string()) {
                Some(inner) => found = inner,
                None if skip_missing => {
                    missing = true;
                    break;
                }
                None => {
                    return Err(Error::operation(format!("could not find '{part}' key in iterated item {element}")));
                }
            }
        }
        if missing {
            continue;
        }
        let Some(items) = found.as_list() else {
            return Err(Error::operation(format!(
                "the key {} should point to a list, got {found}",
                path.last().map(ksplay_value::text::repr).unwrap_or_default()
            )));
        };
        pairs.extend(items.iter().map(|item| tuple(vec![element.clone(), item.clone()])));
    }
    Ok(pairs.into())
}

/// The map of these entries.
pub(super) fn map_of<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Map::from(entries).into()
}
