//! `set_fact`: sets variables of the host.

use ksplay_template::Templar;
use ksplay_value::{Key, Map, Template, TemplateKind, Value, has_markers};

use super::ActionCall;
use crate::connect::boolean;
use crate::effect::Effect;
use crate::failure::TaskFailure;

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
        let name = name_of(&key, &templar)?.to_string();
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

/// The name that a key means, which may be a template.
pub(super) fn name_of(key: &Key, templar: &Templar<'_>) -> Result<Value, TaskFailure> {
    match key.as_value() {
        Value::String(text) if has_markers(text) => {
            Ok(templar.resolve(&Template::new(TemplateKind::Jinja, text.clone(), None).into())?)
        }
        other => Ok(other.clone()),
    }
}

/// Whether a variable can have this name.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && chars.all(|char| char == '_' || char.is_ascii_alphanumeric())
}
