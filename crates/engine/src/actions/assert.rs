//! `assert`: fails unless all conditions hold.

use ksplay_template::Truth;
use ksplay_value::{Map, Value};

use super::{ActionCall, as_written, flag_of, refuse_rest};
use crate::failure::TaskFailure;

const KNOWN: &[&str] = &["fail_msg", "msg", "quiet", "success_msg", "that"];

/// Evaluates the conditions of `that` in order; the first that does not hold fails the task with `fail_msg`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let raw = call.raw_args()?;
    refuse_rest(&call.task().action, &raw, KNOWN)?;
    let that = raw.get("that").ok_or_else(|| TaskFailure::raised("missing required arguments: that"))?;
    let conditions = match that {
        Value::Null => return Err(TaskFailure::new("Empty conditional expressions are not allowed.")),
        Value::List(conditions) => conditions.to_vec(),
        other => vec![other.clone()],
    };
    let templar = call.templar();
    let text = |names: [&str; 2], default: &str| -> Result<Value, TaskFailure> {
        let given = names.iter().find_map(|name| raw.get(name));
        Ok(given.map(|value| templar.resolve(value)).transpose()?.unwrap_or_else(|| Value::from(default)))
    };
    for (name, shown) in [("fail_msg", "fail_msg"), ("msg", "fail_msg"), ("success_msg", "success_msg")] {
        if let Some(given @ (Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Map(_))) = raw.get(name) {
            return Err(TaskFailure::raised(format!(
                "argument '{shown}' is of type {} and we were unable to convert to str_or_list_of_str: a string or list of \
                 strings is required",
                given.type_name()
            )));
        }
    }
    let quiet = raw.get("quiet").map(|value| flag_of("quiet", &templar.resolve(value)?)).transpose()?.unwrap_or(false);
    *call.verbose = !quiet;
    for condition in &conditions {
        match templar.condition(condition)? {
            Truth::Known(true) => {}
            Truth::Known(false) => {
                let message = text(["fail_msg", "msg"], "Assertion failed")?;
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
    Ok(Map::from([
        ("changed", Value::Bool(false)),
        ("msg", text(["success_msg", "success_msg"], "All assertions passed")?),
    ]))
}
