//! `async` and `poll`: modules that go on by themselves, and asking what became of them.

use std::time::Duration;

use ksplay_value::{Map, Value};

use super::{ActionCall, find};
use crate::event::{AsyncState, Event, Shown};
use crate::failure::TaskFailure;

/// A task with `async`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asynchronous {
    /// How many seconds the job may take.
    pub limit: u64,
    /// How long to wait before each look at it; zero for none at all.
    pub poll: Duration,
}

/// How much later than here the time of a job is over on the host, when somebody waits for it here: who waits shall be
/// the one to say so.
const GRACE: u64 = 5;

impl Asynchronous {
    /// How many seconds the job may take as the host counts them.
    pub(super) fn limit_there(self) -> u64 {
        if self.poll.is_zero() { self.limit } else { self.limit.saturating_add(GRACE) }
    }
}

/// Where results of jobs are kept on the host.
pub(super) fn dir(call: &ActionCall<'_>) -> Result<String, TaskFailure> {
    let set = call.remote().templar().variable("ansible_async_dir")?;
    let set = set.filter(|dir| !matches!(dir, Value::Null | Value::Omit));
    Ok(set.map_or_else(|| call.work.shared.options.async_dir.clone(), |dir| dir.to_string()))
}

/// Refuses `async` where it means nothing.
pub(super) fn check(name: &str) -> Result<(), TaskFailure> {
    let supported = match name {
        "reboot" | "uri" => true,
        "assemble" | "async_status" => false,
        _ => find(name).is_none(),
    };
    if supported {
        return Ok(());
    }
    Err(TaskFailure::raised(format!("This action ({name}) does not support async.")))
}

/// Looks at the job that has begun until it has ended or its time is over.
pub(super) async fn follow(call: &ActionCall<'_>, job: Asynchronous, begun: Map) -> Result<Map, TaskFailure> {
    let Some(id) = begun.get("ansible_job_id").cloned() else { return Ok(begun) };
    let tell = |state: AsyncState, result: &Map| {
        let (host, result) = (call.work.host.clone(), Shown::of(result.clone(), call.work.hides(call.scope)));
        call.work.shared.emit(Event::Async { host, state, result });
    };
    let limit = Duration::from_secs(job.limit);
    let mut left = limit;
    let mut seen = begun;
    while !left.is_zero() {
        tokio::time::sleep(job.poll).await;
        left = left.saturating_sub(job.poll);
        match status(call, &id, "status").await {
            Ok(result) => seen = result,
            // The host may come back before the time is over.
            Err(failure) if failure.unreachable && !left.is_zero() => continue,
            Err(failure) => return Err(failure),
        }
        if seen.get("finished").is_some_and(Value::is_true) {
            let failed = seen.get("failed").is_some_and(Value::is_true);
            tell(if failed { AsyncState::Failed } else { AsyncState::Ended }, &seen);
            // What is left behind does no harm.
            let _ = status(call, &id, "cleanup").await;
            return Ok(seen);
        }
        tell(AsyncState::Running, &seen);
    }
    tell(AsyncState::Failed, &seen);
    seen.remove("changed");
    seen.remove("invocation");
    let message = format!("async task did not complete within the requested time - {}s", job.limit);
    Err(TaskFailure::action(message).with("async_result", seen))
}

async fn status(call: &ActionCall<'_>, id: &Value, mode: &str) -> Result<Map, TaskFailure> {
    let args = Map::from([("jid", id.clone()), ("mode", mode.into()), ("_ksplay_dir", dir(call)?.into())]);
    let mut result = call.module("async_status", args, None).await?;
    super::add_lines(&mut result);
    Ok(result)
}
