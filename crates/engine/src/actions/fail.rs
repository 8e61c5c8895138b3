//! `fail`: fails with a message.

use ksplay_value::Map;

use super::{ActionCall, refuse_options, take_text};
use crate::failure::TaskFailure;

/// Fails with `msg`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("fail", &args, &["msg"])?;
    Err(TaskFailure::action(take_text(&mut args, &["msg"]).unwrap_or_else(|| "Failed as requested from task".into())))
}
