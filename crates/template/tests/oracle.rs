//! Every case of the files in `data` that are named below gives what ansible-core 2.19 gave when it was asked.
//!
//! A case is `{"s": TEXT, "vars": {…}, "v": TYPED}` or `{…, "err": MESSAGE}`, with `"file"` instead of `"s"` when the text
//! is that of a template file; TYPED writes an int as `{"i": "42"}`, a
//! float as `{"f": "1.5"}` and a mapping as `{"m": [[key, value], …]}`. Of an error only its being one is compared.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use ksplay_template::{Environment, FileOptions, Templar};
use ksplay_value::{Map, Source, Template, TemplateKind, Value, has_markers};
use serde_json::{Value as Json, json};

/// The files of cases in this form.
const CASES: &[&str] =
    &["core.jsonl", "files.jsonl", "changes.jsonl", "operators.jsonl", "methods.jsonl", "statements.jsonl"];

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
            } else if std::env::var_os("SHOW_MESSAGES").is_some()
                && let (Err(got), Some(wanted)) = (&got, case["err"].as_str())
                && wanted.split_once(": ").map(|(_, message)| message) != Some(got)
            {
                println!("{}\n  wanted {wanted}\n  got    {got}", case["s"]);
            }
        }
    }
    assert!(total > 0, "there are cases");
    assert!(wrong.is_empty(), "{} of {total} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}
