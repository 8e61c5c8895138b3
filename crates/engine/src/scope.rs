//! The variables that one host sees at one task, in their order of precedence.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use ksplay_inventory::Inventory;
use ksplay_playbook::{Play, Role, Task};
use ksplay_template::{Scope, Templar};
use ksplay_value::{Key, Map, Object, ObjectError, Str, Value};

use crate::options::Options;
use crate::run::Shared;
use crate::run_vars;
use crate::state::HostState;
use crate::vars_files;

/// What is the same for all hosts of a play's batch.
pub struct PlayContext {
    /// The play.
    pub play: Arc<Play>,
    /// The play's `vars` and answers of `vars_prompt`.
    pub vars: Arc<Map>,
    /// Roles whose defaults and variables the whole play sees, in the order in which they came.
    pub roles: RwLock<Vec<Arc<Role>>>,
    /// The roles that tasks have included so far.
    pub included: RwLock<Vec<Arc<Role>>>,
    /// All hosts of the play.
    pub hosts_all: Vec<Str>,
    /// The hosts of the play that are still in it.
    pub hosts: RwLock<Arc<[Str]>>,
    /// The hosts of the batch that are still in it.
    pub batch: RwLock<Arc<[Str]>>,
    /// The name, as `ansible_play_name`.
    pub name: String,
    /// What `vars_files` gave each host, highest first.
    pub files: RwLock<HashMap<Str, Vec<Arc<Map>>>>,
}

/// The variables of one host at one task.
#[derive(Clone)]
pub struct HostScope {
    host: Str,
    shared: Arc<Shared>,
    play: Option<Arc<PlayContext>>,
    task: Option<Arc<Task>>,
    state: HostState,
    inventory: Arc<Inventory>,
    /// Layers below set facts, highest first.
    below: Arc<Vec<Arc<Map>>>,
    /// Layers above set facts, highest first.
    above: Arc<Vec<Arc<Map>>>,
    /// Loop variables, results of the task itself and the like; above all but extra and magic variables.
    locals: Map,
    /// Set where it is what `hostvars` says of the host.
    foreign: Option<Foreign>,
    /// Where the task is done for the host.
    delegate: Option<Arc<HostScope>>,
}

/// Who looks at a host through `hostvars`.
#[derive(Clone)]
struct Foreign {
    playbook_dir: Option<PathBuf>,
}

impl HostScope {
    /// What `host` sees in this play (outside of any task when `task` is none).
    pub fn new(shared: &Arc<Shared>, play: Option<&Arc<PlayContext>>, task: Option<&Arc<Task>>, host: &Str) -> Self {
        let files = play.map(|context| vars_files::of(shared, context, host)).unwrap_or_default();
        Self::with_files(shared, play, task, host, files)
    }

    /// The same with these files of `vars_files`, highest first.
    pub(crate) fn with_files(
        shared: &Arc<Shared>,
        play: Option<&Arc<PlayContext>>,
        task: Option<&Arc<Task>>,
        host: &Str,
        files: Vec<Arc<Map>>,
    ) -> Self {
        let mut above = vec![Arc::clone(&shared.extra_vars)];
        let mut below = Vec::new();
        if let Some(task) = task {
            above.extend(task.keywords.include_vars.iter().rev().cloned());
            if let Some(role) = &task.role {
                above.push(Arc::clone(&role.params));
                above.extend(role.inherited.iter().rev().map(|role| Arc::clone(&role.params)));
            }
            below.extend(task.keywords.vars.iter().rev().cloned());
            if let Some(role) = &task.role {
                below.push(Arc::clone(&role.vars));
                below.extend(role.all_dependencies().iter().rev().map(|role| Arc::clone(&role.vars)));
                below.extend(role.inherited.iter().rev().map(|role| Arc::clone(&role.vars)));
            }
        }
        let mut defaults = Vec::new();
        if let Some(context) = play {
            let roles = context.roles.read().unwrap_or_else(PoisonError::into_inner);
            below.extend(roles.iter().rev().map(|role| Arc::clone(&role.vars)));
            below.extend(files);
            below.push(Arc::clone(&context.vars));
            if let Some(role) = task.and_then(|task| task.role.as_ref()) {
                defaults.push(Arc::clone(&role.defaults));
                defaults.extend(role.inherited.iter().rev().map(|role| Arc::clone(&role.defaults)));
                defaults.extend(role.all_dependencies().iter().rev().map(|role| Arc::clone(&role.defaults)));
            }
            defaults.extend(roles.iter().rev().map(|role| Arc::clone(&role.defaults)));
        }
        let state = shared.states.of(host);
        if shared.options.inject_facts {
            below.push(Arc::clone(&state.facts));
        } else if let Some(local) = state.facts.get("ansible_local") {
            below.push(Arc::new(Map::from([("ansible_local", local.clone())])));
        }
        below.extend(shared.inventory_vars(host).iter().rev().cloned());
        below.extend(defaults);
        above.retain(|layer| !layer.is_empty());
        below.retain(|layer| !layer.is_empty());
        Self {
            host: host.clone(),
            shared: Arc::clone(shared),
            play: play.cloned(),
            task: task.cloned(),
            state,
            inventory: shared.inventory(),
            below: Arc::new(below),
            above: Arc::new(above),
            locals: Map::new(),
            foreign: None,
            delegate: None,
        }
    }

