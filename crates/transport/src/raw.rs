//! Plain commands, for hosts without an agent and for the module `raw`.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

use crate::askpass::Desk;
use crate::ssh::{OWN_FAILURE, unreachable};
use crate::{Become, Error, Link, Method, Target, shell};

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

/// Runs `shell_text` by the login shell of the host, without an agent; by `/bin/sh` of the user to become. Its standard
/// input is empty.
///
/// # Errors
///
/// If the host cannot be reached or the user cannot be changed. A command that fails is no error, but as in Ansible an
/// exit code of 255 counts as ssh's own failure.
pub async fn raw(target: &Target, shell_text: &str, becoming: Option<&Become>) -> Result<RawOutput, Error> {
    let asking = becoming.map(Asking::new);
    let text = match (&asking, becoming) {
        (Some(asking), Some(becoming)) => asking.command(becoming, shell_text),
        _ => shell_text.to_owned(),
    };
    let (child, desk) = spawn(target, &text)?;
    let mut output = finish(child, asking.as_ref(), becoming).await?;
    if output.rc == OWN_FAILURE && matches!(target.link, Link::Ssh(_)) {
        return Err(unreachable(text_of(&output.stderr), desk.as_ref()));
    }
    if let (Some(asking), Some(becoming)) = (&asking, becoming) {
        asking.strip(becoming, &mut output)?;
    }
    Ok(output)
}

fn spawn(target: &Target, text: &str) -> Result<(Child, Option<Desk>), Error> {
    match &target.link {
        Link::Ssh(ssh) => ssh.spawn(target.timeout, text),
        Link::Local => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", text]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.kill_on_drop(true).process_group(0);
            Ok((command.spawn().map_err(Error::io("/bin/sh"))?, None))
        }
    }
}

async fn finish(mut child: Child, asking: Option<&Asking>, becoming: Option<&Become>) -> Result<RawOutput, Error> {
    let (Some(input), Some(out), Some(err)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(Error::AgentStart { message: "no pipes".into() });
    };
    let (begun, begins) = oneshot::channel();
    let success = asking.map(|asking| asking.success.as_str());
    let (stdout, stderr) = tokio::join!(read(out, success, begun), answer(err, input, asking, becoming, begins));
    let status = child.wait().await.map_err(Error::io("a plain command"))?;
    let rc = status.code().unwrap_or_else(|| -std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(1));
    Ok(RawOutput { rc, stdout, stderr: stderr? })
}

/// Reads standard output, and says when the command itself has begun, which this word shows.
async fn read(mut from: impl AsyncRead + Unpin, success: Option<&str>, begun: oneshot::Sender<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut begun = success.map(|success| (success.as_bytes(), begun));
    // What came before an error is what there is.
    while let Ok(1..) = from.read_buf(&mut bytes).await {
        let has_begun = |(word, _): &mut (&[u8], _)| bytes.windows(word.len()).any(|window| window == *word);
        if let Some((_, begun)) = begun.take_if(has_begun) {
            // Nobody listens who has no password to type.
            let _ = begun.send(());
        }
    }
    bytes
}

/// Reads standard error, and types the password when it is asked for there.
async fn answer(
    mut err: impl AsyncRead + Unpin,
    input: ChildStdin,
    asking: Option<&Asking>,
    becoming: Option<&Become>,
    mut begins: oneshot::Receiver<()>,
) -> Result<Vec<u8>, Error> {
    let mut waiting = true;
    let mut password = becoming.and_then(|becoming| becoming.password.as_ref());
    // Without a password to type the input is empty at once.
    let mut input = password.map(|_| input);
    let mut heard = Vec::new();
    let mut buffer = [0; 1024];
    let mut answered = 0;
    loop {
        let count = tokio::select! {
            count = err.read(&mut buffer) => count,
            begun = &mut begins, if waiting => {
                waiting = false;
                if begun.is_ok() {
                    // Whatever looks like a question from now on is the command's.
                    (password, input) = (None, None);
                    answered = usize::MAX;
                }
                continue;
            }
        };
        let Ok(count @ 1..) = count else { break };
        heard.extend_from_slice(&buffer[..count]);
        if answered > heard.len() {
            continue;
        }
        let Some(asking) = asking.filter(|asking| asking.asks(&heard[answered..])) else { continue };
        answered = heard.len();
        let Some(secret) = password.take() else { return Err(asking.refused(becoming)) };
        if let Some(mut input) = input.take() {
            let line = zeroize::Zeroizing::new(format!("{}\n", secret.expose()));
            // A program that is gone has said why. The input stays open a while for a second try to be seen.
            let _ = input.write_all(line.as_bytes()).await;
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                drop(input);
            });
        }
    }
    Ok(heard)
}

