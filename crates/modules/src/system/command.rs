//! Programs: how one is started, fed, listened to and ended.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use ksplay_value::Value;

use super::cancel::kill_group;
use super::{Probe, System};
use crate::Failure;

/// A program to be run.
#[derive(Debug, Clone, Default)]
pub struct CommandSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its working directory.
    pub chdir: Option<String>,
    /// Its standard input.
    pub stdin: Option<Vec<u8>>,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// Environment variables over those of the task.
    pub environment: Vec<(String, String)>,
    /// The bits that files it makes do not get.
    pub umask: Option<u32>,
    /// It has no terminal that it could ask instead of its standard input.
    pub without_terminal: bool,
    /// It is a tool that the module needs, and not what the user wants to run.
    pub is_tool: bool,
}

/// What a program that ended left.
#[derive(Debug, Clone, Default)]
pub struct CommandOutput {
    /// Its exit code, or the negative number of the signal that ended it.
    pub rc: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// It was killed because its time was over.
    pub timed_out: bool,
}

impl CommandSpec {
    /// This program with these arguments.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The command with messages in English and UTF-8 text, for output that is to be understood.
    #[must_use]
    pub fn parsable(mut self) -> Self {
        for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
            self.environment.push((name.into(), "C.UTF-8".into()));
        }
        self.environment.push(("LANGUAGE".into(), "C".into()));
        self.tool()
    }

    /// The command as one of a tool that the module needs.
    #[must_use]
    pub fn tool(mut self) -> Self {
        self.is_tool = true;
        self
    }

    /// The command with this text as its standard input.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// The command with this secret on its standard input, whatever terminal this program has: nobody sees it in a list
    /// of arguments.
    #[must_use]
    pub fn secret_stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.without_terminal = true;
        self.stdin(text)
    }

    /// The command with one more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The command as a text that a shell would take.
    pub fn shown(&self) -> String {
        self.argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// The word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

impl CommandOutput {
    /// The standard output as text.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The standard error as text.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Whether it ended well.
    pub fn ok(&self) -> bool {
        self.rc == 0
    }

    /// A failure with this message and what the program left.
    pub fn failure(&self, message: impl Into<String>) -> Failure {
        Failure::new(message).with("rc", self.rc).with("stdout", self.stdout_text()).with("stderr", self.stderr_text())
    }

    /// The output of a program that must end well.
    ///
    /// # Errors
    ///
    /// With what it said, when it did not.
    pub fn checked(self, command: &CommandSpec) -> Result<Self, Failure> {
        if self.ok() {
            return Ok(self);
        }
        let said = [self.stderr_text(), self.stdout_text()].into_iter().find(|text| !text.trim().is_empty());
        let said = said.unwrap_or_else(|| format!("rc={}", self.rc));
        Err(self.failure(format!("`{}` failed: {}", command.shown(), said.trim())))
    }

    /// The output of a program that must end well, with what Ansible says when it does not: the text of its standard
    /// error, and the command.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub fn or_stderr(self, command: &CommandSpec) -> Result<Self, Failure> {
        if self.ok() {
            return Ok(self);
        }
        Err(self.failure(self.stderr_text().trim_end()).with("cmd", command.shown()))
    }
}

/// The error as Python shows one of the operating system.
pub(crate) fn os_error(error: &io::Error, path: &str) -> String {
    let inner = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let known =
        inner.filter_map(|error| error.downcast_ref::<io::Error>()).find(|error| error.raw_os_error().is_some());
    let error = known.unwrap_or(error);
    let number = error.raw_os_error().unwrap_or(0);
    format!("[Errno {number}] {}: {}", os_message(error), python_bytes(path))
}

/// The error as Python shows it without a path: `[Errno 111] Connection refused`.
pub(crate) fn os_error_alone(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", os_message(error)),
        None => error.to_string(),
    }
}

