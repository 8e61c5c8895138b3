//! Tests: `value is name(…)`. One file for each family; its table names each function once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Function;
use crate::filters::short;

mod compare;
mod files;
mod kinds;
mod matching;
mod results;
mod sets;
pub(crate) mod versions;

static ALL: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let families =
        [compare::TABLE, files::TABLE, kinds::TABLE, matching::TABLE, results::TABLE, sets::TABLE, versions::TABLE];
    families.into_iter().flatten().copied().collect()
});

/// The test of this name, short or full (`ansible.builtin.version`).
pub fn find(name: &str) -> Option<Function> {
    ALL.get(short(name)).copied()
}

/// The names of all tests, short, in no order; for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.keys().copied()
}

/// Whether a test can be applied to something undefined; for all others that is an error before they are called.
pub fn accepts_undefined(name: &str) -> bool {
    matches!(short(name), "defined" | "undefined")
}

/// Whether a test can be applied to what holds something unknown; the result of all others is unknown.
pub(crate) fn accepts_unknown(name: &str) -> bool {
    let of_a_result = || results::TABLE.iter().any(|(known, _)| *known == short(name));
    matches!(short(name), "defined" | "undefined") || of_a_result()
}
