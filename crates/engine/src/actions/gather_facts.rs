//! `gather_facts`: the facts of the host, as a play gathers them.

use ksplay_value::Map;

use super::ActionCall;
use crate::failure::TaskFailure;

/// Runs `setup` with the arguments given.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    args.remove("parallel");
    call.module("setup", args, None).await
}
