//! The system's ssh as a process.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

use crate::askpass::{Desk, SOCKET};
use crate::{Error, Ssh};

/// How much of what ssh says is kept.
const KEPT: usize = 8192;

/// The exit code by which ssh speaks of itself and not of the command.
pub(crate) const OWN_FAILURE: i32 = 255;

impl Ssh {
    /// The options, up to the host. The order is Ansible's, for ssh keeps the first of two that contradict.
    fn options(&self, timeout: Duration) -> Vec<String> {
        let mut options: Vec<String> = vec!["-T".into()];
        let mut set = |option: String| options.extend(["-o".to_owned(), option]);
        if !self.host_key_checking {
            set("StrictHostKeyChecking=no".into());
        }
        if let Some(port) = self.port {
            set(format!("Port={port}"));
        }
        if let Some(file) = &self.key_file {
            set(format!("IdentityFile=\"{}\"", expand_home(file).display()));
        }
        if self.password.is_some() {
            set("NumberOfPasswordPrompts=1".into());
        } else {
            set("KbdInteractiveAuthentication=no".into());
            set("PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey".into());
            set("PasswordAuthentication=no".into());
            // There is nobody to ask.
            if self.key_passphrase.is_none() {
                set("BatchMode=yes".into());
            }
        }
        if let Some(user) = &self.user {
            set(format!("User=\"{user}\""));
        }
        set(format!("ConnectTimeout={}", timeout.as_secs().max(1)));
        options.extend(self.common_args.iter().chain(&self.extra_args).cloned());
        // Last, so that whoever sets it otherwise is heard.
        options.extend(["-o".into(), "ServerAliveInterval=15".into(), "-o".into(), "ServerAliveCountMax=4".into()]);
        options
    }

    /// Starts ssh with this command for the host's login shell.
    pub(crate) fn start(&self, timeout: Duration, remote: &str) -> Result<Started, Error> {
        let (mut child, desk) = self.spawn(timeout, remote)?;
        let words = Words::of(child.stderr.take());
        Ok(Started { child, words, desk })
    }

    /// As [`Ssh::start`]; nobody listens to standard error yet.
    pub(crate) fn spawn(&self, timeout: Duration, remote: &str) -> Result<(Child, Option<Desk>), Error> {
        let options = self.options(timeout);
        let desk = Desk::open(self, &options).map_err(Error::io("the socket for passwords"))?;
        let mut command = Command::new(&self.executable);
        command.args(&options).arg("--").arg(&self.host).arg(remote);
        if let Some(desk) = &desk {
            // By number, so that it works even if the file was replaced meanwhile. `DISPLAY` is for ssh before 8.4.
            command.env("SSH_ASKPASS", format!("/proc/{}/exe", std::process::id()));
            command.env("SSH_ASKPASS_REQUIRE", "force").env(SOCKET, &desk.socket);
            if std::env::var_os("DISPLAY").is_none() {
                command.env("DISPLAY", ":0");
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // Without a terminal, ssh can ask nobody else; and Ctrl-C is for us to act on.
        // SAFETY: `setsid` is a system call that may stand between fork and exec.
        unsafe {
            command.pre_exec(|| if libc::setsid() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) });
        }
        Ok((command.spawn().map_err(Error::io(&self.executable))?, desk))
    }
}

/// A running ssh, or a local agent.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) words: Words,
    pub(crate) desk: Option<Desk>,
}

impl Started {
    /// Why ssh ended before the host said anything.
    pub(crate) async fn failure(&mut self) -> Error {
        let status = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        let message = self.words.last().await;
        let code = status.ok().and_then(Result::ok).and_then(|status| status.code());
        if code != Some(OWN_FAILURE) {
            return Error::AgentStart {
                message: if message.is_empty() { "the host said nothing".into() } else { message },
            };
        }
        unreachable(message, self.desk.as_ref())
    }
}

/// What ssh means that ended with its own failure.
pub(crate) fn unreachable(message: String, desk: Option<&Desk>) -> Error {
    if message.contains("Host key verification failed") || message.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return Error::HostKey { message };
    }
    if message.contains("Permission denied") && desk.is_some_and(Desk::password_given) {
        return Error::WrongPassword { message };
    }
    Error::Unreachable { message }
}

/// What a process says on standard error, the last of it.
#[derive(Debug)]
pub(crate) struct Words {
    kept: Arc<Mutex<Vec<u8>>>,
    task: Option<JoinHandle<()>>,
}

impl Words {
    pub(crate) fn of(stderr: Option<ChildStderr>) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&kept);
        let task = stderr.map(|mut stderr| {
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
                    let mut kept = heard.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&buffer[..count]);
                    if kept.len() > 2 * KEPT {
                        let surplus = kept.len() - KEPT;
                        kept.drain(..surplus);
                    }
                }
            })
        });
        Self { kept, task }
    }

    /// The last words, now that the process has ended. A descendant may hold the pipe open, so waiting has a limit.
    pub(crate) async fn last(&mut self) -> String {
        if let Some(task) = self.task.take() {
            let _ = tokio::time::timeout(Duration::from_millis(300), task).await;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).replace('\r', "").trim().to_owned()
    }
}

fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_no_argument() {
        let ssh = Ssh { password: Some("pw-123".into()), user: Some("u".into()), port: Some(2222), ..Ssh::new("h") };
        let options = ssh.options(Duration::from_secs(10)).join(" ");
        assert!(!options.contains("pw-123"));
        assert!(options.contains("-o Port=2222") && options.contains("-o User=\"u\""), "{options}");
        assert!(options.contains("NumberOfPasswordPrompts=1") && !options.contains("BatchMode"), "{options}");
    }

    #[test]
    fn host_keys_are_checked_unless_that_is_turned_off() {
        assert!(!Ssh::new("h").options(Duration::ZERO).join(" ").contains("StrictHostKeyChecking"));
        let ssh = Ssh { host_key_checking: false, ..Ssh::new("h") };
        assert!(ssh.options(Duration::ZERO).join(" ").contains("StrictHostKeyChecking=no"));
    }
}
