//! The half of the target that can only be looked at.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Cancel, Digest, Payload, Sink};

/// Looks at the target; has no method that changes anything.
#[derive(Clone, Default)]
pub struct Probe {
    /// Environment variables of the task, over those of the agent.
    pub environment: Vec<(String, String)>,
    /// Whether diffs are wanted.
    pub diff: bool,
    /// Whether nothing will be changed (check mode): what is found need not only say that, but also what would change.
    pub check: bool,
    /// Content that the controller has for this task.
    pub payload: Option<Arc<dyn Payload>>,
    /// Where bytes for the controller go.
    pub sink: Option<Sink>,
    /// Ends the task early.
    pub cancel: Cancel,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Probe {
    /// The content of a file.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read`].
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    /// The content of a file as text, bytes that are no UTF-8 replaced.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read`].
    pub fn read_text(&self, path: &Path) -> io::Result<String> {
        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A reader of a file.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::open`].
    pub fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    /// What `stat` says: symbolic links are followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::metadata`].
    pub fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::metadata(path)
    }

    /// What `lstat` says: symbolic links are not followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::symlink_metadata`].
    pub fn link_metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::symlink_metadata(path)
    }

    /// Whether there is something, be it a broken symbolic link.
    pub fn lexists(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    /// Whether there is something; a broken symbolic link is nothing.
    pub fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    /// Whether there is a directory, or a symbolic link to one.
    pub fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    /// Whether there is a regular file, or a symbolic link to one.
    pub fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    /// What a symbolic link says.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read_link`].
    pub fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    /// The path without symbolic links, `.` and `..`.
    ///
    /// # Errors
    ///
    /// As [`std::fs::canonicalize`].
    pub fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    /// The names in a directory, sorted.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read_dir`].
    pub fn list_dir(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort_unstable();
        Ok(paths)
    }

    /// The digest of a file's content.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn digest(&self, path: &Path, digest: Digest) -> io::Result<String> {
        digest.of(&mut File::open(path)?)
    }

    /// The text of a program's variable of the environment: the task's, or else the agent's.
    pub fn env(&self, name: &str) -> Option<String> {
        let of_task = self.environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        of_task.or_else(|| std::env::var(name).ok())
    }

    /// Where a program is, by the `PATH` of the task; `/sbin` and its kin are looked through too, as Ansible does.
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        let executable = |path: &Path| {
            fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        if program.contains('/') {
            let path = PathBuf::from(program);
            return executable(&path).then_some(path);
        }
        let paths = self.env("PATH").unwrap_or_default();
        let usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
        std::env::split_paths(&paths).chain(usual).map(|folder| folder.join(program)).find(|path| executable(path))
    }

    /// The name of the machine, as `uname -n`.
    pub fn hostname(&self) -> String {
        self.kernel("hostname")
    }

    /// What the kernel says of itself under `/proc/sys/kernel`: `ostype`, `osrelease`, `version`, `hostname`.
    pub fn kernel(&self, name: &str) -> String {
        fs::read_to_string(Path::new("/proc/sys/kernel").join(name)).unwrap_or_default().trim_end().to_owned()
    }

    /// The bits that new files do not get.
    pub fn umask(&self) -> u32 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
    }

    /// The user number that this program acts as.
    pub fn uid(&self) -> u32 {
        // SAFETY: `geteuid` has no arguments and cannot fail.
        unsafe { libc::geteuid() }
    }

    /// The group number that this program acts as.
    pub fn gid(&self) -> u32 {
        // SAFETY: `getegid` has no arguments and cannot fail.
        unsafe { libc::getegid() }
    }

    /// Whether this program may do this with a path: `libc::R_OK`, `W_OK`, `X_OK`, as `access` says.
    pub fn may(&self, path: &Path, mode: i32) -> bool {
        let Ok(path) = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()) else { return false };
        // SAFETY: the path is a string with a terminating zero that outlives the call.
        unsafe { libc::access(path.as_ptr(), mode) == 0 }
    }

    /// Whether both paths are on the same file system.
    pub fn same_device(&self, one: &Path, other: &Path) -> bool {
        matches!((fs::metadata(one), fs::metadata(other)), (Ok(one), Ok(other)) if one.dev() == other.dev())
    }

    /// Whether the task was cancelled: a module that waits asks this again and again.
    pub fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits, unless the task is cancelled; says whether it may go on.
    pub fn sleep(&self, duration: Duration) -> bool {
        let until = std::time::Instant::now() + duration;
        loop {
            if self.cancelled() {
                return false;
            }
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }
}
