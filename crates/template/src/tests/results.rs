//! Tests of the results of tasks.

use ksplay_value::{Map, Value};

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("change", changed),
    ("changed", changed),
    ("failed", failed),
    ("failure", failed),
    ("finished", finished),
    ("reachable", reachable),
    ("skip", skipped),
    ("skipped", skipped),
    ("started", started),
    ("succeeded", succeeded),
    ("success", succeeded),
    ("successful", succeeded),
    ("timedout", timedout),
    ("unreachable", unreachable),
];

fn result(call: &mut Call<'_, '_>) -> Result<Map, Error> {
    let (value, []) = call.bind_lazy([])?;
    match value {
        Value::Map(map) => Ok(map.as_ref().clone()),
        Value::Undefined(undefined) => Err(crate::filters::args::undefined_error(&undefined)),
        other => {
            Err(Error::operation(format!("The '{}' test expects a dictionary, not {}", call.name, other.type_name())))
        }
    }
}

fn flag(call: &Call<'_, '_>, map: &Map, key: &str, default: bool) -> Result<bool, Error> {
    match map.get(key) {
        None => Ok(default),
        Some(value) => Ok(call.surface(value.clone())?.is_true()),
    }
}

/// Whether the task failed: `result is failed`.
fn failed(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok(flag(call, &map, "failed", false)?.into())
}

/// Whether the task did not fail: `result is succeeded`.
fn succeeded(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok((!flag(call, &map, "failed", false)?).into())
}

/// Whether the task, or any item of its loop, changed something: `result is changed`.
fn changed(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    if map.contains_key("changed") {
        return Ok(flag(call, &map, "changed", false)?.into());
    }
    let results = map.get("results").and_then(Value::as_list).unwrap_or_default();
    Ok(results.iter().any(|result| result.get("changed").is_some_and(Value::is_true)).into())
}

/// Whether the task was skipped: `result is skipped`.
fn skipped(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok(flag(call, &map, "skipped", false)?.into())
}

/// Whether the host could be reached: `result is reachable`.
fn reachable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok((!flag(call, &map, "unreachable", false)?).into())
}

/// Whether the host could not be reached: `result is unreachable`.
fn unreachable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok(flag(call, &map, "unreachable", false)?.into())
}

/// Whether the task ran out of time: `result is timedout`.
fn timedout(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    let period = map.get("timedout").and_then(|timedout| timedout.get("period"));
    Ok(period.is_some_and(Value::is_true).into())
}

/// Whether an asynchronous task was started: `result is started`.
fn started(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok((!map.contains_key("started") || flag(call, &map, "started", true)?).into())
}

/// Whether an asynchronous task has come to its end: `result is finished`.
fn finished(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let map = result(call)?;
    Ok((!map.contains_key("finished") || flag(call, &map, "finished", true)?).into())
}
