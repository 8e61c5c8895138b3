//! A value together with where it was set.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// This variable of the environment.
    Environment(String),
    /// A line of a configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u32,
    },
}

impl Origin {
    /// As the lookup `config` names it.
    pub fn short(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Environment(name) => format!("env: {name}"),
            Self::File { path, .. } => path.display().to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// A value and where it was set. Is used as the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it was set.
    pub origin: Origin,
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
