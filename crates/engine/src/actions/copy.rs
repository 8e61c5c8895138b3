//! `copy`: brings files, folders or a text to the target.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

use super::content::{Content, blocking, has_changed, has_failed};
use super::{ActionCall, flag, take, take_flag};
use crate::failure::TaskFailure;

/// Sends `content`, or the file or folder `src` of the controller; `remote_src` copies on the target.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let remote = flag(&args, "remote_src", false)?;
    let content = args.remove("content").filter(|content| !content.is_null());
    let src = args.get("src").filter(|src| !src.is_null()).map(Value::to_string);
    if src.is_none() && content.is_none() {
        return Err(TaskFailure::action("src (or content) is required"));
    }
    let Some(dest) = args.get("dest").filter(|dest| !dest.is_null()).map(Value::to_string) else {
        return Err(TaskFailure::action("dest is required"));
    };
    if src.is_some() && content.is_some() {
        return Err(TaskFailure::action("src and content are mutually exclusive"));
    }
    if content.is_some() && dest.ends_with('/') {
        return Err(TaskFailure::action("can not use content with a dir as dest"));
    }
    if let Some(content) = content {
        let text = match &content {
            Value::Map(_) | Value::List(_) => {
                to_json(&content, &JsonStyle::default()).map_err(|error| TaskFailure::action(error.to_string()))?
            }
            other => other.to_string(),
        };
        return send(call, args, Content::of_bytes(text.into_bytes())).await;
    }
    if remote {
        return call.module("ansible.legacy.copy", args, None).await;
    }
    let src = src.unwrap_or_default();
    let decrypt = take_flag(&mut args, &["decrypt"], true)?;
    let found = call.find_file("files", &src).map_err(|failure| TaskFailure {
        message: format!("Unexpected AnsibleActionFail error: {}", failure.message),
        ..failure
    })?;
    if found.is_dir() {
        return Folder::new(&found, &src, &dest, &mut args, decrypt)?.send(call, args).await;
    }
    let name = found.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    args.insert("_original_basename", name);
    args.insert("src", found.display().to_string());
    let content = Content::of_file(call, &found, decrypt).await?;
    send(call, args, content).await
}

/// Has the module `copy` put this content where the arguments say. Its result gets the values that Ansible's action adds.
pub(super) async fn send(call: &ActionCall<'_>, mut args: Map, content: Content) -> Result<Map, TaskFailure> {
    let sha1 = content.sha1.clone();
    let payload = content.announce(&mut args);
    let mut result = call.module("ansible.legacy.copy", args, Some(payload)).await?;
    let compared = result.contains_key("checksum") || has_failed(&result);
    // As in Ansible, of a content that check mode would write the result says no more than that. Only a file that has
    // it already is named.
    if call.check && has_changed(&result) && compared && !result.contains_key("path") {
        for name in ["checksum", "dest", "md5sum", "src"] {
            result.remove(name);
        }
    }
    if has_failed(&result) {
        result.remove("dest");
        let into_folder = result.get("msg").and_then(Value::as_str) == Some("can not use content with a dir as dest");
        if !result.contains_key("checksum") && !into_folder {
            result.insert("checksum", sha1);
        }
    } else if compared && !has_changed(&result) {
        result.remove("src");
    }
    if let Some(Value::List(diffs)) = result.get("diff")
        && let [diff] = &diffs[..]
        && diff.get("before").is_some_and(|before| before.as_map().is_some())
    {
        // What only concerns owner and mode stands alone, as `file` gives it.
        let diff = diff.clone();
        result.insert("diff", diff);
    }
    if compared && !result.contains_key("diff") {
        result.insert("diff", Value::List(std::sync::Arc::default()));
    }
    Ok(result)
}

/// A folder of the controller and where it goes.
struct Folder {
    root: PathBuf,
    base: PathBuf,
    /// `src` and `dest` as the result shows them.
    src: String,
    dest: String,
    directory_mode: Option<Value>,
    follow: bool,
    decrypt: bool,
}

/// What is in a folder, relative to it.
#[derive(Default)]
struct Tree {
    files: Vec<PathBuf>,
    links: Vec<(PathBuf, PathBuf)>,
    /// Folders that no other folder is in: the ones above come into being with them.
    leaves: Vec<PathBuf>,
}

impl Folder {
    /// `src/` means what is in the folder, `src` the folder itself.
    fn new(found: &Path, src: &str, dest: &str, args: &mut Map, decrypt: bool) -> Result<Self, TaskFailure> {
        let root = found.to_path_buf();
        let mut base = PathBuf::from(dest);
        let mut shown = root.display().to_string();
        if src.ends_with('/') {
            shown = format!("{}/", shown.trim_end_matches('/'));
        } else if let Some(name) = root.file_name() {
            base.push(name);
        }
        Ok(Self {
            root,
            base,
            src: shown,
            dest: format!("{}/", dest.trim_end_matches('/')),
            directory_mode: take(args, &["directory_mode"]),
            follow: take_flag(args, &["local_follow"], true)?,
            decrypt,
        })
    }

