//! The playbooks, roles and sample settings that ksplay holds.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ksplay_value::Diagnostic;
use ksplay_value::text::hex;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::playbooks::nearest;

/// Packed by the build script.
const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/content.tar"));

/// What a playbook of the command line begins with that lies in ksplay itself.
const PREFIX: &str = "builtin:";

/// Writes `conf`, `playbooks` and `roles` into a folder.
///
/// # Errors
///
/// If the folder cannot be written to.
pub fn unpack(folder: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(ARCHIVE);
    archive.set_preserve_mtime(false);
    archive.unpack(folder)
}

/// The file of a playbook as the command line names it: `builtin:site.yml` is unpacked, all else is what it says.
///
/// # Errors
///
/// If there is no such playbook in ksplay, or it cannot be unpacked.
pub fn playbook(given: &Path) -> Result<PathBuf, Failure> {
    let Some(name) = given.to_str().and_then(|given| given.strip_prefix(PREFIX)) else { return Ok(given.to_owned()) };
    let names = playbook_names().map_err(Failure::error)?;
    if !names.iter().any(|known| known == name) {
        let meant = nearest(name, names.iter().cloned()).map(|near| format!("did you mean `{PREFIX}{near}`?"));
        let diagnostic = Diagnostic::new(format!("there is no built-in playbook `{name}`")).hint(meant);
        return Err(Failure::of(1, &diagnostic).help(&format!("built in are {}", names.join(", "))));
    }
    Ok(unpacked()?.join("playbooks").join(name))
}

fn playbook_names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in tar::Archive::new(ARCHIVE).entries()? {
        let path = entry?.path()?.into_owned();
        if let Ok(name) = path.strip_prefix("playbooks")
            && name.extension().is_some_and(|extension| extension == "yml")
        {
            names.push(name.display().to_string());
        }
    }
    Ok(names)
}

/// The folder in the user's cache that holds the content of this very program.
fn unpacked() -> Result<PathBuf, Failure> {
    let hash = hex(&Sha256::digest(ARCHIVE)[..8]);
    let cache = cache()?.join("ksplay");
    let folder = cache.join(format!("content-{hash}"));
    if is_whole(&folder) {
        return Ok(folder);
    }
    let refused = |error: io::Error| {
        Failure::error(format!("cannot unpack the built-in playbooks to {}: {error}", folder.display()))
            .help("set XDG_CACHE_HOME to a folder that can be written to")
    };
    replace(&cache, &folder).map_err(refused)?;
    Ok(folder)
}

/// The folder appears whole or not at all; one that somebody changed gives way.
fn replace(cache: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(cache)?;
    let aside = tempfile::Builder::new().prefix(".content").tempdir_in(cache)?;
    let new = aside.path().join("new");
    unpack(&new)?;
    if folder.exists() {
        fs::rename(folder, aside.path().join("old"))?;
    }
    match fs::rename(&new, folder) {
        // Another ksplay was faster.
        Err(_) if is_whole(folder) => Ok(()),
        result => result,
    }
}

/// Whether every file is there as it is in the archive.
fn is_whole(folder: &Path) -> bool {
    let compare = || -> io::Result<bool> {
        let mut wanted = Vec::new();
        for entry in tar::Archive::new(ARCHIVE).entries()? {
            let mut entry = entry?;
            let path = folder.join(entry.path()?);
            wanted.clear();
            entry.read_to_end(&mut wanted)?;
            let same = match entry.link_name()? {
                Some(target) => fs::read_link(&path)? == target,
                None if entry.header().entry_type().is_dir() => path.is_dir(),
                None => fs::read(&path)? == wanted,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    };
    compare().unwrap_or(false)
}

fn cache() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache"))).ok_or_else(|| {
        Failure::error("there is no place to unpack the built-in playbooks to")
            .help("set XDG_CACHE_HOME or HOME to a folder that can be written to")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn unpacked_content_is_that_of_the_repository_with_its_links_and_modes() {
        let dir = tempfile::tempdir().unwrap();
        unpack(dir.path()).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (ours, theirs) in
            [("playbooks/site.yml", "playbooks/site.yml"), ("conf/vars.yml", "inventory/sample/vars.yml")]
        {
            let (ours, theirs) = (dir.path().join(ours), root.join(theirs));
            assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap());
            assert_eq!(fs::metadata(&ours).unwrap().permissions().mode() & 0o777, 0o644);
        }
        assert_eq!(fs::read_link(dir.path().join("playbooks/roles")).unwrap(), Path::new("../roles"));
        assert!(dir.path().join("playbooks/roles/etcd/tasks/main.yml").is_file());
        assert!(is_whole(dir.path()));
    }

    #[test]
    fn content_that_was_changed_or_is_partly_gone_is_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("content");
        replace(cache.path(), &folder).unwrap();
        fs::write(folder.join("playbooks/site.yml"), "[]").unwrap();
        assert!(!is_whole(&folder));
        replace(cache.path(), &folder).unwrap();
        assert!(is_whole(&folder));
        fs::remove_file(folder.join("playbooks/roles")).unwrap();
        assert!(!is_whole(&folder));
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
