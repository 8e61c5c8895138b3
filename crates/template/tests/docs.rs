//! `src/docs.txt`, which `ksplay doc` shows of filters, tests and lookups, is what their doc comments say.
//! `UPDATE_DOCS=1 cargo test -p ksplay-template --test docs` writes it anew.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

#[test]
fn pages_are_the_doc_comments_of_the_functions() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = BTreeSet::new();
    for (kind, folder) in [("filter", "filters"), ("lookup", "lookups"), ("test", "tests")] {
        for file in files_below(&src.join(folder)) {
            lines.extend(pages(kind, &std::fs::read_to_string(file).unwrap()));
        }
    }
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(src.join("docs.txt"), &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(src.join("docs.txt")).unwrap(), text, "run it with UPDATE_DOCS=1");
    for (kind, names) in [
        ("filter", ksplay_template::filters::names().collect::<Vec<_>>()),
        ("lookup", ksplay_template::lookups::names().collect()),
        ("test", ksplay_template::tests::names().collect()),
    ] {
        for name in names {
            let page = ksplay_template::page(kind, name).unwrap_or_else(|| panic!("the {kind} {name} has no page"));
            assert!(page.about.ends_with('.'), "{kind} {name}: {}", page.about);
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// A line for each name in the table of a file: kind, name, parameters, what the comment of its function says.
fn pages(kind: &str, source: &str) -> Vec<String> {
    let Some((_, table)) = source.split_once("const TABLE: ") else { return Vec::new() };
    let table = &table[..table.find("];").unwrap()];
    let entry = Regex::new(r#"\("([^"]+)", (\w+)\)"#).unwrap();
    let parameters = Regex::new(r"\.bind\(\[([^\]]*)\]\)").unwrap();
    let page = |name: &str, function: &str| {
        let head =
            Regex::new(&format!(r"((?:///[^\n]*\n)+)(?:#[^\n]*\n)*(?:pub(?:\([a-z]+\))? )?fn {function}\(")).unwrap();
        let found = head.captures(source).unwrap_or_else(|| panic!("{function} of {name} has no comment"));
        let body = &source[found.get(0).unwrap().end()..];
        let body = &body[..body.find("\n}\n").unwrap_or(body.len())];
        let taken = parameters.captures(body).map(|found| found[1].replace('"', "")).unwrap_or_default();
        let about: Vec<&str> = found[1].lines().map(|line| line.trim_start_matches('/').trim()).collect();
        format!("{kind}\t{name}\t{taken}\t{}", about.join(" "))
    };
    entry.captures_iter(table).map(|found| page(&found[1], &found[2])).collect()
}
