//! `ksplay inventory`: hosts, groups and their variables, in the forms of ansible-inventory.

use std::collections::HashSet;
use std::path::PathBuf;

use ksplay_inventory::Inventory;
use ksplay_value::{Map, Value};

use crate::args::InventoryArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::{eval, sources};

/// Prints what was asked for.
///
/// # Errors
///
/// If the inventory cannot be read, or has no such host or group.
pub fn show(args: &InventoryArgs) -> Result<u8, Failure> {
    let settings = Settings::load()?;
    let vault = sources::vault_secrets(&args.sources.vault, &settings)?;
    let extra_vars = sources::extra_vars(&args.sources, &vault)?;
    let dirs = std::env::current_dir().map(|dir| vec![dir]).unwrap_or_else(|_| vec![PathBuf::from(".")]);
    let (inventory, warnings) = sources::inventory(&args.sources, &settings, &vault, dirs)?;
    for warning in warnings {
        eprintln!("[WARNING]: {warning}");
    }
    if let Some(group) = &args.graph {
        say!("{}", inventory.graph(group)?.trim_end());
        return Ok(0);
    }
    if let Some(host) = &args.host {
        if inventory.host(host).is_none() {
            return Err(ksplay_inventory::Error::Missing { kind: "host", name: host.clone() }.into());
        }
        return eval::print(&variables(&inventory, host, &extra_vars)?.into(), args.yaml);
    }
    if args.yaml {
        return eval::print(&tree(&inventory, &extra_vars)?, true);
    }
    eval::print(&inventory.list()?, false)
}

fn variables(inventory: &Inventory, host: &str, extra_vars: &Map) -> Result<Map, Failure> {
    let mut vars = inventory.merged_variables(host)?;
    vars.extend(extra_vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
    vars.sort_by_key_text();
    Ok(vars)
}

/// Groups within groups, as a YAML inventory is written. A host has its variables where it is named first.
fn tree(inventory: &Inventory, extra_vars: &Map) -> Result<Value, Failure> {
    let mut seen = HashSet::new();
    let all = group(inventory, "all", extra_vars, &mut seen)?;
    Ok(Map::from([("all", all)]).into())
}

fn group(inventory: &Inventory, name: &str, extra_vars: &Map, seen: &mut HashSet<String>) -> Result<Map, Failure> {
    let mut entry = Map::new();
    let mut children = Map::new();
    let mut below: Vec<&str> = inventory.children(name).iter().map(|child| child.name()).collect();
    below.sort_unstable();
    for child in below {
        let inner = group(inventory, child, extra_vars, seen)?;
        if child != "ungrouped" || !inner.is_empty() {
            children.insert(child, inner);
        }
    }
    if !children.is_empty() {
        entry.insert("children", children);
    }
    let mut hosts = Map::new();
    if let Some(group) = inventory.group(name).filter(|_| name != "all") {
        let mut names: Vec<&str> = group.direct_hosts().map(|host| host.as_str()).collect();
        names.sort_unstable();
        for host in names {
            let first = seen.insert(host.to_owned());
            hosts.insert(host, if first { variables(inventory, host, extra_vars)? } else { Map::new() });
        }
    }
    if !hosts.is_empty() {
        entry.insert("hosts", hosts);
    }
    Ok(entry)
}
