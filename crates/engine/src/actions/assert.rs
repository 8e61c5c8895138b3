//! `assert`: fails unless all conditions hold.

use std::sync::Arc;

use ksplay_template::Truth;
use ksplay_value::{Map, Value};

use super::{ActionCall, flag_of, refuse_rest};
use crate::failure::TaskFailure;
use crate::written::as_written;

/// Evaluates the conditions of `that` in order; the first that does not hold fails the task with `fail_msg`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut raw = Arc::unwrap_or_clone(call.raw_args()?);
    refuse_rest(call.task(), &raw, &["fail_msg", "quiet", "success_msg", "that"], &["msg"])?;
    // Conditions are evaluated one by one.
    let that = raw.remove("that");
    let args = call.evaluated(&raw)?;
    let that = that.ok_or_else(|| TaskFailure::raised("missing required arguments: that"))?;
    let conditions = match that {
        Value::Null => return Err(TaskFailure::new("Empty conditional expressions are not allowed.")),
        Value::List(conditions) => conditions.to_vec(),
        other => vec![other],
    };
    let templar = call.templar();
    let text = |names: &[&str], default: &str| {
        names.iter().find_map(|name| args.get(name)).cloned().unwrap_or_else(|| Value::from(default))
    };
    for (name, shown) in [("fail_msg", "fail_msg"), ("msg", "fail_msg"), ("success_msg", "success_msg")] {
        if let Some(given @ (Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Map(_))) = args.get(name) {
            return Err(TaskFailure::raised(format!(
                "argument '{shown}' is of type {} and we were unable to convert to str_or_list_of_str: a string or list of \
                 strings is required",
                given.type_name()
            )));
        }
    }
    let quiet = args.get("quiet").map(|value| flag_of("quiet", value)).transpose()?.unwrap_or(false);
    *call.verbose = !quiet;
    for condition in &conditions {
        match templar.condition(condition)? {
            Truth::Known(true) => {}
            Truth::Known(false) => {
                let message = text(&["fail_msg", "msg"], "Assertion failed");
                return Err(TaskFailure::action(message.to_string())
                    .with("msg", message)
                    .with("assertion", as_written(condition))
                    .with("evaluated_to", false));
            }
            Truth::Unknown(unknown) => {
                return Err(TaskFailure::undecided(&as_written(condition).to_string(), &unknown));
            }
        }
    }
    let message = text(&["success_msg"], "All assertions passed");
    Ok(Map::from([("changed", Value::Bool(false)), ("msg", message)]))
}
