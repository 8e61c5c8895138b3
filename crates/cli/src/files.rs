//! Files that are replaced whole: a reader sees the old content or the new one, never half of it.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Writes a file; an existing one keeps its owner and mode, a new one is for its owner alone.
///
/// # Errors
///
/// If the folder cannot be written to.
pub fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write(path, content, 0o600)
}

/// The same for what is no secret: a new file has the mode that the user's files have.
///
/// # Errors
///
/// As [`replace`].
pub fn replace_plain(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write(path, content, 0o666)
}

/// The same for a file that is for its owner alone, whatever it was before.
///
/// # Errors
///
/// As [`replace`].
pub fn replace_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if path.exists() {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    replace(path, content)
}

fn write(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = std::fs::Permissions::from_mode(mode);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
    file.write_all(content)?;
    if let Ok(old) = std::fs::metadata(&target) {
        let new = file.as_file().metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_new_one_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let new = dir.path().join("new");
        replace(&new, b"a").unwrap();
        assert_eq!(mode(&new), 0o600);
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o644)).unwrap();
        replace(&new, b"b").unwrap();
        assert_eq!((mode(&new), std::fs::read(&new).unwrap()), (0o644, b"b".to_vec()));
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "a").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"b").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"b");
    }
}
