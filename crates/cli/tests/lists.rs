//! `--list-hosts`, `--list-tasks`, `--list-tags`, `--syntax-check` and the views of `ksplay inventory` print what
//! ansible-playbook 2.19 and ansible-inventory 2.19 print.
//!
//! `lists/expected.txt` holds the reference's answers. There hosts and the tags of a play stand in the order of a Python
//! set; they were sorted when they were recorded, as they are here before the comparison.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

#[test]
fn every_list_is_that_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists");
    let recorded = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let mut wrong = Vec::new();
    let cases: Vec<&str> = recorded.split("$ ").skip(1).collect();
    for case in &cases {
        let (command, expected) = case.split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ksplay"))
            .args(shlex::split(command).unwrap())
            .current_dir(&folder)
            .env_remove("ANSIBLE_CONFIG")
            .output()
            .unwrap();
        let got = sorted(&String::from_utf8(output.stdout).unwrap());
        if got.trim_end() != expected.trim_end() {
            wrong.push(format!("$ {command}\n--- expected\n{expected}\n--- got\n{got}"));
        }
    }
    assert!(cases.len() > 15);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text with the hosts of each play, and the tags in its head, in alphabetical order.
fn sorted(text: &str) -> String {
    let mut lines = Vec::new();
    let mut hosts: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("      ") && !line.contains(['\t', ':', '"', '-']) {
            hosts.push(line.to_owned());
            continue;
        }
        hosts.sort();
        lines.append(&mut hosts);
        lines.push(match line.strip_suffix(']').and_then(|line| line.split_once("TAGS: [")) {
            Some((head, tags)) if line.starts_with("  play #") => {
                let mut tags: Vec<&str> = tags.split(',').collect();
                tags.sort_unstable();
                format!("{head}TAGS: [{}]", tags.join(","))
            }
            _ => line.to_owned(),
        });
    }
    hosts.sort();
    lines.append(&mut hosts);
    lines.join("\n") + "\n"
}
