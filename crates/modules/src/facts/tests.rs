//! What spans several collectors.

use std::collections::BTreeMap;
use std::time::Instant;

use ksplay_value::{Map, Value};

use crate::{Probe, RunOptions};

/// Names and types of what ansible-core 2.19.14 gathered on a Debian machine: `NAME TYPE` a line, nested by dots.
const RECORDED: &str = include_str!("data/types.txt");

/// A recorded answer.
pub(super) fn json(text: &str) -> Value {
    ksplay_value::text::from_json(text).unwrap()
}

fn gather() -> Map {
    let result = crate::run("setup", &Map::new(), &RunOptions::default(), Probe::default());
    result.get("ansible_facts").unwrap().as_map().unwrap().clone()
}

fn types(prefix: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (name, value) in map.iter() {
                types(&format!("{prefix}.{}", name.as_value()), value, found);
            }
        }
        Value::List(items) if items.first().is_some_and(|item| item.as_map().is_some()) => {
            types(&format!("{prefix}[]"), &items[0], found);
        }
        value => {
            found.insert(prefix.trim_start_matches('.').to_owned(), value.type_name().to_owned());
        }
    }
}

#[test]
fn names_and_types_are_those_of_the_reference() {
    let mut ours = BTreeMap::new();
    types("", &Value::from(gather()), &mut ours);
    let mut compared = 0;
    for line in RECORDED.lines() {
        let (name, kind) = line.split_once(' ').unwrap();
        // Facts of hardware that this machine lacks, or of a Python that it lacks, are not there.
        let Some(our_kind) = ours.get(name) else { continue };
        let none_or_text = [kind, our_kind].contains(&"NoneType");
        assert!(our_kind == kind || none_or_text, "{name}: {our_kind} instead of {kind}");
        compared += 1;
    }
    assert!(compared > 120, "only {compared} facts were there to compare");
    for name in [
        "ansible_distribution",
        "ansible_default_ipv4",
        "ansible_memtotal_mb",
        "ansible_mounts",
        "ansible_service_mgr",
        "ansible_virtualization_type",
    ] {
        assert!(gather().contains_key(name), "{name}");
    }
}

#[test]
fn gathering_everything_is_quick() {
    gather();
    let start = Instant::now();
    gather();
    let taken = start.elapsed();
    assert!(taken.as_millis() < 500, "{taken:?}");
}
