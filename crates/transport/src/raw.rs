//! Plain commands, for hosts without an agent and for the module `raw`.

use crate::{Become, Error, Target};

/// What a plain command left.
#[derive(Debug, Clone, Default)]
pub struct RawOutput {
    /// Its exit code.
    pub rc: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Runs `shell_text` by the login shell of the host, without an agent.
///
/// # Errors
///
/// If the host cannot be reached or the user cannot be changed. A command that fails is no error.
pub async fn raw(target: &Target, shell_text: &str, becoming: Option<&Become>) -> Result<RawOutput, Error> {
    let _ = (target, shell_text, becoming);
    Err(Error::AgentStart { message: "not yet".into() })
}
