//! The inventory as a whole, in the forms of `ansible-inventory`.

use std::collections::HashSet;
use std::fmt::Write;

use ksplay_value::{Map, Value};

use crate::{Error, Group, Inventory};

impl Inventory {
    /// The variables of a host in one mapping, templates not evaluated.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn merged_variables(&self, host: &str) -> Result<Map, Error> {
        let mut merged = Map::new();
        for layer in self.variables(host)? {
            merged.extend(layer.vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
        }
        Ok(merged)
    }

    /// What `ansible-inventory --list` prints: `_meta.hostvars`, and each group with its hosts and children.
    ///
    /// # Errors
    ///
    /// As [`Inventory::variables`].
    pub fn list(&self) -> Result<Value, Error> {
        let mut hostvars = Map::new();
        for host in self.hosts() {
            let vars = self.merged_variables(host.name())?;
            if !vars.is_empty() {
                hostvars.insert(host.name(), sorted(vars));
            }
        }
        let mut list = Map::new();
        let mut seen = HashSet::new();
        if let Some(all) = self.group("all") {
            self.list_group(all, &mut list, &mut seen);
        }
        let meta = Map::from([("hostvars", sorted(hostvars)), ("profile", Value::from("inventory_legacy"))]);
        list.insert("_meta", meta);
        Ok(sorted(list))
    }

    fn list_group<'a>(&'a self, group: &'a Group, list: &mut Map, seen: &mut HashSet<&'a str>) {
        if !seen.insert(group.name()) {
            return;
        }
        let mut entry = Map::new();
        if group.name() != "all" && group.direct_hosts().next().is_some() {
            entry.insert("hosts", group.direct_hosts().collect::<Value>());
        }
        let children = self.children(group.name());
        if !children.is_empty() {
            entry.insert("children", children.iter().map(|child| child.name()).collect::<Value>());
        }
        if !entry.is_empty() {
            list.insert(group.name(), sorted(entry));
        }
        for child in children {
            self.list_group(child, list, seen);
        }
    }

    /// What `ansible-inventory --graph` prints: a tree of groups below `all` (or below another group), with the hosts of
    /// each.
    ///
    /// # Errors
    ///
    /// If there is no such group.
    pub fn graph(&self, root: &str) -> Result<String, Error> {
        let group = self.group(root).ok_or_else(|| Error::Missing { kind: "group", name: root.to_owned() })?;
        let mut text = String::new();
        self.graph_group(group, 0, &mut text);
        Ok(text)
    }

    fn graph_group(&self, group: &Group, depth: usize, text: &mut String) {
        let line = |text: &mut String, name: &str, depth: usize| {
            let indent = if depth > 0 { format!("{}--", "  |".repeat(depth)) } else { String::new() };
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{indent}{name}");
        };
        line(text, &format!("@{}:", group.name()), depth);
        for child in self.children(group.name()) {
            self.graph_group(child, depth + 1, text);
        }
        if group.name() != "all" {
            for host in group.direct_hosts() {
                line(text, host, depth + 1);
            }
        }
    }
}

fn sorted(mut map: Map) -> Value {
    map.sort_by_key_text();
    map.into()
}
