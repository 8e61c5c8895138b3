//! The half of the target that can be changed.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::Probe;
use super::clock::Calendar;

/// Looks at the target and changes it.
#[derive(Debug)]
pub struct System {
    probe: Probe,
}

/// What a file that is written gets. What is not said it keeps from the file it replaces; without one it gets what new
/// files get.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewFile {
    /// Its permission bits.
    pub mode: Option<u32>,
    /// The number of its owner.
    pub uid: Option<u32>,
    /// The number of its group.
    pub gid: Option<u32>,
    /// Where the file cannot be replaced (it is a mount point, say), write into it instead.
    pub in_place_if_needed: bool,
}

/// A new content that lies beside the file it is for, readable by the owner alone. Dropped, it is gone.
#[derive(Debug)]
pub struct Staged(NamedTempFile);

impl Staged {
    /// Where it lies until it is put in place.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Deref for System {
    type Target = Probe;

    fn deref(&self) -> &Probe {
        &self.probe
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a file that cannot be replaced for this reason can still be written into: a mount point, an immutable
/// directory, a program that runs. Any other reason, such as a full disk, would cost the old content.
fn cannot_be_replaced(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBUSY | libc::EXDEV | libc::EPERM | libc::ETXTBSY))
}

impl System {
    /// The system behind this probe.
    pub fn new(probe: Probe) -> Self {
        Self { probe }
    }

    /// Writes a content beside the file it is for, to be looked at and then put in place by [`System::commit`].
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn stage(&mut self, path: &Path, content: &mut dyn Read) -> io::Result<Staged> {
        let mut file = tempfile::Builder::new().prefix(".ksplay-").tempfile_in(parent(path))?;
        io::copy(content, &mut file)?;
        file.flush()?;
        Ok(Staged(file))
    }

    /// Puts a content in place, in one step: nobody ever sees half of it.
    ///
    /// # Errors
    ///
    /// If owner or mode cannot be set, or the file cannot be replaced.
    pub fn commit(&mut self, staged: Staged, path: &Path, wanted: &NewFile) -> io::Result<()> {
        let existing = fs::symlink_metadata(path).ok().filter(|found| !found.is_symlink());
        let (uid, gid) = match &existing {
            Some(found) => (wanted.uid.unwrap_or(found.uid()), wanted.gid.unwrap_or(found.gid())),
            None => (wanted.uid.unwrap_or(u32::MAX), wanted.gid.unwrap_or(u32::MAX)),
        };
        let mode = wanted.mode.or(existing.as_ref().map(|found| found.mode() & 0o7777));
        let mode = mode.unwrap_or_else(|| 0o666 & !self.umask());
        let file = staged.0.as_file();
        let metadata = file.metadata()?;
        let given = |id: u32| (id != u32::MAX).then_some(id);
        if given(uid).is_some_and(|uid| uid != metadata.uid()) || given(gid).is_some_and(|gid| gid != metadata.gid()) {
            let asked = wanted.uid.is_some() || wanted.gid.is_some();
            // Who is not root cannot keep the owner of a file that is another's, and Ansible goes on then.
            match fchown(file, given(uid), given(gid)) {
                Err(error) if asked => return Err(error),
                _ => {}
            }
        }
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        match staged.0.persist(path) {
            Ok(_) => {
                // The new name is on disk only when its folder is; a file system that cannot do that is no failure.
                let _ = File::open(parent(path)).and_then(|folder| folder.sync_all());
                Ok(())
            }
            Err(error) if wanted.in_place_if_needed && cannot_be_replaced(&error.error) => {
                io::copy(&mut File::open(error.file.path())?, &mut File::create(path)?)?;
                Ok(())
            }
            Err(error) => Err(error.error),
        }
    }

    /// Replaces the content of a file, or makes it, in one step.
    ///
    /// # Errors
    ///
    /// As [`System::stage`] and [`System::commit`].
    pub fn write_atomic(&mut self, path: &Path, content: &mut dyn Read, wanted: &NewFile) -> io::Result<()> {
        let staged = self.stage(path, content)?;
        self.commit(staged, path, wanted)
    }

