//! A terminal that has stopped, and Ctrl-C.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn start(playbook: &str, dir: &Path) -> Child {
    std::fs::write(dir.join("playbook.yml"), playbook).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplay"));
    command.args(["playbook.yml", "-i", "a,", "-c", "local"]).current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits for something, for a while.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_run_goes_on_while_nobody_reads_what_it_says_and_a_second_signal_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let playbook = r#"
- hosts: all
  gather_facts: false
  tasks:
    - {debug: {msg: "{{ 'x' * 300000 }}"}}
    - {command: "touch done", args: {chdir: "{{ playbook_dir }}"}}
"#;
    let mut child = start(playbook, dir.path());
    until("the last task", || dir.path().join("done").exists());
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "the pipe took everything: the test shows nothing");
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "the first signal only interrupts the run");
    signal(&child, "INT");
    let mut code = None;
    until("the end", || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    assert_eq!(code.unwrap().code(), Some(130));
}

#[test]
fn the_first_signal_ends_the_run_with_its_recap() {
    let dir = tempfile::tempdir().unwrap();
    let playbook = r#"
- hosts: all
  gather_facts: false
  tasks:
    - {command: "touch begun", args: {chdir: "{{ playbook_dir }}"}}
    - {command: sleep 300}
"#;
    let child = start(playbook, dir.path());
    until("the first task", || dir.path().join("begun").exists());
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    let since = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(since.elapsed() < Duration::from_secs(20));
    assert_eq!(output.status.code(), Some(99));
    assert!(String::from_utf8(output.stdout).unwrap().contains("PLAY RECAP"));
}
