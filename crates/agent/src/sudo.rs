//! Becoming another user through sudo.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use ksplay_protocol::Become;

use crate::accessible::random;
use crate::prompt::{Launch, Prompt};

/// Ansible's flags: the user's home, the password from standard input, no question where there is no password.
const FLAGS: &str = "-H -S -n";

/// Starts the agent through sudo. sudo closes every descriptor but the standard ones, so the channel is these, and the
/// password precedes it on standard input once sudo has asked for it.
pub(crate) fn launch(becoming: &Become, program: &Path) -> io::Result<Launch> {
    let prompt = format!("[ksplay {:016x}] password:", random());
    let mut words = becoming.exe.as_deref().unwrap_or("sudo").split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("sudo"));
    command.args(words);
    let flags = becoming.flags.as_deref().unwrap_or(FLAGS).split_whitespace();
    if becoming.password.is_some() {
        command.args(flags.filter(|flag| !matches!(*flag, "-n" | "--non-interactive" | "-S" | "--stdin")));
        command.args(["-S", "-p", &prompt]);
    } else {
        command.args(flags);
    }
    command.args(["-u", &becoming.user]).arg(program).arg("agent");
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (Some(input), Some(output), Some(talk)) = (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(io::Error::other("no pipes"));
    };
    let input = File::from(OwnedFd::from(input));
    Ok(Launch {
        keyboard: input.try_clone()?,
        input,
        output: File::from(OwnedFd::from(output)),
        talk: File::from(OwnedFd::from(talk)),
        process,
        prompt: Prompt::Exactly(prompt),
    })
}
