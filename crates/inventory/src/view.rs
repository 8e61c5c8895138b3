//! The inventory as a whole, in the forms of `ansible-inventory`.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use ksplay_value::{Map, Value};

use crate::vars::Layer;
use crate::{Error, Group, HostName, Inventory, Level};

/// What of an inventory is shown, and how its variables are given.
#[derive(Debug)]
pub struct View<'a> {
    /// The inventory.
    pub inventory: &'a Inventory,
    /// Variables that every host has above its own (`-e`).
    pub extra_vars: Map,
    /// The hosts to show (`--limit`); all without it.
    pub only: Option<HashSet<HostName>>,
    /// Whether variables stand with the group that has them, not all with the hosts (`--export`).
    pub export: bool,
}

impl Inventory {
    /// The variables of a host in one mapping, templates not evaluated.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn merged_variables(&self, host: &str) -> Result<Map, Error> {
        Ok(merged(&self.variables(host)?))
    }
}

impl<'a> View<'a> {
    /// All of this inventory.
    pub fn of(inventory: &'a Inventory) -> Self {
        Self { inventory, extra_vars: Map::new(), only: None, export: false }
    }

    /// The variables of a host as they are shown, by name.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn variables(&self, host: &str) -> Result<Map, Error> {
        let mut layers = self.inventory.variables(host)?;
        if self.export {
            layers.retain(|layer| layer.level >= Level::InventoryHost);
        }
        let mut vars = merged(&layers);
        if !self.export {
            vars.extend(self.extra_vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
        }
        Ok(shown(&vars))
    }

    fn group_variables(&self, group: &Group) -> Result<Map, Error> {
        let mut vars = merged(&self.inventory.group_variables(group)?);
        if group.priority() != 1 {
            vars.insert("ansible_group_priority", group.priority());
        }
        Ok(shown(&vars))
    }

