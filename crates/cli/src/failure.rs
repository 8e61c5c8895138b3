//! What keeps ksplay from starting, and the exit code that says so.

use std::process::ExitCode;

/// Why nothing was run.
#[derive(Debug)]
pub struct Failure {
    /// The whole message, in the form of the house: `error: …`.
    pub message: String,
    /// The exit code: 1 for an error, 4 for a playbook or inventory that cannot be read, 5 for bad options.
    pub code: u8,
}

impl Failure {
    /// An error of the settings or the inventory.
    pub fn error(message: impl std::fmt::Display) -> Self {
        Self { message: format!("error: {message}"), code: 1 }
    }

    /// A playbook, role or variable file that is wrong; the text is complete.
    pub fn unreadable(message: String) -> Self {
        Self { message, code: 4 }
    }

    /// Options that do not fit.
    pub fn options(message: impl std::fmt::Display) -> Self {
        Self { message: format!("error: {message}"), code: 5 }
    }

    /// Says it, and ends.
    pub fn exit(self) -> ExitCode {
        eprintln!("{}", self.message.trim_end());
        ExitCode::from(self.code)
    }
}

/// What the parser of the command line says; help is no error.
pub fn bad_options(error: &clap::Error) -> ExitCode {
    // A closed pipe behind `--help | head` is nobody's error.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 5 } else { 0 })
}
