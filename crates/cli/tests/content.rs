//! The playbooks inside ksplay: written out by `ksplay init`, and run from within.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn ksplay(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(arguments)
        .current_dir(home)
        .env_remove("XDG_CACHE_HOME")
        .env_remove("ANSIBLE_CONFIG")
        .env("HOME", home)
        .output()
        .unwrap()
}

fn said(home: &Path, arguments: &[&str]) -> String {
    let output = ksplay(home, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn init_writes_a_folder_that_can_be_run() {
    let home = tempfile::tempdir().unwrap();
    let said_of_init = said(home.path(), &["init", "kubesphere", "new/cluster"]);
    assert!(said_of_init.contains("list your machines in new/cluster/conf/hosts.ini"), "{said_of_init}");
    let cluster = home.path().join("new/cluster");
    assert_eq!(names(&cluster), ["conf", "playbooks", "roles"]);
    assert_eq!(names(&home.path().join("new")), ["cluster"], "nothing is left beside it");
    let hosts = fs::metadata(cluster.join("conf/hosts.ini")).unwrap();
    assert_eq!(hosts.permissions().mode() & 0o777, 0o600, "passwords go in there");
    let listed = said(&cluster, &["-i", "conf/hosts.ini", "playbooks/site.yml", "--list-hosts"]);
    assert!(listed.contains("      node2\n"), "{listed}");
}

#[test]
fn init_takes_an_empty_folder_and_refuses_one_that_holds_something() {
    let home = tempfile::tempdir().unwrap();
    said(home.path(), &["init", "kubesphere", "."]);
    let before = fs::read(home.path().join("conf/hosts.ini")).unwrap();
    let output = ksplay(home.path(), &["init", "kubesphere", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: the folder . is not empty\n  = help: name a new folder; `ksplay init` replaces no files\n"
    );
    assert_eq!(fs::read(home.path().join("conf/hosts.ini")).unwrap(), before);
}

#[test]
fn a_built_in_playbook_runs_from_the_cache() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("hosts.ini"), "[etcd]\nnode1\n").unwrap();
    for _ in 0..2 {
        let listed = said(home.path(), &["-i", "hosts.ini", "builtin:etcd.yml", "--list-tasks"]);
        assert!(listed.contains("etcd : Write the unit"), "{listed}");
        assert_eq!(names(&home.path().join(".cache/ksplay")).len(), 1);
    }
}

#[test]
fn a_slip_in_the_name_of_a_built_in_playbook_is_told() {
    let home = tempfile::tempdir().unwrap();
    let output = ksplay(home.path(), &["builtin:sit.yml"]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.starts_with("error: there is no built-in playbook `sit.yml`\n  = did you mean `builtin:site.yml`?\n"),
        "{words}"
    );
    assert!(words.contains("= help: built in are ") && words.contains("reset.yml"), "{words}");
}

#[test]
fn a_cache_that_cannot_be_written_to_is_told() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".cache"), "").unwrap();
    let output = ksplay(home.path(), &["builtin:site.yml", "--syntax-check"]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.starts_with("error: cannot unpack the built-in playbooks to "), "{words}");
    assert!(words.contains("set XDG_CACHE_HOME"), "{words}");
}
