//! Callbacks that are enabled beside the output, the log, and the settings that ask for them.
//!
//! The shapes are those that ansible-core 2.19 and its collections gave for the same playbook.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use ksplay_value::Value;
use ksplay_value::text::from_json;
use regex::Regex;

const PLAYBOOK: &str = "\
- name: Letters
  hosts: a,b
  gather_facts: false
  roles: [letters]
  tasks:
    - {name: secret, debug: {msg: hush}, no_log: true}
    - {name: told, debug: {msg: ü}, changed_when: true, when: inventory_hostname == 'a'}
    - {name: numbers, set_stats: {data: {n: 1}}}
    - {name: broken, fail: {msg: it is <broken>}}
";

fn run(dir: &Path, settings: &[(&str, &str)]) -> Output {
    std::fs::create_dir_all(dir.join("roles/letters/tasks")).unwrap();
    std::fs::write(dir.join("roles/letters/tasks/main.yml"), "- {name: first, debug: {msg: 1}}\n").unwrap();
    std::fs::write(dir.join("site.yml"), PLAYBOOK).unwrap();
    ksplay(dir, &["-i", "a,b,", "-c", "local", "-f", "1", "site.yml"], settings)
}

fn ksplay(dir: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplay"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANSIBLE_") || name == "NO_COLOR") {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(dir).env("HOME", dir).env("USER", "ada").env_remove("LOGNAME");
    command.envs(settings.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn times_are_told_of_tasks_roles_and_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let enabled = "timer,ansible.posix.profile_tasks,profile_roles,mail";
    let output = run(dir.path(), &[("ANSIBLE_CALLBACKS_ENABLED", enabled)]);
    let told = text(&output.stdout);
    let line = r"[A-Z][a-z]+ \d\d [A-Z][a-z]+ \d{4}  \d\d:\d\d:\d\d [+-]\d{4} \(\d:\d\d:\d\d\.\d{3}\)       \d:\d\d:\d\d\.\d{3} \*+ ";
    let shapes = [
        format!(r"TASK \[letters : first\] \*+\n{line}\n{line}\nok: \[a\]"),
        r"\n\nPLAYBOOK RECAP \*+\nPlaybook run took 0 days, 0 hours, 0 minutes, \d seconds\n\n".to_owned(),
        format!(r"\nTASKS RECAP \*+\n{line}\n={{79}} \n"),
        r"letters : first -+ 0\.\d\ds\n".to_owned(),
        format!(r"\nROLES RECAP \*+\n{line}\n={{79}} \n"),
        r"\nletters -+ 0\.\d\ds\n".to_owned(),
        r"~{79} \ntotal -+ 0\.\d\ds\n$".to_owned(),
    ];
    for shape in shapes {
        assert!(Regex::new(&shape).unwrap().is_match(&told), "{shape}\n{told}");
    }
    let errors = text(&output.stderr);
    assert!(errors.contains("[WARNING]: Skipping callback plugin 'mail', unable to load"), "{errors}");
}

#[test]
fn the_run_is_one_json_object() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &[("ANSIBLE_STDOUT_CALLBACK", "json"), ("ANSIBLE_SHOW_CUSTOM_STATS", "1")]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stdout);
    assert!(told.contains("\\u00fc") && !told.contains("hush"), "{told}");
    let told = from_json(&told).unwrap();
    let at = |value: &Value, path: &[&str]| {
        path.iter().fold(value.clone(), |value, part| match part.parse::<usize>() {
            Ok(index) => value.as_list().unwrap()[index].clone(),
            Err(_) => value.get(part).unwrap_or_else(|| panic!("{part} of {path:?}")).clone(),
        })
    };
    let names = ["letters : first", "secret", "told", "numbers", "broken"];
    for (index, name) in names.iter().enumerate() {
        let index = index.to_string();
        assert_eq!(at(&told, &["plays", "0", "tasks", &index, "task", "name"]), Value::from(*name));
    }
    assert_eq!(at(&told, &["plays", "0", "tasks", "2", "hosts", "a", "changed"]), Value::Bool(true));
    assert_eq!(at(&told, &["plays", "0", "tasks", "2", "hosts", "b", "skipped"]), Value::Bool(true));
    assert_eq!(at(&told, &["plays", "0", "tasks", "1", "hosts", "a", "_ansible_no_log"]), Value::Bool(true));
    assert_eq!(at(&told, &["stats", "a", "failures"]), Value::Int(1));
    assert_eq!(at(&told, &["global_custom_stats", "n"]), Value::Int(2));
}

