//! What there is to say of filters, tests and lookups.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The short name.
    pub name: &'static str,
    /// The names of its arguments beside the value that it is for, between commas; empty where it says nothing of them.
    pub parameters: &'static str,
    /// What it does, often with an example.
    pub about: &'static str,
}

/// A line each: kind, name, parameters, meaning. It is made of the comments of the functions, by `build.rs`.
const PAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/pages.txt"));

/// What is said of all `filter`s, `test`s or `lookup`s, by name.
pub fn pages(kind: &str) -> impl Iterator<Item = Page> {
    PAGES.lines().filter_map(move |line| match line.split('\t').collect::<Vec<_>>()[..] {
        [of, name, parameters, about] if of == kind => Some(Page { name, parameters, about }),
        _ => None,
    })
}

/// What is said of one of them, by its short name.
pub fn page(kind: &str, name: &str) -> Option<Page> {
    pages(kind).find(|page| page.name == name)
}
