//! What a user reads when something is wrong before anything runs: each file of `errors/` is one mistake.
//!
//! A file begins with the command line, then come the files it works on, the exit code and all of standard error:
//!
//! ```text
//! $ ksplay site.yml
//! --- file: site.yml
//! - hosts: all
//! --- exit: 4
//! --- stderr
//! error: …
//! ```
//!
//! `UPDATE=1` writes the exit code and the words as they are now.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let trial = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || Case::read(&file).check().map_err(Into::into))
    };
    libtest_mimic::run(&Arguments::from_args(), files.into_iter().map(trial).collect()).exit();
}

/// One mistake and what is said of it.
struct Case {
    path: PathBuf,
    /// The part of the text that `UPDATE=1` leaves as it is.
    given: String,
    arguments: Vec<String>,
    /// `NAME=value` in front of the command.
    variables: Vec<(String, String)>,
    files: Vec<(String, String)>,
    expected: String,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let at = text.find("--- exit: ").unwrap_or(text.len());
        let (given, expected) = text.split_at(at);
        let mut sections = given.split("--- file: ");
        let command = sections.next().unwrap().trim().strip_prefix("$ ").unwrap();
        let (variables, arguments) = command.split_once("ksplay").unwrap();
        let variables = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap());
        Self {
            path: path.to_path_buf(),
            given: given.to_owned(),
            arguments: shlex::split(arguments).unwrap(),
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            files: sections
                .map(|section| section.split_once('\n').unwrap())
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
            expected: expected.to_owned(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        for (name, text) in &self.files {
            let file = dir.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_ksplay"))
            .args(&self.arguments)
            .current_dir(&dir)
            .env_clear()
            .env("HOME", &dir)
            .env("PATH", "/usr/bin:/bin")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap().replace(&*dir.to_string_lossy(), "DIR");
        let got = format!("--- exit: {}\n--- stderr\n{words}", output.status.code().unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&self.path, format!("{}{got}", self.given)).unwrap();
            return Ok(());
        }
        if got == self.expected { Ok(()) } else { Err(format!("expected\n{}\ngot\n{got}", self.expected)) }
    }
}
