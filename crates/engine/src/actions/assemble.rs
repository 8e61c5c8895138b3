//! `assemble`: makes one file of many.

use ksplay_modules::{Failure, Fragments, Probe};
use ksplay_value::{Map, Value};

use super::content::{self, Content, blocking, has_failed};
use super::copy::send;
use super::{ActionCall, flag, take_flag, take_text};
use crate::failure::TaskFailure;

/// Joins the files of the folder `src` of the controller and sends what they are together; with `remote_src`, which is
/// the default, the target does it.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let given = |name: &str| args.get(name).is_some_and(|value| !value.is_null());
    if !given("src") || !given("dest") {
        return Err(TaskFailure::raised("src and dest are required"));
    }
    if flag(&args, "remote_src", true)? {
        return call.module("ansible.legacy.assemble", args, None).await;
    }
    args.remove("remote_src");
    let src = take_text(&mut args, &["src"]).unwrap_or_default();
    let decrypt = take_flag(&mut args, &["decrypt"], true)?;
    let fragments = Fragments {
        regexp: take_text(&mut args, &["regexp"]),
        delimiter: take_text(&mut args, &["delimiter"]),
        ignore_hidden: take_flag(&mut args, &["ignore_hidden"], false)?,
    };
    let folder = call.find_file("files", &src).map_err(|failure| TaskFailure { prefix: None, ..failure })?;
    if !folder.is_dir() {
        return Err(TaskFailure::raised(format!("Source ({}) is not a directory", folder.display())));
    }
    let shared = std::sync::Arc::clone(&call.work.shared);
    let joined = blocking(move || {
        let read = |path: &std::path::Path| {
            content::bytes(&shared, path, decrypt).map_err(|failure| Failure::new(failure.message))
        };
        fragments.join(&folder, &Probe::default(), read).map_err(|failure| TaskFailure::action(failure.message))
    })
    .await?;
    let mut result = send(call, args, Content::of_bytes(joined)).await?;
    if has_failed(&result) {
        result.remove("checksum");
    }
    if let Some(Value::List(diffs)) = result.get("diff")
        && let [diff] = &diffs[..]
    {
        let diff = diff.clone();
        result.insert("diff", diff);
    }
    Ok(result)
}
