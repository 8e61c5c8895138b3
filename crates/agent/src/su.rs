//! Becoming another user through su.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr;

use ksplay_protocol::Become;

use crate::host::Account;
use crate::prompt::{Launch, Prompt};
use crate::shutdown::silence;

/// The descriptors on which the agent behind su finds its channel.
const CHANNEL: [RawFd; 2] = [3, 4];

/// What su's shell runs; the program's path is `$0`. Another `sh` because the user's shell may be of any kind.
const BEHIND_SU: &str = "exec /bin/sh -c 'exec \"$0\" agent <&3 >&4 3<&- 4>&-' ";

/// Starts the agent through su. su insists on a terminal, so it gets one, which also carries the password; the channel,
/// which must carry any byte, is on descriptors of its own, for su closes none.
pub(crate) fn launch(becoming: &Become, program: &Path) -> io::Result<Launch> {
    let (keyboard, terminal) = terminal()?;
    let (channel_in, input) = io::pipe()?;
    let (output, channel_out) = io::pipe()?;
    let channel = [above_channel(channel_in.as_raw_fd())?, above_channel(channel_out.as_raw_fd())?];
    let channel_fds = [channel[0].as_raw_fd(), channel[1].as_raw_fd()];

    let mut words = becoming.exe.as_deref().unwrap_or("su").split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("su"));
    command.args(words);
    match &becoming.flags {
        Some(flags) => {
            command.args(flags.split_whitespace());
        }
        None if Account::named(&becoming.user).is_some_and(|account| account.refuses_login()) => {
            command.args(["-s", "/bin/sh"]);
        }
        None => {}
    }
    command.args([&becoming.user, "-c", &format!("{BEHIND_SU}{}", quoted(program))]);
    command.stdin(Stdio::from(terminal.try_clone()?)).stdout(Stdio::from(terminal.try_clone()?)).stderr(terminal);
    // SAFETY: only system calls that may stand between fork and exec; the descriptors are open until `spawn` returns.
    unsafe {
        command.pre_exec(move || {
            if libc::setsid() < 0 || libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) < 0 {
                return Err(io::Error::last_os_error());
            }
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
        prompt: Prompt::LineWithColon,
    })
}

/// A new terminal, echo off: the side of the one who types, and the side of the program.
fn terminal() -> io::Result<(File, OwnedFd)> {
    let (mut ours, mut theirs) = (-1, -1);
    // SAFETY: both pointers are to integers that live; no name and no settings are asked for.
    let opened = unsafe { libc::openpty(&mut ours, &mut theirs, ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
    if opened < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `openpty` has just opened both, and nothing else owns them.
    let (ours, theirs) = unsafe { (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    for side in [&ours, &theirs] {
        // SAFETY: the descriptor is open.
        unsafe { libc::fcntl(side.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    silence(&theirs);
    Ok((File::from(ours), theirs))
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

/// The path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
