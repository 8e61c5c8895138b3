//! `ksplay links`: the names of Ansible's programs as links to ksplay.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::called::PROGRAMS;
use crate::failure::Failure;
use crate::output::say;

/// Makes the links in this folder; what is there and is no link to a ksplay stays.
///
/// # Errors
///
/// If one of the names is taken by something else, or the folder cannot be written to.
pub fn make(dir: &Path) -> Result<u8, Failure> {
    let own = std::env::current_exe().map_err(Failure::error)?;
    let failed =
        |path: &Path, error: std::io::Error| Failure::error(format!("cannot make {}: {error}", path.display()));
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    for taken in PROGRAMS.iter().map(|name| dir.join(name)) {
        let links_here = std::fs::read_link(&taken).is_ok_and(|target| target.file_name() == own.file_name());
        if taken.symlink_metadata().is_ok() && !links_here {
            return Err(Failure::error(format!("{} is there already and is no link to ksplay", taken.display()))
                .help("take another folder, or remove it first"));
        }
    }
    for name in PROGRAMS {
        let link = dir.join(name);
        let new = dir.join(format!(".{name}.{}", std::process::id()));
        symlink(&own, &new).and_then(|()| std::fs::rename(&new, &link)).map_err(|error| failed(&link, error))?;
        say!("{} -> {}", link.display(), own.display());
    }
    Ok(0)
}
