//! Makes the pages of filters, tests and lookups from the comments of their functions, so that nothing is said twice.
//!
//! A line each: kind, name, parameters, meaning.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut lines = BTreeSet::new();
    for (kind, folder) in [("filter", "src/filters"), ("lookup", "src/lookups"), ("test", "src/tests")] {
        println!("cargo::rerun-if-changed={folder}");
        for file in files_below(Path::new(folder))? {
            lines.extend(pages(kind, &fs::read_to_string(file)?));
        }
    }
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("pages.txt"), text)
}

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// A line for each name in the table of a file.
fn pages(kind: &str, source: &str) -> Vec<String> {
    let Some((_, table)) = source.split_once("const TABLE: ") else { return Vec::new() };
    let table = table.split_once("];").map_or(table, |(table, _)| table);
    // `("name", function)`
    let entries = table.split("(\"").skip(1).filter_map(|entry| {
        let (name, rest) = entry.split_once("\", ")?;
        Some((name, rest.split_once(')')?.0))
    });
    entries.map(|(name, function)| format!("{kind}\t{name}\t{}", page(source, function))).collect()
}

/// The parameters of a function that the evaluator calls, and what its comment says.
fn page(source: &str, function: &str) -> String {
    let head = format!("fn {function}(");
    let lines: Vec<&str> = source.lines().collect();
    let is_head =
        |line: &&str| line.starts_with("pub") && line.contains(&format!(" {head}")) || line.starts_with(&head);
    let at = lines.iter().position(is_head).unwrap_or_else(|| panic!("there is no function {function}"));
    let above = lines[..at].iter().rev().skip_while(|line| line.starts_with("#["));
    let mut about: Vec<&str> = above.map_while(|line| line.strip_prefix("///")).map(str::trim).collect();
    about.reverse();
    assert!(!about.is_empty(), "{function} has no comment");
    let body = lines[at..].iter().take_while(|line| **line != "}").copied().collect::<Vec<_>>().join("\n");
    // `call.bind(["one", "other"])`
    let names = body.split_once(".bind([").and_then(|(_, rest)| rest.split_once("])")).map_or("", |(names, _)| names);
    format!("{}\t{}", names.replace('"', ""), about.join(" "))
}
