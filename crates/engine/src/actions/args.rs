//! The arguments of a task: as written over `module_defaults`, evaluated, taken out one by one.

use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_value::{Key, Map, Value};

use super::{full_name, short_name};
use crate::connect;
use crate::failure::TaskFailure;
use crate::scope::HostScope;

/// The arguments as written, over what `module_defaults` says of the action.
pub(super) fn raw_args(task: &Task, scope: &HostScope) -> Result<Arc<Map>, TaskFailure> {
    over_defaults(task, scope).map_err(|failure| failure.during(finalization(task)))
}

fn over_defaults(task: &Task, scope: &HostScope) -> Result<Arc<Map>, TaskFailure> {
    let given = match &task.args {
        Value::Map(map) => Arc::clone(map),
        Value::Null => Arc::default(),
        other => match scope.templar().resolve(other)? {
            Value::Map(map) => map,
            Value::Null | Value::Omit => Arc::default(),
            other => {
                let message = format!("Task args must resolve to a 'dict' not '{}'.", other.type_name());
                return Err(TaskFailure::new(message));
            }
        },
    };
    if task.keywords.module_defaults.is_empty() {
        return Ok(given);
    }
    let mut args = defaults(task, scope)?;
    args.extend(entries(&given));
    Ok(Arc::new(args))
}

/// What `module_defaults` says of the task's action: as in Ansible, what is said nearer to the task takes the place of all
/// that is said further away.
fn defaults(task: &Task, scope: &HostScope) -> Result<Map, TaskFailure> {
    let is_in = |group: &str| {
        task.keywords.module_groups.get(group).is_some_and(|names| {
            let full = full_name(&task.action);
            names.iter().any(|name| **name == *full)
        })
    };
    let is_action =
        |(key, _): &(&Key, &Value)| key.as_str().is_some_and(|name| short_name(name) == short_name(&task.action));
    let (mut of_action, mut of_groups) = (None, Map::new());
    for defaults in &task.keywords.module_defaults {
        // What a task says itself is never looked at in its defaults.
        let defaults = match defaults {
            Value::Map(defaults) => Arc::clone(defaults),
            other => match scope.templar().resolve(other)? {
                Value::Map(defaults) => defaults,
                _ => continue,
            },
        };
        for (key, values) in defaults.iter() {
            if let Some(group) = key.as_str().and_then(|name| name.strip_prefix("group/"))
                && is_in(group)
            {
                of_groups.insert(group, values.clone());
            }
        }
        of_action = defaults.iter().rfind(is_action).map(|(_, values)| values.clone()).or(of_action);
    }
    let mut args = Map::new();
    for values in of_groups.values().chain(&of_action) {
        let Value::Map(map) = scope.templar().shallow(values)? else {
            let odd = scope.templar().resolve(values)?;
            return Err(TaskFailure::new(format!(
                "the defaults of '{}' in 'module_defaults' are of type '{}', but have to be a mapping",
                task.action,
                odd.type_name()
            )));
        };
        args.extend(entries(&map));
    }
    Ok(args)
}

fn entries(map: &Map) -> impl Iterator<Item = (Value, Value)> + '_ {
    map.iter().map(|(key, value)| (key.clone().into_value(), value.clone()))
}

/// The arguments of a task, evaluated.
pub(crate) fn finalize(task: &Task, scope: &HostScope) -> Result<Map, TaskFailure> {
    let raw = raw_args(task, scope)?;
    evaluated(task, scope, &raw)
}

fn finalization(task: &Task) -> String {
    format!("Finalization of task args for '{}' failed.", full_name(&task.action))
}

/// These arguments of a task, evaluated.
pub(super) fn evaluated(task: &Task, scope: &HostScope, raw: &Map) -> Result<Map, TaskFailure> {
    // A variable may be unknown until it is used.
    let keeps_unknown = short_name(&task.action) == "set_fact";
    let templar = scope.templar();
    let mut args = Map::with_capacity(raw.len());
    for (key, value) in raw.iter() {
        match templar.resolve(value) {
            Ok(Value::Omit) => {}
            Ok(value) => {
                if !keeps_unknown && let Some(unknown) = ksplay_template::unknown_in(&value) {
                    let what = match key.as_str() {
                        Some("_raw_params") => format!("the text of `{}`", task.action),
                        _ => format!("'{}'", key.as_value()),
                    };
                    return Err(TaskFailure::undecided(&what, &unknown));
                }
                args.insert(key.clone().into_value(), value);
            }
            Err(error) => {
                let context = format!("Error while resolving value for '{}'", key.as_value());
                return Err(TaskFailure::from(error).within(context).during(finalization(task)));
            }
        }
    }
    Ok(args)
}

/// Takes an argument out, by its name or one of its other names.
pub(super) fn take(args: &mut Map, names: &[&str]) -> Option<Value> {
    let found = names.iter().find_map(|name| args.remove(name));
    found.filter(|value| !value.is_null())
}

/// Takes a text out.
pub(super) fn take_text(args: &mut Map, names: &[&str]) -> Option<String> {
    take(args, names).map(|value| value.to_string())
}

/// Takes a flag out.
pub(super) fn take_flag(args: &mut Map, names: &[&str], default: bool) -> Result<bool, TaskFailure> {
    take(args, names).map_or(Ok(default), |value| flag_of(names[0], &value))
}

/// A flag, which stays among the arguments.
pub(super) fn flag(args: &Map, name: &str, default: bool) -> Result<bool, TaskFailure> {
    args.get(name).filter(|value| !value.is_null()).map_or(Ok(default), |value| flag_of(name, value))
}

/// The flag that a value is.
pub(super) fn flag_of(name: &str, value: &Value) -> Result<bool, TaskFailure> {
    connect::boolean(value).map_err(|failure| {
        let (kind, why) = (value.type_name(), failure.message);
        TaskFailure::raised(format!("argument '{name}' is of type {kind} and we were unable to convert to bool: {why}"))
    })
}

/// Refuses arguments that the action does not know, in the words of the actions that check nothing else.
pub(super) fn refuse_options(action: &str, args: &Map, known: &[&str]) -> Result<(), TaskFailure> {
    let strange: Vec<&str> = args.keys().filter_map(Key::as_str).filter(|name| !known.contains(name)).collect();
    match strange.is_empty() {
        true => Ok(()),
        false => Err(TaskFailure::raised(format!("Invalid options for {action}: {}", strange.join(",")))),
    }
}

/// The action as Ansible calls it here: where a collection is named or leads to it, the name of what was loaded.
fn name_of(task: &Task) -> String {
    let has_collection = task.action != task.written_action || task.action.starts_with("ansible.builtin.");
    match full_name(&task.action).rsplit_once('.') {
        Some((collection, name)) if has_collection => {
            format!("ansible_collections.{collection}.plugins.action.{name}")
        }
        _ => short_name(&task.action).to_owned(),
    }
}

/// Refuses arguments that the action does not know, be it by another name.
pub(super) fn refuse_rest(task: &Task, args: &Map, known: &[&str], aliases: &[&str]) -> Result<(), TaskFailure> {
    let mut strange: Vec<String> = args
        .keys()
        .filter(|key| !key.as_str().is_some_and(|name| known.contains(&name) || aliases.contains(&name)))
        .map(Key::as_value)
        .map(Value::to_string)
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    let mut supported = known.to_vec();
    strange.sort_unstable();
    supported.sort_unstable();
    let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
    Err(TaskFailure::raised(format!(
        "Unsupported parameters for ({}) module: {}. Supported parameters include: {}{}.",
        name_of(task),
        strange.join(", "),
        supported.join(", "),
        aliases
    )))
}
