//! The agent's files on the controller, one an architecture.

use std::path::PathBuf;

use crate::Error;

/// Finds the agent for an architecture and remembers its bytes and hash for the whole run.
#[derive(Debug)]
pub struct AgentFiles {
    dir: PathBuf,
}

impl AgentFiles {
    /// The files beside the running program: `ksplay-agent`, `agents/ksplay-agent-<arch>`, or else the program itself.
    ///
    /// # Errors
    ///
    /// If the running program cannot be found.
    pub fn find() -> Result<Self, Error> {
        let dir = std::env::current_exe().map_err(Error::io("the running program"))?;
        Ok(Self { dir })
    }
}
