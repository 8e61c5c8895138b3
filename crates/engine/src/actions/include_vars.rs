//! `include_vars`: reads variables from files of the controller.

use std::path::{Path, PathBuf};

use ksplay_value::{Key, Map, Value};

use super::{ActionCall, take, take_flag, take_text};
use crate::effect::Effect;
use crate::failure::TaskFailure;
use crate::written::written;

const KNOWN: &[&str] = &[
    "_raw_params",
    "depth",
    "dir",
    "extensions",
    "file",
    "files_matching",
    "hash_behaviour",
    "ignore_files",
    "ignore_unknown_extensions",
    "name",
];

/// The arguments that only a folder has.
const OF_DIR: &[&str] = &["depth", "dir", "extensions", "files_matching", "ignore_files", "ignore_unknown_extensions"];

/// Reads `file`, or the files below `dir`, and sets what they hold, under `name` when there is one.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    if let Some(strange) = args.keys().filter_map(Key::as_str).find(|name| !KNOWN.contains(name)) {
        return Err(TaskFailure::new(format!("{strange} is not a valid option in include_vars")));
    }
    let given = |names: &[&str]| names.iter().any(|name| args.contains_key(name));
    if given(&["file", "_raw_params"]) && given(OF_DIR) {
        return Err(TaskFailure::new("You are mixing file only and dir only arguments, these are incompatible"));
    }
    let text_list = |value: Option<Value>| match value {
        None => Vec::new(),
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        Some(text) => text.to_string().split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
    };
    let name = take_text(&mut args, &["name"]);
    let extensions = match text_list(take(&mut args, &["extensions"])) {
        empty if empty.is_empty() => vec!["yaml".into(), "yml".into(), "json".into()],
        given => given,
    };
    let behaviour = take_text(&mut args, &["hash_behaviour"]);
    let files = match take_text(&mut args, &["dir"]) {
        Some(dir) => {
            let search = Search {
                depth: take_text(&mut args, &["depth"]).and_then(|depth| depth.parse().ok()).unwrap_or(0),
                matching: take_text(&mut args, &["files_matching"]),
                ignored: text_list(take(&mut args, &["ignore_files"])),
                extensions,
                ignores_unknown: take_flag(&mut args, &["ignore_unknown_extensions"], false)?,
            };
            search.files(&folder(call, &dir)?, 1)?
        }
        None => {
            let Some(file) = take_text(&mut args, &["file", "_raw_params"]) else {
                return Err(TaskFailure::action("include_vars needs a file or a dir"));
            };
            vec![call.find_file("vars", &file).map_err(|failure| refused(failure.message))?]
        }
    };
    let mut vars = Map::new();
    for file in &files {
        let read = call.work.shared.loader.load_vars_file(file).map_err(unreadable)?;
        vars.extend(read.into_iter().map(|(key, value)| (key.into_value(), value)));
    }
    call.work.shared.tell_warnings_of_files();
    let reserved = match &name {
        Some(_) => call.task().reserved.facts.clone(),
        None => files.iter().flat_map(|file| call.work.shared.loader.reserved_names(file)).collect(),
    };
    reserved.into_iter().for_each(|warning| call.work.shared.emit(warning.into()));
    if let Some(name) = name {
        vars = Map::from([(name.as_str(), Value::from(vars))]);
    }
    if behaviour.as_deref() == Some("merge") {
        vars = vars.into_iter().map(|(name, value)| (name.clone().into_value(), merged(call, &name, value))).collect();
    }
    let host = call.facts_host();
    call.effects.push(Effect::Included { host, vars: vars.clone() });
    // The result shows values as the variables just read make them; what cannot be evaluated yet, as written.
    let mut scope = call.scope.clone();
    scope.extend_locals(&vars);
    let templar = scope.templar();
    let shown: Map = vars
        .into_iter()
        .map(|(key, value)| (key.into_value(), templar.resolve(&value).unwrap_or_else(|_| written(&value))))
        .collect();
    Ok(Map::from([
        ("changed", Value::Bool(false)),
        ("ansible_facts", shown.into()),
        ("ansible_included_var_files", files.iter().map(|file| file.display().to_string()).collect()),
    ]))
}

