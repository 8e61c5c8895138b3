//! What is wrong is refused before anything runs, where Ansible refuses it, with a place and a hint.
//!
//! `refused/ansible.tsv` keeps the reference's verdict on every file; `refused/NAME.txt` is what a user sees of ours. Set
//! `KSPLAY_ACCEPT=1` to write those anew.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::loader;

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused")
}

fn verdicts() -> BTreeMap<String, bool> {
    let text = std::fs::read_to_string(dir().join("ansible.tsv")).expect("the reference's answers");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let mut columns = row.split('\t');
        let name = columns.next().expect("a name").to_owned();
        (name, columns.next() != Some("0"))
    })
    .collect()
}

fn render(name: &str) -> Option<String> {
    let dir = dir();
    let loader = loader(&dir);
    let error = loader.load(&dir.join(format!("{name}.yml"))).err().or_else(|| loader.missing_modules())?;
    Some(error.render().replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), "."))
}

#[test]
fn files_are_refused_exactly_where_the_reference_refuses_them() {
    let wrong: Vec<String> = verdicts()
        .into_iter()
        .filter(|(name, refused)| render(name).is_some() != *refused)
        .map(|(name, refused)| format!("{name}: the reference {}", if refused { "refuses it" } else { "accepts it" }))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_read_as_they_are_written_down() {
    let accept = std::env::var_os("KSPLAY_ACCEPT").is_some();
    let mut wrong = Vec::new();
    for name in verdicts().keys() {
        let Some(rendered) = render(name) else { continue };
        let path = dir().join(format!("{name}.txt"));
        if accept {
            std::fs::write(&path, &rendered).expect("the snapshot is written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != rendered {
            wrong.push(format!("--- {name}\n{expected}--- is now\n{rendered}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
