//! Tests of what a container holds.

use ksplay_value::Value;

use crate::filters::args::iterate;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("all", all),
    ("any", any),
    ("contains", contains),
    ("in", is_in),
    ("issubset", subset),
    ("issuperset", superset),
    ("subset", subset),
    ("superset", superset),
];

fn holds(container: &Value, item: &Value) -> Result<bool, Error> {
    match (container, item) {
        (Value::String(text), Value::String(part)) => Ok(text.contains(&**part)),
        (Value::String(_), other) => {
            Err(Error::operation(format!("'in <string>' requires string as left operand, not {}", other.type_name())))
        }
        _ => match iterate(container) {
            Ok(items) => Ok(items.contains(item)),
            Err(_) => {
                let kind = container.type_name();
                Err(Error::operation(format!("argument of type '{kind}' is not iterable")))
            }
        },
    }
}

/// Whether the subject is in a container: `1 is in [1, 2]`.
fn is_in(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (item, [seq]) = call.bind(["seq"])?;
    Ok(holds(&seq.required()?, &item)?.into())
}

/// Whether the subject contains an item: `[1, 2] is contains(1)`.
fn contains(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (container, [item]) = call.bind(["b"])?;
    Ok(holds(&container, &item.required()?)?.into())
}

/// Whether all items are true: `[true, 1] is all`.
fn all(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(iterate(&value)?.iter().all(Value::is_true).into())
}

/// Whether any item is true: `[false, 1] is any`.
fn any(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(iterate(&value)?.iter().any(Value::is_true).into())
}

/// The items, which have to be ones that Python can put into a set.
fn set_of(value: &Value) -> Result<Vec<Value>, Error> {
    let items = iterate(value)?;
    match items.iter().find(|item| matches!(item, Value::List(_) | Value::Map(_))) {
        Some(item) => Err(Error::operation(format!("unhashable type: '{}'", item.type_name()))),
        None => Ok(items),
    }
}

/// Whether every item is in the other list too: `[1] is subset([1, 2])`.
fn subset(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [other]) = call.bind(["b"])?;
    let other = set_of(&other.required()?)?;
    Ok(set_of(&value)?.iter().all(|item| other.contains(item)).into())
}

/// Whether every item of the other list is in this one: `[1, 2] is superset([1])`.
fn superset(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [other]) = call.bind(["b"])?;
    let items = set_of(&value)?;
    Ok(set_of(&other.required()?)?.iter().all(|item| items.contains(item)).into())
}
