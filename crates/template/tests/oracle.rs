//! Every case of the files in `data` that are named below gives what ansible-core 2.19 gave when it was asked.
//!
//! A case is `{"s": TEXT, "vars": {…}, "v": TYPED}` or `{…, "err": MESSAGE}`, with `"file"` instead of `"s"` when the text
//! is that of a template file; TYPED writes an int as `{"i": "42"}`, a
//! float as `{"f": "1.5"}` and a mapping as `{"m": [[key, value], …]}`. The words of errors are compared too, but for those
//! in `data/other_words.txt`: parts of the reference's messages that are said in other words here.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use ksplay_template::{Environment, FileOptions, Templar};
use ksplay_value::{Map, Source, Template, TemplateKind, Value, has_markers};
use serde_json::{Value as Json, json};

/// The files of cases in this form.
const CASES: &[&str] = &[
    "core.jsonl",
    "files.jsonl",
    "changes.jsonl",
    "operators.jsonl",
    "methods.jsonl",
    "statements.jsonl",
    "failures.jsonl",
];

/// What the reference calls its own containers and texts, and what everybody calls them.
const OWN_TYPES: &[(&str, &str)] = &[
    ("ansible._internal._templating._lazy_containers.", ""),
    ("jinja2.runtime.", ""),
    ("_AnsibleLazyTemplateDict", "dict"),
    ("_AnsibleLazyTemplateList", "list"),
    ("_AnsibleLazyAccessTuple", "tuple"),
    ("_AnsibleTaggedDict", "dict"),
    ("_AnsibleTaggedList", "list"),
    ("_AnsibleTaggedStr", "str"),
    ("_AnsibleTaggedInt", "int"),
    ("_AnsibleTaggedFloat", "float"),
    ("_AnsibleTaggedDate", "date"),
];

/// The reference's message: without the kind of exception, and with the types that everybody knows.
fn message(recorded: &str) -> String {
    let message = recorded.split_once(": ").map_or(recorded, |(_, message)| message);
    OWN_TYPES.iter().fold(message.to_owned(), |message, (own, known)| message.replace(own, known))
}

fn trusted(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) if has_markers(text) => Template::new(TemplateKind::Jinja, text.as_str(), None).into(),
        Json::String(text) => Value::from(text),
        Json::Array(items) => items.iter().map(trusted).collect(),
        Json::Object(entries) => entries.iter().map(|(key, value)| (key, trusted(value))).collect::<Map>().into(),
    }
}

fn typed(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!({"i": number.to_string()}),
        Value::BigInt(number) => json!({"i": number.to_string()}),
        Value::Float(_) => json!({"f": value.to_string()}),
        Value::String(text) => json!(&**text),
        Value::List(items) | Value::Tuple(items) => items.iter().map(typed).collect(),
        Value::Map(map) => {
            json!({"m": map.iter().map(|(key, value)| json!([typed(key.as_value()), typed(value)])).collect::<Vec<_>>()})
        }
        Value::Object(object) if object.type_name() == "bytes" => json!({"kind": "bytes", "s": object.repr()}),
        other => json!({"kind": other.type_name(), "s": other.to_string()}),
    }
}

/// The answer of the crate, in the form of the data.
fn answer(case: &Json) -> Result<Json, String> {
    let empty = json!({});
    let variables = trusted(case.get("vars").unwrap_or(&empty));
    let environment = Environment { base_dir: env!("CARGO_MANIFEST_DIR").into(), ..Environment::default() };
    let templar = Templar::new(&environment, variables.as_map().unwrap());
    let value = match case["file"].as_str() {
        Some(text) => templar.render(&Source::new("file.j2", text), &FileOptions::default()),
        None => templar.resolve(&trusted(&case["s"])),
    };
    match value {
        Ok(Value::Omit) => Err("omitted".into()),
        Ok(value) => Ok(typed(&value)),
        Err(error) => Err(error.message),
    }
}

#[test]
fn every_recorded_case_gives_the_recorded_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut total = 0;
    let mut wrong = Vec::new();
    let other_words = std::fs::read_to_string(folder.join("other_words.txt")).unwrap();
    let other_words: Vec<&str> = other_words.lines().collect();
    let mut unused: std::collections::BTreeSet<&str> = other_words.iter().copied().collect();
    for name in CASES {
        for line in std::fs::read_to_string(folder.join(name)).unwrap().lines() {
            let case: Json = serde_json::from_str(line).unwrap();
            total += 1;
            let got = answer(&case);
            let equal = match (&got, case.get("v")) {
                (Ok(got), Some(wanted)) => got == wanted,
                (Err(_), None) => true,
                _ => false,
            };
            if !equal {
                wrong.push(format!(
                    "{}\n  vars   {}\n  wanted {}\n  got    {got:?}",
                    case.get("s").unwrap_or(&case["file"]),
                    case["vars"],
                    match case.get("v") {
                        Some(v) => v,
                        None => &case["err"],
                    }
                ));
            } else if let (Err(got), Some(recorded)) = (&got, case["err"].as_str()) {
                let wanted = message(recorded);
                // The record holds the first 300 letters of long messages.
                let same = *got == wanted || recorded.len() >= 300 && got.starts_with(&wanted);
                match (same, other_words.iter().find(|part| wanted.contains(**part))) {
                    (false, None) => {
                        wrong.push(format!("{}\n  wanted {wanted}\n  got    {got}", case["s"]));
                    }
                    (false, Some(part)) => {
                        unused.remove(*part);
                    }
                    (true, _) => {}
                }
            }
        }
    }
    assert!(total > 0, "there are cases");
    assert!(unused.is_empty(), "these words are the same by now: {unused:?}");
    assert!(wrong.is_empty(), "{} of {total} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}
