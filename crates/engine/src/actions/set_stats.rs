//! `set_stats`: statistics of the user's own.

use ksplay_value::{Map, Value};

use super::set_fact::is_identifier;
use super::{ActionCall, refuse_options, take, take_flag};
use crate::failure::TaskFailure;

/// Gives `data` back as `ansible_stats`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("set_stats", &args, &["aggregate", "data", "per_host"])?;
    let is_given = args.contains_key("data");
    let data = match take(&mut args, &["data"]) {
        None if !is_given => Value::empty_map(),
        Some(data @ Value::Map(_)) => data,
        _ => return Err(TaskFailure::action("The 'data' option needs to be a dictionary/hash")),
    };
    let names = data.as_map().into_iter().flat_map(Map::keys).map(|key| key.as_value().to_string());
    if let Some(name) = names.into_iter().find(|name| !is_identifier(name)) {
        return Err(TaskFailure::new(format!("Invalid variable name '{name}'.")));
    }
    let stats = Map::from([
        ("aggregate", Value::Bool(take_flag(&mut args, &["aggregate"], true)?)),
        ("data", data),
        ("per_host", Value::Bool(take_flag(&mut args, &["per_host"], false)?)),
    ]);
    Ok(Map::from([("changed", Value::Bool(false)), ("ansible_stats", stats.into())]))
}
