//! Lookups: `lookup('name', …)`. One file for each family; its table names each function once.
//!
//! A lookup gets its terms as `args` and its options as `kwargs`, and answers with a list. What it answers is plain data
//! and never evaluated.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Function;
use crate::filters::short;

mod commands;
mod config;
mod files;
mod find;
mod glob;
mod password;
mod plain;
mod url;
mod variables;

pub(crate) use files::rows as csv_rows;
pub(crate) use glob::files_matching;

static ALL: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let families =
        [commands::TABLE, config::TABLE, files::TABLE, password::TABLE, plain::TABLE, url::TABLE, variables::TABLE];
    families.into_iter().flatten().copied().collect()
});

/// The lookup of this name, short or full (`ansible.builtin.file`).
pub fn find(name: &str) -> Option<Function> {
    ALL.get(short(name)).copied()
}

/// The names of all lookups, short, in no order; for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.keys().copied()
}

/// Whether a lookup passes on what it is given without looking at it; of all others the result rests on it.
pub(crate) fn holds_unknown(name: &str) -> bool {
    matches!(name, "dict" | "indexed_items" | "items" | "list" | "nested" | "together")
}

/// The words of a text, blanks in quotes belonging to a word, quotes removed.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut open = false;
    for letter in text.chars() {
        match quote {
            Some(mark) if letter == mark => quote = None,
            Some(_) => word.push(letter),
            None if letter == '"' || letter == '\'' => {
                quote = Some(letter);
                open = true;
            }
            None if letter.is_whitespace() => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            None => word.push(letter),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}
