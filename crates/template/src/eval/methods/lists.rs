//! Methods of `list` and `tuple`.

use std::sync::Arc;

use ksplay_value::{Value, text::repr};

use super::Arguments;
use crate::Error;
use crate::eval::ops;
use crate::filters::sorted;

pub(super) const METHODS: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

/// Calls a method of a list, which may change it.
pub(super) fn call(receiver: &mut Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let shared = match receiver {
        Value::List(items) | Value::Tuple(items) => items,
        _ => return Err(Error::operation("not a list")),
    };
    match arguments.name {
        "count" => {
            let wanted = arguments.require(0, "value")?;
            let items = arguments.templar.deep(&Value::List(Arc::clone(shared)))?;
            let count = items.as_list().unwrap_or_default().iter().filter(|item| *item == wanted).count();
            return Ok(Value::from(count));
        }
        "index" => {
            let wanted = arguments.require(0, "value")?;
            let items = arguments.templar.deep(&Value::List(Arc::clone(shared)))?;
            let items = items.as_list().unwrap_or_default();
            let length = items.len() as i64;
            let bound = |index: i64| if index < 0 { (index + length).max(0) } else { index.min(length) } as usize;
            let (start, stop) = (bound(arguments.int(1, "start", 0)?), bound(arguments.int(2, "stop", length)?));
            let range = items.get(start..stop.max(start)).unwrap_or_default();
            return match range.iter().position(|item| item == wanted) {
                Some(at) => Ok(Value::from(at + start)),
                None => Err(Error::operation(format!("{} is not in list", repr(wanted)))),
            };
        }
        "copy" => return Ok(Value::List(Arc::clone(shared))),
        _ => {}
    }
    let items = Arc::make_mut(shared);
    let length = items.len() as i64;
    match arguments.name {
        "append" => {
            let item = arguments.require(0, "object")?.clone();
            items.push(item);
        }
        "extend" => items.extend(arguments.templar.iterate(arguments.require(0, "iterable")?)?),
        "insert" => {
            let index = arguments.int(0, "index", 0)?;
            let index = if index < 0 { (index + length).max(0) } else { index.min(length) };
            items.insert(index as usize, arguments.require(1, "object")?.clone());
        }
        "pop" => {
            if items.is_empty() {
                return Err(Error::operation("pop from empty list"));
            }
            let index = arguments.int(0, "index", -1)?;
            let index = if index < 0 { index + length } else { index };
            if !(0..length).contains(&index) {
                return Err(Error::operation("pop index out of range"));
            }
            let item = items.remove(index as usize);
            return arguments.templar.shallow(&item);
        }
        "remove" => {
            let wanted = arguments.require(0, "value")?;
            let mut at = None;
            for (index, item) in items.iter().enumerate() {
                if arguments.templar.deep(item)? == *wanted {
                    at = Some(index);
                    break;
                }
            }
            match at {
                Some(at) => {
                    items.remove(at);
                }
                None => return Err(Error::operation("list.remove(x): x not in list")),
            }
        }
        "reverse" => items.reverse(),
        "clear" => items.clear(),
        "sort" => {
            if let Some(key) = arguments.kwargs.get("key").filter(|key| !key.is_null() && length > 0) {
                return Err(Error::operation(format!("'{}' object is not callable", key.type_name())));
            }
            for item in items.iter_mut() {
                *item = arguments.templar.deep(item)?;
            }
            let reverse = arguments.kwargs.get("reverse").is_some_and(Value::is_true);
            *items = sorted(items.clone(), &mut |left, right| {
                ops::compare(left, right, "<").map(|order| if reverse { order.reverse() } else { order })
            })?;
        }
        name => return Err(Error::operation(format!("object of type 'list' has no attribute '{name}'"))),
    }
    Ok(Value::Null)
}
