//! What a file system keeps of a file besides its mode, as `lsattr` shows it and `chattr` changes it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use super::{Probe, System};

/// The letters in the order of `lsattr`, the bit of each, and whether `chattr` changes it.
const LETTERS: &[(char, u32, bool)] = &[
    ('s', 0x1, true),
    ('u', 0x2, true),
    ('S', 0x8, true),
    ('D', 0x1_0000, true),
    ('i', 0x10, true),
    ('a', 0x20, true),
    ('d', 0x40, true),
    ('A', 0x80, true),
    ('c', 0x4, true),
    ('E', 0x800, false),
    ('j', 0x4000, true),
    ('I', 0x1000, false),
    ('t', 0x8000, true),
    ('T', 0x2_0000, true),
    ('e', 0x8_0000, false),
    ('C', 0x80_0000, true),
    ('x', 0x200_0000, true),
    ('F', 0x4000_0000, true),
    ('N', 0x1000_0000, false),
    ('P', 0x2000_0000, true),
    ('V', 0x10_0000, false),
    ('m', 0x400, true),
];

/// These flags of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InodeFlags(u32);

impl InodeFlags {
    /// The letters of those that are set, as `lsattr` has them but without the `-` for the others.
    pub fn letters(self) -> String {
        LETTERS.iter().filter(|(_, bit, _)| self.0 & bit != 0).map(|(letter, _, _)| letter).collect()
    }

    /// The flags after `chattr` with this text: `+` adds, `-` takes away, `=` or nothing before the letters sets exactly
    /// them. What only the file system itself changes stays.
    ///
    /// # Errors
    ///
    /// With the letter that is none.
    pub fn changed_by(self, text: &str) -> Result<Self, char> {
        let (sign, letters) = match text.chars().next() {
            Some(sign @ ('+' | '-' | '=')) => (sign, &text[1..]),
            _ => ('=', text),
        };
        let mut bits = 0;
        for letter in letters.chars() {
            let found = LETTERS.iter().find(|(known, _, _)| *known == letter);
            let (_, bit, changes) = found.ok_or(letter)?;
            bits |= if *changes { *bit } else { 0 };
        }
        let all: u32 = LETTERS.iter().filter(|(_, _, changes)| *changes).map(|(_, bit, _)| bit).sum();
        Ok(Self(match sign {
            '+' => self.0 | bits,
            '-' => self.0 & !bits,
            _ => self.0 & !all | bits,
        }))
    }
}

/// Opens what can have flags: a file or a folder, but nothing behind a link, and no device, which opening may wake.
fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() || kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
        return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
    }
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

fn ask(path: &Path, what: libc::Ioctl) -> io::Result<u32> {
    let file = open(path)?;
    // The kernel writes four bytes, whatever the request's own number says.
    let mut answer: libc::c_long = 0;
    // SAFETY: the descriptor is open, and the kernel writes no more than there is room for.
    let done = unsafe { libc::ioctl(file.as_raw_fd(), what, &raw mut answer) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(answer as u32) }
}

impl Probe {
    /// The flags of a file or folder.
    ///
    /// # Errors
    ///
    /// If its file system has none, or it cannot be opened.
    pub fn inode_flags(&self, path: &Path) -> io::Result<InodeFlags> {
        ask(path, libc::FS_IOC_GETFLAGS).map(InodeFlags)
    }

    /// The number that the file system gave to this use of the inode.
    ///
    /// # Errors
    ///
    /// As [`Probe::inode_flags`].
    pub fn inode_version(&self, path: &Path) -> io::Result<u32> {
        ask(path, libc::FS_IOC_GETVERSION)
    }
}

impl System {
    /// Sets the flags of a file or folder.
    ///
    /// # Errors
    ///
    /// If its file system does not know them, or this user may not.
    pub fn set_inode_flags(&mut self, path: &Path, flags: InodeFlags) -> io::Result<()> {
        let file = open(path)?;
        let wanted = libc::c_long::from(flags.0);
        // SAFETY: the descriptor is open, and the kernel only reads what is given.
        let done = unsafe { libc::ioctl(file.as_raw_fd(), libc::FS_IOC_SETFLAGS, &raw const wanted) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_change_as_chattr_changes_them() {
        let extents = InodeFlags(0x8_0000);
        let with_nodump = extents.changed_by("+d").unwrap();
        assert_eq!(with_nodump.letters(), "de");
        assert_eq!(with_nodump.changed_by("-d"), Ok(extents));
        assert_eq!(with_nodump.changed_by("A").unwrap().letters(), "Ae");
        assert_eq!(with_nodump.changed_by("=").unwrap().letters(), "e");
        assert_eq!(extents.changed_by("+Z"), Err('Z'));
    }
}