    fn hosts_of<'g>(&self, group: &'g Group) -> Vec<&'g HostName> {
        let shown = |host: &&HostName| self.only.as_ref().is_none_or(|only| only.contains(*host));
        match group.name() {
            "all" => Vec::new(),
            _ => group.direct_hosts().filter(shown).collect(),
        }
    }

    /// What `--list` prints as JSON: `_meta.hostvars`, and each group with its hosts and children.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn list(&self) -> Result<Value, Error> {
        let mut hostvars = Map::new();
        let shown = |host: &&HostName| self.only.as_ref().is_none_or(|only| only.contains(*host));
        for host in self.inventory.hosts_in("all").into_iter().filter(shown) {
            let vars = self.variables(host)?;
            if !vars.is_empty() {
                hostvars.insert(host, sorted_below(&vars.into()));
            }
        }
        let mut list = Map::new();
        self.each_group("all", &mut HashSet::new(), &mut |group| {
            let mut entry = self.flat_group(group)?;
            let hosts = self.hosts_of(group);
            if !hosts.is_empty() {
                entry.insert("hosts", hosts.into_iter().collect::<Value>());
            }
            if !entry.is_empty() {
                list.insert(group.name(), sorted_below(&entry.into()));
            }
            Ok(())
        })?;
        let meta = Map::from([("hostvars", sorted(hostvars)), ("profile", Value::from("inventory_legacy"))]);
        list.insert("_meta", meta);
        Ok(sorted(list))
    }

    /// What `--list` prints as TOML: each group with its children, hosts and, with `export`, variables.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn tables(&self) -> Result<Map, Error> {
        let mut seen = HashSet::new();
        let mut tables = Map::new();
        self.each_group("all", &mut HashSet::new(), &mut |group| {
            let mut entry = self.flat_group(group)?;
            if group.name() == "all" {
                entry.remove("children");
            }
            let hosts = self.host_entries(group, &mut seen)?;
            if !hosts.is_empty() {
                entry.insert("hosts", hosts);
            }
            if !entry.is_empty() {
                tables.insert(group.name(), entry);
            }
            Ok(())
        })?;
        Ok(tables)
    }

    /// The children of a group, and with `export` its variables.
    fn flat_group(&self, group: &Group) -> Result<Map, Error> {
        let mut entry = Map::new();
        let children = self.inventory.children(group.name());
        if !children.is_empty() {
            entry.insert("children", children.iter().map(|child| child.name()).collect::<Value>());
        }
        if self.export {
            let vars = self.group_variables(group)?;
            if !vars.is_empty() {
                entry.insert("vars", vars);
            }
        }
        Ok(entry)
    }

    fn each_group<'i>(
        &'i self,
        name: &str,
        seen: &mut HashSet<&'i str>,
        show: &mut impl FnMut(&'i Group) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(group) = self.inventory.group(name).filter(|group| seen.insert(group.name())) else { return Ok(()) };
        show(group)?;
        self.inventory.children(name).into_iter().try_for_each(|child| self.each_group(child.name(), seen, show))
    }

    /// What `--list` prints as YAML: groups within groups, as a YAML inventory is written. A host has its variables, and a
    /// group its content, where it is named first.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn tree(&self) -> Result<Map, Error> {
        let (mut hosts, mut groups) = (HashSet::new(), HashSet::new());
        let all = match self.inventory.group("all") {
            Some(all) => self.branch(all, &mut hosts, &mut groups)?,
            None => Map::new(),
        };
        Ok(Map::from([("all", all)]))
    }

    fn branch<'i>(
        &'i self,
        group: &'i Group,
        hosts: &mut HashSet<&'i str>,
        groups: &mut HashSet<&'i str>,
    ) -> Result<Map, Error> {
        let mut entry = Map::new();
        let mut children = Map::new();
        let mut below = self.inventory.children(group.name());
        below.sort_unstable_by_key(|child| child.name());
        for child in below {
            if !groups.insert(child.name()) {
                children.insert(child.name(), Map::new());
                continue;
            }
            let inner = self.branch(child, hosts, groups)?;
            if !inner.is_empty() {
                children.insert(child.name(), inner);
            }
        }
        if !children.is_empty() {
            entry.insert("children", children);
        }
        let entries = self.host_entries(group, hosts)?;
        if !entries.is_empty() {
            entry.insert("hosts", sorted(entries));
        }
        if self.export {
            let vars = self.group_variables(group)?;
            if !vars.is_empty() {
                entry.insert("vars", vars);
            }
        }
        Ok(entry)
    }

    /// The hosts of a group; those that were not seen yet have their variables.
    fn host_entries<'i>(&'i self, group: &'i Group, seen: &mut HashSet<&'i str>) -> Result<Map, Error> {
        let mut entries = Map::new();
        for host in self.hosts_of(group) {
            let vars = if seen.insert(host) { self.variables(host)? } else { Map::new() };
            entries.insert(host, vars);
        }
        Ok(entries)
    }

    /// What `--graph` prints: a tree of groups below `all` (or below another group), with the hosts of each, and the
    /// variables of both if wanted. A limit does not count.
    ///
    /// # Errors
    ///
    /// If there is no such group; otherwise as [`Inventory::variables`].
    pub fn graph(&self, root: &str, with_vars: bool) -> Result<String, Error> {
        let missing = || Error::Missing { kind: "group", name: root.to_owned() };
        let mut text = String::new();
        self.graph_group(self.inventory.group(root).ok_or_else(missing)?, 0, with_vars, &mut text)?;
        Ok(text)
    }

    fn graph_group(&self, group: &Group, depth: usize, with_vars: bool, text: &mut String) -> Result<(), Error> {
        line(text, &format!("@{}:", group.name()), depth);
        for child in self.inventory.children(group.name()) {
            self.graph_group(child, depth + 1, with_vars, text)?;
        }
        if group.name() != "all" {
            for host in group.direct_hosts() {
                line(text, host, depth + 1);
                if with_vars {
                    graph_vars(&self.variables(host)?, depth + 2, text);
                }
            }
        }
        if with_vars {
            graph_vars(&self.group_variables(group)?, depth + 1, text);
        }
        Ok(())
    }
}

fn line(text: &mut String, content: &str, depth: usize) {
    let indent = if depth > 0 { format!("{}--", "  |".repeat(depth)) } else { String::new() };
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{indent}{content}");
}

fn graph_vars(vars: &Map, depth: usize, text: &mut String) {
    for (key, value) in vars.iter() {
        line(text, &format!("{{{} = {value}}}", key.as_value()), depth);
    }
}

fn merged(layers: &[Layer]) -> Map {
    let mut merged = Map::new();
    for layer in layers {
        merged.extend(layer.vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
    }
    merged
}

/// The variables by name, with templates as they are written.
fn shown(vars: &Map) -> Map {
    let mut shown: Map = vars.iter().map(|(key, value)| (key.as_value().clone(), written(value))).collect();
    shown.sort_by_key_text();
    shown
}

fn written(value: &Value) -> Value {
    match value {
        Value::Template(template) => Value::String(Arc::clone(&template.text)),
        Value::List(items) => items.iter().map(written).collect(),
        Value::Map(map) => {
            map.iter().map(|(key, value)| (key.as_value().clone(), written(value))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

/// The value with every mapping in it by name, as JSON is printed.
fn sorted_below(value: &Value) -> Value {
    match value {
        Value::List(items) => items.iter().map(sorted_below).collect(),
        Value::Map(map) => {
            sorted(map.iter().map(|(key, value)| (key.as_value().clone(), sorted_below(value))).collect())
        }
        other => other.clone(),
    }
}

fn sorted(mut map: Map) -> Value {
    map.sort_by_key_text();
    map.into()
}
