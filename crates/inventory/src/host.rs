//! One host, one group.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexSet;
use ksplay_value::{Map, Value};

use crate::own::OwnVars;

/// The name of a host in the inventory, cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(Arc<str>);

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for HostName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for HostName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for HostName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for HostName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<&HostName> for Value {
    fn from(name: &HostName) -> Self {
        Self::String(Arc::clone(&name.0))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A machine to work on.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) name: HostName,
    pub(crate) vars: OwnVars,
    pub(crate) groups: IndexSet<Arc<str>>,
    pub(crate) file: Option<Arc<Path>>,
    pub(crate) implicit: bool,
}

impl Host {
    /// The name in the inventory.
    pub fn name(&self) -> &HostName {
        &self.name
    }

    /// The variables that the inventory itself gives the host; `ansible_port` too, when the name had a port.
    pub fn vars(&self) -> &Map {
        self.vars.get()
    }

    /// The groups that name the host themselves, in order.
    pub fn direct_groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| &**group)
    }

    /// The source that first named the host: `inventory_file`.
    pub fn inventory_file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The directory of [`Host::inventory_file`]: `inventory_dir`.
    pub fn inventory_dir(&self) -> Option<PathBuf> {
        let file = self.file.as_deref()?;
        if file.is_dir() { Some(file.to_owned()) } else { file.parent().map(Path::to_owned) }
    }

    /// Whether this is the `localhost` that no source names.
    pub fn is_implicit(&self) -> bool {
        self.implicit
    }
}

/// A named set of hosts and groups.
#[derive(Debug, Clone)]
pub struct Group {
    pub(crate) name: Arc<str>,
    pub(crate) vars: Arc<Map>,
    pub(crate) hosts: IndexSet<HostName>,
    pub(crate) priority: i64,
    pub(crate) depth: u32,
}

impl Group {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The variables that the inventory itself gives the group.
    pub fn vars(&self) -> &Map {
        &self.vars
    }

    /// The hosts that the group itself names, in order; not those of its children.
    pub fn direct_hosts(&self) -> impl Iterator<Item = &HostName> {
        self.hosts.iter()
    }

    /// `ansible_group_priority`: of two groups at one depth, the higher one wins.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// The longest way down from `all`.
    pub fn depth(&self) -> u32 {
        self.depth
    }
}
