//! Paths as text in playbooks means them.

use std::path::{Component, Path, PathBuf};

/// The path without `.` and `..`, as far as that needs no look at the file system.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The absolute, tidy form of a path; `~` is the user's home.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let path = home(path);
    tidy(&std::path::absolute(&path).unwrap_or(path))
}

fn home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_path_buf(),
    }
}

/// Places as a message lists them, each once.
pub(crate) fn listed(places: &[PathBuf], separator: &str) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in places.iter().map(|place| place.display().to_string()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(separator)
}

/// Whether the name stands for itself, wherever it is used.
pub(crate) fn is_absolute(name: &str) -> bool {
    name.starts_with('/') || name == "~" || name.starts_with("~/")
}

/// The files that `name` means in a folder: the name itself, or with an extension of YAML or JSON; when `folders` are
/// allowed, all such files below a folder of that name, sorted.
pub(crate) fn yaml_files(dir: &Path, name: &str, folders: bool) -> Vec<PathBuf> {
    for extension in ["", ".yml", ".yaml", ".json"] {
        let path = tidy(&dir.join(format!("{name}{extension}")));
        if path.is_file() {
            return vec![path];
        }
        if folders && path.is_dir() {
            let mut files = Vec::new();
            gather(&path, &mut files);
            return files;
        }
    }
    Vec::new()
}

fn gather(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if path.is_dir() {
            gather(&path, files);
        } else if path
            .extension()
            .is_none_or(|extension| ["yml", "yaml", "json"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_removed_without_looking_at_files() {
        assert_eq!(tidy(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(tidy(Path::new("../a")), Path::new("../a"));
    }
}
