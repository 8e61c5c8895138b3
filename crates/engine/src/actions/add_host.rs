//! `add_host`: adds a host to the inventory of the run.

use ksplay_value::{Map, Value};

use super::{ActionCall, take, take_text};
use crate::effect::Effect;
use crate::failure::TaskFailure;

/// Adds the host `name` to `groups`; every other argument is a variable of it.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(name) = take_text(&mut args, &["name", "hostname", "host"]) else {
        return Err(TaskFailure::raised("name, host or hostname needs to be provided"));
    };
    let (name, port) = host_and_port(name);
    if let Some(port) = port {
        args.insert("ansible_ssh_port", port);
    }
    let groups = match take(&mut args, &["groups", "groupname", "group"]) {
        None => Vec::new(),
        Some(Value::List(groups)) => groups.iter().map(Value::to_string).collect(),
        Some(Value::String(text)) => {
            text.split(',').map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect()
        }
        Some(_) => return Err(TaskFailure::raised("Groups must be specified as a list.")),
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

/// Takes a port off the end of a name: `host:2222`, `[::1]:2222`.
fn host_and_port(name: String) -> (String, Option<i64>) {
    let Some((host, port)) = name.rsplit_once(':') else { return (name, None) };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match (port.parse(), bare) {
        (Ok(port), Some(address)) => (address.to_owned(), Some(port)),
        (Ok(port), None) if !host.contains(':') => (host.to_owned(), Some(port)),
        _ => (name, None),
    }
}
