//! `assert`: fails unless all conditions hold.

use ksplay_template::Truth;
use ksplay_value::{Map, Value};

use super::{ActionCall, as_written, refuse_rest};
use crate::connect::boolean;
use crate::failure::TaskFailure;

const KNOWN: &[&str] = &["fail_msg", "msg", "quiet", "success_msg", "that"];

/// Evaluates the conditions of `that` in order; the first that does not hold fails the task with `fail_msg`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let raw = call.raw_args()?;
    refuse_rest(&call.task().action, &raw, KNOWN)?;
    let that = raw.get("that").ok_or_else(|| TaskFailure::raised("missing required arguments: that"))?;
    let conditions = match that {
        Value::List(conditions) => conditions.to_vec(),
        other => vec![other.clone()],
    };
    let templar = call.templar();
    let text = |names: [&str; 2], default: &str| -> Result<Value, TaskFailure> {
        let given = names.iter().find_map(|name| raw.get(name));
        Ok(given.map(|value| templar.resolve(value)).transpose()?.unwrap_or_else(|| Value::from(default)))
    };
    let quiet = raw.get("quiet").map(|value| boolean(&templar.resolve(value)?)).transpose()?.unwrap_or(false);
    *call.verbose = !quiet;
    for condition in &conditions {
        match templar.condition(condition)? {
            Truth::Known(true) => {}
            Truth::Known(false) => {
                let message = text(["fail_msg", "msg"], "Assertion failed")?;
                let failure = TaskFailure::action(message.to_string());
                return Err(failure
                    .with("msg", message)
                    .with("assertion", as_written(condition))
                    .with("evaluated_to", false));
            }
            Truth::Unknown(unknown) => {
                return Err(TaskFailure::undecided(&as_written(condition).to_string(), &unknown));
            }
        }
    }
    let message = text(["success_msg", "success_msg"], "All assertions passed")?;
    Ok(Map::from([("changed", Value::Bool(false)), ("msg", message)]))
}
