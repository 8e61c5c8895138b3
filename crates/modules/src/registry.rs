//! The table of modules: adding one is one line here.

use ksplay_value::Map;

use crate::arguments::Spec;
use crate::module::RunOptions;
use crate::system::Probe;

/// A module as the rest of the program sees it.
pub struct Entry {
    /// Its short name.
    pub name: &'static str,
    /// Its collection: `ansible.builtin`, `ansible.posix`, …
    pub collection: &'static str,
    /// Its arguments and their documentation.
    pub spec: &'static Spec,
    /// Runs it; see [`crate::run`].
    pub run: fn(&Map, &RunOptions, Probe) -> Map,
}

/// All modules, by name.
pub static MODULES: &[Entry] = &[];

/// The module of this name: short, or with its collection (`ansible.legacy` counts as `ansible.builtin`).
pub fn find(_name: &str) -> Option<&'static Entry> {
    None
}
