//! `uri`: a request that the target makes.

use ksplay_value::Map;

use super::content::Content;
use super::{ActionCall, flag, take_text};
use crate::failure::TaskFailure;

/// Sends the file `src` along, unless it is on the target already (`remote_src`).
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let remote = flag(&args, "remote_src", false)?;
    let has_body = args.get("body").is_some_and(|body| !body.is_null());
    let mut payload = None;
    if let Some(src) = (!remote && !has_body).then(|| take_text(&mut args, &["src"])).flatten() {
        let file = call.find_file("files", &src)?;
        args.insert("src", file.display().to_string());
        payload = Some(Content::of_file(call, &file, true).await?.payload);
    }
    call.module("ansible.legacy.uri", args, payload).await
}
