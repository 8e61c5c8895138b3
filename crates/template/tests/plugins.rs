//! Filters, tests and lookups against the answers of ansible-core 2.19.14 (`data/plugins*.jsonl`).
//!
//! A case is `{"s": template, "vars": {…}, "expect": {"v": typed} | {"err": text}}`. Typed as the oracle prints it: an
//! integer is `{"i": "42"}`, a float `{"f": "1.5"}`, a mapping `{"m": [[key, value], …]}`. For errors only that there is
//! one counts. Strings in `vars` are trusted, as in a vars file.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of tests for no tests")]

use std::path::PathBuf;

use ksplay_template::{Environment, Scope, Templar};
use ksplay_value::text::{float, from_json};
use ksplay_value::{Map, Str, Template, TemplateKind, Value, has_markers};

struct Vars(Map);

impl Scope for Vars {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<Str> {
        self.0.keys().filter_map(|key| key.as_str().map(Str::from)).collect()
    }
}

fn trusted(value: &Value) -> Value {
    match value {
        Value::String(text) if has_markers(text) => {
            Value::from(Template::new(TemplateKind::Jinja, Str::clone(text), None))
        }
        Value::List(items) => items.iter().map(trusted).collect(),
        Value::Map(map) => map.iter().map(|(key, value)| (key.clone(), trusted(value))).collect::<Map>().into(),
        other => other.clone(),
    }
}

fn typed(value: &Value) -> Value {
    let one = |key: &str, inner: Value| Value::from(Map::from([(key, inner)]));
    match value {
        Value::Int(_) | Value::BigInt(_) => one("i", value.to_string().into()),
        Value::Float(number) => one("f", float(*number).into()),
        Value::List(items) | Value::Tuple(items) => items.iter().map(typed).collect(),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| Value::from(vec![typed(key.as_value()), typed(value)]));
            one("m", entries.collect())
        }
        Value::Object(object) => {
            Map::from([("kind", Value::from(object.type_name())), ("s", object.text().into())]).into()
        }
        other => other.clone(),
    }
}

fn run(file: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let cases = std::fs::read_to_string(folder.join(file)).unwrap();
    let environment = Environment { base_dir: folder.join("plugins"), ..Environment::default() };
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in cases.lines() {
        let line = line.replace("@DIR@", &folder.join("plugins").display().to_string());
        let case = from_json(&line).unwrap();
        let source = case.get("s").unwrap();
        let vars = Vars(case.get("vars").and_then(Value::as_map).cloned().unwrap_or_default());
        let vars = Vars(trusted(&vars.0.into()).as_map().unwrap().clone());
        let templar = Templar::new(&environment, &vars);
        let got = templar.resolve(&trusted(source));
        let expect = case.get("expect").unwrap();
        count += 1;
        let same = match (&got, expect.get("v")) {
            (Ok(value), Some(wanted)) => typed(value) == *wanted,
            (Err(_), None) => true,
            _ => false,
        };
        if !same {
            wrong.push(match got {
                Ok(value) => format!("{source}\n    want {expect}\n    got  {}", typed(&value)),
                Err(error) => format!("{source}\n    want {expect}\n    got error {error}"),
            });
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn filters_and_tests_answer_as_ansible_does() {
    run("plugins.jsonl");
}

#[test]
fn tests_and_lookups_answer_as_ansible_does() {
    run("plugins_lookups.jsonl");
}

#[test]
fn certificates_are_described_as_the_collection_does() {
    run("plugins_certificates.jsonl");
}

#[test]
fn every_name_answers_right_and_wrong_use_as_ansible_does() {
    run("plugins_surface.jsonl");
}

#[test]
fn filters_of_collections_answer_as_those_do() {
    run("plugins_collections.jsonl");
}

fn evaluated(vars: Map, source: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/plugins");
    let environment = Environment { base_dir: folder, ..Environment::default() };
    let vars = Vars(vars);
    Templar::new(&environment, &vars).resolve(&trusted(&source.into())).unwrap()
}

#[test]
fn relative_names_are_looked_up_in_the_subfolder_of_each_folder_and_then_in_the_playbooks() {
    let vars = || Map::from([("ansible_search_path", Value::from_iter(["/nonexistent"]))]);
    assert_eq!(evaluated(vars(), "{{ lookup('file', 'plain.txt') }}"), "first line\nsecond line".into());
    assert_eq!(evaluated(vars(), "{{ lookup('file', 'files/plain.txt') | length }}"), Value::Int(22));
    assert_eq!(evaluated(vars(), "{{ lookup('template', 'hello.j2') }}"), "Hello world\nyes\n".into());
    assert_eq!(evaluated(vars(), "{{ query('fileglob', '*.ini') | map('basename') }}"), Value::from_iter(["conf.ini"]));
    assert_eq!(evaluated(vars(), "{{ lookup('first_found', ['x', 'plain.txt']) | basename }}"), "plain.txt".into());
}

#[test]
fn inventory_hostnames_joins_and_excludes_groups_and_globs() {
    let group = |hosts: &[&str]| hosts.iter().copied().collect::<Value>();
    let groups = Map::from([
        ("all", group(&["web1", "web2", "db1"])),
        ("web", group(&["web1", "web2"])),
        ("db", group(&["db1"])),
    ]);
    let asked = |pattern: &str| {
        let vars = Map::from([("groups", Value::from(groups.clone()))]);
        evaluated(vars, &format!("{{{{ query('inventory_hostnames', '{pattern}') }}}}"))
    };
    assert_eq!(asked("all"), group(&["web1", "web2", "db1"]));
    assert_eq!(asked("all:!web"), group(&["db1"]));
    assert_eq!(asked("web,db"), group(&["web1", "web2", "db1"]));
    assert_eq!(asked("web*:&web2"), group(&["web2"]));
    assert_eq!(asked("!web"), group(&["db1"]));
}

#[test]
fn what_a_lookup_reads_is_never_evaluated() {
    let got = evaluated(Map::new(), "{{ lookup('file', 'blanks.txt', lstrip=true) }}");
    assert_eq!(got, "both {{ not_evaluated }}".into());
}

#[test]
fn a_password_is_made_once_and_then_read_from_its_file() {
    let path = std::env::temp_dir().join(format!("password-of-{}", std::process::id()));
    let source = format!("{{{{ lookup('password', '{} length=12 encrypt=sha256_crypt') }}}}", path.display());
    let first = evaluated(Map::new(), &source);
    let stored = std::fs::read_to_string(&path).unwrap();
    assert_eq!(evaluated(Map::new(), &source), first);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), stored);
    assert_eq!(stored.split_once(" salt=").unwrap().0.len(), 12);
    std::fs::remove_file(path).unwrap();
}
