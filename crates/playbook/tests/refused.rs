//! What is wrong is refused before anything runs, where Ansible refuses it, with a place and a hint.
//!
//! `refused/ansible.tsv` keeps the reference's verdict on every file; `refused/NAME.txt` is what a user sees of ours. Set
//! `KSPLAY_ACCEPT=1` to write those anew.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ksplay_playbook::Error;
use support::loader;

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused")
}

/// The exit code of the reference for each file; where it crashes, the one of what is wrong in a playbook.
fn verdicts() -> BTreeMap<String, i32> {
    let text = std::fs::read_to_string(dir().join("ansible.tsv")).expect("the reference's answers");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let mut columns = row.split('\t');
        let name = columns.next().expect("a name").to_owned();
        let code = columns.next().and_then(|code| code.parse().ok()).expect("an exit code");
        (name, if code == 250 { 4 } else { code })
    })
    .collect()
}

fn refusal(name: &str) -> Option<Error> {
    let dir = dir();
    let loader = loader(&dir);
    loader.load(&dir.join(format!("{name}.yml"))).err().or_else(|| loader.missing_modules())
}

fn render(name: &str) -> Option<String> {
    let dir = dir();
    Some(refusal(name)?.render().replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), "."))
}

#[test]
fn files_are_refused_where_the_reference_refuses_them_and_with_its_exit_code() {
    let wrong: Vec<String> = verdicts()
        .into_iter()
        .map(|(name, code)| (refusal(&name).map_or(0, |error| error.exit_code()), name, code))
        .filter(|(ours, _, code)| ours != code)
        .map(|(ours, name, code)| format!("{name}: exit code {ours}, of the reference {code}"))
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