    /// The settings of the run.
    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The variables of a task that is done elsewhere: they say how the delegate is reached where they do not say how this
    /// host is.
    pub(crate) fn delegated_to(&self, delegate: &HostScope) -> Self {
        let mut own = delegate.clone();
        own.set_local("inventory_hostname", &self.host);
        let mut scope = self.clone();
        scope.set_local("ansible_delegated_vars", Map::from([(&**delegate.host(), own.into_value())]));
        scope.delegate = Some(Arc::new(delegate.clone()));
        scope
    }

    /// The host.
    pub fn host(&self) -> &Str {
        &self.host
    }

    /// Sets a variable for this evaluation only.
    pub fn set_local(&mut self, name: &str, value: impl Into<Value>) {
        self.locals.insert(name, value);
    }

    /// The variables set for this evaluation only.
    pub fn locals(&self) -> &Map {
        &self.locals
    }

    /// Sets several variables for this evaluation only.
    pub fn extend_locals(&mut self, vars: &Map) {
        self.locals.extend(vars.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
    }

    /// Sees what the task itself has just set, for the items of its loop that follow.
    pub fn see_vars(&mut self, vars: &Map) {
        let known = Arc::make_mut(&mut self.state.vars);
        known.extend(vars.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
    }

    /// The variables as one mapping, each evaluated when it is looked at.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(Arc::new(VarsOfHost(self)))
    }

    /// An evaluator over these variables.
    pub fn templar(&self) -> Templar<'_> {
        Templar::new(&self.shared.environment, self)
    }

    /// A variable that ksplay itself sets.
    pub(crate) fn magic(&self, name: &str) -> Option<Value> {
        let play = self.play.as_ref();
        let task = self.task.as_ref();
        let role = task.and_then(|task| task.role.as_ref());
        let names = |hosts: &[Str]| Value::from_iter(hosts.iter().map(Value::from));
        let list = |lock: &RwLock<Arc<[Str]>>| names(&lock.read().unwrap_or_else(PoisonError::into_inner));
        let path = |path: &std::path::Path| Value::from(path.to_string_lossy().into_owned());
        let options = &self.shared.options;
        if let Some(foreign) = &self.foreign {
            match name {
                "playbook_dir" => return foreign.playbook_dir.as_deref().map(path),
                "hostvars" | "omit" | "environment" => return None,
                _ => {}
            }
        }
        Some(match name {
            "inventory_hostname" => Value::from(&self.host),
            "inventory_hostname_short" => Value::from(short(&self.host)),
            "group_names" => self.inventory.group_names(&self.host).into_iter().collect(),
            "groups" => self.shared.groups(&self.inventory),
            "hostvars" => Value::Object(Arc::new(HostVars::of(self))),
            "inventory_dir" => self.inventory.host(&self.host)?.inventory_dir().map(|dir| path(&dir)).into(),
            "inventory_file" => self.inventory.host(&self.host)?.inventory_file().map(path).into(),
            "playbook_dir" => play.map(|play| path(&play.play.dir))?,
            "role_path" => path(&role?.path),
            "role_name" => Value::from(role?.short_name()),
            "ansible_role_name" => Value::from(&role?.name),
            "ansible_collection_name" => role?.collection.as_ref().map_or(Value::Null, Value::from),
            "role_names" | "ansible_play_role_names" => self.role_names(|dependent| !dependent)?,
            "ansible_dependent_role_names" => unique(&self.role_names(|dependent| dependent)?),
            "ansible_parent_role_names" if role?.parents.is_empty() => return None,
            "ansible_parent_role_names" => role?.parents.iter().map(Value::from).collect(),
            "ansible_parent_role_paths" => role?.inherited.iter().rev().map(|role| path(&role.path)).collect(),
            "ansible_role_names" => unique(&self.role_names(|_| true)?),
            "play_hosts" | "ansible_play_batch" => list(&play?.batch),
            "ansible_play_hosts" => list(&play?.hosts),
            "ansible_play_hosts_all" => names(&play?.hosts_all),
            "ansible_play_name" => Value::from(&play?.name),
            "ansible_facts" => self.state.ansible_facts(),
            "ansible_search_path" => task?.dirs.iter().map(|dir| path(dir)).collect(),
            "environment" => task.map_or_else(
                || Value::List(Arc::default()),
                |task| task.keywords.environment.iter().cloned().collect(),
            ),
            "omit" => Value::Omit,
            name => return run_vars::of_the_run(name, options),
        })
    }

