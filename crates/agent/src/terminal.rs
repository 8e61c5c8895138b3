//! Terminals for programs that insist on one.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::shutdown::silence;

/// A new terminal, echo off: the side of the one who types, and the side of the program.
pub(crate) fn open() -> io::Result<(File, OwnedFd)> {
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

/// Makes the terminal the one of this process, which must lead no other session: for between fork and exec.
pub(crate) fn take(terminal: RawFd) -> io::Result<()> {
    // SAFETY: system calls that take no pointers, on a descriptor that is open.
    let taken = unsafe { libc::setsid() >= 0 && libc::ioctl(terminal, libc::TIOCSCTTY, 0) >= 0 };
    if taken { Ok(()) } else { Err(io::Error::last_os_error()) }
}
