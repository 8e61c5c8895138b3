//! The inventory: hosts in order, groups as a directed graph without cycles.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use ksplay_value::{Diagnostic, Key, Map, Span, Value};
use num_bigint::Sign;
use petgraph::Direction;
use petgraph::algo::has_path_connecting;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use crate::own::{HostLine, OwnVars};
use crate::vars::VarsFiles;
use crate::{Error, Group, Host, HostName, Level, LoadOptions, OddNames};

/// All hosts and groups of a run, with their variables.
///
/// Begins with the groups `all` and `ungrouped`; every group is below `all`.
#[derive(Debug, Clone)]
pub struct Inventory {
    pub(crate) hosts: IndexMap<HostName, Host>,
    pub(crate) graph: StableDiGraph<Group, ()>,
    pub(crate) groups: IndexMap<Arc<str>, NodeIndex>,
    /// Children in the order in which they were added, which the graph does not keep.
    pub(crate) children: HashMap<NodeIndex, Vec<NodeIndex>>,
    pub(crate) implicit: Vec<Host>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) parsed: bool,
    pub(crate) files: VarsFiles,
    /// The levels of groups, lowest first.
    pub(crate) precedence: Arc<[Level]>,
    /// Where variables stand that the sources themselves set.
    pub(crate) places: Places,
    /// Of which names.
    pub(crate) remember: fn(&str) -> bool,
    pub(crate) odd_names: OddNames,
    /// What [`Inventory::load`] was given, to read it again.
    pub(crate) origin: Option<Arc<(Vec<String>, LoadOptions)>>,
}

/// By host or group and variable: the place that was read last.
pub(crate) type Places = HashMap<(String, String), Span>;

impl Default for Inventory {
    fn default() -> Self {
        let vars = Arc::new(Map::from([("ansible_connection", "local")]));
        let mut inventory = Self {
            hosts: IndexMap::new(),
            graph: StableDiGraph::new(),
            groups: IndexMap::new(),
            children: HashMap::new(),
            implicit: LOCALHOST
                .map(|name| Host {
                    name: name.into(),
                    vars: OwnVars::of(Arc::clone(&vars)),
                    groups: IndexSet::new(),
                    file: None,
                    implicit: true,
                })
                .into(),
            warnings: Vec::new(),
            parsed: false,
            files: VarsFiles::default(),
            precedence: Level::OF_GROUPS.into(),
            places: Places::new(),
            remember: |_| false,
            odd_names: OddNames::default(),
            origin: None,
        };
        let all = inventory.add_group("all");
        let ungrouped = inventory.add_group("ungrouped");
        inventory.link(all, ungrouped);
        inventory
    }
}

