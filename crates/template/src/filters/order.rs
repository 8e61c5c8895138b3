//! Python's `<` over data, for sorting, `min`, `max` and the like.

use std::cmp::Ordering;

use ksplay_value::Value;

use super::args::number;
use crate::Error;

/// How two values compare; types that Python does not order are an error.
pub(crate) fn compare(left: &Value, right: &Value) -> Result<Ordering, Error> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Ok(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(right)),
        (Value::BigInt(left), Value::BigInt(right)) => Ok(left.cmp(right)),
        (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
            for (left, right) in left.iter().zip(right.iter()) {
                if left != right {
                    return compare(left, right);
                }
            }
            Ok(left.len().cmp(&right.len()))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => Ok(left.partial_cmp(&right).unwrap_or(Ordering::Equal)),
            _ => crate::eval::ops::compare(left, right, "<"),
        },
    }
}

/// Sorts by keys, stable in both directions as Python's `sorted(reverse=…)`.
pub(crate) fn sort(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>, Error> {
    let mut failure = None;
    keyed.sort_by(|(left, _), (right, _)| {
        let order = compare(left, right).unwrap_or_else(|error| {
            failure.get_or_insert(error);
            Ordering::Equal
        });
        if reverse { order.reverse() } else { order }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}

/// The value in lower case when it is text, for comparisons that ignore case.
pub(crate) fn folded(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.to_lowercase()),
        other => other.clone(),
    }
}
