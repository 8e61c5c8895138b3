//! `async_status`: the module, told where results of jobs are.

use ksplay_value::{Map, Value};

use super::{ActionCall, jobs};
use crate::failure::TaskFailure;

/// Looks at a job, or removes what is left of it.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    if !args.contains_key("jid") {
        return Err(TaskFailure::raised("missing required arguments: jid"));
    }
    if let Some(mode) = args.get("mode").map(Value::to_string).filter(|mode| !["status", "cleanup"].contains(&&**mode))
    {
        return Err(TaskFailure::raised(format!("value of mode must be one of: status, cleanup, got: {mode}")));
    }
    args.insert("_ksplay_dir", jobs::dir(call)?);
    call.module("async_status", args, None).await
}
