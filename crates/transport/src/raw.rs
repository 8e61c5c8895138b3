//! Plain commands, for hosts without an agent and for the module `raw`.

use std::process::Stdio;
use std::time::Duration;

use ksplay_protocol::{Prompt, QUIET};
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
    if becoming.is_some_and(|becoming| becoming.method == Method::Doas && becoming.password.is_some()) {
        let message = "doas reads passwords from a terminal, which plain commands do not have; permit it with `nopass`";
        return Err(Error::BecomeFailed { message: message.into() });
    }
    let asking = becoming.map(Asking::new);
    let text = asking.as_ref().map_or_else(|| shell_text.to_owned(), |asking| asking.command(shell_text));
    run(target, &text, asking.as_ref(), Input::Empty).await
}

/// As [`raw`], but what runs ends when nobody waits for it any more. This needs `/bin/sh` and `setsid` on the host.
///
/// # Errors
///
/// As [`raw`].
pub async fn raw_while_awaited(
    target: &Target,
    shell_text: &str,
    becoming: Option<&Become>,
) -> Result<RawOutput, Error> {
    if becoming.is_some() || matches!(target.link, Link::Local) {
        // A program that changes the user reads its password where the end would be seen.
        return raw(target, shell_text, becoming).await;
    }
    let text = format!("/bin/sh -c {} {}", shell::quoted(WHILE_INPUT_IS_OPEN), shell::quoted(shell_text));
    run(target, &text, None, Input::Open).await
}

/// Runs the text `$0` by the user's shell in a session of its own, which is killed when standard input ends. Where that is
/// at once, there may be no session yet but only the process that is to have it.
const WHILE_INPUT_IS_OPEN: &str = "exec 3<&0 </dev/null; setsid \"${SHELL:-/bin/sh}\" -c \"$0\" 3<&- & p=$!; \
    { cat <&3; kill -9 -$p || kill -9 $p; } >/dev/null 2>&1 & w=$!; exec 3<&-; wait $p; rc=$?; kill $w 2>/dev/null; \
    exit $rc";

/// What a plain command finds on its standard input when it is asked no password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Empty,
    /// Nothing, and no end until the command has ended.
    Open,
}

