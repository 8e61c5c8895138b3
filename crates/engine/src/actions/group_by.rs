//! `group_by`: puts the host into a group named after its facts.

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_options, take, take_text};
use crate::effect::Effect;
use crate::failure::TaskFailure;

/// Puts the host into the group `key`, below `parents`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("group_by", &args, &["key", "parents"])?;
    let Some(key) = take_text(&mut args, &["key"]) else {
        return Err(TaskFailure::action("the 'key' param is required when using group_by"));
    };
    let group = key.replace(' ', "-");
    let parents: Vec<String> = match take(&mut args, &["parents"]) {
        None => vec!["all".into()],
        Some(Value::List(parents)) => parents.iter().map(|parent| parent.to_string().replace(' ', "-")).collect(),
        Some(parent) => vec![parent.to_string().replace(' ', "-")],
    };
    let changed = !call.work.shared.in_group(&call.work.host, &group);
    let result = Map::from([
        ("changed", Value::Bool(changed)),
        ("add_group", Value::from(&group)),
        ("parent_groups", parents.iter().collect()),
    ]);
    call.effects.push(Effect::GroupBy { group, parents });
    Ok(result)
}
