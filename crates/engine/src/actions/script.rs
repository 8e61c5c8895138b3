//! `script`: runs a script of the controller on the target.

use ksplay_value::{Map, Value};

use super::content::Content;
use super::{ActionCall, failed_with, refuse_rest, take_flag, take_text};
use crate::connect::split_words;
use crate::failure::TaskFailure;

const KNOWN: &[&str] = &["_raw_params", "chdir", "cmd", "creates", "executable", "removes"];

/// Sends the script and runs it with the words behind it.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let decrypt = take_flag(&mut args, &["decrypt"], true)?;
    refuse_rest(call.task(), &args, KNOWN, &[])?;
    let Some(line) = take_text(&mut args, &["_raw_params", "cmd"]) else {
        return Err(TaskFailure::raised("one of the following is required: _raw_params, cmd"));
    };
    let words = split_words(&line).ok_or_else(|| TaskFailure::action(format!("unbalanced quotes: {line}")))?;
    let Some(name) = words.first() else {
        return Err(TaskFailure::raised("one of the following is required: _raw_params, cmd"));
    };
    let file = call.find_file("files", name)?;
    args.insert("_raw_params", line);
    let mut result = call.module("script", args, Some(Content::of_file(call, &file, decrypt).await?.payload)).await?;
    for name in ["invocation", "cmd", "delta", "end", "start"] {
        result.remove(name);
    }
    if result.get("rc").and_then(Value::as_int).is_some_and(|rc| rc != 0) {
        return Err(failed_with(result));
    }
    if result.get("msg").and_then(Value::as_str) == Some("") {
        result.remove("msg");
    }
    Ok(result)
}
