//! Tests: `value is name(…)`. One file for each family; its table names each function once.

use crate::Function;

/// The test of this name, short or full (`ansible.builtin.version`).
pub fn find(_name: &str) -> Option<Function> {
    None
}
