//! `unarchive`: unpacks an archive of the controller, or one that is on the target.

use ksplay_value::Map;

use super::content::Content;
use super::{ActionCall, flag, take_flag, take_text};
use crate::failure::TaskFailure;

/// Sends the archive `src` along, unless it is on the target already, or at a URL that the target can reach
/// (`remote_src`).
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let copy = take_flag(&mut args, &["copy"], true)?;
    let remote = flag(&args, "remote_src", !copy)?;
    let decrypt = take_flag(&mut args, &["decrypt"], true)?;
    let has_dest = args.get("dest").is_some_and(|dest| !dest.is_null());
    let Some(src) = take_text(&mut args, &["src"]).filter(|_| has_dest) else {
        return Err(TaskFailure::raised("src (or content) and dest are required"));
    };
    if src.contains("://") && !remote {
        return Err(TaskFailure::raised(format!(
            "Unsupported option, an URI src ({src}) is only supported when remote_src is True"
        )));
    }
    let payload = if remote {
        args.insert("remote_src", true);
        args.insert("src", src);
        None
    } else {
        let file = call.find_file("files", &src).map_err(|failure| TaskFailure::new(failure.message))?;
        args.insert("src", file.display().to_string());
        Some(Content::of_file(call, &file, decrypt).await?.payload)
    };
    call.module("ansible.legacy.unarchive", args, payload).await
}
