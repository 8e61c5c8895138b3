//! What is connected to, and how.

use std::path::PathBuf;
use std::time::Duration;

use crate::Secret;

/// A host, as the inventory describes it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in the inventory, for messages.
    pub name: String,
    /// How it is reached.
    pub link: Link,
    /// Where the agent is kept on the host; `~/.cache/ksplay` when `None`.
    pub agent_dir: Option<String>,
    /// How long connecting may take (`ansible_timeout`).
    pub timeout: Duration,
}

/// The way to a host.
#[derive(Debug, Clone)]
pub enum Link {
    /// This machine: `ansible_connection: local`.
    Local,
    /// The system's ssh.
    Ssh(Ssh),
}

/// The variables of Ansible's ssh connection.
#[derive(Debug, Clone)]
pub struct Ssh {
    /// Address or name (`ansible_host`); `~/.ssh/config` applies to it.
    pub host: String,
    /// `ansible_port`.
    pub port: Option<u16>,
    /// `ansible_user`.
    pub user: Option<String>,
    /// `ansible_password`, `ansible_ssh_pass`.
    pub password: Option<Secret>,
    /// `ansible_ssh_private_key_file`; `~` is expanded.
    pub key_file: Option<PathBuf>,
    /// `ansible_ssh_private_key_passphrase`.
    pub key_passphrase: Option<Secret>,
    /// `ansible_ssh_args`, `ansible_ssh_common_args`, split into words.
    pub common_args: Vec<String>,
    /// `ansible_ssh_extra_args`, split into words.
    pub extra_args: Vec<String>,
    /// `ansible_ssh_executable`.
    pub executable: String,
    /// Whether unknown host keys are refused (`host_key_checking`).
    pub host_key_checking: bool,
}

impl Target {
    /// This machine.
    pub fn local(name: impl Into<String>) -> Self {
        Self { name: name.into(), link: Link::Local, agent_dir: None, timeout: Duration::from_secs(10) }
    }

    /// A host behind ssh, everything else as ssh's own configuration has it.
    pub fn ssh(name: impl Into<String>, host: impl Into<String>) -> Self {
        Self { link: Link::Ssh(Ssh::new(host)), ..Self::local(name) }
    }
}

impl Ssh {
    /// This host, with defaults for the rest; host keys are checked.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            user: None,
            password: None,
            key_file: None,
            key_passphrase: None,
            common_args: Vec::new(),
            extra_args: Vec::new(),
            executable: "ssh".into(),
            host_key_checking: true,
        }
    }
}