    /// Makes a directory; its parent must be there.
    ///
    /// # Errors
    ///
    /// As [`std::fs::create_dir`].
    pub fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    /// Makes an empty file, unless there is one.
    ///
    /// # Errors
    ///
    /// As [`std::fs::OpenOptions::open`].
    pub fn create_file(&mut self, path: &Path) -> io::Result<()> {
        File::options().append(true).create(true).open(path).map(drop)
    }

    /// Adds to the end of a file, which is made when there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn append(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        File::options().append(true).create(true).open(path)?.write_all(bytes)
    }

    /// Writes into an existing file of the kernel (`/proc/sys`, `/sys`), in one call and without replacing it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_kernel(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        File::options().write(true).open(path)?.write_all(bytes)
    }

    /// Removes a file or a symbolic link.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_file`].
    pub fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Removes a directory that is empty.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_dir`].
    pub fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    /// Removes a directory with all that is in it; symbolic links in it are not followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_dir_all`].
    pub fn remove_tree(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    /// Moves a file or directory within its file system, over a file that is there.
    ///
    /// # Errors
    ///
    /// As [`std::fs::rename`].
    pub fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Makes a symbolic link at `path`; one that is there is replaced in one step.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        self.link(path, |place| symlink(target, place))
    }

    /// Makes another name for a file; what is at `path` is replaced in one step.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn hard_link(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        self.link(path, |place| fs::hard_link(target, place))
    }

    fn link(&self, path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
        if !self.lexists(path) {
            return make(path);
        }
        let beside = tempfile::Builder::new().prefix(".ksplay-").make_in(parent(path), |place| make(place))?;
        beside.into_temp_path().persist(path).map_err(|error| error.error)
    }

    /// Sets the permission bits; a symbolic link is followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::set_permissions`].
    pub fn set_mode(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))
    }

    /// Sets owner and group where they are given; of a symbolic link, those of the link itself.
    ///
    /// # Errors
    ///
    /// As [`std::os::unix::fs::lchown`].
    pub fn set_owner(&mut self, path: &Path, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        lchown(path, uid, gid)
    }

    /// Sets the times of access and modification, in nanoseconds since 1970, where they are given.
    ///
    /// # Errors
    ///
    /// As `utimensat`.
    pub fn set_times(
        &mut self,
        path: &Path,
        access: Option<i128>,
        modification: Option<i128>,
        follow: bool,
    ) -> io::Result<()> {
        let time = |time: Option<i128>| match time {
            Some(nanoseconds) => libc::timespec {
                tv_sec: nanoseconds.div_euclid(1_000_000_000) as libc::time_t,
                tv_nsec: nanoseconds.rem_euclid(1_000_000_000) as libc::c_long,
            },
            None => libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_OMIT },
        };
        let times = [time(access), time(modification)];
        let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
        let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        // SAFETY: the path is a string with a terminating zero, and there are two times.
        match unsafe { libc::utimensat(libc::AT_FDCWD, path.as_ptr(), times.as_ptr(), flags) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Copies the content of a file, its mode and, where that is allowed, its owner and times.
    ///
    /// # Errors
    ///
    /// If it cannot be copied.
    pub fn copy_file(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut source = File::open(from)?;
        let found = source.metadata()?;
        // A link that somebody puts at the new name is replaced, not followed.
        let mut copy = tempfile::Builder::new().prefix(".ksplay-").tempfile_in(parent(to))?;
        io::copy(&mut source, &mut copy)?;
        let _ = fchown(copy.as_file(), Some(found.uid()), Some(found.gid()));
        copy.as_file().set_permissions(Permissions::from_mode(found.mode() & 0o7777))?;
        copy.persist(to).map_err(|error| error.error)?;
        let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let (access, modification) = (time(found.atime(), found.atime_nsec()), time(found.mtime(), found.mtime_nsec()));
        self.set_times(to, Some(access), Some(modification), true)
    }

    /// Copies a file that is about to change to `NAME.PID.YYYY-MM-DD@HH:MM:SS~`, and says where; nothing when there is
    /// no file.
    ///
    /// # Errors
    ///
    /// If it cannot be copied.
    pub fn backup(&mut self, path: &Path) -> io::Result<Option<PathBuf>> {
        if !self.exists(path) {
            return Ok(None);
        }
        let mut name = path.as_os_str().to_owned();
        let now = Calendar::now().text(c"%Y-%m-%d@%H:%M:%S");
        name.push(format!(".{}.{now}~", std::process::id()));
        let copy = PathBuf::from(name);
        self.copy_file(path, &copy)?;
        Ok(Some(copy))
    }

    /// An empty directory for the owner alone that is gone when the answer is dropped.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn temp_dir(&mut self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("ksplay-").permissions(Permissions::from_mode(0o700)).tempdir()
    }

    /// An empty file or directory that stays, with a random part between `prefix` and `suffix`.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn temp_path(&mut self, folder: &Path, prefix: &str, suffix: &str, directory: bool) -> io::Result<PathBuf> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix).rand_bytes(8);
        // The errors stay those of the operating system.
        let made = builder.make_in(folder, |path| match directory {
            true => DirBuilder::new().mode(0o700).create(path),
            false => OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop),
        })?;
        made.into_temp_path().keep().map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> (System, TempDir) {
        (System::new(Probe::default()), tempfile::tempdir().unwrap())
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let (mut system, folder) = system();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        system.set_mode(&path, 0o640).unwrap();
        system.write_atomic(&path, &mut &b"new"[..], &NewFile::default()).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn only_what_cannot_be_replaced_is_written_into() {
        for (number, fits) in [
            (libc::EBUSY, true),
            (libc::EXDEV, true),
            (libc::EPERM, true),
            (libc::ETXTBSY, true),
            (libc::ENOSPC, false),
            (libc::EACCES, false),
            (libc::EISDIR, false),
        ] {
            assert_eq!(cannot_be_replaced(&io::Error::from_raw_os_error(number)), fits, "{number}");
        }
    }

    #[test]
    fn a_new_file_gets_what_new_files_get() {
        let (mut system, folder) = system();
        let path = folder.path().join("file");
        system.write_atomic(&path, &mut &b"new"[..], &NewFile::default()).unwrap();
        assert_eq!(mode(&path), 0o666 & !system.umask());
    }

    #[test]
    fn a_link_is_replaced_in_one_step() {
        let (mut system, folder) = system();
        let path = folder.path().join("link");
        system.symlink(Path::new("one"), &path).unwrap();
        system.symlink(Path::new("two"), &path).unwrap();
        assert_eq!(system.read_link(&path).unwrap(), Path::new("two"));
    }

    #[test]
    fn what_is_made_under_a_name_of_its_own_is_for_the_owner_alone() {
        let (mut system, folder) = system();
        let file = system.temp_path(folder.path(), "p-", ".s", false).unwrap();
        let inside = system.temp_path(folder.path(), "p-", "", true).unwrap();
        assert!(file.is_file() && inside.is_dir());
        assert_eq!((mode(&file), mode(&inside)), (0o600, 0o700));
        let error = system.temp_path(&folder.path().join("none"), "p-", "", true).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }

    #[test]
    fn a_backup_has_content_and_mode_of_the_file() {
        let (mut system, folder) = system();
        let path = folder.path().join("file");
        assert_eq!(system.backup(&path).unwrap(), None);
        fs::write(&path, "old").unwrap();
        system.set_mode(&path, 0o600).unwrap();
        let copy = system.backup(&path).unwrap().unwrap();
        assert_eq!((fs::read_to_string(&copy).unwrap().as_str(), mode(&copy)), ("old", 0o600));
        assert!(copy.to_str().unwrap().ends_with('~'));
    }
}
