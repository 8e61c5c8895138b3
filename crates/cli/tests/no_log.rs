//! What `no_log` hides is nowhere in the output.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::process::Command;

#[test]
fn no_try_of_a_hidden_task_shows_its_result() {
    let dir = tempfile::tempdir().unwrap();
    let playbook = r#"
- hosts: all
  gather_facts: false
  tasks:
    - {debug: {msg: "s3{{ 'cret' }}"}, no_log: true, until: false, retries: 1, delay: 0, ignore_errors: true}
    - {debug: {msg: "s3{{ item }}"}, no_log: "{{ true }}", until: false, retries: 1, delay: 0, loop: [cret], ignore_errors: true}
    - {command: "echo s3{{ 'cret' }}", no_log: "{{ missing }}", ignore_errors: true}
"#;
    std::fs::write(dir.path().join("playbook.yml"), playbook).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplay"));
    command.args(["playbook.yml", "-i", "a,", "-c", "local", "-vvvv"]).current_dir(dir.path());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("RETRYING") && text.contains("censored"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
