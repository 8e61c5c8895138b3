//! Every option of Ansible's programs is one here too. `data/options.txt` has those of ansible-core 2.19.14: program and
//! command, the names of the option, and what it takes.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

const OPTIONS: &str = include_str!("data/options.txt");

fn links(dir: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_ksplay")).arg("links").arg(dir).stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
}

fn answer(dir: &Path, words: &[&str]) -> Output {
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(dir.join(program));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANSIBLE_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(dir).env("HOME", dir).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn every_option_of_ansible_is_known_by_all_its_names() {
    let dir = tempfile::tempdir().unwrap();
    links(dir.path());
    let mut unknown = Vec::new();
    let mut count = 0;
    for line in OPTIONS.lines() {
        let [command, names, takes] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{line}") };
        for name in names.split(' ') {
            let mut words: Vec<&str> = command.split(' ').collect();
            words.push(name);
            if !takes.is_empty() {
                // A name in capitals stands for any value; else it is one that is taken.
                words.push(if takes.chars().any(char::is_uppercase) { "1" } else { takes });
            }
            words.push("--help");
            count += 1;
            if !answer(dir.path(), &words).status.success() {
                unknown.push(words.join(" "));
            }
        }
    }
    assert!(count > 200 && unknown.is_empty(), "{count}: {unknown:#?}");
}

#[test]
fn options_that_nothing_can_be_done_for_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    links(dir.path());
    for (words, reason) in [
        (&["ansible-doc", "-F"][..], "--list_files is about files of plugins"),
        (&["ansible-doc", "--metadata-dump"], "--metadata-dump is about files of plugins"),
        (&["ansible-doc", "-t", "role", "-e", "main", "x"], "--entry-point is about files of plugins"),
        (&["ansible-doc", "-t", "callback", "-l"], "there are no pages of the kind `callback`"),
        (&["ansible-vault", "create", "x"], "not a tty, editor cannot be opened"),
        (&["ansible-playbook", "--no-such"], "there is no option `--no-such`"),
    ] {
        let output = answer(dir.path(), words);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(reason), "{words:?}: {errors}");
    }
}
