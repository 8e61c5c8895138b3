//! Filters that carry another filter or a test to each item: `map`, `select` and their relatives.

use ksplay_value::{Map, Value};

use super::args::undefined_error;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] =
    &[("map", map), ("reject", reject), ("rejectattr", rejectattr), ("select", select), ("selectattr", selectattr)];

/// A filter, or the attribute of a name, of each item: `['a'] | map('upper')` is `['A']`,
/// `[{'a': 1}] | map(attribute='a')` is `[1]`. `default` stands in for a missing attribute.
fn map(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut args = std::mem::take(&mut call.args).into_iter();
    let subject = args.next().unwrap_or_default();
    let mut rest: Vec<Value> = args.collect();
    let mut kwargs = std::mem::take(&mut call.kwargs);
    if rest.is_empty() && kwargs.contains_key("attribute") {
        let path = kwargs.remove("attribute").unwrap_or_default();
        let default = kwargs.remove("default").filter(|default| !default.is_null());
        if let Some(key) = kwargs.keys().next() {
            return Err(Error::operation(format!("Unexpected keyword argument '{}'", key.as_value())));
        }
        return items(call, &subject)?
            .into_iter()
            .map(|item| match (call.attribute(&item, &path)?, &default) {
                (Value::Undefined(missing), Some(default)) if missing.failure.is_none() => Ok(default.clone()),
                (found, _) => Ok(found),
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from);
    }
    if rest.is_empty() {
        return Err(Error::operation("map requires a filter argument"));
    }
    let name = rest.remove(0).to_string();
    items(call, &subject)?
        .into_iter()
        .map(|item| {
            let args = std::iter::once(item).chain(rest.iter().cloned()).collect();
            call.templar.call_filter(&name, args, kwargs.clone())
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Value::from)
}

/// The items that pass a test, or are true: `[1, 2] | select('odd')` is `[1]`.
fn select(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    filtered(call, true, false)
}

/// The items that do not pass a test, or are not true: `[1, 2] | reject('odd')` is `[2]`.
fn reject(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    filtered(call, false, false)
}

/// The items with an attribute that passes a test, or is true: `[{'a': 1}] | selectattr('a', 'odd')`.
fn selectattr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    filtered(call, true, true)
}

/// The items with an attribute that does not pass a test, or is not true.
fn rejectattr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    filtered(call, false, true)
}

fn filtered(call: &mut Call<'_, '_>, wanted: bool, by_attribute: bool) -> Result<Value, Error> {
    let mut args = std::mem::take(&mut call.args).into_iter();
    let subject = args.next().unwrap_or_default();
    let path = match (by_attribute, args.next()) {
        (true, None) => return Err(Error::operation("Missing parameter for attribute name")),
        (true, path) => path,
        (false, name) => {
            let rest = name.into_iter().chain(args).collect();
            return keep(call, &subject, None, rest, wanted);
        }
    };
    keep(call, &subject, path.as_ref(), args.collect(), wanted)
}

fn keep(
    call: &mut Call<'_, '_>,
    subject: &Value,
    path: Option<&Value>,
    mut rest: Vec<Value>,
    wanted: bool,
) -> Result<Value, Error> {
    let kwargs = std::mem::take(&mut call.kwargs);
    let name = (!rest.is_empty()).then(|| rest.remove(0).to_string());
    let mut kept = Vec::new();
    for item in items(call, subject)? {
        let tested = match path {
            Some(path) => call.attribute(&item, path)?,
            None => item.clone(),
        };
        if passes(call, name.as_deref(), tested, &rest, &kwargs)? == wanted {
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn passes(call: &Call<'_, '_>, test: Option<&str>, tested: Value, rest: &[Value], kwargs: &Map) -> Result<bool, Error> {
    match (test, tested) {
        (None, Value::Undefined(undefined)) => Err(undefined_error(&undefined)),
        (None, tested) => Ok(tested.is_true()),
        (Some(name), tested) => {
            let args = std::iter::once(tested).chain(rest.iter().cloned()).collect();
            match call.templar.call_test(name, args, kwargs.clone())? {
                Value::Undefined(undefined) => Err(undefined_error(&undefined)),
                answer => Ok(answer.is_true()),
            }
        }
    }
}

/// The items of the subject; what counts as false has none, whatever it is.
fn items(call: &Call<'_, '_>, subject: &Value) -> Result<Vec<Value>, Error> {
    if !subject.is_true() && !matches!(subject, Value::Undefined(_)) {
        return Ok(Vec::new());
    }
    call.items(subject)
}
