//! Why settings cannot be used.

use std::fmt;

use ksplay_value::{Diagnostic, Source, Span};

use super::Origin;

/// A setting, or a whole `ansible.cfg`, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// Where the setting was made.
    pub origin: Option<Origin>,
}

impl Error {
    /// The error in the form that all errors have, the line of the file shown.
    pub fn diagnostic(&self) -> Diagnostic {
        match &self.origin {
            Some(Origin::File { path, line }) => {
                let text = std::fs::read_to_string(path).unwrap_or_default();
                let column =
                    text.lines().nth(*line as usize - 1).map_or(0, |line| line.len() - line.trim_start().len());
                let source = Source::new(path.display().to_string(), text);
                Diagnostic::new(&self.message).at(Some(Span::new(&source, *line, column as u32 + 1)))
            }
            Some(Origin::Environment(name)) => {
                Diagnostic::new(&self.message).help(Some(format!("it is set by the environment variable {name}")))
            }
            Some(Origin::Default) | None => Diagnostic::new(&self.message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{} ({origin})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