async fn run(target: &Target, text: &str, asking: Option<&Asking<'_>>, input: Input) -> Result<RawOutput, Error> {
    let (child, desk) = spawn(target, text)?;
    let mut output = finish(child, asking, input).await?;
    if output.rc == OWN_FAILURE && matches!(target.link, Link::Ssh(_)) {
        return Err(unreachable(text_of(&output.stderr), desk.as_ref()));
    }
    if let Some(asking) = asking {
        asking.strip(&mut output)?;
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

async fn finish(mut child: Child, asking: Option<&Asking<'_>>, kept: Input) -> Result<RawOutput, Error> {
    let group = Group::of(&child);
    let (Some(input), Some(out), Some(err)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(Error::AgentStart { message: "no pipes".into() });
    };
    let (begun, begins) = oneshot::channel();
    let success = asking.map(|asking| asking.success.as_str());
    let (stdout, stderr) = tokio::join!(read(out, success, begun), answer(err, input, asking, kept, begins));
    let status = child.wait().await.map_err(Error::io("a plain command"))?;
    group.has_ended();
    let rc = status.code().unwrap_or_else(|| -std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(1));
    Ok(RawOutput { rc, stdout, stderr: stderr? })
}

/// The processes of a command, killed when nobody waits for them any more.
struct Group(Option<libc::pid_t>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().map(u32::cast_signed))
    }

    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // SAFETY: `kill` takes no pointers; the child was not waited for, so its number is still its own.
            unsafe { libc::kill(-leader, libc::SIGKILL) };
        }
    }
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
    asking: Option<&Asking<'_>>,
    kept: Input,
    mut begins: oneshot::Receiver<()>,
) -> Result<Vec<u8>, Error> {
    let mut waiting = true;
    let mut password = asking.and_then(|asking| asking.becoming.password.as_ref());
    // Without a password to type the input is empty at once.
    let mut input = (password.is_some() || kept == Input::Open).then_some(input);
    let mut heard = Vec::new();
    let mut buffer = [0; 1024];
    let mut answered = 0;
    let mut asked = None;
    loop {
        let count = tokio::select! {
            count = err.read(&mut buffer) => count,
            () = tokio::time::sleep(QUIET), if asked.is_some() => Ok(0),
            begun = &mut begins, if waiting => {
                waiting = false;
                if begun.is_ok() {
                    // Whatever looks like a question from now on is the command's.
                    (password, input) = (None, None);
                    answered = usize::MAX;
                    asked = None;
                }
                continue;
            }
        };
        let question = match (count, asked.take()) {
            (Ok(count @ 1..), _) => {
                heard.extend_from_slice(&buffer[..count]);
                let question = asking.filter(|asking| heard.get(answered..).is_some_and(|said| asking.asks(said)));
                // It may go on, and be no question.
                asked = question.filter(|asking| asking.prompt == Prompt::LineWithColon);
                if asked.is_some() {
                    continue;
                }
                question
            }
            (Ok(0), Some(question)) => Some(question),
            _ => break,
        };
        let Some(asking) = question else { continue };
        answered = heard.len();
        let Some(secret) = password.take() else { return Err(asking.refused()) };
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
struct Asking<'a> {
    becoming: &'a Become,
    prompt: Prompt,
    success: String,
}

impl<'a> Asking<'a> {
    fn new(becoming: &'a Become) -> Self {
        let nonce = shell::nonce();
        let prompt = becoming.method.prompt(&nonce);
        Self { becoming, prompt, success: format!("BECOME-SUCCESS-{nonce}") }
    }

    /// What the login shell of the host runs. The program that changes the user speaks English, which is not handed on.
    fn command(&self, shell_text: &str) -> String {
        let inner = format!("unset LC_ALL; echo {}; {shell_text}", self.success);
        let words: Vec<String> = self.becoming.words(&self.prompt).iter().map(|word| shell::quoted(word)).collect();
        let run = format!("/bin/sh -c {}", shell::quoted(&inner));
        match self.becoming.method {
            Method::Sudo | Method::Doas => format!("env LC_ALL=C {} {run}", words.join(" ")),
            Method::Su => format!("env LC_ALL=C {} -c {}", words.join(" "), shell::quoted(&run)),
        }
    }

    fn asks(&self, unanswered: &[u8]) -> bool {
        self.prompt.asks(&String::from_utf8_lossy(unanswered))
    }

    /// What a question means that no answer is left for.
    fn refused(&self) -> Error {
        let message = match self.becoming.password {
            None => self.becoming.missing_password(),
            Some(_) => self.becoming.incorrect_password(),
        };
        Error::BecomeFailed { message }
    }

    /// Takes what belongs to becoming out of the output.
    fn strip(&self, output: &mut RawOutput) -> Result<(), Error> {
        let success = format!("{}\n", self.success);
        let started = output.stdout.windows(success.len()).position(|window| window == success.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let has_password = self.becoming.password.is_some();
        let Some(start) = started else {
            return Err(Error::BecomeFailed { message: self.becoming.complaint(&self.prompt, &said, has_password) });
        };
        output.stdout.drain(start..start + success.len());
        if has_password {
            output.stderr = self.prompt.removed_from(&said).trim_start().into();
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
    async fn what_nobody_waits_for_ends_even_when_it_has_hardly_begun() {
        let begin = |_| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", WHILE_INPUT_IS_OPEN, "sleep 60"]).stdin(Stdio::null()).stderr(Stdio::null());
            command.kill_on_drop(true).spawn().unwrap()
        };
        let begun: Vec<Child> = (0..40).map(begin).collect();
        for mut child in begun {
            tokio::time::timeout(Duration::from_secs(20), child.wait()).await.unwrap().unwrap();
        }
    }

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
