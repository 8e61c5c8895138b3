//! What `lvg` and `lvol` ask LVM.

use crate::{CommandSpec, Failure, Probe};

/// A command of LVM.
pub(super) fn call(words: &[&str]) -> CommandSpec {
    CommandSpec::new(words.iter().copied()).parsable()
}

/// The rows that a listing has; it must succeed.
pub(super) fn rows(words: &[&str], system: &Probe) -> Result<Vec<Vec<String>>, Failure> {
    let command = listing(words);
    Ok(table(&system.query(&command)?.or_stderr(&command)?.stdout_text()))
}

/// A listing without a heading.
pub(super) fn listing(words: &[&str]) -> CommandSpec {
    let mut argv = vec![words[0], "--noheadings", "--separator", ";"];
    argv.extend(&words[1..]);
    call(&argv)
}

/// The columns of each line.
pub(super) fn table(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split(';').map(|column| column.trim().to_owned()).collect()).collect()
}
