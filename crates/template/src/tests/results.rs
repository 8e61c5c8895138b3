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

/// The answer of a test that looks at a result; of a result that is not known it is not either.
fn of_result(
    call: &mut Call<'_, '_>,
    answer: impl FnOnce(&Call<'_, '_>, &Map) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    match value {
        Value::Map(map) => answer(call, &map),
        Value::Unknown(_) => Ok(value),
        Value::Undefined(undefined) => Err(crate::filters::args::undefined_error(&undefined)),
        _ => {
            let asked = match crate::filters::short(call.name) {
                "change" => "changed",
                "failure" | "success" | "succeeded" | "successful" => "failed",
                "skip" => "skipped",
                "reachable" => "unreachable",
                name => name,
            };
            Err(Error::operation(format!("The '{asked}' test expects a dictionary")))
        }
    }
}

/// The truth of an entry, or what it is when it is missing; unknown when it may yet come.
fn flag(call: &Call<'_, '_>, map: &Map, key: &str, default: bool) -> Result<Value, Error> {
    match (map.get(key), map.rest()) {
        (Some(value), _) => match call.surface(value.clone())? {
            unknown @ Value::Unknown(_) => Ok(unknown),
            known => Ok(known.is_true().into()),
        },
        (None, Some(rest)) => Ok(Value::Unknown(rest.clone())),
        (None, None) => Ok(default.into()),
    }
}

fn negated(answer: Value) -> Value {
    match answer {
        Value::Bool(flag) => Value::Bool(!flag),
        unknown => unknown,
    }
}

/// Whether the task failed: `result is failed`.
fn failed(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "failed", false))
}

/// Whether the task did not fail: `result is succeeded`.
fn succeeded(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "failed", false).map(negated))
}

/// Whether the task, or any item of its loop, changed something: `result is changed`.
fn changed(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| {
        let results = map.get("results").and_then(Value::as_list).unwrap_or_default();
        if map.contains_key("changed") || results.is_empty() {
            return flag(call, map, "changed", false);
        }
        Ok(results.iter().any(|result| result.get("changed").is_some_and(Value::is_true)).into())
    })
}

/// Whether the task was skipped: `result is skipped`.
fn skipped(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "skipped", false))
}

/// Whether the host could be reached: `result is reachable`.
fn reachable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "unreachable", false).map(negated))
}

/// Whether the host could not be reached: `result is unreachable`.
fn unreachable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "unreachable", false))
}

/// Whether the task ran out of time: `result is timedout`.
fn timedout(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |_, map| {
        let period = map.get("timedout").and_then(|timedout| timedout.get("period"));
        Ok(period.is_some_and(Value::is_true).into())
    })
}

/// Whether an asynchronous task was started: `result is started`.
fn started(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "started", true))
}

/// Whether an asynchronous task has come to its end: `result is finished`.
fn finished(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    of_result(call, |call, map| flag(call, map, "finished", true))
}
