//! `--list-hosts`, `--list-tasks`, `--list-tags`, `--syntax-check` and the views of `ksplay inventory` print what
//! ansible-playbook 2.19 and ansible-inventory 2.19 print.
//!
//! `lists/expected.txt` and, for the bundled playbooks, `lists/bundled.txt` hold the reference's answers; `lists/record`
//! asks for those of the bundled playbooks again. The reference gives hosts and the tags of a play in the order of a
//! Python set; they were sorted when they were recorded, as they are here before the comparison.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

const KSPLAY: &str = env!("CARGO_BIN_EXE_ksplay");
const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_list_is_that_of_the_reference() {
    let folder = Path::new(HERE).join("tests/lists");
    let recorded = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    assert!(cases(&recorded).len() > 15);
    compare(&recorded, &folder);
}

#[test]
fn lists_of_the_bundled_playbooks_are_those_of_the_reference() {
    let root = Path::new(HERE).join("../..");
    let file = root.join("crates/cli/tests/lists/bundled.txt");
    let commands = bundled_commands(&root);
    if let Ok(reference) = std::env::var("KSPLAY_RECORD_FROM") {
        let mut text = String::new();
        for command in &commands {
            write!(text, "$ {command}\n{}", answer(&reference, command, &root)).unwrap();
        }
        std::fs::write(file, text).unwrap();
        return;
    }
    let recorded = std::fs::read_to_string(file).unwrap();
    let known: Vec<&str> = cases(&recorded).into_iter().map(|(command, _)| command).collect();
    assert_eq!(known, commands, "a playbook is new or gone: run crates/cli/tests/lists/record");
    compare(&recorded, &root);
}

/// What is asked about every bundled playbook.
fn bundled_commands(root: &Path) -> Vec<String> {
    let mut playbooks: Vec<String> = std::fs::read_dir(root.join("playbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // `defaults.yml` holds variables.
        .filter(|path| path.is_file() && !path.ends_with("defaults.yml"))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    playbooks.sort();
    let asked = |name: &String| {
        ["--syntax-check", "--list-hosts", "--list-tasks"]
            .map(|option| format!("-i crates/cli/tests/lists/cluster.ini {option} playbooks/{name}"))
    };
    playbooks.iter().flat_map(asked).collect()
}

/// The commands of a recording, each with its answer.
fn cases(recorded: &str) -> Vec<(&str, &str)> {
    recorded.split("$ ").skip(1).map(|case| case.split_once('\n').unwrap()).collect()
}

fn compare(recorded: &str, folder: &Path) {
    let mut wrong = Vec::new();
    for (command, expected) in cases(recorded) {
        let got = answer(KSPLAY, command, folder);
        if got.trim_end() != expected.trim_end() {
            wrong.push(format!("$ {command}\n--- expected\n{expected}\n--- got\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(program: &str, command: &str, folder: &Path) -> String {
    let output = Command::new(program)
        .args(shlex::split(command).unwrap())
        .current_dir(folder)
        .env_remove("ANSIBLE_CONFIG")
        .output()
        .unwrap();
    sorted(&String::from_utf8(output.stdout).unwrap())
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
