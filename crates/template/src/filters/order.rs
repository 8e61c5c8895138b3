//! Python's order of data, for sorting, `min`, `max` and the like.

use std::cmp::Ordering;

use ksplay_value::Value;

use super::args::number;
use crate::Error;

/// How two values compare; types that Python does not order are an error about the operator (`<`) that asks.
pub(crate) fn compare(left: &Value, right: &Value, symbol: &str) -> Result<Ordering, Error> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Ok(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(right)),
        (Value::BigInt(left), Value::BigInt(right)) => Ok(left.cmp(right)),
        (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
            for (left, right) in left.iter().zip(right.iter()) {
                if left != right {
                    return compare(left, right, symbol);
                }
            }
            Ok(left.len().cmp(&right.len()))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => Ok(left.partial_cmp(&right).unwrap_or(Ordering::Equal)),
            _ => crate::eval::ops::compare(left, right, symbol),
        },
    }
}

/// Sorts by keys, stable in both directions as Python's `sorted(reverse=…)`.
pub(crate) fn sort(keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>, Error> {
    let keyed = sorted(keyed, &mut |(left, _), (right, _)| {
        if reverse { compare(right, left, "<") } else { compare(left, right, "<") }
    })?;
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// The items in an order, stable; the first error of a comparison ends it. Unlike the standard library's, it does not mind
/// an order that contradicts itself, as those of versions and of numbers that are none do.
pub(crate) fn sorted<T>(
    mut items: Vec<T>,
    compare: &mut impl FnMut(&T, &T) -> Result<Ordering, Error>,
) -> Result<Vec<T>, Error> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = sorted(items, compare)?.into_iter().peekable();
    let mut right = sorted(right, compare)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let next = if compare(second, first)? == Ordering::Less { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// The value in lower case when it is text, for comparisons that ignore case.
pub(crate) fn folded(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.to_lowercase()),
        other => other.clone(),
    }
}
