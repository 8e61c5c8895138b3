//! What can go wrong between controller and host.

use std::time::Duration;

/// Why a connection or a call gave no result. The texts are those of Ansible where it has one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection; `message` is ssh's own words.
    #[error("Failed to connect to the host via ssh: {message}")]
    Unreachable {
        /// What ssh wrote.
        message: String,
    },
    /// The host refused the password; the words are ssh's.
    #[error("Failed to connect to the host via ssh: {message}")]
    WrongPassword {
        /// What ssh wrote.
        message: String,
    },
    /// The host's key is unknown or not the known one.
    #[error("Failed to connect to the host via ssh: {message}")]
    HostKey {
        /// What ssh wrote.
        message: String,
    },
    /// The user could not be changed.
    #[error("{message}")]
    BecomeFailed {
        /// Such as "Incorrect sudo password", "Missing sudo password".
        message: String,
    },
    /// There is no agent file for this architecture.
    #[error(
        "no agent for the architecture `{arch}`: put `ksplay-agent-{arch}`, and `ksplay-{arch}` for what only ksplay itself can do, into `agents` beside ksplay"
    )]
    NoAgentFor {
        /// The architecture, as `uname -m` names it.
        arch: String,
    },
    /// The agent could not be put on the host or started there.
    #[error("the agent could not be started: {message}")]
    AgentStart {
        /// What the host said.
        message: String,
    },
    /// The connection ended in the middle of a call.
    #[error("the connection was lost: {message}")]
    Lost {
        /// ssh's last words.
        message: String,
    },
    /// It took too long.
    #[error("timed out after {} s", after.as_secs_f64())]
    Timeout {
        /// The time that was allowed.
        after: Duration,
    },
    /// The agent speaks another version, or nonsense.
    #[error("the agent does not speak this protocol: {message}")]
    Protocol {
        /// What was wrong.
        message: String,
    },
    /// A file or program on the controller.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// Whether the host counts as unreachable (exit code 4), as opposed to a failed task.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::WrongPassword { .. } | Self::HostKey { .. } | Self::Lost { .. })
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
