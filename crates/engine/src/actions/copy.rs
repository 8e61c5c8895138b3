//! `copy`: brings files, folders or a text to the target.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_transport::PayloadSource;
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

use super::{ActionCall, take, take_text};
use crate::connect::boolean;
use crate::failure::TaskFailure;

/// Sends `content`, or the file or folder `src` of the controller; `remote_src` copies on the target.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let remote = args.get("remote_src").map(boolean).transpose()?.unwrap_or(false);
    let content = args.remove("content").filter(|content| !content.is_null());
    let Some(dest) = args.get("dest").map(Value::to_string) else {
        return Err(TaskFailure::action("dest is required"));
    };
    if let Some(content) = content {
        if args.contains_key("src") {
            return Err(TaskFailure::action("src and content are mutually exclusive"));
        }
        if dest.ends_with('/') {
            return Err(TaskFailure::action("can not use content with a dir as dest"));
        }
        let text = match &content {
            Value::Map(_) | Value::List(_) => {
                to_json(&content, &JsonStyle::default()).map_err(|error| TaskFailure::action(error.to_string()))?
            }
            other => other.to_string(),
        };
        let bytes: Arc<[u8]> = text.into_bytes().into();
        return call.module("copy", args, Some(PayloadSource::Bytes(bytes))).await;
    }
    if remote {
        return call.module("copy", args, None).await;
    }
    let Some(src) = take_text(&mut args, &["src"]) else {
        return Err(TaskFailure::action("src (or content) is required"));
    };
    let found = call.find_file("files", &src)?;
    if !found.is_dir() {
        let name = found.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        args.insert("_original_basename", name);
        args.insert("src", found.display().to_string());
        return call.module("copy", args, Some(PayloadSource::File(found))).await;
    }
    // `dir/` means what is in it, `dir` the folder itself.
    let (root, base) = if src.ends_with('/') {
        (found.clone(), PathBuf::from(&dest))
    } else {
        let name = found.file_name().map(PathBuf::from).unwrap_or_default();
        (found.clone(), Path::new(&dest).join(name))
    };
    copy_folder(call, args, &root, &base).await
}

/// Sends a folder file by file; the result says what became of the whole.
async fn copy_folder(call: &ActionCall<'_>, mut args: Map, root: &Path, base: &Path) -> Result<Map, TaskFailure> {
    let directory_mode = take(&mut args, &["directory_mode"]);
    let mut changed = false;
    let mut diffs = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    let unreadable = |path: &Path, error: std::io::Error| TaskFailure::action(format!("{}: {error}", path.display()));
    while let Some(dir) = pending.pop() {
        let relative = dir.strip_prefix(root).unwrap_or(Path::new(""));
        let mut folder = Map::from([
            ("path", Value::from(base.join(relative).display().to_string())),
            ("state", Value::from("directory")),
        ]);
        for name in ["owner", "group"] {
            if let Some(value) = args.get(name) {
                folder.insert(name, value.clone());
            }
        }
        if let Some(mode) = &directory_mode {
            folder.insert("mode", mode.clone());
        }
        let result = call.module("file", folder, None).await?;
        if result.get("failed").is_some_and(Value::is_true) {
            return Ok(result);
        }
        changed |= result.get("changed").is_some_and(Value::is_true);
        let read = std::fs::read_dir(&dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries: Vec<PathBuf> =
            read.map_err(|error| unreadable(&dir, error))?.into_iter().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let target = base.join(path.strip_prefix(root).unwrap_or(&path));
            let mut file = args.clone();
            file.insert("dest", target.display().to_string());
            file.insert("src", path.display().to_string());
            let result = call.module("copy", file, Some(PayloadSource::File(path))).await?;
            if result.get("failed").is_some_and(Value::is_true) {
                return Ok(result);
            }
            changed |= result.get("changed").is_some_and(Value::is_true);
            match result.get("diff") {
                Some(Value::List(items)) => diffs.extend(items.iter().cloned()),
                Some(diff) => diffs.push(diff.clone()),
                None => {}
            }
        }
    }
    let mut result = Map::from([
        ("changed", Value::Bool(changed)),
        ("dest", Value::from(base.display().to_string())),
        ("src", Value::from(root.display().to_string())),
    ]);
    if !diffs.is_empty() {
        result.insert("diff", diffs);
    }
    Ok(result)
}
