//! `wait_for_connection`: waits until the host can be worked on.

use std::time::{Duration, Instant};

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_options, take_text};
use crate::failure::TaskFailure;

/// Tries a `ping` every `sleep` seconds until one succeeds, or `timeout` seconds have passed.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("wait_for_connection", &args, &["connect_timeout", "delay", "sleep", "timeout"])?;
    let mut seconds = |name: &'static str, default: u64| match take_text(&mut args, &[name]) {
        None => Ok(Duration::from_secs(default)),
        Some(text) => text
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| TaskFailure::new(format!("the value '{text}' of '{name}' is not a number of seconds"))),
    };
    let (delay, pause, timeout) = (seconds("delay", 0)?, seconds("sleep", 1)?, seconds("timeout", 600)?);
    let started = Instant::now();
    if call.check {
        return Ok(Map::from([
            ("changed", Value::Bool(false)),
            ("elapsed", Value::Int(0)),
            ("skipped", Value::Bool(true)),
            (ksplay_modules::NOT_RUN, Value::Bool(true)),
        ]));
    }
    tokio::time::sleep(delay).await;
    loop {
        let failure = match call.module("ping", Map::new(), None).await {
            Ok(_) => break,
            Err(failure) => failure,
        };
        call.work.shared.pool.reset(call.remote().host());
        if started.elapsed() + pause > timeout {
            let elapsed = started.elapsed().as_secs();
            return Err(TaskFailure::action(format!("timed out waiting for ping module test: {}", failure.message))
                .with("elapsed", elapsed));
        }
        tokio::time::sleep(pause).await;
    }
    Ok(Map::from([("changed", Value::Bool(false)), ("elapsed", Value::from(started.elapsed().as_secs()))]))
}
