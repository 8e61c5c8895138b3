//! What only happens on a terminal, which `script` makes: questions and the debugger.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::io::Write;
use std::process::{Command, Stdio};

/// Exit code and output of a playbook on a terminal on which this is typed.
fn typed(playbook: &str, lines: &str) -> (Option<i32>, String) {
    on_terminal("xterm", &[("ANSIBLE_NOCOLOR", "1")], playbook, lines)
}

/// The same on a terminal of this kind with these variables.
fn on_terminal(kind: &str, variables: &[(&str, &str)], playbook: &str, lines: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.yml");
    std::fs::write(&file, playbook).unwrap();
    let command = format!("{} {} -i a, -c local", env!("CARGO_BIN_EXE_ksplay"), file.display());
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", kind)
        .env_remove("NO_COLOR")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests need the program `script`: Debian has it in bsdutils, others in util-linux");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
}

const DEBUGGED: &str = r#"
- hosts: all
  gather_facts: false
  debugger: on_failed
  vars: {who: bad}
  tasks:
    - {name: first, debug: {msg: x}}
    - {name: tried, command: "test {{ who }} = good", register: r}
    - {name: last, debug: {msg: "rc={{ r.rc }} who={{ who }}"}}
"#;

#[test]
fn there_are_colours_where_the_terminal_has_them_and_nobody_objects() {
    let coloured = |kind: &str, variables: &[(&str, &str)]| {
        let playbook = "- {hosts: all, gather_facts: false, tasks: [{debug: {msg: told}}]}\n";
        on_terminal(kind, variables, playbook, "").1.contains("\x1b[0;32mok: [a] => {\x1b[0m")
    };
    // As ansible-playbook on the same terminals.
    assert!(coloured("xterm", &[]) && coloured("xterm", &[("NO_COLOR", "")]));
    assert!(!coloured("dumb", &[]) && !coloured("", &[]));
    assert!(!coloured("xterm", &[("NO_COLOR", "1")]) && !coloured("xterm", &[("ANSIBLE_NOCOLOR", "1")]));
    assert!(coloured("dumb", &[("NO_COLOR", "1"), ("ANSIBLE_FORCE_COLOR", "1")]));
}

#[test]
fn a_task_is_tried_again_with_other_arguments() {
    let (code, said) = typed(DEBUGGED, "p result.rc\ntask.args[\"_raw_params\"] = \"true\"\nr\n");
    assert!(said.contains("[a] TASK: tried (debug)> ") && said.contains("rc=0 who=bad"), "{said}");
    // As in Ansible a task that is tried again takes away one that was ok before.
    assert!(said.contains("ok=2 ") && said.contains("failed=0"), "{said}");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_task_is_tried_again_with_other_variables_once_it_is_updated() {
    let (code, said) = typed(DEBUGGED, "task_vars[\"who\"] = \"good\"\nr\nu\nr\n");
    assert_eq!(said.matches("FAILED!").count(), 2, "{said}");
    assert!(said.contains("rc=0 who=bad") && said.contains("failed=0"), "{said}");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_run_goes_on_or_ends_as_the_user_says() {
    let (code, said) = typed(DEBUGGED, "c\n");
    assert!(said.contains("failed=1") && said.matches("FAILED!").count() == 1, "{said}");
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(typed(DEBUGGED, "q\n").0, Some(99));
}

#[test]
fn variables_are_asked_for() {
    let playbook = r#"
- hosts: all
  gather_facts: false
  vars_prompt:
    - {name: one, prompt: One, private: false, default: none}
    - {name: two, prompt: Two, private: false, confirm: true}
    - {name: data, private: false, unsafe: true}
  tasks:
    - debug: {msg: "{{ one }}|{{ two }}|{{ data }}"}
"#;
    let (code, said) = typed(playbook, "\nx\ny\n{{ 1 + 1 }}\n{{ 1 + 1 }}\n{{ 1 + 1 }}\n");
    assert!(said.contains("One [none]: ") && said.contains("VALUES ENTERED DO NOT MATCH"), "{said}");
    assert!(said.contains("none|2|{{ 1 + 1 }}"), "{said}");
    assert_eq!(code, Some(0), "{said}");
}
