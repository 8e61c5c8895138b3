//! Why settings cannot be used.

use std::fmt;

use super::Origin;

/// A setting, or a whole `ansible.cfg`, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// Where the setting was made.
    pub origin: Option<Origin>,
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