    /// Sends a folder file by file; the result says what became of the whole.
    async fn send(self, call: &ActionCall<'_>, args: Map) -> Result<Map, TaskFailure> {
        let (root, follow) = (self.root.clone(), self.follow);
        let tree = blocking(move || {
            Tree::read(&root, follow).map_err(|error| TaskFailure::action(format!("{}: {error}", root.display())))
        })
        .await?;
        let mut changed = false;
        let mut diffs = Vec::new();
        let mut only = None;
        for relative in &tree.files {
            let path = self.root.join(relative);
            let mut file = args.clone();
            // The module makes the folders on the way, with `directory_mode`, when the destination is one.
            let folder = relative.parent().unwrap_or(Path::new(""));
            file.insert("dest", format!("{}/", self.target(folder).trim_end_matches('/')));
            file.insert("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            file.insert("src", path.display().to_string());
            if let Some(mode) = &self.directory_mode {
                file.insert("directory_mode", mode.clone());
            }
            let result = send(call, file, Content::of_file(call, &path, self.decrypt).await?).await?;
            if has_failed(&result) {
                return Ok(result);
            }
            changed |= has_changed(&result);
            match result.get("diff") {
                Some(Value::List(items)) => diffs.extend(items.iter().cloned()),
                Some(diff) => diffs.push(diff.clone()),
                None => {}
            }
            only = Some(result);
        }
        for leaf in &tree.leaves {
            let result = call.module("file", self.folder_args(&args, &self.target(leaf)), None).await?;
            if has_failed(&result) {
                return Ok(result);
            }
            changed |= has_changed(&result);
        }
        for (relative, says) in &tree.links {
            let link = Map::from([
                ("path", Value::from(self.target(relative))),
                ("src", Value::from(says.display().to_string())),
                ("state", Value::from("link")),
                ("force", Value::Bool(true)),
                ("follow", Value::Bool(false)),
            ]);
            let result = call.module("file", link, None).await?;
            if has_failed(&result) {
                return Ok(result);
            }
            changed |= has_changed(&result);
        }
        if let (1, Some(mut only)) = (tree.files.len(), only) {
            only.insert("changed", changed);
            return Ok(only);
        }
        let mut result = Map::from([
            ("changed", Value::Bool(changed)),
            ("dest", Value::from(self.dest)),
            ("src", Value::from(self.src)),
        ]);
        if !diffs.is_empty() {
            result.insert("diff", diffs);
        }
        Ok(result)
    }

    fn target(&self, relative: &Path) -> String {
        let target = if relative.as_os_str().is_empty() { self.base.clone() } else { self.base.join(relative) };
        target.display().to_string()
    }

    fn folder_args(&self, args: &Map, path: &str) -> Map {
        let mut folder = Map::from([("path", path), ("state", "directory")]);
        for name in ["owner", "group"] {
            if let Some(value) = args.get(name) {
                folder.insert(name, value.clone());
            }
        }
        if let Some(mode) = &self.directory_mode {
            folder.insert("mode", mode.clone());
        }
        folder
    }
}

impl Tree {
    /// What is in a folder. With `follow` links to folders are folders, but those that lead back up stay links.
    fn read(root: &Path, follow: bool) -> std::io::Result<Self> {
        let mut tree = Self::default();
        let about = std::fs::metadata(root)?;
        let mut pending = vec![(PathBuf::new(), vec![(about.dev(), about.ino())])];
        while let Some((relative, above)) = pending.pop() {
            let mut entries: Vec<_> = std::fs::read_dir(root.join(&relative))?.collect::<Result<_, _>>()?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            let mut is_leaf = true;
            for entry in entries {
                let name = relative.join(entry.file_name());
                let path = entry.path();
                if entry.file_type()?.is_symlink() && !follow {
                    tree.links.push((name, std::fs::read_link(&path)?));
                    continue;
                }
                match std::fs::metadata(&path) {
                    Ok(about) if about.is_dir() => {
                        let own = (about.dev(), about.ino());
                        if above.contains(&own) {
                            tree.links.push((name, std::fs::read_link(&path)?));
                            continue;
                        }
                        is_leaf = false;
                        pending.push((name, above.iter().copied().chain([own]).collect()));
                    }
                    _ => tree.files.push(name),
                }
            }
            // As in Ansible, an empty folder is not made when it is the source itself.
            if is_leaf && !relative.as_os_str().is_empty() {
                tree.leaves.push(relative);
            }
        }
        Ok(tree)
    }
}
