//! `ksplay eval` without a template: cases on standard input, one a line, each answered by a line.
//!
//! The form is made for comparing evaluators: types that JSON does not tell apart are written out.

use std::io::{BufRead, Write};

use ksplay_template::{Environment, Templar};
use ksplay_value::{Map, Template, TemplateKind, Value, has_markers, text};

use crate::failure::Failure;

/// Answers each `{"s": TEMPLATE, "vars": {…}}` with `{"v": VALUE}` or `{"err": TEXT}`.
///
/// # Errors
///
/// If standard input or output fails, or a line is no case.
pub fn answer(environment: &Environment) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    for (line, number) in std::io::stdin().lock().lines().zip(1..) {
        let line = line.map_err(Failure::error)?;
        if line.trim().is_empty() {
            continue;
        }
        let refused = |why: String| Failure::error(format!("line {number} of standard input is no case: {why}"));
        let case = text::from_json(&line).map_err(|error| refused(error.to_string()))?;
        let template = case.as_map().and_then(|case| case.get("s")).ok_or_else(|| refused("it has no \"s\"".into()))?;
        let vars = match case.as_map().and_then(|case| case.get("vars")).map(trusted) {
            Some(Value::Map(vars)) => (*vars).clone(),
            Some(_) => return Err(refused("\"vars\" is no mapping".into())),
            None => Map::new(),
        };
        let answer = match Templar::new(environment, &vars).resolve(&trusted(template)) {
            Ok(Value::Omit) => Map::from([("err", Value::from("the value is omitted"))]),
            Ok(value) => Map::from([("v", typed(&value))]),
            Err(error) => Map::from([("err", Value::from(error.message))]),
        };
        let answer = text::to_json(&answer.into(), &text::JsonStyle::compact()).map_err(Failure::error)?;
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(Failure::error)?;
    }
    Ok(0)
}

/// The value with its texts trusted, as those of a variables file are.
fn trusted(value: &Value) -> Value {
    match value {
        Value::String(text) if has_markers(text) => Template::new(TemplateKind::Jinja, &**text, None).into(),
        Value::List(items) => items.iter().map(trusted).collect(),
        Value::Map(map) => {
            let mut entries = Map::new();
            for (key, value) in map.iter() {
                entries.insert(key.clone().into_value(), trusted(value));
            }
            entries.into()
        }
        other => other.clone(),
    }
}

fn typed(value: &Value) -> Value {
    let one = |kind: &str, value: Value| Map::from([(kind, value)]).into();
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
        Value::Int(_) | Value::BigInt(_) => one("i", Value::from(value.to_string())),
        Value::Float(_) => one("f", Value::from(value.to_string())),
        Value::List(items) | Value::Tuple(items) => items.iter().map(typed).collect(),
        Value::Map(map) => {
            let entry = |(key, value): (&ksplay_value::Key, &Value)| {
                [typed(key.as_value()), typed(value)].into_iter().collect::<Value>()
            };
            one("m", map.iter().map(entry).collect())
        }
        other => Map::from([("kind", Value::from(other.type_name())), ("s", Value::from(other.to_string()))]).into(),
    }
}
