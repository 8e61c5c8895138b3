//! The magic variables that are the same for all of a run.

use std::sync::OnceLock;

use ksplay_inventory::Inventory;
use ksplay_value::{Map, Value};

use crate::options::Options;

/// The version of ansible-core whose behaviour this follows.
pub const ANSIBLE_VERSION: &str = "2.19.14";

/// The variable of this name, when it is one of them.
pub(crate) fn of_the_run(name: &str, options: &Options) -> Option<Value> {
    Some(match name {
        "ansible_check_mode" => Value::Bool(options.check),
        "ansible_diff_mode" => Value::Bool(options.diff),
        "ansible_forks" => Value::from(options.forks),
        "ansible_limit" => Value::from(options.limit.as_ref()?),
        "ansible_verbosity" => Value::from(u32::from(options.verbosity)),
        "ansible_run_tags" if options.tags.is_empty() => Value::from_iter(["all"]),
        "ansible_run_tags" => options.tags.iter().collect(),
        "ansible_skip_tags" => options.skip_tags.iter().collect(),
        "ansible_version" => version(),
        "ansible_playbook_python" => python(),
        "ansible_inventory_sources" => options.inventory_sources.iter().collect(),
        "ansible_config_file" => options.config_file.as_deref().map(|file| file.display().to_string()).into(),
        _ => return None,
    })
}

/// What is known of a run before any host is looked at, for what is evaluated while playbooks are read.
pub fn run_vars(options: &Options, inventory: &Inventory) -> Map {
    /// Those of them that a run has in any case, as Ansible counts them.
    const NAMES: [&str; 10] = [
        "ansible_check_mode",
        "ansible_config_file",
        "ansible_diff_mode",
        "ansible_forks",
        "ansible_inventory_sources",
        "ansible_playbook_python",
        "ansible_run_tags",
        "ansible_skip_tags",
        "ansible_verbosity",
        "ansible_version",
    ];
    let mut vars: Map = NAMES.iter().filter_map(|name| Some((*name, of_the_run(name, options)?))).collect();
    vars.insert("groups", inventory.groups_map());
    vars
}

/// The magic variable `ansible_playbook_python`: the interpreter that tasks on this machine would have.
fn python() -> Value {
    static PYTHON: OnceLock<String> = OnceLock::new();
    let found = PYTHON.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|dir| dir.join("python3")).find(|file| file.is_file());
        found.map_or_else(|| "/usr/bin/python3".to_owned(), |file| file.display().to_string())
    });
    Value::from(found)
}

/// The magic variable `ansible_version`.
fn version() -> Value {
    let text = ANSIBLE_VERSION;
    let mut map = Map::from([("string", text), ("full", text)]);
    for (name, number) in ["major", "minor", "revision"].into_iter().zip([2, 19, 14]) {
        map.insert(name, number);
    }
    map.into()
}
