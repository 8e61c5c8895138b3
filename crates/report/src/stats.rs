//! What `set_stats` sets: statistics of the user's own, of hosts and of the run.

use std::collections::BTreeMap;

use ksplay_engine::{Event, Status, TaskResult};
use ksplay_value::{Map, Str, Value};

/// The statistics of the user's own that have been set so far. Those under `no_log` are not among them.
#[derive(Debug, Default)]
pub(crate) struct CustomStats {
    hosts: BTreeMap<Str, Map>,
    run: Map,
}

impl CustomStats {
    /// Takes in what has happened.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Item(of) => self.add(of),
            // Its items have been seen.
            Event::Result(of) if !of.looped => self.add(of),
            _ => {}
        }
    }

    /// Those of hosts and those of the run, which begin anew.
    pub(crate) fn take(&mut self) -> (BTreeMap<Str, Map>, Map) {
        let Self { hosts, run } = std::mem::take(self);
        (hosts, run)
    }

    fn add(&mut self, of: &TaskResult) {
        let stats = of.result.get("ansible_stats").and_then(Value::as_map);
        let Some(stats) = stats.filter(|_| matches!(of.status, Status::Ok | Status::Changed)) else { return };
        let flag = |name: &str, default: bool| stats.get(name).map_or(default, Value::is_true);
        let into = if flag("per_host", false) { self.hosts.entry(of.host.clone()).or_default() } else { &mut self.run };
        for (name, value) in stats.get("data").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
            let value = match name.as_str().and_then(|name| into.get(name)) {
                Some(before) if flag("aggregate", true) => sum(before, value),
                _ => Some(value.clone()),
            };
            if let Some(value) = value {
                into.insert(name.clone(), value);
            }
        }
    }
}

/// Two values of one kind put together; nothing when they are of two.
fn sum(before: &Value, value: &Value) -> Option<Value> {
    Some(match (before, value) {
        (Value::Bool(before), Value::Bool(value)) => Value::Int(i64::from(*before) + i64::from(*value)),
        (Value::Int(before), Value::Int(value)) => Value::Int(before.checked_add(*value)?),
        (Value::Float(before), Value::Float(value)) => Value::Float(before + value),
        (Value::String(before), Value::String(value)) => Value::from(format!("{before}{value}")),
        (Value::List(before), Value::List(value)) => before.iter().chain(&**value).cloned().collect(),
        (Value::Map(before), Value::Map(value)) => Value::from(merged(before, value)),
        _ => return None,
    })
}

fn merged(before: &Map, value: &Map) -> Map {
    let mut merged = before.clone();
    for (key, value) in value.iter() {
        let both = key.as_str().and_then(|key| merged.get(key)).and_then(Value::as_map).zip(value.as_map());
        let value = both.map_or_else(|| value.clone(), |(before, value)| Value::from(self::merged(before, value)));
        merged.insert(key.clone(), value);
    }
    merged
}
