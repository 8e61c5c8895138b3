//! Each host's last result as a file, as Ansible's callback `tree` writes them.

use std::io::Write;
use std::path::{Path, PathBuf};

use ksplay_engine::{Event, Sink};

use crate::result;

/// Writes results into a folder, each over the one before.
#[derive(Debug)]
pub struct Tree(PathBuf);

impl Tree {
    /// Writes into this folder, which is made if need be.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(dir: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self(dir.to_owned()))
    }

    fn write(&self, host: &str, text: &str) -> std::io::Result<()> {
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(&self.0)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.0.join(host))?;
        Ok(())
    }
}

impl Sink for Tree {
    fn event(&self, event: &Event) {
        let Event::Result(of) = event else { return };
        // A name with a slash would lead out of the folder.
        let name = of.host.replace('/', "_");
        if let Err(error) = self.write(&name, &result::json(result::shown(&of.result, 0), false)) {
            eprintln!("[WARNING]: Unable to write to {}'s file: {error}", of.host);
        }
    }
}
