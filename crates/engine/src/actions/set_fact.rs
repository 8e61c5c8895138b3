//! `set_fact`: sets variables of the host.

use ksplay_value::{Map, Value};

use super::ActionCall;
use crate::connect::boolean;
use crate::failure::TaskFailure;
use crate::task::Effect;

/// Sets every argument as a variable; with `cacheable` also as a fact.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let cacheable = args.remove("cacheable").map(|value| boolean(&value)).transpose()?.unwrap_or(false);
    if args.is_empty() {
        return Err(TaskFailure::raised(
            "No key/value pairs provided, at least one is required for this action to succeed",
        ));
    }
    let templar = call.templar();
    let mut facts = Map::with_capacity(args.len());
    for (key, value) in args {
        let name = match key.as_value() {
            Value::String(text) if ksplay_value::has_markers(text) => {
                let template = ksplay_value::Template::new(ksplay_value::TemplateKind::Jinja, text.clone(), None);
                templar.resolve(&template.into())?.to_string()
            }
            other => other.to_string(),
        };
        if !is_identifier(&name) {
            return Err(TaskFailure::new(format!("Invalid variable name '{name}'.")));
        }
        facts.insert(name, value);
    }
    let host = call.facts_host();
    call.effects.push(Effect::Vars { host: host.clone(), vars: facts.clone() });
    if cacheable {
        call.effects.push(Effect::Facts { host, facts: facts.clone() });
    }
    Ok(Map::from([("changed", Value::Bool(false)), ("ansible_facts", facts.into())]))
}

/// Whether a variable can have this name.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && chars.all(|char| char == '_' || char.is_ascii_alphanumeric())
}
