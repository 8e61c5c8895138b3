//! Text files of the system that modules keep in order line by line.

use std::path::Path;

use crate::files::text_diff;
use crate::{Diff, Failure, NewFile, Probe, System};

/// The text of a file; empty when there is none.
pub(crate) fn read(path: &Path, system: &Probe) -> Result<String, Failure> {
    match system.read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::new(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Replaces the text in one step.
pub(crate) fn write(path: &Path, text: &str, wanted: &NewFile, system: &mut System) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes(), wanted, system)
}

/// Replaces the content in one step.
pub(crate) fn write_bytes(path: &Path, mut bytes: &[u8], wanted: &NewFile, system: &mut System) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
    system.write_atomic(path, &mut bytes, &NewFile { in_place_if_needed: true, ..*wanted }).map_err(failed)
}

/// The difference of both texts.
pub(crate) fn diff(path: &Path, before: &str, after: &str) -> Diff {
    text_diff(path.display().to_string(), before, after)
}
