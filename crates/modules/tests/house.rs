//! Rules of the house that no compiler knows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The part of a source that is not its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn only_the_system_touches_files_and_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    sources(&root, &mut all);
    let mut broken = Vec::new();
    for path in all.iter().filter(|path| !path.starts_with(root.join("system"))) {
        let text = fs::read_to_string(path).unwrap();
        for (number, line) in code(&text).lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            let reads_a_type =
                line.contains("fs::Metadata") || line.contains("fs::{File") || line.contains("os::unix::fs");
            let touches = ["std::fs", "fs::read", "fs::write", "File::open", "std::process::Command", "Command::new"];
            if touches.iter().any(|touch| line.contains(touch)) && !reads_a_type {
                broken.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(all.len() > 20, "the sources were found");
    assert!(broken.is_empty(), "use Probe or System instead:\n{}", broken.join("\n"));
}