impl Inventory {
    /// The hosts in the order in which the sources named them; the implicit `localhost` is none of them.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.values()
    }

    /// The host of this name; for `localhost` and its numeric names the implicit one, when no source names it.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| self.implicit_localhost(name))
    }

    /// The groups in the order in which they were first named, `all` and `ungrouped` first.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values().map(|index| &self.graph[*index])
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name).map(|index| &self.graph[*index])
    }

    /// What was odd while the sources were read.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What was odd in files of `group_vars` and `host_vars` that were read since this was last asked.
    pub fn take_file_warnings(&self) -> Vec<Diagnostic> {
        self.files.take_warnings()
    }

    /// Whether any source could be parsed; if not, Ansible warns that only the implicit localhost is available.
    pub fn is_parsed(&self) -> bool {
        self.parsed
    }

    /// The name under which a group is kept that a source or a task calls this.
    pub fn kept_name(&self, group: &str) -> Arc<str> {
        if self.odd_names.are_changed() { valid_group_name(group).into() } else { group.into() }
    }

    /// The child groups of a group in the order in which they were added; nothing for an unknown group.
    pub fn children(&self, group: &str) -> Vec<&Group> {
        let Some(index) = self.groups.get(group) else { return Vec::new() };
        self.children_of(*index).iter().map(|child| &self.graph[*child]).collect()
    }

    /// The hosts of a group and of the groups below it, each once; nothing for an unknown group.
    pub fn hosts_in(&self, group: &str) -> Vec<&HostName> {
        let Some(index) = self.groups.get(group) else { return Vec::new() };
        let mut hosts = IndexSet::new();
        for group in self.descendants(*index) {
            hosts.extend(self.graph[group].hosts.iter());
        }
        hosts.into_iter().collect()
    }

    /// Whether there is a host below `all`, where those of a source that could not be parsed need not be.
    pub fn has_hosts(&self) -> bool {
        !self.hosts_in("all").is_empty()
    }

    /// The magic variable `groups`: every group with the names of its hosts.
    pub fn groups_map(&self) -> Map {
        self.groups().map(|group| (group.name(), self.hosts_in(group.name()).into_iter().collect::<Value>())).collect()
    }

    /// The groups that a host is in, directly or through others, in the order in which their variables apply: by
    /// depth, priority and name, `all` first.
    pub fn groups_of(&self, host: &str) -> Vec<&Group> {
        let Some(host) = self.host(host) else { return Vec::new() };
        self.groups_above(host, self.groups.get("all").copied())
    }

    /// The groups of a host as [`Inventory::groups_of`] has them; `all` only when it is given or a way leads to it.
    pub(crate) fn groups_above(&self, host: &Host, all: Option<NodeIndex>) -> Vec<&Group> {
        let mut found: IndexSet<NodeIndex> = IndexSet::new();
        let mut open: Vec<NodeIndex> = host.groups.iter().filter_map(|name| self.groups.get(name).copied()).collect();
        open.extend(all);
        while let Some(index) = open.pop() {
            if found.insert(index) {
                open.extend(self.graph.neighbors_directed(index, Direction::Incoming));
            }
        }
        let mut groups: Vec<&Group> = found.into_iter().map(|index| &self.graph[index]).collect();
        groups.sort_by(|left, right| {
            (left.depth, left.priority, &left.name).cmp(&(right.depth, right.priority, &right.name))
        });
        groups
    }

    /// The magic variable `group_names`: the groups of a host by name, without `all`.
    pub fn group_names(&self, host: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.groups_of(host).into_iter().map(Group::name).filter(|name| *name != "all").collect();
        names.sort_unstable();
        names
    }

    /// Adds a host to groups, as the module `add_host` does; what is missing is made, variables are laid over those
    /// that the host has. Says whether anything changed.
    ///
    /// # Errors
    ///
    /// None today; reserved for names that cannot be host names.
    pub fn add_host(&mut self, name: &str, groups: &[impl AsRef<str>], vars: Map) -> Result<bool, Error> {
        let mut changed = !self.hosts.contains_key(name);
        self.insert_host(name, None, None);
        if changed {
            // Before those that the sources have.
            self.add_group("all");
            self.add_host_to("all", name)?;
        }
        for group in groups {
            changed |= self.group_by(name, group.as_ref(), &[] as &[&str])?;
        }
        self.reconcile();
        if let Some(host) = self.hosts.get_mut(name) {
            let own = host.vars.get_mut();
            for (key, value) in vars {
                let old = own.get_key(&key);
                changed |= old != Some(&value);
                own.insert(key, value);
            }
        }
        Ok(changed)
    }

    /// Puts a host into a group, which is made below `parents` (below `all` when there are none), as the module
    /// `group_by` does. Says whether anything changed.
    ///
    /// # Errors
    ///
    /// If the host is not in the inventory, or a parent is already below the group.
    pub fn group_by(&mut self, host: &str, group: &str, parents: &[impl AsRef<str>]) -> Result<bool, Error> {
        let group = self.group_name(group);
        let mut changed = !self.groups.contains_key(&group);
        self.add_group(&group);
        for parent in parents {
            let parent = self.declare_group(parent.as_ref());
            changed |= self.add_child(&parent, &group)?;
        }
        changed |= self.add_host_to(&group, host)?;
        self.reconcile();
        Ok(changed)
    }

    /// Looks for `group_vars` and `host_vars` beside a playbook too.
    pub fn add_playbook_dir(&mut self, dir: &Path) {
        self.files.add_playbook_dir(dir);
    }

    /// Where a source sets a variable of a host or group itself; only of names that
    /// [`LoadOptions::remember`](crate::LoadOptions::remember) asks for.
    pub fn place_of(&self, entity: &str, variable: &str) -> Option<&Span> {
        let lines = self.hosts.get(entity).map_or(&[][..], |host| host.vars.lines());
        let line = lines.iter().rev().find(|line| line.vars().contains_key(variable)).map(|line| line.span());
        line.or_else(|| self.places.get(&(entity.to_owned(), variable.to_owned())))
    }

    fn remember(&mut self, entity: &str, variable: &Value, at: &Span) {
        if let Some(name) = variable.as_str().filter(|name| (self.remember)(name)) {
            self.places.insert((entity.to_owned(), name.to_owned()), at.clone());
        }
    }

    /// Sets a variable of a group; `ansible_group_priority` sets the priority instead.
    pub(crate) fn set_group_var(&mut self, group: &str, name: Value, value: Value, at: &Span) -> Result<(), Error> {
        self.remember(group, &name, at);
        let Some(index) = self.groups.get(group) else { return Ok(()) };
        let node = &mut self.graph[*index];
        if name.as_str() != Some("ansible_group_priority") {
            Arc::make_mut(&mut node.vars).insert(name, value);
            return Ok(());
        }
        node.priority = priority(&value).ok_or_else(|| {
            let message = format!("ansible_group_priority of `{group}` must be a whole number, this is `{value}`");
            Error::syntax(message, Some(at.clone()))
        })?;
        Ok(())
    }

    pub(crate) fn set_host_var(&mut self, host: &str, name: Value, value: Value, at: &Span) {
        if let Some(host) = self.hosts.get_mut(host) {
            for line in host.vars.lines() {
                let names = line.vars().keys().filter_map(Key::as_str).filter(|name| (self.remember)(name));
                let place = |name: &str| ((host.name.to_string(), name.to_owned()), line.span().clone());
                self.places.extend(names.map(place));
            }
            host.vars.get_mut().insert(name.clone(), value);
        }
        self.remember(host, &name, at);
    }

    /// Lays variables, which stand at these places, over those of a host, or else of the group of that name.
    pub(crate) fn set_variables(&mut self, entity: &str, vars: &Arc<Map>, places: &[&Span]) -> Result<(), Error> {
        let is_remembered = vars.keys().filter_map(Key::as_str).any(self.remember);
        match self.hosts.get_mut(entity) {
            Some(host) if !is_remembered && !self.groups.contains_key(entity) => {
                host.vars.lay(vars);
                Ok(())
            }
            _ => vars.iter().zip(places).try_for_each(|((key, value), place)| {
                self.set_variable(entity, key.as_value().clone(), value.clone(), place)
            }),
        }
    }

    /// Gives a host, or else the group of that name, the variables of a line of a hosts file.
    pub(crate) fn add_line(&mut self, entity: &str, line: &Arc<HostLine>) -> Result<(), Error> {
        match self.hosts.get_mut(entity).filter(|_| !self.groups.contains_key(entity)) {
            Some(host) => {
                host.vars.push(Arc::clone(line));
                Ok(())
            }
            None => line.vars().iter().try_for_each(|(key, value)| {
                self.set_group_var(entity, key.as_value().clone(), value.clone(), line.span())
            }),
        }
    }

    /// Sets a variable of the group, or else of the host, that has this name: a group hides a host, as in Ansible.
    pub(crate) fn set_variable(&mut self, entity: &str, name: Value, value: Value, at: &Span) -> Result<(), Error> {
        if self.groups.contains_key(entity) {
            return self.set_group_var(entity, name, value, at);
        }
        self.set_host_var(entity, name, value, at);
        Ok(())
    }

    /// Makes a host, unless it is there already; the port counts only for a new one.
    pub(crate) fn insert_host(&mut self, name: &str, port: Option<i64>, file: Option<&Arc<Path>>) {
        if self.hosts.contains_key(name) {
            return;
        }
        if LOCALHOST.contains(&name) {
            self.tell_second_localhost(name);
        }
        let name = HostName::from(name);
        let vars = port
            .filter(|port| *port != 0)
            .map(|port| Arc::new(Map::from([("ansible_port", port)])))
            .unwrap_or_default();
        let vars = OwnVars::of(vars);
        let host = Host { name: name.clone(), vars, groups: IndexSet::new(), file: file.cloned(), implicit: false };
        self.hosts.insert(name, host);
    }

    /// Makes a group, unless it is there already.
    pub(crate) fn add_group(&mut self, name: &str) -> NodeIndex {
        if let Some(index) = self.groups.get(name) {
            return *index;
        }
        let name: Arc<str> = name.into();
        let index = self.graph.add_node(Group {
            name: Arc::clone(&name),
            vars: Arc::default(),
            hosts: IndexSet::new(),
            priority: 1,
            depth: 0,
        });
        self.groups.insert(name, index);
        index
    }

    /// Makes a group that a source names; gives the name that it has.
    pub(crate) fn declare_group(&mut self, name: &str) -> Arc<str> {
        let name = self.group_name(name);
        self.add_group(&name);
        name
    }

    /// The same name with a word about it when it is no identifier.
    pub(crate) fn group_name(&mut self, name: &str) -> Arc<str> {
        if !self.odd_names.are_silent() && valid_group_name(name) != name {
            let end = if self.odd_names.are_changed() { "and automatically replaced" } else { "but not replaced" };
            let message = format!("Invalid characters were found in group names {end}, use -vvvv to see details");
            if !self.warnings.iter().any(|warning| warning.message == message) {
                self.warnings.push(Diagnostic::new(message));
            }
        }
        self.kept_name(name)
    }

    fn tell_second_localhost(&mut self, name: &str) {
        if let Some(first) = self.hosts.keys().find(|host| LOCALHOST.contains(&host.as_str())) {
            let message =
                format!("A duplicate localhost-like entry was found ({name}). First found localhost was {first}");
            self.warnings.push(Diagnostic::new(message));
        }
    }

    /// Adds a warning for each host that has the name of a group.
    pub(crate) fn tell_shared_names(&mut self) {
        let shared = self.hosts.keys().filter(|name| self.groups.contains_key(name.as_str()));
        let message = |name: &HostName| format!("Found both group and host with same name: {name}");
        self.warnings.extend(shared.map(message).map(Diagnostic::new));
    }

    /// Puts a host into a group; says whether it was not there before.
    pub(crate) fn add_host_to(&mut self, group: &str, host: &str) -> Result<bool, Error> {
        let missing = |kind, name: &str| Error::Missing { kind, name: name.to_owned() };
        let index = *self.groups.get(group).ok_or_else(|| missing("group", group))?;
        let host = self.hosts.get_mut(host).ok_or_else(|| missing("host", host))?;
        let group = &mut self.graph[index];
        host.groups.insert(Arc::clone(&group.name));
        Ok(group.hosts.insert(host.name.clone()))
    }

    /// Puts a group below another; says whether it was not there before.
    pub(crate) fn add_child(&mut self, parent: &str, child: &str) -> Result<bool, Error> {
        let missing = |name: &str| Error::Missing { kind: "group", name: name.to_owned() };
        let above = *self.groups.get(parent).ok_or_else(|| missing(parent))?;
        let below = *self.groups.get(child).ok_or_else(|| missing(child))?;
        if above == below || child == "all" || has_path_connecting(&self.graph, below, above, None) {
            return Err(Error::Cycle { parent: parent.to_owned(), child: child.to_owned() });
        }
        Ok(self.link(above, below))
    }

    fn link(&mut self, above: NodeIndex, below: NodeIndex) -> bool {
        if self.graph.contains_edge(above, below) {
            return false;
        }
        self.graph.add_edge(above, below, ());
        self.children.entry(above).or_default().push(below);
        self.deepen(below, self.graph[above].depth + 1);
        true
    }

    fn deepen(&mut self, index: NodeIndex, depth: u32) {
        let mut open = vec![(index, depth)];
        while let Some((index, depth)) = open.pop() {
            if self.graph[index].depth < depth {
                self.graph[index].depth = depth;
                open.extend(self.children_of(index).iter().map(|child| (*child, depth + 1)));
            }
        }
    }

    pub(crate) fn children_of(&self, index: NodeIndex) -> &[NodeIndex] {
        self.children.get(&index).map_or(&[], Vec::as_slice)
    }

    /// A group and what is below it, level by level, in the order of adding.
    fn descendants(&self, index: NodeIndex) -> IndexSet<NodeIndex> {
        let mut found = IndexSet::from([index]);
        let mut next = 0;
        while let Some(index) = found.get_index(next) {
            found.extend(self.children_of(*index).to_vec());
            next += 1;
        }
        found
    }

    /// This machine under one of its usual names, when no source has that name.
    pub(crate) fn implicit_localhost(&self, name: &str) -> Option<&Host> {
        self.implicit.iter().find(|host| &*host.name == name)
    }

    /// Puts every group below `all`, and exactly the hosts without another group into `ungrouped`.
    pub(crate) fn reconcile(&mut self) {
        let (all, ungrouped) = (self.add_group("all"), self.add_group("ungrouped"));
        let orphans: Vec<NodeIndex> = self
            .groups
            .values()
            .copied()
            .filter(|index| {
                *index != all && self.graph.neighbors_directed(*index, Direction::Incoming).next().is_none()
            })
            .collect();
        for orphan in orphans {
            self.link(all, orphan);
        }
        for host in self.hosts.values_mut() {
            let grouped = host.groups.iter().any(|group| !matches!(&**group, "all" | "ungrouped"));
            if grouped {
                if host.groups.shift_remove("ungrouped") {
                    self.graph[ungrouped].hosts.shift_remove(&host.name);
                }
            } else if host.groups.insert("ungrouped".into()) {
                self.graph[ungrouped].hosts.insert(host.name.clone());
            }
        }
    }
}

/// The name with an underscore for everything that is not in an identifier.
pub(crate) fn valid_group_name(name: &str) -> String {
    let fits = |(at, char): (usize, char)| {
        let word = char == '_' || char.is_alphanumeric() && !(at == 0 && char.is_numeric());
        if word { char } else { '_' }
    };
    name.chars().enumerate().map(fits).collect()
}

/// The names that mean this machine even when no source has them.
const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// As Python's `int` takes it.
fn priority(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Float(number) if number.is_finite() => Some(*number as i64),
        Value::BigInt(number) if number.sign() == Sign::Minus => Some(i64::MIN),
        Value::BigInt(_) => Some(i64::MAX),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
