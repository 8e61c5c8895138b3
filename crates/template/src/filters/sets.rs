//! Filters that treat lists as sets.

use ksplay_value::Value;

use super::args::iterate;
use super::order::folded;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("difference", difference),
    ("intersect", intersect),
    ("symmetric_difference", symmetric_difference),
    ("union", union),
    ("unique", unique),
];

/// Each item once, in order: `[1, 1, 2] | unique` is `[1, 2]`. Text is compared without case unless
/// `case_sensitive`; `attribute` is what is compared instead of the item.
fn unique(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [case_sensitive, attribute]) = call.bind(["case_sensitive", "attribute"])?;
    let (case_sensitive, attribute) = (case_sensitive.flag_or(false), attribute.value());
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for item in iterate(&value)? {
        let found = match &attribute {
            Some(path) => call.deep(call.attribute(&item, path)?)?,
            None => item.clone(),
        };
        let key = if case_sensitive { found } else { folded(&found) };
        if !seen.contains(&key) {
            seen.push(key);
            kept.push(item);
        }
    }
    Ok(kept.into())
}

/// The items of both, each once: `[1, 2] | union([2, 3])` is `[1, 2, 3]`.
fn union(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = both(call)?;
    Ok(as_set(left.into_iter().chain(right)))
}

/// The items that both have: `[1, 2] | intersect([2, 3])` is `[2]`.
fn intersect(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = both(call)?;
    Ok(as_set(left.into_iter().filter(|item| right.contains(item))))
}

/// The items that the other list does not have: `[1, 2] | difference([2])` is `[1]`.
fn difference(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = both(call)?;
    Ok(as_set(left.into_iter().filter(|item| !right.contains(item))))
}

/// The items that only one of them has: `[1, 2] | symmetric_difference([2, 3])` is `[1, 3]`.
fn symmetric_difference(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = both(call)?;
    let only_left = left.iter().filter(|item| !right.contains(item));
    let only_right = right.iter().filter(|item| !left.contains(item));
    Ok(as_set(only_left.chain(only_right).cloned()))
}

fn both(call: &mut Call<'_, '_>) -> Result<(Vec<Value>, Vec<Value>), Error> {
    let (left, [right]) = call.bind(["b"])?;
    Ok((iterate(&left)?, iterate(&right.required()?)?))
}

/// Each item once. Python gives the order of its hash table: ascending for small integers (kept here), arbitrary for
/// text (here: the order in which items came).
fn as_set(items: impl Iterator<Item = Value>) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    if kept.iter().all(|item| matches!(item, Value::Int(0..))) {
        kept.sort_by_key(Value::as_int);
    }
    kept.into()
}
