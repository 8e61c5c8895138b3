//! Inventories and patterns give what ansible-core 2.19.14 gave for them; its answers are under `tests/data`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::path::{Path, PathBuf};

use ksplay_inventory::{Inventory, LoadOptions, View};
use ksplay_value::Value;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::BigInt(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => (&**text).into(),
        Value::Template(template) => (&*template.text).into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(map) => {
            let text = |key: &Value| key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            map.iter().map(|(key, value)| (text(key.as_value()), json(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Object(object) => object.json().into(),
        other => panic!("{other:?} is no data"),
    }
}

/// The sources of a case: what is a file of the case gets its whole path.
fn sources(case: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(case.join("sources")).unwrap();
    let absolute = |source: &str| match source.contains(',') {
        true => source.to_owned(),
        false => case.join(source).display().to_string(),
    };
    text.lines().map(absolute).collect()
}

#[test]
fn inventories_list_as_ansible_lists_them() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(data("list")).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 40);
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let inventory = Inventory::load(&sources(&case), &LoadOptions::default()).unwrap();
        let expected: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(case.join("list.json")).unwrap()).unwrap();
        let list = match View::of(&inventory).list() {
            Ok(list) => json(&list),
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        if list != expected {
            wrong.push(format!("{name}\n  expected {expected}\n  got      {list}"));
        }
        let graph = std::fs::read_to_string(case.join("graph.txt")).unwrap();
        let drawn = View::of(&inventory).graph("all", false).unwrap();
        if drawn.trim_end() != graph.trim_end() {
            wrong.push(format!("{name}\n  expected {graph}\n  got {drawn}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn patterns_select_what_ansible_selects() {
    let inventory =
        Inventory::load(&[data("patterns/hosts.ini").display().to_string()], &LoadOptions::default()).unwrap();
    let answers = std::fs::read_to_string(data("patterns/answers.jsonl")).unwrap();
    let list = data("patterns/list.txt").display().to_string();
    let mut wrong = Vec::new();
    for line in answers.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let patterns: Vec<String> = match &case["pattern"] {
            serde_json::Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        };
        let limit = case["limit"].as_str().map(|limit| limit.replace("@list.txt", &format!("@{list}")));
        let Ok(selection) = inventory.select(&patterns, limit.as_deref()) else {
            if case.get("error").is_none() {
                wrong.push(format!("{line}: refused"));
            }
            continue;
        };
        let mut hosts: Vec<String> = selection.hosts.iter().map(ToString::to_string).collect();
        if case.get("unordered").is_some() {
            hosts.sort();
        }
        let got =
            serde_json::json!([hosts, selection.warnings.iter().map(|warning| &warning.message).collect::<Vec<_>>()]);
        if got != serde_json::json!([case["hosts"], case["warnings"]]) {
            wrong.push(format!("{line}\n  got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn of_two_levels_the_one_wins_that_wins_in_ansible() {
    let options = LoadOptions { playbook_dirs: vec![data("precedence/play")], ..LoadOptions::default() };
    let inventory = Inventory::load(&[data("precedence/inv/hosts").display().to_string()], &options).unwrap();
    let layers = inventory.variables("h").unwrap();
    assert!(layers.is_sorted_by_key(|layer| layer.level));
    let vars = inventory.merged_variables("h").unwrap();
    let winners: Vec<String> = (0..8).map(|index| vars.get(&format!("v{index}")).unwrap().to_string()).collect();
    let expected = std::fs::read_to_string(data("precedence/winners.txt")).unwrap();
    assert_eq!(winners.join(" "), expected.trim());
}
