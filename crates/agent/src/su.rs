//! Becoming another user through su.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use ksplay_protocol::{Become, Prompt};

use crate::host::Account;
use crate::prompt::Launch;
use crate::{locale, terminal};

/// The descriptors on which the agent behind su finds its channel.
const CHANNEL: [RawFd; 2] = [3, 4];

/// What su's shell runs; the program's path is `$0`, the language `$1`. Another `sh` because the user's shell may be of any
/// kind.
const BEHIND_SU: &str = "exec /bin/sh -c 'exec \"$0\" agent \"$1\" <&3 >&4 3<&- 4>&-' ";

/// Starts the agent through su. su insists on a terminal, so it gets one, which also carries the password; the channel,
/// which must carry any byte, is on descriptors of its own, for su closes none.
pub(crate) fn launch(becoming: &Become, prompt: Prompt, program: &Path) -> io::Result<Launch> {
    let (keyboard, terminal) = terminal::open()?;
    let (channel_in, input) = io::pipe()?;
    let (output, channel_out) = io::pipe()?;
    let channel = [above_channel(channel_in.as_raw_fd())?, above_channel(channel_out.as_raw_fd())?];
    let channel_fds = [channel[0].as_raw_fd(), channel[1].as_raw_fd()];

    let mut becoming = becoming.clone();
    if becoming.flags.is_none() && Account::named(&becoming.user).is_some_and(|account| account.refuses_login()) {
        becoming.flags = Some("-s /bin/sh".into());
    }
    let words = becoming.words(&prompt);
    let mut command = Command::new(&words[0]);
    let behind = format!("{BEHIND_SU}{} {}", quoted(&program.to_string_lossy()), quoted(&locale::argument()));
    command.args(&words[1..]).args(["-c", &behind]);
    // What it says is to be understood.
    command.env("LC_ALL", "C");
    command.stdin(Stdio::from(terminal.try_clone()?)).stdout(Stdio::from(terminal.try_clone()?)).stderr(terminal);
    // SAFETY: only system calls that may stand between fork and exec; the descriptors are open until `spawn` returns.
    unsafe {
        command.pre_exec(move || {
            terminal::take(libc::STDIN_FILENO)?;
            for (from, to) in channel_fds.into_iter().zip(CHANNEL) {
                if libc::dup2(from, to) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
    let process = command.spawn()?;
    // `command` holds the terminal's other side: while it is open, the end of su would not be seen.
    drop(command);
    Ok(Launch {
        talk: keyboard.try_clone()?,
        keyboard,
        input: File::from(OwnedFd::from(input)),
        output: File::from(OwnedFd::from(output)),
        process,
        prompt,
    })
}

/// A copy of a descriptor that is out of the way of [`CHANNEL`].
fn above_channel(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: `fcntl` takes no pointers here.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 10) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fcntl` has just opened it, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
