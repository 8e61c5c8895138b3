//! Which hosts a pattern means.

use crate::{Error, HostName, Inventory, Warning};

/// The hosts that a pattern means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The hosts in the order of the inventory.
    pub hosts: Vec<HostName>,
    /// Parts of the pattern that match nothing, and the like.
    pub warnings: Vec<Warning>,
}

impl Inventory {
    /// The hosts that patterns (a play's `hosts`, one text or several) mean, narrowed by `--limit`.
    ///
    /// # Errors
    ///
    /// If a pattern is not valid, or a `@file` of the limit cannot be read.
    pub fn select(&self, patterns: &[impl AsRef<str>], limit: Option<&str>) -> Result<Selection, Error> {
        let _ = (patterns, limit);
        Ok(Selection::default())
    }
}
