//! Inventories that are programs: `--list` prints groups as JSON, `--host NAME` the variables of a host.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ksplay_value::text::from_json;
use ksplay_value::{Diagnostic, Map, Source, Span, Value};

use crate::trust::trust;
use crate::{Error, Inventory, LoadOptions};

/// Runs a script and puts what it prints into the inventory.
pub(crate) fn run(inventory: &mut Inventory, file: &Arc<Path>, options: &LoadOptions) -> Result<(), Error> {
    let ask = |inventory: &mut Inventory, arguments: &[&str]| -> Result<Value, Error> {
        let (data, said) = output(file, arguments)?;
        inventory.warnings.extend(said.filter(|_| options.script_says));
        Ok(data)
    };
    let root = ask(inventory, &["--list"])?;
    let Some(groups) = root.as_map() else {
        return Err(failure(file, format!("--list printed {}, not an object", root.type_name())));
    };
    let span = place(file);
    let mut hostvars = None;
    for (name, group) in groups.iter() {
        let Some(name) = name.as_str() else { continue };
        if name == "_meta" {
            if group.as_map().is_none() {
                return Err(failure(file, format!("`_meta` is {}, not an object", group.type_name())));
            }
            let Some(vars) = group.get("hostvars").and_then(Value::as_map) else {
                return Err(failure(file, "`_meta` has no object `hostvars`".to_owned()));
            };
            hostvars = Some(vars);
        } else {
            let name = inventory.declare_group(name);
            self::group(inventory, file, &name, group)?;
        }
    }
    let names: Vec<String> = inventory
        .hosts()
        .filter(|host| host.inventory_file() == Some(file))
        .map(|host| host.name().to_string())
        .collect();
    let named = named(groups);
    for name in named.iter().chain(names.iter().filter(|name| !named.contains(*name))) {
        match hostvars {
            Some(hostvars) => set_all(inventory, name, hostvars.get(name), &span)?,
            None => {
                let vars = ask(inventory, &["--host", name])?;
                set_all(inventory, name, Some(&vars), &span)?;
            }
        }
    }
    Ok(())
}

/// The hosts that the groups of a script name, in order.
fn named(groups: &Map) -> Vec<String> {
    let mut seen = indexmap::IndexSet::new();
    for (_, group) in groups.iter() {
        let hosts = group.as_list().or_else(|| group.get("hosts").and_then(Value::as_list));
        seen.extend(hosts.unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned));
    }
    seen.into_iter().collect()
}

fn set_all(inventory: &mut Inventory, host: &str, vars: Option<&Value>, span: &Span) -> Result<(), Error> {
    let mut vars = vars.and_then(Value::as_map).into_iter().flat_map(Map::iter);
    vars.try_for_each(|(key, value)| inventory.set_variable(host, key.as_value().clone(), value.clone(), span))
}

fn group(inventory: &mut Inventory, file: &Arc<Path>, name: &str, data: &Value) -> Result<(), Error> {
    if let Some(hosts) = data.as_list() {
        return add_hosts(inventory, file, name, hosts);
    }
    let Some(map) = data.as_map() else {
        return Err(failure(file, format!("the group `{name}` is neither a list nor an object")));
    };
    if !["hosts", "vars", "children"].iter().any(|key| map.contains_key(key)) {
        // An old form: the group is one host, the object its variables.
        add_hosts(inventory, file, name, &[Value::from(name)])?;
        for (key, value) in map.iter() {
            inventory.set_group_var(name, key.as_value().clone(), value.clone(), &place(file))?;
        }
        return Ok(());
    }
    if let Some(hosts) = map.get("hosts") {
        let hosts = hosts.as_list().ok_or_else(|| failure(file, format!("the hosts of `{name}` are no list")))?;
        add_hosts(inventory, file, name, hosts)?;
    }
    if let Some(vars) = map.get("vars") {
        let vars = vars.as_map().ok_or_else(|| failure(file, format!("the vars of `{name}` are no object")))?;
        for (key, value) in vars.iter() {
            inventory.set_group_var(name, key.as_value().clone(), value.clone(), &place(file))?;
        }
    }
    for child in map.get("children").and_then(Value::as_list).unwrap_or_default() {
        let Some(child) = child.as_str() else { continue };
        let child = inventory.declare_group(child);
        inventory.add_child(name, &child)?;
    }
    Ok(())
}

fn add_hosts(inventory: &mut Inventory, file: &Arc<Path>, group: &str, hosts: &[Value]) -> Result<(), Error> {
    for host in hosts.iter().filter_map(Value::as_str) {
        inventory.insert_host(host, None, Some(file));
        inventory.add_host_to(group, host)?;
    }
    Ok(())
}

/// The JSON that the script prints, and what it says beside.
fn output(file: &Path, arguments: &[&str]) -> Result<(Value, Option<Diagnostic>), Error> {
    let output = Command::new(file).args(arguments).output().map_err(|error| failure(file, error.to_string()))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors = if errors.trim().is_empty() { String::new() } else { format!(": {}", errors.trim()) };
        return Err(failure(file, format!("{} failed with {}{errors}", arguments.join(" "), output.status)));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = (!said.trim().is_empty())
        .then(|| Diagnostic::new(format!("the inventory script {} says: {}", file.display(), said.trim())));
    let text = String::from_utf8(output.stdout).map_err(|_| failure(file, "it did not print UTF-8 text".to_owned()))?;
    if text.trim().is_empty() {
        return Ok((Value::empty_map(), said));
    }
    let data = from_json(&text)
        .map_err(|error| failure(file, format!("{} did not print JSON: {error}", arguments.join(" "))))?;
    Ok((trust(data, None), said))
}

fn place(file: &Path) -> Span {
    Span::new(&Source::new(file.display().to_string(), ""), 1, 1)
}

fn failure(file: &Path, message: String) -> Error {
    Error::Script { path: file.to_owned(), message }
}
