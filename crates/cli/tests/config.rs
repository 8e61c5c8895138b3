//! `ansible-config`: what can be set, a file to begin with, and what is no setting.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::path::Path;
use std::process::{Command, Output};

use ksplay_value::text::from_json;
use ksplay_value::{Source, Value, yaml};

fn config(dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplay"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANSIBLE_")) {
        command.env_remove(name);
    }
    command.arg("config").args(arguments).current_dir(dir).env("HOME", dir);
    command.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, part| value.get(part).unwrap_or_else(|| panic!("{part} of {path:?}")))
}

#[test]
fn every_setting_is_listed_with_meaning_type_default_and_names() {
    let dir = tempfile::tempdir().unwrap();
    let json = from_json(&text(&config(dir.path(), &["list", "--format", "json"], &[]).stdout)).unwrap();
    // As `ansible-config list --format json` answered, but for the words.
    assert_eq!(at(&json, &["DEFAULT_FORKS", "type"]), &Value::from("integer"));
    assert_eq!(at(&json, &["DEFAULT_FORKS", "default"]), &Value::Int(5));
    let forks = at(&json, &["DEFAULT_FORKS", "ini"]).as_list().unwrap();
    assert_eq!((at(&forks[0], &["key"]), at(&forks[0], &["section"])), (&"forks".into(), &"defaults".into()));
    assert_eq!(at(&json, &["DEFAULT_GATHERING", "choices"]).as_list().unwrap().len(), 3);
    for (name, setting) in json.as_map().unwrap().iter() {
        let about = at(setting, &["description"]).as_list().unwrap()[0].to_string();
        assert!(about.ends_with('.'), "{}: {about}", name.as_value());
    }
    let listed = text(&config(dir.path(), &["list", "-t", "callback", "junit"], &[]).stdout);
    let listed = yaml::load(&Source::new("list", listed)).unwrap().root.unwrap().to_data();
    let option = at(&listed, &["PLUGINS", "callback", "junit", "output_dir"]);
    assert_eq!(at(&at(option, &["env"]).as_list().unwrap()[0], &["name"]), &Value::from("JUNIT_OUTPUT_DIR"));
    assert_eq!(listed.as_map().unwrap().len(), 1);
}

#[test]
fn a_file_to_begin_with_sets_what_is_so_anyway() {
    let dir = tempfile::tempdir().unwrap();
    let ini = text(&config(dir.path(), &["init"], &[]).stdout);
    assert!(ini.starts_with("[defaults]\n# (integer) How many hosts"), "{ini}");
    std::fs::write(dir.path().join("ansible.cfg"), &ini).unwrap();
    let settings = |variables| {
        let shown = text(&config(dir.path(), &["dump", "--format", "json"], variables).stdout);
        let all = from_json(&shown).unwrap();
        let of = |setting: &Value| (at(setting, &["name"]).to_string(), at(setting, &["value"]).to_string());
        all.as_list().unwrap().iter().map(of).filter(|(name, _)| name != "CONFIG_FILE").collect::<Vec<_>>()
    };
    assert_eq!(settings(&[]), settings(&[("ANSIBLE_CONFIG", "/dev/null")]));
    assert_eq!(text(&config(dir.path(), &["validate"], &[]).stdout), "All configurations seem valid!\n");
    let disabled = text(&config(dir.path(), &["init", "--disabled"], &[]).stdout);
    assert!(disabled.lines().all(|line| line.is_empty() || line.starts_with(['#', ';', '['])), "{disabled}");
    let variables = text(&config(dir.path(), &["init", "--format", "env"], &[]).stdout);
    assert!(
        variables.contains("\nANSIBLE_HOST_KEY_CHECKING=1\n")
            || variables.contains("\nANSIBLE_SSH_HOST_KEY_CHECKING=1\n")
    );
}

#[test]
fn what_is_no_setting_is_named_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[defaults]\nfork = 3\nlibrary = x\ncow_selection = tux\n[nope]\nx = 1\n[ssh_connection]\ncontrol_path = y\nfoo = 1\n";
    std::fs::write(dir.path().join("my.cfg"), file).unwrap();
    let output = config(dir.path(), &["validate", "-c", "my.cfg"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    for (line, message) in [
        (2, "there is no setting `fork` in the section `defaults`; did you mean `forks`?"),
        (6, "no section of the settings is named `nope`"),
        (9, "there is no setting `foo` in the section `ssh_connection`"),
    ] {
        assert!(errors.contains(message) && errors.contains(&format!("my.cfg:{line}:")), "{message}: {errors}");
    }
    assert_eq!(errors.matches("error: ").count(), 3, "{errors}");
    let output =
        config(dir.path(), &["validate", "--format", "env"], &[("ANSIBLE_FRKS", "1"), ("ANSIBLE_NOCOWS", "1")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: no setting is made by the environment variable ANSIBLE_FRKS\n");
    assert_eq!(config(dir.path(), &["validate", "-c", "none.cfg"], &[]).status.code(), Some(5));
}
