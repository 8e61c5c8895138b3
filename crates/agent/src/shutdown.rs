//! Signals that end the agent.

use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the handler writes; a handler can reach nothing but statics.
static WAKE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn wake(_signal: libc::c_int) {
    let byte = 1u8;
    // SAFETY: `write` may be called by a signal handler; the byte outlives the call.
    unsafe { libc::write(WAKE.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
}

/// Calls `then`, on a thread of its own, at the first SIGTERM, SIGHUP or SIGINT.
pub(crate) fn on_signal(then: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (mut woken, waker) = io::pipe()?;
    WAKE.store(waker.into_raw_fd(), Ordering::Relaxed);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut byte = [0];
        if io::Read::read_exact(&mut woken, &mut byte).is_ok() {
            then();
        }
        // Later signals find the pipe still open.
        std::mem::forget(woken);
    })?;
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
        let handler: extern "C" fn(libc::c_int) = wake;
        // SAFETY: the handler does only what a handler may do, and is reset in programs that are started.
        if unsafe { libc::signal(signal, handler as libc::sighandler_t) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Kills the direct children of this process that are still there; those that went to another parent (daemons) live on.
pub(crate) fn kill_children() {
    let own = std::process::id().to_string();
    let Ok(processes) = std::fs::read_dir("/proc") else { return };
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<libc::pid_t>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else { continue };
        // The name in parentheses may hold anything; state and parent follow it.
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        if parent == Some(own.as_str()) {
            // SAFETY: `kill` takes no pointers; a child that was not waited for keeps its number.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

/// Turns the echo of a terminal off, so that nothing typed there is read back.
pub(crate) fn silence(terminal: &impl AsRawFd) {
    // SAFETY: all zeros is a valid `termios`, which `tcgetattr` fills.
    unsafe {
        let mut settings: libc::termios = std::mem::zeroed();
        if libc::tcgetattr(terminal.as_raw_fd(), &mut settings) == 0 {
            settings.c_lflag &= !(libc::ECHO | libc::ECHONL);
            libc::tcsetattr(terminal.as_raw_fd(), libc::TCSANOW, &settings);
        }
    }
}
