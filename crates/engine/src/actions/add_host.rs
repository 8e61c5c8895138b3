//! `add_host`: adds a host to the inventory of the run.

use ksplay_value::{Map, Value};

use super::{ActionCall, take, take_text};
use crate::failure::TaskFailure;
use crate::task::Effect;

/// Adds the host `name` to `groups`; every other argument is a variable of it.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(name) = take_text(&mut args, &["name", "hostname", "host"]) else {
        return Err(TaskFailure::action("name, host or hostname needs to be provided"));
    };
    let groups = match take(&mut args, &["groups", "groupname", "group"]) {
        None => Vec::new(),
        Some(Value::List(groups)) => groups.iter().map(Value::to_string).collect(),
        Some(text) => {
            text.to_string().split(',').map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect()
        }
    };
    let shown = Map::from([
        ("host_name", Value::from(&name)),
        ("groups", groups.iter().collect()),
        ("host_vars", Value::from(args.clone())),
    ]);
    let changed = !call.work.shared.has_host(&name, &groups, &args);
    call.effects.push(Effect::AddHost { name, groups, vars: args });
    Ok(Map::from([("changed", Value::Bool(changed)), ("add_host", shown.into())]))
}
