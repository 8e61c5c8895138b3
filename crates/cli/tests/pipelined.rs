//! The strategy `pipelined`, which Ansible does not have.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::process::Command;

/// `a` is slow at the first task; what comes before the read of `hostvars` does not wait for it, that read does.
const PLAY: &str = r#"
- hosts: all
  gather_facts: false
  strategy: pipelined
  vars:
    seen: "{{ hostvars['a'].slow }}"
  tasks:
    - {name: slow, command: "sleep {{ 1 if inventory_hostname == 'a' else 0 }}"}
    - {name: set, set_fact: {slow: "{{ inventory_hostname }} is done"}}
    - {name: ahead, debug: {msg: "{{ slow }}"}}
    - {name: sees, debug: {msg: "a: {{ seen }}"}}
    - {name: beyond, debug: {msg: on}}
"#;

#[test]
fn hosts_run_ahead_but_not_beyond_a_task_that_sees_others_through_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("playbook.yml"), PLAY).unwrap();
    let answer = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(["playbook.yml", "-i", "a,b", "-c", "local"])
        .current_dir(folder.path())
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.success(), "{text}");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    assert!(place("b is done") < place("changed: [a]"), "b runs ahead of a: {text}");
    assert_eq!(text.matches("a: a is done").count(), 2, "both see what a set: {text}");
    assert!(place("a: a is done") > place("changed: [a]"), "b waits for a: {text}");
}
