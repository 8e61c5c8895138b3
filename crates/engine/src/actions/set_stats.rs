//! `set_stats`: statistics of the user's own.

use ksplay_template::Templar;
use ksplay_value::{Map, Value};

use super::set_fact::{is_identifier, name_of};
use super::{ActionCall, refuse_options, take, take_flag};
use crate::failure::TaskFailure;

/// Gives `data` back as `ansible_stats`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_options("set_stats", &args, &["aggregate", "data", "per_host"])?;
    let is_given = args.contains_key("data");
    let data = match take(&mut args, &["data"]) {
        None if !is_given => Map::new(),
        Some(Value::Map(data)) => named(&data, &call.templar())?,
        _ => return Err(TaskFailure::action("The 'data' option needs to be a dictionary/hash")),
    };
    let stats = Map::from([
        ("aggregate", Value::Bool(take_flag(&mut args, &["aggregate"], true)?)),
        ("data", data.into()),
        ("per_host", Value::Bool(take_flag(&mut args, &["per_host"], false)?)),
    ]);
    Ok(Map::from([("changed", Value::Bool(false)), ("ansible_stats", stats.into())]))
}

/// The statistics by their names, which may be templates.
fn named(data: &Map, templar: &Templar<'_>) -> Result<Map, TaskFailure> {
    let mut named = Map::with_capacity(data.len());
    for (key, value) in data.iter() {
        let name = name_of(key, templar)?;
        if !name.as_str().is_some_and(is_identifier) {
            let of_type = match name.as_str() {
                Some(_) => String::new(),
                None => format!(" of type '{}'", name.type_name()),
            };
            return Err(TaskFailure::new(format!("Invalid variable name '{name}'{of_type}.")));
        }
        named.insert(name, value.clone());
    }
    Ok(named)
}
