//! Programs that ask on a terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cancel::kill_group;
use super::command::{exit_code, poll};
use super::{CommandSpec, System};
use std::os::unix::process::CommandExt;

/// A program on a terminal of its own, and what it has said.
pub(crate) struct Conversation<'a> {
    system: &'a System,
    child: Child,
    terminal: File,
}

/// What came of waiting for the program to say something.
pub(crate) enum Heard {
    /// It said this.
    Words(Vec<u8>),
    /// It said nothing for so long.
    Silence,
    /// It ended with this code, or with the negative number of a signal.
    End(i32),
}

impl System {
    /// Starts a program on a terminal; with `echo`, what is answered is shown among what it says.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn converse(&mut self, spec: &CommandSpec, echo: bool) -> io::Result<Conversation<'_>> {
        let (terminal, theirs) = pair(echo)?;
        let program = spec.argv.first().map(String::as_str).unwrap_or_default();
        let mut command = Command::new(program);
        command.args(spec.argv.iter().skip(1));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::from(theirs.try_clone()?)).stdout(Stdio::from(theirs.try_clone()?)).stderr(theirs);
        if let Some(folder) = &spec.chdir {
            command.current_dir(folder);
        }
        let take_terminal = || {
            // SAFETY: both calls take numbers alone; the terminal is the program's standard input by now.
            let taken = unsafe { libc::setsid() != -1 && libc::ioctl(0, libc::TIOCSCTTY, 0) != -1 };
            if taken { Ok(()) } else { Err(io::Error::last_os_error()) }
        };
        // SAFETY: the closure makes two system calls that are safe between fork and exec.
        unsafe { command.pre_exec(take_terminal) };
        let child = command.spawn()?;
        Ok(Conversation { system: self, child, terminal: File::from(terminal) })
    }
}

impl Conversation<'_> {
    /// Waits until it says something.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be read.
    pub fn hear(&mut self, wait: Option<Duration>) -> io::Result<Heard> {
        let until = wait.map(|wait| Instant::now() + wait);
        loop {
            if self.system.cancelled() {
                kill_group(self.child.id().cast_signed());
                return Ok(Heard::End(exit_code(self.child.wait()?)));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            // Now and then it is asked whether the task was cancelled.
            let step = left.unwrap_or(Duration::MAX).min(Duration::from_millis(200));
            let ready = poll([Some(self.terminal.as_raw_fd()), None, None, None], Some(step))?;
            if ready[0] {
                let mut buffer = [0; 4096];
                return match self.terminal.read(&mut buffer) {
                    // A terminal that nobody has open any more is an error on Linux.
                    Ok(0) | Err(_) => Ok(Heard::End(exit_code(self.child.wait()?))),
                    Ok(count) => Ok(Heard::Words(buffer[..count].to_vec())),
                };
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Heard::Silence);
            }
        }
    }

    /// Answers it.
    ///
    /// # Errors
    ///
    /// If it does not listen any more.
    pub fn say(&mut self, words: &[u8]) -> io::Result<()> {
        self.terminal.write_all(words)
    }
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        kill_group(self.child.id().cast_signed());
        let _ = self.child.wait();
    }
}

/// A terminal of 24 lines: our side, and that of the program.
fn pair(echo: bool) -> io::Result<(OwnedFd, OwnedFd)> {
    let (mut ours, mut theirs) = (-1, -1);
    // SAFETY: the places for the two descriptors are valid, and nothing else is asked for.
    let opened = unsafe {
        libc::openpty(&raw mut ours, &raw mut theirs, std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut())
    };
    if opened == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both descriptors are new and ours alone; the settings are filled by the first call, with zeros valid until then.
    unsafe {
        let (ours, theirs) = (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs));
        libc::fcntl(ours.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC);
        libc::fcntl(theirs.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC);
        let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        libc::ioctl(ours.as_raw_fd(), libc::TIOCSWINSZ, &raw const size);
        let mut settings: libc::termios = std::mem::zeroed();
        if !echo && libc::tcgetattr(theirs.as_raw_fd(), &raw mut settings) == 0 {
            settings.c_lflag &= !libc::ECHO;
            libc::tcsetattr(theirs.as_raw_fd(), libc::TCSANOW, &raw const settings);
        }
        Ok((ours, theirs))
    }
}
