//! `parallel` of `loop_control`, which Ansible does not have.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::process::Command;

/// What ksplay says to the playbook, and whether it succeeds.
fn run(playbook: &str, arguments: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("playbook.yml"), playbook).unwrap();
    let answer = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(["playbook.yml", "-i", "a,b", "-c", "local"])
        .args(arguments)
        .current_dir(folder.path())
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .unwrap();
    (answer.status.success(), String::from_utf8(answer.stdout).unwrap())
}

/// Each item waits for the next one's file, so that none ends unless all three run; the last one ends first.
const MEET: &str = r#"
- hosts: a
  gather_facts: false
  tasks:
    - name: meet
      shell: |
        touch {{ playbook_dir }}/{{ item }}
        for try in $(seq 300); do [ -e {{ playbook_dir }}/{{ (item + 1) % 3 }} ] && met=1 && break; sleep 0.1; done
        sleep 0.{{ 6 - 2 * item }}
        echo {{ item }} ${met:-alone}
      loop: [0, 1, 2]
      loop_control: {parallel: "{{ at_once }}", label: "number {{ item }}"}
      register: met
    - debug: {msg: "{{ met.results | map(attribute='stdout') | join(', ') }}"}
  vars: {at_once: 3}
"#;

#[test]
fn items_run_at_the_same_time_and_are_told_in_their_order() {
    let (succeeds, text) = run(MEET, &[]);
    assert!(succeeds && text.contains("0 1, 1 1, 2 1"), "{text}");
    let places: Vec<usize> = (0..3).map(|item| text.find(&format!("(item=number {item})")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

/// Each item says how many run beside it.
const COUNT: &str = r#"
- hosts: a
  gather_facts: false
  tasks:
    - shell: |
        touch {{ playbook_dir }}/run.{{ item }}
        sleep 0.2
        ls {{ playbook_dir }}/run.* | wc -l
        rm {{ playbook_dir }}/run.{{ item }}
      loop: "{{ range(6) | list }}"
      loop_control: {parallel: 2}
      register: counted
    - debug: {msg: "most: {{ counted.results | map(attribute='stdout') | map('int') | max }}"}
"#;

#[test]
fn no_more_items_run_at_once_than_asked_for() {
    let (succeeds, text) = run(COUNT, &[]);
    assert!(succeeds && (text.contains("most: 2") || text.contains("most: 1")), "{text}");
}

/// What loops are used with.
const ALL_KINDS: &str = r#"
- hosts: all
  gather_facts: false
  tasks:
    - name: tries again
      shell: "echo x >> {{ playbook_dir }}/{{ inventory_hostname }}.{{ item }}; wc -l < {{ playbook_dir }}/{{ inventory_hostname }}.{{ item }}"
      loop: [1, 2, 3]
      loop_control: {parallel: "{{ at_once }}", index_var: index, extended: true}
      until: tried.stdout | int >= 2
      retries: 4
      delay: 0
      throttle: 1
      register: tried
      check_mode: false
      no_log: "{{ item == 2 }}"
    - name: of tries
      debug: {msg: "{{ tried.results | map(attribute='attempts') }} {{ tried.results | map(attribute='ansible_loop') | map(attribute='revindex') }}"}
    - name: elsewhere
      command: "echo {{ item }}"
      delegate_to: "{{ item }}"
      loop: [b, a, b]
      loop_control: {parallel: "{{ at_once }}"}
      notify: told
    - name: hidden
      command: "echo secret-{{ item }}"
      no_log: true
      loop: [1, 2]
      loop_control: {parallel: "{{ at_once }}"}
    - name: files
      copy: {content: "{{ item }}", dest: "{{ playbook_dir }}/file.{{ inventory_hostname }}.{{ item }}"}
      loop: [x, y, z]
      loop_control: {parallel: "{{ at_once }}"}
      when: item != 'y'
    - name: facts
      set_fact: {"fact_{{ item }}": "{{ item }}"}
      loop: [x, y]
      loop_control: {parallel: "{{ at_once }}"}
    - debug: {msg: "{{ fact_x }}{{ fact_y }}"}
    - name: fails
      command: "{{ item }}"
      loop: ["true", "false", "true"]
      loop_control: {parallel: "{{ at_once }}"}
      failed_when: item == 'false'
      ignore_errors: true
      register: failed
    - debug: {msg: "{{ failed.results | map(attribute='failed') }} {{ failed.msg }}"}
  handlers:
    - {name: told, debug: {msg: told}}
"#;

/// The lines but for those of tries, which are told when they happen, and for times.
fn lasting(text: &str) -> String {
    let times = regex::Regex::new(r#""(start|end|delta)": "[^"]*"|/[^" ]*/\.tmp[^/]*/"#).unwrap();
    let lines = text.lines().filter(|line| !line.contains("RETRYING"));
    lines.map(|line| times.replace_all(line, "").into_owned() + "\n").collect()
}

#[test]
fn what_is_told_is_what_items_in_turn_tell() {
    for mode in [&[][..], &["--check"]] {
        let run = |at_once: &str| run(ALL_KINDS, &[&["-f1", "-e", at_once], mode].concat());
        let ((in_turn, expected), (at_once, got)) = (run("at_once=1"), run("at_once=3"));
        assert!(in_turn && at_once, "{expected}\n{got}");
        assert_eq!(lasting(&got), lasting(&expected));
        assert!(!got.contains("secret-"), "{got}");
        let retries = |text: &str| text.matches("RETRYING").count();
        assert_eq!((retries(&expected), retries(&got)), (6, 6), "{got}");
    }
}

#[test]
fn a_number_that_is_none_fails_the_task() {
    let (succeeds, text) = run(MEET, &["-e", "at_once=0.5"]);
    assert!(!succeeds && text.contains("FAILED"), "{text}");
}