/// The message alone, such as `No such file or directory`.
pub(crate) fn os_message(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn python_bytes(path: &str) -> String {
    use ksplay_value::Object;
    ksplay_value::Bytes(path.as_bytes().to_vec()).repr()
}

impl Probe {
    /// The full path of a program that a module needs.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn required(&self, program: &str) -> Result<String, Failure> {
        self.which(program).map(|path| path.display().to_string()).ok_or_else(|| not_found(self, program))
    }

    /// Runs a program that only reports (`dpkg-query`, `systemctl show`).
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn query(&self, command: &CommandSpec) -> Result<CommandOutput, Failure> {
        run(self, command)
    }
}

impl System {
    /// Runs a program.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn run(&mut self, command: &CommandSpec) -> Result<CommandOutput, Failure> {
        run(self, command)
    }
}

fn run(probe: &Probe, spec: &CommandSpec) -> Result<CommandOutput, Failure> {
    let program = spec.argv.first().filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| Failure::new("no command given").with("rc", 256))?;
    if let Some(folder) = &spec.chdir {
        check_folder(probe, folder)?;
    }
    let mut child = command(probe, spec, program).spawn().map_err(|error| match spec.is_tool {
        true if error.kind() == io::ErrorKind::NotFound => not_found(probe, program),
        _ => not_started(&error, program),
    })?;
    let ended = attend(probe, spec, &mut child);
    let output = ended.map_err(|error| Failure::new(format!("cannot follow `{program}`: {error}")));
    if output.is_err() {
        kill_group(child.id().cast_signed());
        let _ = child.wait();
    }
    output
}

/// Whether a program could be run in this folder.
pub(crate) fn check_folder(probe: &Probe, folder: &str) -> Result<(), Failure> {
    let problem = match probe.metadata(folder.as_ref()) {
        Ok(found) if !found.is_dir() => io::Error::from_raw_os_error(libc::ENOTDIR),
        Ok(_) if !probe.may(folder.as_ref(), libc::X_OK) => io::Error::from_raw_os_error(libc::EACCES),
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let why = os_error(&problem, folder);
    let failure = Failure::new(format!("Unable to change directory before execution: {why}")).with("rc", Value::Null);
    Err(if problem.kind() == io::ErrorKind::NotFound { failure.missing() } else { failure })
}

fn not_found(probe: &Probe, program: &str) -> Failure {
    let path = probe.env("PATH").unwrap_or_default();
    let mut folders: Vec<&str> = path.split(':').collect();
    folders.extend(
        ["/sbin", "/usr/sbin", "/usr/local/sbin"].iter().filter(|usual| !path.split(':').any(|known| known == **usual)),
    );
    let folders = folders.join(":");
    Failure::new(format!("Failed to find required executable \"{program}\" in paths: {folders}")).missing()
}

fn not_started(error: &io::Error, program: &str) -> Failure {
    let rc = error.raw_os_error().unwrap_or(1);
    let failure = Failure::new(format!("Error executing command: {}", os_error(error, program)))
        .with("rc", rc)
        .with("stdout", "")
        .with("stderr", "");
    if error.kind() == io::ErrorKind::NotFound { failure.missing() } else { failure }
}

fn command(probe: &Probe, spec: &CommandSpec, program: &str) -> Command {
    // The program is looked for by the path it will have itself.
    let mut command = Command::new(program);
    command.args(&spec.argv[1..]);
    if spec.without_terminal {
        let leave = || {
            // SAFETY: `setsid` takes nothing and touches no memory.
            if unsafe { libc::setsid() } == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
        };
        // SAFETY: the closure makes one system call that is safe between fork and exec.
        unsafe { command.pre_exec(leave) };
    } else {
        command.process_group(0);
    }
    command.envs(probe.environment.iter().map(|(name, value)| (name, value)));
    command.envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(if spec.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = &spec.chdir {
        command.current_dir(folder);
    }
    if let Some(umask) = spec.umask {
        let set = move || {
            // SAFETY: `umask` takes a number and cannot fail.
            unsafe { libc::umask(umask as libc::mode_t) };
            Ok(())
        };
        // SAFETY: the closure makes one system call that is safe between fork and exec.
        unsafe { command.pre_exec(set) };
    }
    command
}

/// How long the output of a program that has ended may stay silent while another still holds it open. Ansible waits as
/// long, so that a command that leaves a process behind gives the same output.
const SILENCE: Duration = Duration::from_secs(1);

/// Feeds the program, collects what it says and waits for its end, all in this thread.
fn attend(probe: &Probe, spec: &CommandSpec, child: &mut Child) -> io::Result<CommandOutput> {
    let group = child.id().cast_signed();
    let watched = probe.cancel.watch(group);
    let exit = pidfd(group);
    let mut stdin = child.stdin.take();
    let mut input = spec.stdin.as_deref().unwrap_or_default();
    let mut stdout = Stream::new(child.stdout.take())?;
    let mut stderr = Stream::new(child.stderr.take())?;
    if let Some(pipe) = &stdin {
        set_nonblocking(pipe.as_raw_fd())?;
    }
    let deadline = spec.timeout.map(|timeout| Instant::now() + timeout);
    let mut ended: Option<Instant> = None;
    let mut timed_out = false;
    loop {
        if stdout.is_open() || stderr.is_open() || stdin.is_some() || ended.is_none() {
            let wait = patience(deadline.filter(|_| !timed_out), ended, exit.is_some());
            let watching = if ended.is_none() { exit.as_ref().map(AsRawFd::as_raw_fd) } else { None };
            let ready = poll([stdout.fd(), stderr.fd(), stdin.as_ref().map(AsRawFd::as_raw_fd), watching], wait)?;
            let spoke = (ready[0] && stdout.read()?) | (ready[1] && stderr.read()?);
            if ready[2] && !feed(&mut stdin, &mut input) {
                stdin = None;
            }
            if spoke && ended.is_some() {
                ended = Some(Instant::now());
            }
        }
        if ended.is_none() && has_ended(group)? {
            ended = Some(Instant::now());
            stdin = None;
        }
        if let Some(at) = ended
            && ((!stdout.is_open() && !stderr.is_open()) || at.elapsed() >= SILENCE)
        {
            break;
        }
        if !timed_out && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            timed_out = true;
            kill_group(group);
        }
    }
    drop(watched);
    let rc = exit_code(child.wait()?);
    Ok(CommandOutput { rc, stdout: stdout.collected, stderr: stderr.collected, timed_out })
}

/// How long to wait for something to happen.
fn patience(deadline: Option<Instant>, ended: Option<Instant>, exit_is_seen: bool) -> Option<Duration> {
    let of_deadline = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let of_end = match ended {
        Some(at) => Some(SILENCE.saturating_sub(at.elapsed())),
        None if exit_is_seen => None,
        None => Some(Duration::from_millis(10)),
    };
    [of_deadline, of_end].into_iter().flatten().min()
}

pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-1)
}

