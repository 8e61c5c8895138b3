//! A channel to the agent of one host.

use ksplay_value::Map;

use crate::{AgentFiles, Call, Error, Target};

/// What an agent says about where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteInfo {
    /// The architecture, as `uname -m` names it.
    pub arch: String,
    /// The home directory of the user.
    pub home: String,
    /// The user's number.
    pub uid: u32,
    /// The user's name.
    pub user: String,
}

/// An open channel. Dropping it ends ssh and the agent.
#[derive(Debug)]
pub struct Connection {
    info: RemoteInfo,
}

impl Connection {
    /// Connects, and starts the agent (sending it first where it is missing).
    ///
    /// # Errors
    ///
    /// If the host cannot be reached or has no agent for its architecture.
    pub async fn open(target: &Target, agents: &AgentFiles) -> Result<Self, Error> {
        let _ = (target, agents);
        Err(Error::AgentStart { message: "not yet".into() })
    }

    /// Who and where the agent is.
    pub fn info(&self) -> &RemoteInfo {
        &self.info
    }

    /// Runs a module and waits for its result. Calls on one connection run at the same time; dropping the future
    /// cancels the module.
    ///
    /// # Errors
    ///
    /// If there is no result: a lost connection, a refused become, a timeout. A module that fails is no error: its map
    /// has `failed`.
    pub async fn call(&self, call: Call) -> Result<Map, Error> {
        let _ = call;
        Err(Error::AgentStart { message: "not yet".into() })
    }

    /// Ends the agent and waits for it.
    pub async fn close(self) {}
}