    /// The variable, when anything sets it.
    fn known(&self, name: &str) -> Option<Value> {
        if self.shared.options.merge_mappings {
            return self.merged(name);
        }
        let layers = |layers: &[Arc<Map>]| layers.iter().find_map(|layer| layer.get(name).cloned());
        self.locals
            .get(name)
            .cloned()
            .or_else(|| self.magic(name))
            .or_else(|| layers(&self.above))
            .or_else(|| self.state.vars.get(name).cloned())
            .or_else(|| self.state.included.get(name).cloned())
            .or_else(|| layers(&self.below))
    }

    /// The variable with `hash_behaviour = merge`: a mapping has the keys of the mappings below it too.
    fn merged(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.locals.get(name).cloned().or_else(|| self.magic(name)) {
            return Some(value);
        }
        let (above, below) = (self.above.iter(), self.below.iter());
        let mut values =
            above.chain([&self.state.vars, &self.state.included]).chain(below).filter_map(|layer| layer.get(name));
        let mut value = values.next()?.clone();
        for lower in values {
            let (Value::Map(high), Value::Map(low)) = (&value, lower) else { break };
            value = merge(low, high).into();
        }
        Some(value)
    }

    /// What tasks see of the connection where nothing says otherwise.
    fn connection_default(&self, name: &str) -> Option<Value> {
        if let Some(delegate) = &self.delegate {
            let named = OF_CONNECTIONS.contains(&name);
            return if named { delegate.templar().variable(name).ok().flatten() } else { None };
        }
        let keywords = &self.task.as_ref()?.keywords;
        let defaults = &self.shared.options.connection;
        let keyword = |value: &Option<Value>| self.templar().resolve(value.as_ref()?).ok();
        match name {
            "ansible_connection" => keyword(&keywords.connection).or_else(|| Some(defaults.kind.as_str().into())),
            "ansible_timeout" => Some(Value::from(defaults.timeout.as_secs())),
            "ansible_host" => self.known("ansible_ssh_host").or_else(|| Some((&self.host).into())),
            "ansible_ssh_host" => self.known("ansible_host").or_else(|| Some((&self.host).into())),
            "ansible_user" | "ansible_ssh_user" => {
                let other = if name == "ansible_user" { "ansible_ssh_user" } else { "ansible_user" };
                let default = || defaults.user.as_deref().map(Value::from);
                self.known(other).or_else(|| keyword(&keywords.remote_user)).or_else(default)
            }
            _ => None,
        }
    }

    /// The names of the play's roles, chosen by whether they are there as dependencies of others.
    fn role_names(&self, wanted: impl Fn(bool) -> bool) -> Option<Value> {
        let roles = &self.play.as_ref()?.play.roles;
        let dependencies: Vec<*const Role> =
            roles.iter().flat_map(|role| &role.dependencies).map(Arc::as_ptr).collect();
        let chosen = roles.iter().filter(|role| wanted(dependencies.contains(&Arc::as_ptr(role))));
        let included = self.play.as_ref()?.included.read().unwrap_or_else(PoisonError::into_inner);
        let of_included = included.iter().flat_map(|role| {
            let dependencies = role.all_dependencies().into_iter().filter(|_| wanted(true));
            dependencies.chain(Some(role).filter(|_| wanted(false)))
        });
        Some(chosen.chain(of_included).map(|role| Value::from(&role.name)).collect())
    }
}

