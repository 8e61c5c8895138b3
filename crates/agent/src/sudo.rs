//! Becoming another user through `sudo` and `doas`, which run a program with its arguments.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ksplay_protocol::{Become, Prompt};

use crate::prompt::Launch;
use crate::{locale, terminal};

/// Starts the agent through sudo. sudo closes every descriptor but the standard ones, so the channel is these, and the
/// password precedes it on standard input once sudo has asked for it.
pub(crate) fn launch(becoming: &Become, prompt: Prompt, program: &Path) -> io::Result<Launch> {
    let mut command = command(becoming, &prompt, program);
    let mut process = command.stderr(Stdio::piped()).spawn()?;
    let (input, output) = channel(&mut process)?;
    let talk = process.stderr.take().ok_or_else(|| io::Error::other("no pipes"))?;
    Ok(Launch { keyboard: input.try_clone()?, input, output, talk: File::from(OwnedFd::from(talk)), process, prompt })
}

/// As [`launch`], for a sudo that runs nothing without a terminal (`requiretty`): it has one, and asks nothing there.
pub(crate) fn launch_on_terminal(becoming: &Become, prompt: Prompt, program: &Path) -> io::Result<Launch> {
    let (ours, theirs) = terminal::open()?;
    let mut command = command(becoming, &prompt, program);
    lend(&mut command, &theirs);
    let mut process = command.stderr(theirs).spawn()?;
    drop(command);
    let (input, output) = channel(&mut process)?;
    Ok(Launch { keyboard: input.try_clone()?, input, output, talk: ours, process, prompt })
}

/// Starts the agent through doas, which asks on its terminal and leaves standard input and output to the channel.
pub(crate) fn launch_by_doas(becoming: &Become, prompt: Prompt, program: &Path) -> io::Result<Launch> {
    let launch = launch_on_terminal(becoming, prompt, program)?;
    Ok(Launch { keyboard: launch.talk.try_clone()?, ..launch })
}

fn command(becoming: &Become, prompt: &Prompt, program: &Path) -> Command {
    let words = becoming.words(prompt);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg(program).args(["agent", &locale::argument()]);
    // What it says is to be understood.
    command.env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn lend(command: &mut Command, terminal: &OwnedFd) {
    let terminal = terminal.as_raw_fd();
    // SAFETY: only system calls that may stand between fork and exec; the descriptor is open until `spawn` returns.
    unsafe { command.pre_exec(move || terminal::take(terminal)) };
}

fn channel(process: &mut Child) -> io::Result<(File, File)> {
    match (process.stdin.take(), process.stdout.take()) {
        (Some(input), Some(output)) => Ok((File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)))),
        _ => Err(io::Error::other("no pipes")),
    }
}
