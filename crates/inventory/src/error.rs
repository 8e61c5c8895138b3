//! What can go wrong, and what is merely odd.

use std::path::PathBuf;

use ksplay_value::{Diagnostic, Span, yaml};

/// Why an inventory, its variables or a pattern cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why, as the system says it.
        reason: String,
    },
    /// A source is not what it should be.
    #[error("{message}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where.
        span: Option<Span>,
        /// What to do about it, when that is known.
        help: Option<String>,
    },
    /// A script that should print an inventory failed or printed something else.
    #[error("inventory script {}: {message}", path.display())]
    Script {
        /// The script.
        path: PathBuf,
        /// What happened.
        message: String,
    },
    /// The source needs an inventory plugin that does not exist here.
    #[error("the inventory plugin `{plugin}` is not supported yet")]
    Plugin {
        /// The plugin's name.
        plugin: String,
        /// Where it is asked for.
        span: Option<Span>,
    },
    /// What a source says to an inventory plugin cannot be done.
    #[error("inventory plugin `{plugin}`: {message}")]
    Construct {
        /// The plugin's name.
        plugin: String,
        /// What is wrong.
        message: String,
        /// Where.
        span: Option<Span>,
    },
    /// No source at all could be read, and the settings make that an error.
    #[error("no inventory was parsed of {}", sources.join(", "))]
    NothingParsed {
        /// The sources as given.
        sources: Vec<String>,
        /// Why they could not be parsed.
        warnings: Vec<Diagnostic>,
    },
    /// One group would contain itself.
    #[error("group `{child}` cannot be a child of `{parent}`: `{child}` already contains `{parent}`")]
    Cycle {
        /// The group that should get a child.
        parent: String,
        /// The child.
        child: String,
    },
    /// A host pattern is not valid.
    #[error("invalid host pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The pattern and the limit have no host in common.
    #[error("specified inventory, host pattern and/or --limit leaves us with no hosts to target")]
    NoHosts,
    /// A variables file is encrypted and cannot be decrypted.
    #[error("cannot decrypt {}: {reason}", path.display())]
    Vault {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something names a host or a group that is not there.
    #[error("no {kind} is named `{name}`")]
    Missing {
        /// `host` or `group`.
        kind: &'static str,
        /// The name that was looked for.
        name: String,
    },
}

impl Error {
    /// Where it happened, when that is in a text.
    pub fn span(&self) -> Option<&Span> {
        match self {
            Self::Syntax { span, .. } | Self::Plugin { span, .. } | Self::Construct { span, .. } => span.as_ref(),
            _ => None,
        }
    }

    /// What to do about it, when that is known.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Syntax { help, .. } => help.as_deref(),
            Self::Vault { .. } => Some("name the password: `--vault-password-file FILE`, `--vault-id ID@FILE` or `-J`"),
            _ => None,
        }
    }

    pub(crate) fn syntax(message: impl Into<String>, span: Option<Span>) -> Self {
        Self::Syntax { message: message.into(), span, help: None }
    }
}

impl From<yaml::Error> for Error {
    fn from(error: yaml::Error) -> Self {
        Self::Syntax { message: error.message, span: error.span, help: error.help }
    }
}

impl From<&Error> for Diagnostic {
    fn from(error: &Error) -> Self {
        Self::new(error.to_string()).at(error.span().cloned()).help(error.help().map(str::to_owned))
    }
}
