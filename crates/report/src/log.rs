//! What is shown, in a file too (`log_path`), with the time and who ran it.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use jiff::Zoned;

/// How serious a text is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

/// A file that keeps what was shown.
#[derive(Debug)]
pub struct Log {
    file: File,
    user: String,
}

impl Log {
    /// Writes at the end of this file, for a user of this name.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn open(path: &Path, user: String) -> std::io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self { file, user })
    }

    /// Keeps a text; that the disk is full must not end the run.
    pub(crate) fn write(&mut self, level: Level, text: &str) {
        let text = text.trim_start_matches('\n');
        if text.trim().is_empty() {
            return;
        }
        // As in Ansible, warnings and errors have a blank line below them.
        let (level, text) = match level {
            Level::Info => ("INFO", text.strip_suffix('\n').unwrap_or(text)),
            Level::Warning => ("WARNING", text),
            Level::Error => ("ERROR", text),
        };
        let (now, pid, user) = (Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f"), std::process::id(), &self.user);
        let _ = writeln!(self.file, "{now} p={pid} u={user} n=ansible {level}| {text}");
    }
}