/// The keys of both mappings, in depth; what is no mapping on both sides is that of `high`.
pub(crate) fn merge(low: &Map, high: &Map) -> Map {
    let mut merged = low.clone();
    for (key, value) in high.iter() {
        let value = match (low.get_key(key), value) {
            (Some(Value::Map(low)), Value::Map(high)) => merge(low, high).into(),
            _ => value.clone(),
        };
        merged.insert(key.as_value().clone(), value);
    }
    merged
}

/// The list without what came before in it.
fn unique(list: &Value) -> Value {
    let mut found: Vec<Value> = Vec::new();
    if let Value::List(items) = list {
        items.iter().for_each(|item| {
            if !found.contains(item) {
                found.push(item.clone());
            }
        });
    }
    found.into()
}

/// What says how a host is reached, and is known of every host.
const OF_CONNECTIONS: &[&str] = &[
    "ansible_connection",
    "ansible_host",
    "ansible_port",
    "ansible_ssh_host",
    "ansible_ssh_port",
    "ansible_ssh_user",
    "ansible_timeout",
    "ansible_user",
];

/// Those that are there, and not among the names of variables.
const UNNAMED: &[&str] = &["ansible_search_path", "omit"];

const MAGIC: &[&str] = &[
    "inventory_hostname",
    "inventory_hostname_short",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "playbook_dir",
    "role_path",
    "role_name",
    "role_names",
    "ansible_role_name",
    "ansible_collection_name",
    "ansible_role_names",
    "ansible_dependent_role_names",
    "ansible_play_role_names",
    "ansible_parent_role_names",
    "ansible_parent_role_paths",
    "play_hosts",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_facts",
    "ansible_check_mode",
    "ansible_diff_mode",
    "ansible_forks",
    "ansible_limit",
    "ansible_verbosity",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_version",
    "ansible_playbook_python",
    "ansible_inventory_sources",
    "ansible_config_file",
    "ansible_search_path",
    "environment",
    "omit",
];

impl Scope for HostScope {
    fn get(&self, name: &str) -> Option<Value> {
        self.known(name).or_else(|| self.connection_default(name))
    }

    fn names(&self) -> Vec<Str> {
        let layers = self.above.iter().chain([&self.state.vars, &self.state.included]).chain(self.below.iter());
        let mut names: Vec<Str> = layers
            .flat_map(|layer| layer.keys())
            .chain(self.locals.keys())
            .filter_map(|key| key.as_str().map(Str::from))
            .chain(
                MAGIC
                    .iter()
                    .filter(|name| !UNNAMED.contains(name) && self.magic(name).is_some())
                    .map(|name| Str::from(*name)),
            )
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

fn short(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() { host } else { host.split('.').next().unwrap_or(host) }
}

/// The magic variable `hostvars`: every host's variables, evaluated as that host sees them outside of any play.
#[derive(Clone)]
struct HostVars {
    shared: Arc<Shared>,
    by: Foreign,
    inventory: Arc<Inventory>,
}

impl std::fmt::Debug for HostVars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostVars")
    }
}

impl HostVars {
    fn of(scope: &HostScope) -> Self {
        let by = Foreign { playbook_dir: scope.play.as_ref().map(|play| play.play.dir.clone()) };
        Self { shared: Arc::clone(&scope.shared), by, inventory: Arc::clone(&scope.inventory) }
    }
}

impl Object for HostVars {
    fn type_name(&self) -> &str {
        "HostVars"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let Some(name) = key.as_str() else { return Ok(None) };
        if self.inventory.host(name).is_none() {
            return Ok(None);
        }
        self.shared.read_inventory_vars(name).map_err(|failure| failure.message)?;
        let scope = HostScope::new(&self.shared, None, None, &Str::from(name));
        let scope = HostScope { foreign: Some(self.by.clone()), ..scope };
        Ok(Some(Value::Object(Arc::new(VarsOfHost(scope)))))
    }

    fn iterate(&self) -> Option<Vec<Value>> {
        Some(self.inventory.hosts().map(|host| Value::from(host.name().as_str())).collect())
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// `hostvars[host]`.
struct VarsOfHost(HostScope);

impl std::fmt::Debug for VarsOfHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HostVars({})", self.0.host)
    }
}

impl Object for VarsOfHost {
    fn type_name(&self) -> &str {
        "HostVarsVars"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let Some(name) = key.as_str() else { return Ok(None) };
        Ok(self.0.templar().variable(name)?)
    }

    fn iterate(&self) -> Option<Vec<Value>> {
        Some(self.0.names().iter().map(Value::from).collect())
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
