//! `raw`: a command line for the login shell, without an agent.

use ksplay_value::{Map, Value};

use super::{ActionCall, failed_with, take_text};
use crate::connect;
use crate::failure::TaskFailure;

/// Runs the text by the host's shell over a connection of its own. Nothing but a shell is needed there.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(mut text) = take_text(&mut args, &["_raw_params", "cmd"]) else {
        return Err(TaskFailure::action("raw needs a command"));
    };
    let environment = call.environment()?;
    let warn = |result: &mut Map| {
        if !environment.is_empty() {
            let warning = "raw module does not support the environment keyword";
            result.insert("warnings", Value::from_iter([warning]));
        }
    };
    if call.check {
        let mut result = super::not_run("");
        result.remove("msg");
        warn(&mut result);
        return Ok(result);
    }
    for (name, value) in environment.iter().rev() {
        let quoted = shlex::try_quote(value).map_err(|error| TaskFailure::action(error.to_string()))?;
        text = format!("{name}={quoted} {text}");
    }
    if let Some(executable) = take_text(&mut args, &["executable"]) {
        let quoted = shlex::try_quote(&text).map_err(|error| TaskFailure::action(error.to_string()))?;
        text = format!("{executable} -c {quoted}");
    }
    let (target, becoming) = {
        let templar = call.remote().templar();
        let (options, keywords) = (&call.work.shared.options, &call.task().keywords);
        let target = connect::target(call.remote().host(), &templar, keywords, options)?;
        (target, connect::becoming(&templar, keywords, options)?)
    };
    // What takes too long is to end there too.
    let has_limit = call.task().keywords.timeout.is_some() || call.work.shared.options.task_timeout.is_some();
    let output = match has_limit {
        true => ksplay_transport::raw_while_awaited(&target, &text, becoming.as_ref()).await,
        false => ksplay_transport::raw(&target, &text, becoming.as_ref()).await,
    };
    let output = output.map_err(|error| TaskFailure::from(&error))?;
    let lines = |text: &str| text.lines().map(Value::from).collect::<Value>();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut result = Map::from([
        ("rc", Value::from(output.rc)),
        ("stdout_lines", lines(&stdout)),
        ("stderr_lines", lines(&stderr)),
        ("stdout", Value::from(stdout)),
        ("stderr", Value::from(stderr)),
        ("changed", Value::Bool(true)),
    ]);
    warn(&mut result);
    if output.rc != 0 {
        result.insert("msg", "non-zero return code");
        return Err(failed_with(result));
    }
    Ok(result)
}
