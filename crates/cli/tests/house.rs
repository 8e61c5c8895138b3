//! The house: a crate stands on the floors below its own, and on nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// From the ground up; the crates of a floor do not know each other.
const FLOORS: [&[&str]; 7] = [
    &["value"],
    &["inventory", "template", "modules", "protocol", "vault"],
    &["playbook", "agent"],
    &["scheduler", "transport"],
    &["engine"],
    &["report"],
    &["cli"],
];

/// Which floor a folder of `crates/` is on.
fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

/// The crates of the house that a `Cargo.toml` names in any of its tables of dependencies, by their folders.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut table = "";
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']');
            // A table for one dependency: `[dependencies.ksplay-value]`.
            found.extend(table.rsplit('.').next().and_then(|name| name.strip_prefix("ksplay-")).map(str::to_owned));
        } else if table.ends_with("dependencies")
            && let Some(rest) = line.strip_prefix("ksplay-")
        {
            found.push(rest.split(['.', '=', ' ']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

fn manifests() -> BTreeMap<String, String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path());
    folders
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(folder.join("Cargo.toml")).unwrap())
        })
        .collect()
}

/// What is wrong with the dependencies of a house, one line each.
fn faults(manifests: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, manifest) in manifests {
        let Some(own) = floor(name) else {
            faults.push(format!("crates/{name} is on no floor: add it to this test and to ARCHITECTURE.md"));
            continue;
        };
        for other in dependencies(manifest) {
            match floor(&other) {
                Some(below) if below < own => {}
                Some(_) => faults.push(format!("{name} must not depend on {other}, which is not on a floor below")),
                None => faults.push(format!("{name} depends on {other}, which is on no floor")),
            }
        }
    }
    faults
}

#[test]
fn no_crate_depends_on_a_floor_that_is_not_below() {
    let manifests = manifests();
    assert_eq!(manifests.len(), FLOORS.iter().map(|floor| floor.len()).sum::<usize>(), "crates and floors agree");
    assert!(dependencies(&manifests["engine"]).len() >= 4, "dependencies are found");
    let faults = faults(&manifests);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_arrow_that_runs_up_or_sideways_is_found() {
    let house = |name: &str, manifest: &str| BTreeMap::from([(name.to_owned(), manifest.to_owned())]);
    let up = house("value", "[dependencies]\nksplay-engine.workspace = true\n");
    let sideways = house("modules", "[dev-dependencies]\nksplay-template = { workspace = true }\n");
    let table = house("playbook", "[target.'cfg(unix)'.dependencies.ksplay-cli]\nworkspace = true\n");
    let stranger = house("attic", "[dependencies]\n");
    for wrong in [up, sideways, table, stranger] {
        assert_eq!(faults(&wrong).len(), 1, "{wrong:?}");
    }
    let right = house("engine", "[dependencies]\nksplay-value.workspace = true\nserde.workspace = true\n");
    assert!(faults(&right).is_empty());
}
