//! `script`: runs a script of the controller on the target.

use ksplay_transport::PayloadSource;
use ksplay_value::Map;

use super::{ActionCall, take_text};
use crate::connect::split_words;
use crate::failure::TaskFailure;

/// Sends the script and runs it with the words behind it.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(line) = take_text(&mut args, &["_raw_params", "cmd"]) else {
        return Err(TaskFailure::action("script needs the path of a script"));
    };
    let words = split_words(&line).ok_or_else(|| TaskFailure::action(format!("unbalanced quotes: {line}")))?;
    let Some(name) = words.first() else {
        return Err(TaskFailure::action("script needs the path of a script"));
    };
    let file = call.find_file("files", name)?;
    args.insert("_raw_params", line);
    let mut result = call.module("script", args, Some(PayloadSource::File(file))).await?;
    result.remove("invocation");
    Ok(result)
}
