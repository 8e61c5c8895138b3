//! `set_stats`: statistics of the user's own.

use ksplay_value::{Key, Map, Value};

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
    let is_odd = |name: &&Value| !name.as_str().is_some_and(is_identifier);
    if let Some(name) = data.as_map().and_then(|data| data.keys().map(Key::as_value).find(is_odd)) {
        let of_type = match name.as_str() {
            Some(_) => String::new(),
            None => format!(" of type '{}'", name.type_name()),
        };
        return Err(TaskFailure::new(format!("Invalid variable name '{name}'{of_type}.")));
    }
    let stats = Map::from([
        ("aggregate", Value::Bool(take_flag(&mut args, &["aggregate"], true)?)),
        ("data", data),
        ("per_host", Value::Bool(take_flag(&mut args, &["per_host"], false)?)),
    ]);
    Ok(Map::from([("changed", Value::Bool(false)), ("ansible_stats", stats.into())]))
}
