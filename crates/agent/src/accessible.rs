//! The agent's own program, at a place where another user can run it.

use std::ffi::CString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The running program, even when its file is gone.
pub(crate) const ITSELF: &str = "/proc/self/exe";

/// A program file; a copy is removed when this is dropped, which does not hurt those who run it.
pub(crate) struct Program {
    path: PathBuf,
    copy_in: Option<PathBuf>,
}

impl Program {
    /// This very program for a user other than the own one. Root can read everything; for anybody else a copy is made
    /// where the way to the program is closed, as it is in a home directory.
    pub(crate) fn for_user(uid: Option<u32>) -> io::Result<Self> {
        let path = fs::read_link(ITSELF)?;
        let readable = if uid == Some(0) { path.exists() } else { open_to_all(&path) };
        if readable { Ok(Self { path, copy_in: None }) } else { Self::copy() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn copy() -> io::Result<Self> {
        let mut last = io::Error::other("no directory that programs can be run from");
        for parent in ["/var/tmp", "/tmp", "/dev/shm", "/run"] {
            if !allows_programs(Path::new(parent)) {
                continue;
            }
            match Self::copy_into(Path::new(parent)) {
                Ok(program) => return Ok(program),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn copy_into(parent: &Path) -> io::Result<Self> {
        // Only this user can write into the new directory, and `mkdir` follows no link that lies in wait.
        let dir = parent.join(format!(".ksplay-{:016x}", random()));
        DirBuilder::new().mode(0o700).create(&dir)?;
        let program = Self { path: dir.join("agent"), copy_in: Some(dir.clone()) };
        fs::copy(ITSELF, &program.path)?;
        fs::set_permissions(&program.path, Permissions::from_mode(0o755))?;
        fs::set_permissions(&dir, Permissions::from_mode(0o711))?;
        Ok(program)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(dir) = &self.copy_in {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// Whether anybody can walk to this file and run it.
fn open_to_all(path: &Path) -> bool {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.mode());
    mode(path) & 0o005 == 0o005 && path.ancestors().skip(1).all(|dir| mode(dir) & 0o001 != 0)
}

fn allows_programs(dir: &Path) -> bool {
    let Ok(name) = CString::new(dir.as_os_str().as_bytes()) else { return false };
    let mut system = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the name is terminated, the pointer is to a whole `statvfs`, for which all zeros is valid.
    let (found, flags) =
        unsafe { (libc::statvfs(name.as_ptr(), system.as_mut_ptr()) == 0, system.assume_init_ref().f_flag) };
    found && flags & libc::ST_NOEXEC == 0
}

/// A number that nobody can foresee.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::time::Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_can_be_run_by_all_and_goes_with_its_owner() {
        let program = Program::copy().unwrap();
        let path = program.path().to_owned();
        assert!(open_to_all(&path));
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o711);
        drop(program);
        assert!(!path.exists() && !path.parent().unwrap().exists());
    }

    #[test]
    fn a_file_behind_a_closed_directory_is_not_open_to_all() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        assert!(!open_to_all(&file));
    }
}
