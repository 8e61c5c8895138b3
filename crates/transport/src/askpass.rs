//! Answering ssh's questions.
//!
//! ssh asks for a password by running a program, here this very one ([`askpass_if_asked`]). That process only carries the
//! question to the one that started ssh and the answer back, over a socket; [`Desk`] decides. So a password is never an
//! argument, never in an environment and never in a file.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener as StdListener, UnixStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::task::AbortHandle;

use crate::{Secret, Ssh, shell};

/// The variable that names the socket.
pub(crate) const SOCKET: &str = "KSPLAY_ASKPASS";

/// The longest question that is looked at.
const QUESTION: u64 = 4096;

/// Answers the question if ssh has started this program to ask one; the first thing that `main` calls.
pub fn askpass_if_asked() -> Option<ExitCode> {
    let socket = std::env::var(SOCKET).ok()?;
    let question = std::env::args().nth(1).unwrap_or_default();
    Some(match ask(&socket, &question) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn ask(socket: &str, question: &str) -> io::Result<()> {
    let mut stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(socket)?)?;
    stream.write_all(question.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = zeroize::Zeroizing::new(Vec::with_capacity(1024));
    stream.read_to_end(&mut answer)?;
    if answer.is_empty() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut output = io::stdout().lock();
    output.write_all(&answer)?;
    output.flush()
}

/// Answers the questions of one ssh process.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) socket: String,
    asked: Arc<Asked>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Asked {
    host: String,
    /// The name that ssh's configuration gives the host, found out when it is needed.
    executable: String,
    arguments: Vec<String>,
    password: Option<Secret>,
    passphrase: Option<Secret>,
    password_given: AtomicBool,
    /// Which ssh asked for the passphrase of which key. One that jumps starts another, and each asks for itself.
    passphrases_given: Mutex<HashSet<(u32, String)>>,
}

impl Desk {
    /// Opens a desk if there is anything to answer with.
    pub(crate) fn open(ssh: &Ssh, arguments: &[String]) -> io::Result<Option<Self>> {
        if ssh.password.is_none() && ssh.key_passphrase.is_none() {
            return Ok(None);
        }
        let socket = format!("ksplay-{}", shell::nonce());
        let listener = StdListener::bind_addr(&SocketAddr::from_abstract_name(&socket)?)?;
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let asked = Arc::new(Asked {
            host: ssh.host.clone(),
            executable: ssh.executable.clone(),
            arguments: arguments.to_vec(),
            password: ssh.password.clone(),
            passphrase: ssh.key_passphrase.clone(),
            password_given: AtomicBool::new(false),
            passphrases_given: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&asked))).abort_handle();
        Ok(Some(Self { socket, asked, task }))
    }

    /// Whether ssh has had the password.
    pub(crate) fn password_given(&self) -> bool {
        self.asked.password_given.load(Ordering::SeqCst)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, asked: Arc<Asked>) {
    // SAFETY: `getuid` cannot fail.
    let own = unsafe { libc::getuid() };
    while let Ok((mut stream, _)) = listener.accept().await {
        // The name of the socket is no secret, so whoever asks must be the own user.
        let Some(peer) = stream.peer_cred().ok().filter(|peer| peer.uid() == own) else { continue };
        let asking = peer.pid().and_then(parent_of).unwrap_or_default();
        let mut question = String::new();
        if (&mut stream).take(QUESTION).read_to_string(&mut question).await.is_err() {
            continue;
        }
        if let Some(answer) = asked.answer(asking, &question).await {
            let line = zeroize::Zeroizing::new(format!("{}\n", answer.expose()));
            // ssh that went away needs no answer.
            let _ = stream.write_all(line.as_bytes()).await;
        } else {
            tracing::debug!(question, "ssh's question is not answered");
        }
    }
}

/// The process that started this one.
fn parent_of(pid: i32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; state and parent follow it.
    stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

/// What a question asks for.
#[derive(Debug, PartialEq, Eq)]
enum Question<'a> {
    /// The password for this host, as ssh names it, or for one it does not name.
    Password(Option<&'a str>),
    /// The passphrase of a key.
    Passphrase,
    /// Anything else: host keys, PINs.
    Other,
}

impl<'a> Question<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.trim();
        let lower = text.to_lowercase();
        if lower.contains("yes/no") || lower.contains("fingerprint") {
            return Self::Other;
        }
        if lower.starts_with("enter passphrase for") {
            return Self::Passphrase;
        }
        if let Some(before) = text.strip_suffix("'s password:") {
            return Self::Password(before.rsplit_once('@').map(|(_, host)| host));
        }
        // Keyboard-interactive: the words are the server's, behind the name that newer versions put before them.
        if let Some((account, words)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            let asks = words.to_lowercase().contains("password");
            let host = account.rsplit_once('@').map(|(_, host)| host);
            return if asks { Self::Password(host) } else { Self::Other };
        }
        if lower.trim_end_matches([':', ' ']).ends_with("password") { Self::Password(None) } else { Self::Other }
    }
}

impl Asked {
    /// The answer to the question of this ssh. Asked again, it was wrong.
    async fn answer(&self, asking: u32, question: &str) -> Option<&Secret> {
        let (secret, is_first) = match Question::of(question) {
            Question::Password(Some(host)) if !self.is_host(host).await => return None,
            Question::Password(_) => (self.password.as_ref()?, !self.password_given.swap(true, Ordering::SeqCst)),
            Question::Passphrase => {
                let mut given = self.passphrases_given.lock().unwrap_or_else(PoisonError::into_inner);
                (self.passphrase.as_ref()?, given.insert((asking, question.trim().to_owned())))
            }
            Question::Other => return None,
        };
        is_first.then_some(secret)
    }

    async fn is_host(&self, host: &str) -> bool {
        if host.eq_ignore_ascii_case(&self.host) {
            return true;
        }
        let output = tokio::process::Command::new(&self.executable)
            .arg("-G")
            .args(&self.arguments)
            .arg("--")
            .arg(&self.host)
            .output();
        let Ok(output) = output.await else { return false };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ["hostname ", "hostkeyalias "].iter().any(|key| {
            text.lines().any(|line| line.strip_prefix(key).is_some_and(|name| name.eq_ignore_ascii_case(host)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_for_secrets_are_understood() {
        assert_eq!(Question::of("root@10.0.0.1's password: "), Question::Password(Some("10.0.0.1")));
        assert_eq!(Question::of("(u@node) Password: "), Question::Password(Some("node")));
        assert_eq!(Question::of("Password: "), Question::Password(None));
        assert_eq!(Question::of("Enter passphrase for key '/root/.ssh/id': "), Question::Passphrase);
        for other in [
            "The authenticity of host 'password (10.0.0.1)' can't be established.\nAre you sure you want to continue \
             connecting (yes/no/[fingerprint])? ",
            "Enter PIN for ED25519-SK key /root/.ssh/id: ",
            "(u@node) Verification code: ",
            "",
        ] {
            assert_eq!(Question::of(other), Question::Other, "{other}");
        }
    }

    #[tokio::test]
    async fn a_jump_host_does_not_get_the_password_and_nobody_gets_it_twice() {
        let ssh = Ssh { password: Some("pw".into()), ..Ssh::new("node1") };
        let desk = Desk::open(&ssh, &[]).unwrap().unwrap();
        assert_eq!(desk.asked.answer(1, "u@jump.example's password: ").await, None);
        assert!(!desk.password_given());
        assert_eq!(desk.asked.answer(2, "u@node1's password: ").await, Some(&Secret::from("pw")));
        assert!(desk.password_given());
        assert_eq!(desk.asked.answer(2, "u@node1's password: ").await, None);
    }

    #[tokio::test]
    async fn a_key_opens_once_for_each_ssh_that_asks() {
        let ssh = Ssh { key_passphrase: Some("pp".into()), ..Ssh::new("node1") };
        let desk = Desk::open(&ssh, &[]).unwrap().unwrap();
        let question = "Enter passphrase for key '/root/.ssh/id': ";
        for asking in [1, 2] {
            assert_eq!(desk.asked.answer(asking, question).await, Some(&Secret::from("pp")));
            assert_eq!(desk.asked.answer(asking, question).await, None, "it was wrong");
        }
    }
}
