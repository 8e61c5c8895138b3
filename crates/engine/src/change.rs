//! What tasks add to the inventory while a run goes on.

use ksplay_inventory::{Error, Inventory};
use ksplay_value::{Map, Str};

/// A change of the inventory that a task asked for. It outlives a refresh, as in Ansible.
#[derive(Debug)]
pub(crate) enum Change {
    AddHost { name: String, groups: Vec<String>, vars: Map },
    GroupBy { host: Str, group: String, parents: Vec<String> },
}

impl Change {
    /// Makes it.
    ///
    /// # Errors
    ///
    /// If a group would contain itself.
    pub fn make(&self, inventory: &mut Inventory) -> Result<(), Error> {
        match self {
            Self::AddHost { name, groups, vars } => inventory.add_host(name, groups, vars.clone()),
            Self::GroupBy { host, group, parents } => inventory.group_by(host, group, parents),
        }
        .map(drop)
    }
}
