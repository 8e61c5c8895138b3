//! The target as modules see it: [`Probe`] reads, [`System`] also changes.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use crate::Failure;

/// Looks at the target; has no method that changes anything.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    /// Environment variables of the task, over those of the agent.
    pub environment: Vec<(String, String)>,
}

/// Looks at the target and changes it.
#[derive(Debug)]
pub struct System {
    probe: Probe,
}

/// A program to be run.
#[derive(Debug, Clone, Default)]
pub struct CommandSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its working directory.
    pub chdir: Option<String>,
    /// Its standard input.
    pub stdin: Option<Vec<u8>>,
    /// How long it may run.
    pub timeout: Option<Duration>,
}

/// What a program that ended left.
#[derive(Debug, Clone, Default)]
pub struct CommandOutput {
    /// Its exit code, or the negative number of the signal that ended it.
    pub rc: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl Probe {
    /// The content of a file.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read`].
    pub fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    /// Runs a program that only reports (`dpkg-query`, `systemctl show`).
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn query(&self, _command: &CommandSpec) -> Result<CommandOutput, Failure> {
        todo!()
    }
}

impl System {
    /// The system behind this probe.
    pub fn new(probe: Probe) -> Self {
        Self { probe }
    }

    /// Runs a program.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn run(&mut self, _command: &CommandSpec) -> Result<CommandOutput, Failure> {
        todo!()
    }
}

impl Deref for System {
    type Target = Probe;

    fn deref(&self) -> &Probe {
        &self.probe
    }
}