#[test]
fn each_event_is_a_line_of_json() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &[("ANSIBLE_STDOUT_CALLBACK", "ansible.posix.jsonl")]);
    let told = text(&output.stdout);
    let events: Vec<String> =
        told.lines().map(|line| from_json(line).unwrap().get("_event").unwrap().to_string()).collect();
    let [start, ok, skipped, failed] =
        ["v2_playbook_on_task_start", "v2_runner_on_ok", "v2_runner_on_skipped", "v2_runner_on_failed"];
    let mut expected = vec!["v2_playbook_on_play_start", start, ok, ok, start, ok, ok, start, ok, skipped];
    expected.extend([start, ok, ok, start, failed, failed, "v2_playbook_on_stats"]);
    assert_eq!(events, expected);
}

#[test]
fn what_is_shown_is_logged() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &[("ANSIBLE_LOG_PATH", "run.log"), ("ANSIBLE_FORCE_COLOR", "1")]);
    let log = std::fs::read_to_string(dir.path().join("run.log")).unwrap();
    assert!(text(&output.stdout).contains('\x1b') && !log.contains('\x1b'));
    let head = r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} p=\d+ u=ada n=ansible ";
    for line in [r"INFO\| PLAY \[Letters\] \*+$", r"INFO\| changed: \[a\] => \{$", r"ERROR\| \[ERROR\]: Task failed"] {
        assert!(Regex::new(&format!("{head}{line}")).unwrap().is_match(&log), "{line}\n{log}");
    }
    assert!(!log.contains("hush"));
}

#[test]
fn tests_are_reported_for_junit_and_results_written_to_a_tree() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [("ANSIBLE_CALLBACKS_ENABLED", "junit,tree"), ("JUNIT_OUTPUT_DIR", "reports")];
    run(dir.path(), &settings);
    let reports: Vec<_> =
        std::fs::read_dir(dir.path().join("reports")).unwrap().map(|file| file.unwrap().path()).collect();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert!(report.file_name().unwrap().to_str().unwrap().starts_with("site-"), "{report:?}");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains(r#"<testsuite disabled="0" errors="2" failures="0" name="site" skipped="1" tests="10""#));
    assert!(report.contains(r#"name="[a] Letters: letters : first msg=1""#), "{report}");
    assert!(report.contains("it is &lt;broken&gt;") && !report.contains("hush"), "{report}");
    let tree = std::fs::read_to_string(dir.path().join(".ansible/tree/b")).unwrap();
    assert_eq!(tree, r#"{"changed": false, "msg": "it is <broken>"}"#);
}

#[test]
fn settings_are_shown_with_where_they_were_made() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("ansible.cfg"), "[defaults]\nforks = 7\nroles_path = r1:r2\nhost_key_checking = no\n")
        .unwrap();
    let timeout = [("ANSIBLE_TIMEOUT", "12")];
    let output = ksplay(dir, &["config", "dump", "--only-changed"], &timeout);
    let at = dir.display();
    // As `ansible-config dump --only-changed` answered.
    let expected = format!(
        "CONFIG_FILE() = {at}/ansible.cfg\nDEFAULT_FORKS({at}/ansible.cfg) = 7\n\
         DEFAULT_ROLES_PATH({at}/ansible.cfg) = ['{at}/r1', '{at}/r2']\nDEFAULT_TIMEOUT(env: ANSIBLE_TIMEOUT) = 12\n\
         HOST_KEY_CHECKING({at}/ansible.cfg) = False\n"
    );
    assert_eq!(text(&output.stdout), expected);
    let output = ksplay(dir, &["config", "dump", "--only-changed", "--format", "json"], &[]);
    let shown = from_json(&text(&output.stdout)).unwrap();
    let forks = shown.as_list().unwrap()[1].clone();
    assert_eq!((forks.get("name"), forks.get("value")), (Some(&Value::from("DEFAULT_FORKS")), Some(&Value::Int(7))));
    assert_eq!(
        text(&ksplay(dir, &["config", "view"], &[]).stdout),
        std::fs::read_to_string(dir.join("ansible.cfg")).unwrap()
    );
}

#[test]
fn there_has_to_be_somebody_who_answers_each_step() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("one.yml"),
        "- hosts: all\n  gather_facts: false\n  tasks: [{name: one, debug: {msg: 1}}]\n",
    )
    .unwrap();
    let output = ksplay(dir.path(), &["-i", "a,", "-c", "local", "--step", "one.yml"], &[]);
    assert_eq!(output.status.code(), Some(250));
    let errors = text(&output.stderr);
    assert!(errors.contains("the input ended before it was said whether to perform TASK: one"), "{errors}");
}