/// A mapping over the one that the variable is now, in depth; another value as it is.
fn merged(call: &ActionCall<'_>, name: &Key, value: Value) -> Value {
    let old = name.as_str().and_then(|name| call.scope.templar().variable(name).ok().flatten());
    match (old, &value) {
        (Some(Value::Map(old)), Value::Map(new)) => crate::scope::merge(&old, new).into(),
        _ => value,
    }
}

/// The failure with the values that Ansible gives beside it.
fn refused(message: impl Into<String>) -> TaskFailure {
    let message = message.into();
    TaskFailure::action(message.clone())
        .with("message", message)
        .with("ansible_facts", Map::new())
        .with("ansible_included_var_files", Value::List(std::sync::Arc::default()))
}

/// The failure for a file that cannot be read, which names the place in it.
fn unreadable(error: ksplay_playbook::Error) -> TaskFailure {
    match &error.span {
        Some(span) => refused(format!("{span}: {error}")),
        None => refused(error.message),
    }
}

/// The folder that `dir` means: in the role's `vars`, or beside the file of the task.
fn folder(call: &ActionCall<'_>, dir: &str) -> Result<PathBuf, TaskFailure> {
    let task = call.task();
    let beside = Path::new(&task.span.source.name).parent().unwrap_or(Path::new("."));
    let path = match &task.role {
        _ if dir.starts_with('/') => PathBuf::from(dir),
        Some(role) if dir.split('/').next() == Some("vars") => role.path.join(dir),
        Some(role) => role.path.join("vars").join(dir),
        None => beside.join(dir),
    };
    match path.is_dir() {
        true => Ok(path),
        false if path.exists() => Err(refused(format!("{} is not a directory", path.display()))),
        false => Err(refused(format!("{} directory does not exist", path.display()))),
    }
}

struct Search {
    depth: usize,
    matching: Option<String>,
    ignored: Vec<String>,
    extensions: Vec<String>,
    /// Whether files with another extension are left out instead of refused.
    ignores_unknown: bool,
}

impl Search {
    /// The files below a folder, folder by folder and sorted.
    fn files(&self, dir: &Path, level: usize) -> Result<Vec<PathBuf>, TaskFailure> {
        let read = || -> std::io::Result<Vec<PathBuf>> {
            std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect()
        };
        let mut entries = read().map_err(|error| TaskFailure::action(format!("{}: {error}", dir.display())))?;
        entries.sort();
        let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
        let mut found = Vec::new();
        for file in files {
            if !self.wants(&file)? {
                continue;
            }
            let extension = file.extension().unwrap_or_default().to_string_lossy();
            if self.extensions.iter().any(|known| known.trim_start_matches('.') == extension) {
                found.push(file);
            } else if !self.ignores_unknown {
                let known = self.extensions.join(", ");
                let read: Value = found.iter().map(|file| file.display().to_string()).collect();
                return Err(refused(format!("{} does not have a valid extension: {known}", file.display()))
                    .with("ansible_included_var_files", read));
            }
        }
        if self.depth == 0 || level < self.depth {
            for folder in folders {
                found.extend(self.files(&folder, level + 1)?);
            }
        }
        Ok(found)
    }

    fn wants(&self, file: &Path) -> Result<bool, TaskFailure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let matches = |pattern: &str| {
            let found = fancy_regex::Regex::new(pattern).and_then(|regex| regex.is_match(&name));
            found.map_err(|error| TaskFailure::action(error.to_string()))
        };
        for pattern in &self.ignored {
            if matches(&format!("{pattern}$"))? {
                return Ok(false);
            }
        }
        self.matching.as_deref().map_or(Ok(true), matches)
    }
}
