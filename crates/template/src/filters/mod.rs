//! Filters: `value | name(…)`. One file for each family; its table names each function once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Function;

pub(crate) mod args;
mod certificates;
mod combinatorics;
mod comment;
mod community;
mod data_paths;
mod dates;
mod dicts;
mod differences;
mod hashes;
mod html;
mod ip;
mod json;
mod keys;
mod lipsum;
mod lists;
mod members;
mod network;
pub(crate) mod numbers;
pub(crate) mod order;
pub(crate) mod passwords;
pub(crate) mod paths;
pub(crate) mod random;
pub(crate) mod regex;
mod regexes;
mod selecting;
mod sets;
mod strings;
mod subnets;
mod tables;
mod times;
pub(crate) mod types;
mod url;
mod vaults;
mod versions;
mod wrap;
mod yaml;

pub(crate) use combinatorics::product_of;
pub(crate) use dates::{formatted_moment, in_local_zone, local_instant, moment_of};
pub(crate) use hashes::{bytes_in, text_in};
pub(crate) use lists::subelements_of;
pub(crate) use order::sorted;

/// An integer in a format of Python's: `%02d`.
pub(crate) fn percent_format(format: &str, number: i64) -> Result<ksplay_value::Value, crate::Error> {
    crate::eval::percent::format(format, &number.into()).map(Into::into)
}

/// The collections whose names these go by as well; a bare name serves them all.
const PREFIXES: [&str; 9] = [
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.utils.",
    "ansible.netcommon.",
    "ansible.posix.",
    "community.general.",
    "community.crypto.",
    "kubernetes.core.",
    "ansible._protomatter.",
];

static ALL: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let families = [
        certificates::TABLE,
        combinatorics::TABLE,
        comment::TABLE,
        community::TABLE,
        data_paths::TABLE,
        dates::TABLE,
        dicts::TABLE,
        differences::TABLE,
        hashes::TABLE,
        html::TABLE,
        json::TABLE,
        keys::TABLE,
        lipsum::TABLE,
        lists::TABLE,
        members::TABLE,
        network::TABLE,
        numbers::TABLE,
        passwords::TABLE,
        paths::TABLE,
        random::TABLE,
        regexes::TABLE,
        selecting::TABLE,
        sets::TABLE,
        strings::TABLE,
        subnets::TABLE,
        tables::TABLE,
        times::TABLE,
        types::TABLE,
        url::TABLE,
        vaults::TABLE,
        versions::TABLE,
        wrap::TABLE,
        yaml::TABLE,
    ];
    families.into_iter().flatten().copied().collect()
});

/// The filter of this name, short or full (`ansible.builtin.combine`).
pub fn find(name: &str) -> Option<Function> {
    ALL.get(name).or_else(|| ALL.get(short(name))).copied()
}

/// The names of all filters, short, in no order; for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.keys().copied()
}

/// The name without the collection that it may be in.
pub(crate) fn short(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Whether a filter can be applied to, and be given, something undefined; for all others that is an error before they
/// are called.
pub fn accepts_undefined(name: &str) -> bool {
    matches!(short(name), "default" | "d" | "mandatory" | "ternary" | "type_debug")
}

/// Whether a filter can be applied to what holds unknown values without looking at them; for all others the result is
/// unknown.
pub(crate) fn holds_unknown(name: &str, options: &ksplay_value::Map) -> bool {
    match name {
        "default" | "d" | "mandatory" | "dict2items" | "length" | "count" | "list" => true,
        // What a mapping in a mapping becomes rests on the values.
        "combine" => !options.contains_key("recursive"),
        _ => false,
    }
}
