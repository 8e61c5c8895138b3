//! `fetch`: brings a file of the target to the controller.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use super::content::{blocking, checksum, md5};
use super::{ActionCall, take_flag, take_text};
use crate::failure::TaskFailure;

/// Brings `src` to `dest/HOST/src`, or to `dest` itself when `flat`; a file that is there already is left alone.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let (Some(src), Some(dest)) = (take_text(&mut args, &["src"]), take_text(&mut args, &["dest"])) else {
        return Err(TaskFailure::raised("src and dest are required"));
    };
    let flat = take_flag(&mut args, &["flat"], false)?;
    let must_exist = take_flag(&mut args, &["fail_on_missing"], true)?;
    if call.check {
        return Ok(super::not_run("check mode not (yet) supported for this module"));
    }
    let asked =
        Map::from([("path", Value::from(&src)), ("get_checksum", Value::Bool(true)), ("follow", Value::Bool(true))]);
    let mut stat = call.module("stat", asked, None).await?;
    if stat.get("failed").is_some_and(Value::is_true) {
        return Ok(stat);
    }
    let stat = stat.remove("stat").unwrap_or_default();
    let is = |name: &str| stat.get(name).is_some_and(Value::is_true);
    let missing = |message: &str| {
        if must_exist {
            return Err(TaskFailure::action(message));
        }
        Ok(Map::from([("changed", Value::Bool(false)), ("file", Value::from(&src)), ("msg", Value::from(message))]))
    };
    if !is("exists") {
        return missing("the remote file does not exist, not transferring, ignored");
    }
    if is("isdir") {
        return missing("remote file is a directory, fetch cannot work on directories");
    }
    let target = if flat {
        if !dest.ends_with('/') && Path::new(&dest).is_dir() {
            return Err(TaskFailure::raised(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        if dest.ends_with('/') {
            Path::new(&dest).join(Path::new(&src).file_name().unwrap_or_default())
        } else {
            PathBuf::from(&dest)
        }
    } else {
        Path::new(&dest).join(&*call.work.host).join(src.trim_start_matches('/'))
    };
    let target = match (target.is_relative(), call.work.play.play.dir.as_path()) {
        (true, dir) => dir.join(target),
        (false, _) => target,
    };
    let unwritable = |error: std::io::Error| TaskFailure::action(format!("{}: {error}", target.display()));
    let remote_sum = stat.get("checksum").map(Value::to_string);
    let local_sum = sum(&target).await?;
    let mut result = Map::from([("dest", Value::from(target.display().to_string()))]);
    if local_sum.is_some() && local_sum == remote_sum {
        result.insert("changed", false);
        result.insert("checksum", local_sum);
        result.insert("file", src);
        result.insert("md5sum", md5sum(target).await?);
        return Ok(result);
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let part = tempfile::Builder::new().prefix(".ksplay-fetch-").tempfile_in(folder).map_err(unwritable)?;
    let sent =
        call.module_to("fetch", Map::from([("src", src.as_str())]), None, Some(part.path().to_path_buf())).await?;
    if sent.get("failed").is_some_and(Value::is_true) {
        return Ok(sent);
    }
    let received = sum(part.path()).await?;
    if remote_sum.is_some() && received != remote_sum {
        return Err(TaskFailure::action("checksum mismatch")
            .with("checksum", received)
            .with("remote_checksum", remote_sum));
    }
    // A file of one's own making has the mode of any new file, not that of a private one.
    let mode = std::fs::Permissions::from_mode(0o666 & !ksplay_modules::Probe::default().umask());
    part.as_file().set_permissions(mode).map_err(unwritable)?;
    part.persist(&target).map_err(|error| unwritable(error.error))?;
    result.insert("changed", true);
    result.insert("checksum", received);
    result.insert("md5sum", md5sum(target).await?);
    result.insert("remote_checksum", remote_sum);
    result.insert("remote_md5sum", Value::Null);
    Ok(result)
}

async fn sum(path: &Path) -> Result<Option<String>, TaskFailure> {
    let path = path.to_path_buf();
    blocking(move || checksum(&path).map_err(|error| TaskFailure::action(format!("{}: {error}", path.display())))).await
}

async fn md5sum(path: PathBuf) -> Result<Option<String>, TaskFailure> {
    blocking(move || Ok(md5(&path).ok())).await
}
