//! Filters of community.general over lists and mappings.

use ksplay_value::{Map, Value, text::repr};

use super::args::{iterate, key};
use super::dicts::{ListMerge, merge};
use crate::eval::ops::binary;
use crate::tree::BinaryOp;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("accumulate", accumulate),
    ("counter", counter),
    ("crc32", crc32),
    ("dict_kv", dict_kv),
    ("groupby_as_dict", groupby_as_dict),
    ("lists_difference", lists_difference),
    ("lists_intersect", lists_intersect),
    ("lists_mergeby", lists_mergeby),
    ("lists_symmetric_difference", lists_symmetric_difference),
    ("lists_union", lists_union),
];

/// The sums of the first item, of the first two, and so on: `[1, 2, 3] | accumulate` is `[1, 3, 6]`.
fn accumulate(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let items = iterate(&value).map_err(|_| {
        let kind = value.type_name();
        Error::operation(format!("Invalid value type (<class '{kind}'>) for accumulate ({value})"))
    })?;
    let mut sums: Vec<Value> = Vec::new();
    for item in items {
        sums.push(match sums.last() {
            Some(sum) => binary(BinaryOp::Add, sum, &item)?,
            None => item,
        });
    }
    Ok(sums.into())
}

/// How often each item occurs: `'abca' | counter` is `{'a': 2, 'b': 1, 'c': 1}`.
fn counter(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    if !matches!(value, Value::List(_) | Value::Tuple(_) | Value::String(_)) {
        let kind = value.type_name();
        return Err(Error::operation(format!(
            "Argument for community.general.counter must be a sequence (string or list). {value} is <class '{kind}'>"
        )));
    }
    let mut counts = Map::new();
    for item in iterate(&value)? {
        let item = key(item).map_err(|error| {
            let why = error.message;
            Error::operation(format!(
                "community.general.counter needs a sequence with hashable elements (int, float or str) - {why}"
            ))
        })?;
        let before = counts.get_key(&item).and_then(Value::as_int).unwrap_or(0);
        counts.insert(item, before + 1);
    }
    Ok(counts.into())
}

/// The CRC-32 of a text in hexadecimal: `'test' | crc32` is `d87f7e0c`.
fn crc32(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let (value, []) = call.bind([])?;
    let Some(text) = value.as_str() else {
        let kind = value.type_name();
        return Err(Error::operation(format!("Invalid value type (<class '{kind}'>) for crc32 ({value})")));
    };
    let sum = text.bytes().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 })
    });
    Ok(format!("{:x}", !sum).into())
}

/// A mapping of one entry: `1 | dict_kv('a')` is `{'a': 1}`.
fn dict_kv(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [name]) = call.bind(["key"])?;
    Ok(Map::from([(key(name.required()?)?, value)]).into())
}

/// The mappings of a list by an entry of theirs: `[{'n': 'a'}] | groupby_as_dict('n')` is `{'a': {'n': 'a'}}`.
fn groupby_as_dict(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [attribute]) = call.bind(["attribute"])?;
    let attribute = attribute.required()?.to_string();
    let (Value::List(items) | Value::Tuple(items)) = &value else {
        return Err(Error::operation("Input is not a sequence"));
    };
    let mut groups = Map::new();
    for (at, item) in items.iter().enumerate() {
        let Value::Map(map) = item else {
            return Err(Error::operation(format!("Sequence element #{at} is not a mapping")));
        };
        let Some(name) = map.get(&attribute) else {
            return Err(Error::operation(format!("Attribute not contained in element #{at} of sequence")));
        };
        let name = key(name.clone())?;
        if groups.get_key(&name).is_some() {
            let shown = repr(name.as_value());
            return Err(Error::operation(format!("Multiple sequence entries have attribute value {shown}")));
        }
        groups.insert(name, item.clone());
    }
    Ok(groups.into())
}

/// The lists that a filter of several gets; with `flatten` the items of each are lists themselves.
fn lists(call: &mut Call<'_, '_>) -> Result<Vec<Vec<Value>>, Error> {
    let (first, rest, [flatten]) = call.bind_rest(["flatten"])?;
    let mut lists = std::iter::once(&first).chain(&rest).map(iterate).collect::<Result<Vec<_>, _>>()?;
    if flatten.flag_or(false) {
        lists = lists.concat().iter().map(iterate).collect::<Result<_, _>>()?;
    }
    Ok(lists)
}

/// What two lists make, then that and the third, and so on; each item once.
fn folded(call: &mut Call<'_, '_>, step: fn(&[Value], &[Value]) -> Vec<Value>) -> Result<Value, Error> {
    let mut lists = lists(call)?.into_iter();
    let first = lists.next().unwrap_or_default();
    let made = lists.fold(first, |made, list| step(&made, &list));
    let mut kept: Vec<Value> = Vec::new();
    for item in made {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn without(list: &[Value], other: &[Value]) -> Vec<Value> {
    list.iter().filter(|item| !other.contains(item)).cloned().collect()
}

/// The items of any of several lists: `[1] | lists_union([2], [3])`.
fn lists_union(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    folded(call, |made, list| [made, list].concat())
}

/// The items that all of several lists have: `[1, 2] | lists_intersect([2, 3])` is `[2]`.
fn lists_intersect(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    folded(call, |made, list| made.iter().filter(|item| list.contains(item)).cloned().collect())
}

/// The items of the first list that none of the others has.
fn lists_difference(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    folded(call, without)
}

/// The items that one of two lists has and the other not; of several lists one after the other.
fn lists_symmetric_difference(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    folded(call, |made, list| [without(made, list), without(list, made)].concat())
}

/// The mappings of several lists, those with the same entry merged: `[{'n': 1}] | lists_mergeby([{'n': 1, 'a': 2}], 'n')`.
/// `recursive` and `list_merge` are those of `combine`.
fn lists_mergeby(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (first, mut rest, [recursive, list_merge]) = call.bind_rest(["recursive", "list_merge"])?;
    let Some(index) = rest.pop() else {
        return Err(Error::operation("At least one list and index are needed."));
    };
    let (recursive, list_merge) = (recursive.flag_or(false), list_merge.text_or("replace"));
    let mut lists = Vec::new();
    for value in std::iter::once(&first).chain(&rest) {
        let (Value::List(items) | Value::Tuple(items)) = value else {
            let kind = value.type_name();
            return Err(Error::operation(format!(
                "All arguments before the argument index for community.general.lists_mergeby must be lists. {value} is <class '{kind}'>"
            )));
        };
        // A list of lists stands for the lists in it.
        for item in items.iter() {
            match item {
                Value::List(inner) | Value::Tuple(inner) => lists.extend(inner.iter().cloned()),
                other => lists.push(other.clone()),
            }
        }
    }
    let mut merged: Vec<(Value, Map)> = Vec::new();
    for item in lists {
        let Value::Map(map) = &item else {
            let kind = item.type_name();
            return Err(Error::operation(format!(
                "Elements of list arguments for lists_mergeby must be dictionaries. {item} is <class '{kind}'>"
            )));
        };
        let Some(of) = map.get(&index.to_string()) else { continue };
        match merged.iter_mut().find(|(known, _)| known == of) {
            Some((_, into)) => merge(into, map, recursive, ListMerge::parse(&list_merge)?),
            None => merged.push((of.clone(), map.as_ref().clone())),
        }
    }
    Ok(merged.into_iter().map(|(_, map)| Value::from(map)).collect())
}