/// How a program that changes the user asks, and how it is seen that it has.
struct Asking {
    prompt: String,
    success: String,
}

impl Asking {
    fn new(becoming: &Become) -> Self {
        let nonce = shell::nonce();
        let prompt = match becoming.method {
            Method::Sudo => format!("[ksplay {nonce}] password:"),
            Method::Su => "assword:".to_owned(),
        };
        Self { prompt, success: format!("BECOME-SUCCESS-{nonce}") }
    }

    fn command(&self, becoming: &Become, shell_text: &str) -> String {
        let user = shell::quoted(&becoming.user);
        let inner = shell::quoted(&format!("echo {}; {shell_text}", self.success));
        let name = becoming.method.name();
        let exe = becoming.exe.as_deref().unwrap_or(name);
        match becoming.method {
            Method::Sudo => {
                let flags = becoming.flags.as_deref().unwrap_or("-H -S -n");
                let flags: Vec<&str> = if becoming.password.is_some() {
                    flags.split_whitespace().filter(|flag| *flag != "-n").chain(["-S"]).collect()
                } else {
                    flags.split_whitespace().collect()
                };
                format!("{exe} {} -p {} -u {user} /bin/sh -c {inner}", flags.join(" "), shell::quoted(&self.prompt))
            }
            Method::Su => {
                let inner = shell::quoted(&format!("/bin/sh -c {inner}"));
                format!("LC_ALL=C {exe} {} {user} -c {inner}", becoming.flags.as_deref().unwrap_or_default())
            }
        }
    }

    fn asks(&self, unanswered: &[u8]) -> bool {
        String::from_utf8_lossy(unanswered).contains(&self.prompt)
    }

    fn refused(&self, becoming: Option<&Become>) -> Error {
        let name = becoming.map_or("sudo", |becoming| becoming.method.name());
        let missing = becoming.is_none_or(|becoming| becoming.password.is_none());
        Error::BecomeFailed { message: format!("{} {name} password", if missing { "Missing" } else { "Incorrect" }) }
    }

    /// Takes what belongs to becoming out of the output.
    fn strip(&self, becoming: &Become, output: &mut RawOutput) -> Result<(), Error> {
        let success = format!("{}\n", self.success);
        let started = output.stdout.windows(success.len()).position(|window| window == success.as_bytes());
        let said = text_of(&output.stderr).replace(&self.prompt, "");
        let Some(start) = started else {
            let missing = becoming.password.is_none() && said.contains("a password is required");
            let wrong = becoming.password.is_some()
                && ["uthentication failure", "incorrect password"].iter().any(|words| said.contains(words));
            if missing || wrong {
                return Err(self.refused(Some(becoming)));
            }
            return Err(Error::BecomeFailed { message: said.trim().to_owned() });
        };
        output.stdout.drain(start..start + success.len());
        if becoming.password.is_some() {
            output.stderr = said.trim_start().into();
        }
        Ok(())
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn what_a_command_asks_gets_no_password() {
        let dir = tempfile::tempdir().unwrap();
        let exe = dir.path().join("su");
        std::fs::write(&exe, "#!/bin/sh\nexec sh -c \"$3\"\n").unwrap();
        std::fs::set_permissions(&exe, std::fs::Permissions::from_mode(0o755)).unwrap();
        let becoming = Become {
            method: Method::Su,
            password: Some("pw-123".into()),
            exe: Some(exe.display().to_string()),
            ..Become::sudo("u")
        };
        let text = "sleep 0.2; echo Password: >&2; cat; echo done";
        let target = Target::local("a");
        let asked = raw(&target, text, Some(&becoming));
        let output = tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n");
    }
}
