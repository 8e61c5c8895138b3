//! `fail`: fails with a message.

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_options, take};
use crate::failure::TaskFailure;

/// Fails with `msg`, which keeps its type in the result.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("fail", &args, &["msg"])?;
    let message = take(&mut args, &["msg"]).unwrap_or_else(|| Value::from("Failed as requested from task"));
    Err(TaskFailure::action(message.to_string()).with("msg", message))
}