/// Gives the program more of its input; says whether there is more to give.
fn feed(stdin: &mut Option<std::process::ChildStdin>, input: &mut &[u8]) -> bool {
    let Some(pipe) = stdin else { return false };
    match pipe.write(input) {
        Ok(count) => {
            *input = &input[count..];
            !input.is_empty()
        }
        // A program that does not want all of its input is none of our business.
        Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
    }
}

/// Whether the program has ended; it is not reaped, so that its number stays its own.
fn has_ended(pid: libc::pid_t) -> io::Result<bool> {
    // SAFETY: all zeros is a valid `siginfo_t`.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a valid place for the answer.
    if unsafe { libc::waitid(libc::P_PID, pid.cast_unsigned(), &raw mut info, flags) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `waitid` filled the fields of a child, or left zeros.
    Ok(unsafe { info.si_pid() } != 0)
}

/// A descriptor that becomes readable when the program ends; older kernels have none.
fn pidfd(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: the call takes two numbers; the descriptor it gives is ours alone.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd as RawFd))
    }
}

/// Waits until one of the descriptors is ready: the third for writing, the others for reading.
pub(super) fn poll(fds: [Option<RawFd>; 4], wait: Option<Duration>) -> io::Result<[bool; 4]> {
    let mut index = 0;
    let mut polled = fds.map(|fd| {
        let events = if index == 2 { libc::POLLOUT } else { libc::POLLIN };
        index += 1;
        libc::pollfd { fd: fd.unwrap_or(-1), events, revents: 0 }
    });
    let milliseconds = wait.map_or(-1, |wait| i32::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(i32::MAX));
    // SAFETY: the array outlives the call and its length is given.
    if unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) } == -1 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok([false; 4]) } else { Err(error) };
    }
    Ok(polled.map(|fd| fd.revents != 0))
}

fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: the descriptor is open and the flags are numbers.
    let done = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::fcntl(fd, libc::F_GETFL) | libc::O_NONBLOCK) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// One of the two outputs of a program.
struct Stream<P> {
    pipe: Option<P>,
    collected: Vec<u8>,
}

impl<P: Read + AsRawFd> Stream<P> {
    fn new(pipe: Option<P>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_raw_fd())?;
        }
        Ok(Self { pipe, collected: Vec::new() })
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    fn fd(&self) -> Option<RawFd> {
        self.pipe.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Takes all that is there; says whether it was anything.
    fn read(&mut self) -> io::Result<bool> {
        let Some(pipe) = &mut self.pipe else { return Ok(false) };
        let before = self.collected.len();
        match pipe.read_to_end(&mut self.collected) {
            Ok(_) => self.pipe = None,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.collected.len() > before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> CommandSpec {
        CommandSpec::new(["/bin/sh", "-c", text])
    }

    #[test]
    fn a_program_that_talks_much_on_both_outputs_does_not_block() {
        let spec = shell("cat; i=0; while [ $i -lt 20000 ]; do echo out; echo err >&2; i=$((i+1)); done")
            .stdin(vec![b'x'; 300_000]);
        let output = Probe::default().query(&spec).unwrap();
        assert_eq!((output.rc, output.stdout.len(), output.stderr.len()), (0, 380_000, 80_000));
    }

    #[test]
    fn a_program_that_ignores_its_input_is_fine() {
        let output = Probe::default().query(&shell("exec true").stdin(vec![b'x'; 300_000])).unwrap();
        assert_eq!(output.rc, 0);
    }

    #[test]
    fn the_signal_that_ended_a_program_is_a_negative_code() {
        assert_eq!(Probe::default().query(&shell("kill -9 $$")).unwrap().rc, -9);
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed_with_its_children() {
        let mut spec = shell("sleep 60 | sleep 60");
        spec.timeout = Some(Duration::from_millis(50));
        let begin = Instant::now();
        let output = Probe::default().query(&spec).unwrap();
        assert!(output.timed_out && begin.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn cancelling_ends_a_program_at_once() {
        let probe = Probe::default();
        let cancel = probe.cancel.clone();
        let waiter = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            cancel.cancel();
        });
        let begin = Instant::now();
        assert_eq!(probe.query(&shell("sleep 60")).unwrap().rc, -9);
        assert!(begin.elapsed() < Duration::from_secs(5) && probe.cancelled());
        waiter.join().unwrap();
    }

    #[test]
    fn a_process_left_behind_does_not_hold_the_task() {
        let begin = Instant::now();
        let output = Probe::default().query(&shell("sleep 60 & echo $!")).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(5));
        let pid: i32 = output.stdout_text().trim().parse().unwrap();
        // SAFETY: `kill` takes no pointers; the process is the one this test left behind.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }

    #[test]
    fn the_environment_of_the_task_the_folder_and_the_umask_reach_the_program() {
        let probe = Probe { environment: vec![("COLOUR".into(), "blue".into())], ..Probe::default() };
        let mut spec = shell("echo $COLOUR $PWD $(umask)");
        spec.chdir = Some("/usr".into());
        spec.umask = Some(0o077);
        assert_eq!(probe.query(&spec).unwrap().stdout_text(), "blue /usr 0077\n");
    }

    #[test]
    fn a_program_that_is_not_there_fails_as_python_says_it() {
        let failure = Probe::default().query(&CommandSpec::new(["no-such-program"])).unwrap_err();
        assert_eq!(failure.message, "Error executing command: [Errno 2] No such file or directory: b'no-such-program'");
        assert_eq!(failure.values.get("rc"), Some(&Value::Int(2)));
    }
}
