//! What a dry run says of tasks that rest on what it did not do: `check_mode/playbook.yml` and its output.
//!
//! Ansible has no answer to compare with: it fails, or takes a guess. `UPDATE=1` writes the output as it is now.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::path::Path;
use std::process::Command;

#[test]
fn what_rests_on_what_check_mode_did_not_do_is_undecided_and_never_a_failure() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_mode");
    let workdir = tempfile::tempdir().unwrap();
    let answer = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(["playbook.yml", "-i", "a,", "-c", "local", "--check", "-e"])
        .arg(format!("workdir={}", workdir.path().display()))
        .current_dir(&folder)
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .unwrap();
    let replaced = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace(workdir.path().to_str().unwrap(), "WORKDIR")
            .replace(folder.to_str().unwrap(), "FOLDER")
            .replace(&"*".repeat(10), "*")
    };
    let text = format!("{}--- standard error\n{}", replaced(&answer.stdout), replaced(&answer.stderr));
    let expected = folder.join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&expected, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&expected).unwrap());
    assert_eq!(answer.status.code(), Some(2), "the last task fails for real");
    assert_eq!(std::fs::read_dir(workdir.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn what_is_missing_is_a_failure_when_nothing_is_pending() {
    let folder = tempfile::tempdir().unwrap();
    let play = "- {hosts: a, gather_facts: false, tasks: [{copy: {content: x, dest: /nosuch/folder/file}}]}";
    std::fs::write(folder.path().join("playbook.yml"), play).unwrap();
    let answer = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(["playbook.yml", "-i", "a,", "-c", "local", "--check"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(answer.status.code(), Some(2));
}
