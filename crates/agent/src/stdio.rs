//! The channel to the controller, kept away from the programs that modules start.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Takes standard input and output over: what a module or its programs read and write there goes nowhere near the
/// channel.
pub(crate) fn claim() -> io::Result<(File, File)> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for standard in [libc::STDIN_FILENO, libc::STDOUT_FILENO] {
        // SAFETY: both descriptors are open, and nothing else in this process owns the standard ones.
        if unsafe { libc::dup2(null.as_raw_fd(), standard) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok((input, output))
}
