//! All definitions of variables that a host can see, in their order of precedence.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_inventory::Level;
use ksplay_playbook::{Item, Play, Role, Task};
use ksplay_template::{Layer, Templar};
use ksplay_value::yaml::Node;
use ksplay_value::{Map, Span, Value};

use super::Defined;
use super::places::Places;
use crate::args::SourceArgs;
use crate::assemble::Assembled;
use crate::failure::Failure;
use crate::variables;

/// One place that gives a variable a value.
#[derive(Debug)]
pub struct Definition {
    /// How it stands to the others.
    pub rank: Rank,
    /// What kind of place, in the words of Ansible's list of precedence.
    pub level: String,
    /// The value, as written.
    pub value: Value,
    /// The exact place, when it can be told.
    pub span: Option<Span>,
    /// The file, when only that can be told.
    pub file: Option<PathBuf>,
    /// Where it counts.
    pub reach: Reach,
}

/// The kinds of places in Ansible's order of precedence, lowest first; those of the inventory have theirs in [`Level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    RoleDefaults,
    Inventory,
    Play,
    VarsFiles,
    RoleVars,
    Block,
    Task,
    IncludeVars,
    SetFact,
    RoleParams,
    IncludeParams,
    Extra,
}

/// Where a definition counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In the whole play.
    Everywhere,
    /// For some of its tasks, or after them.
    Tasks,
}

/// Finds the definitions for one host.
pub struct Finder<'a> {
    pub assembled: &'a Assembled,
    pub host: &'a str,
    pub places: Places,
    pub extra: &'a SourceArgs,
}

impl Finder<'_> {
    /// What inventory, command line and, if there is one, the play define; lowest precedence first.
    ///
    /// # Errors
    ///
    /// If a file of variables cannot be read.
    pub fn definitions(&self, play: Option<&Play>) -> Result<Defined, Failure> {
        let mut defined = Defined::new();
        for role in play.map(|play| play.roles.as_slice()).unwrap_or_default() {
            self.role(role, "defaults", Rank::RoleDefaults, &role.defaults, &mut defined);
        }
        self.inventory(&mut defined)?;
        if let Some(play) = play {
            let node = self.places.mapping(&play.span);
            self.map(
                &play.vars,
                node.as_ref().and_then(|node| node.get("vars")),
                Rank::Play,
                "play vars",
                &mut defined,
            );
            self.vars_files(play, &mut defined)?;
            play.roles.iter().for_each(|role| self.role(role, "vars", Rank::RoleVars, &role.vars, &mut defined));
            let tasks = [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks, &play.handlers];
            let mut seen = Vec::new();
            tasks.into_iter().for_each(|items| self.items(items, &mut seen, &mut defined));
            for role in &play.roles {
                let node = node.as_ref().and_then(|node| used(node, role));
                let level = format!("role params ({})", role.name);
                self.map(&role.params, node.as_ref(), Rank::RoleParams, &level, &mut defined);
            }
        }
        self.extra_vars(&mut defined)?;
        defined.values_mut().for_each(|all| all.sort_by_key(|definition| definition.rank));
        Ok(defined)
    }

    fn role(&self, role: &Role, kind: &str, rank: Rank, vars: &Arc<Map>, defined: &mut Defined) {
        let files = role_files(&role.path.join(kind));
        for (key, value) in vars.iter() {
            let Some(name) = key.as_str() else { continue };
            let span = files.iter().rev().find_map(|file| self.places.key(file, name));
            let file = Some(role.path.join(kind));
            let level = format!("role {kind} ({})", role.name);
            push(defined, name, Definition { rank, level, value: value.clone(), span, file, reach: Reach::Everywhere });
        }
    }

    fn inventory(&self, defined: &mut Defined) -> Result<(), Failure> {
        let inventory = &self.assembled.inventory;
        for layer in inventory.variables(self.host)? {
            for (key, value) in layer.vars.iter() {
                let Some(name) = key.as_str() else { continue };
                let span = match &layer.file {
                    Some(file) => self.places.key(file, name),
                    None => inventory.place_of(&layer.name, name).cloned(),
                };
                let file = layer.file.as_deref().map(Path::to_owned);
                let level = words(layer.level, &layer.name);
                let (value, reach, rank) = (value.clone(), Reach::Everywhere, Rank::Inventory);
                push(defined, name, Definition { rank, level, value, span, file, reach });
            }
        }
        Ok(())
    }

    fn vars_files(&self, play: &Play, defined: &mut Defined) -> Result<(), Failure> {
        let Assembled { loader, environment, options, .. } = self.assembled;
        let vars = Layer { front: options.extra_vars.clone(), behind: &play.vars };
        for entry in &play.vars_files {
            // A name that rests on facts is only known while the play runs.
            let names = match Templar::new(environment, &vars).resolve(entry) {
                Ok(Value::List(names)) => names.iter().map(Value::to_string).collect(),
                Ok(name) => vec![name.to_string()],
                Err(_) => continue,
            };
            let dirs = [play.dir.clone()];
            let Some(file) = names.iter().find_map(|name| loader.find_file(&dirs, "vars", name)) else { continue };
            self.file(&file, (Rank::VarsFiles, "vars_files"), &loader.load_play_vars_file(&file)?, defined);
        }
        Ok(())
    }

    fn file(&self, file: &Path, (rank, level): (Rank, &str), vars: &Map, defined: &mut Defined) {
        let reach = if rank == Rank::IncludeVars { Reach::Tasks } else { Reach::Everywhere };
        for (key, value) in vars.iter() {
            let Some(name) = key.as_str() else { continue };
            let span = self.places.key(file, name);
            let file = Some(file.to_owned());
            let (level, value) = (level.to_owned(), value.clone());
            push(defined, name, Definition { rank, level, value, span, file, reach });
        }
    }

    /// Variables whose place is the key in this mapping.
    fn map(&self, vars: &Map, node: Option<&Node>, rank: Rank, level: &str, defined: &mut Defined) {
        let reach = if rank == Rank::Play { Reach::Everywhere } else { Reach::Tasks };
        for (key, value) in vars.iter() {
            let Some(name) = key.as_str() else { continue };
            let span = node.and_then(|node| node.entry(name)).map(|(key, _)| key.span.clone());
            let (level, value) = (level.to_owned(), value.clone());
            push(defined, name, Definition { rank, level, value, span, file: None, reach });
        }
    }

    fn items(&self, items: &[Item], seen: &mut Vec<Span>, defined: &mut Defined) {
        for item in items {
            match item {
                Item::Task(task) => self.task(task, seen, defined),
                Item::Block(block) => {
                    self.vars_at(&block.span, Rank::Block, "block vars", seen, defined);
                    [&block.block, &block.rescue, &block.always]
                        .into_iter()
                        .for_each(|part| self.items(part, seen, defined));
                }
            }
        }
    }

    fn task(&self, task: &Task, seen: &mut Vec<Span>, defined: &mut Defined) {
        let action = task.action.rsplit('.').next().unwrap_or(&task.action);
        let (rank, level) = match action.starts_with("include_") && action != "include_vars" {
            true => (Rank::IncludeParams, "include params"),
            false => (Rank::Task, "task vars"),
        };
        if !self.vars_at(&task.span, rank, level, seen, defined) {
            return;
        }
        let Some(node) = self.places.mapping(&task.span) else { return };
        let mut add = |name: &str, level: &str, value: Value, span: Span| {
            let (rank, level, reach) = (Rank::SetFact, level.to_owned(), Reach::Tasks);
            push(defined, name, Definition { rank, level, value, span: Some(span), file: None, reach });
        };
        if let Some(name) = task.register.as_ref().and_then(Value::as_str) {
            let place = node.entry("register").map_or(&task.span, |(key, _)| &key.span);
            add(name, "registered", Value::from("<the result of the task>"), place.clone());
        }
        match (action, &task.args) {
            ("set_fact", Value::Map(args)) => {
                for (key, value) in args.iter().filter(|(key, _)| key.as_str() != Some("cacheable")) {
                    let Some(name) = key.as_str() else { continue };
                    let arguments = node.entries().unwrap_or_default();
                    let place = arguments.iter().find_map(|(_, value)| value.entry(name));
                    add(name, "set_fact", value.clone(), place.map_or(&task.span, |(key, _)| &key.span).clone());
                }
            }
            ("include_vars", Value::Map(args)) => {
                let name = args.get("file").or_else(|| args.get("_raw_params")).and_then(Value::as_str);
                let loader = &self.assembled.loader;
                let Some(file) = name.and_then(|name| loader.find_file(&task.dirs, "vars", name)) else { return };
                if let Ok(vars) = loader.load_vars_file(&file) {
                    self.file(&file, (Rank::IncludeVars, "include_vars"), &vars, defined);
                }
            }
            ("include_tasks", Value::Map(args)) => {
                let name = args.get("file").or_else(|| args.get("_raw_params")).and_then(Value::as_str);
                let loader = &self.assembled.loader;
                let file = name.and_then(|name| loader.find_tasks(name, task).ok());
                if let Some(items) = file.and_then(|file| loader.include_tasks(&file, task, None, Map::new()).ok()) {
                    self.items(&items, seen, defined);
                }
            }
            _ => {}
        }
    }

    /// The `vars` of the block or task at this place; says whether it is met for the first time.
    fn vars_at(&self, span: &Span, rank: Rank, level: &str, seen: &mut Vec<Span>, defined: &mut Defined) -> bool {
        if seen.iter().any(|known| (&known.source.name, known.line) == (&span.source.name, span.line)) {
            return false;
        }
        seen.push(span.clone());
        if let Some(node) = self.places.mapping(span)
            && let Some(vars) = node.get("vars")
            && let Value::Map(map) = vars.to_value()
        {
            self.map(&map, Some(vars), rank, level, defined);
        }
        true
    }

    fn extra_vars(&self, defined: &mut Defined) -> Result<(), Failure> {
        for argument in &self.extra.extra_vars {
            let loader = &self.assembled.loader;
            let vars = variables::extra_vars(std::slice::from_ref(argument), loader)?;
            let file = argument.strip_prefix('@').map(|file| PathBuf::from(ksplay_engine::expand_home(file)));
            match file {
                Some(file) => self.file(&file, (Rank::Extra, "extra vars (-e)"), &vars, defined),
                None => vars.iter().for_each(|(key, value)| {
                    let level = "extra vars (-e)".to_owned();
                    let (rank, value, reach) = (Rank::Extra, value.clone(), Reach::Everywhere);
                    let definition = Definition { rank, level, value, span: None, file: None, reach };
                    push(defined, &key.as_value().to_string(), definition);
                }),
            }
        }
        Ok(())
    }
}

fn push(defined: &mut Defined, name: &str, definition: Definition) {
    defined.entry(name.to_owned()).or_default().push(definition);
}

/// The files that hold a role's defaults or variables.
fn role_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for ending in ["", ".yml", ".yaml", ".json"] {
        let path = dir.join(format!("main{ending}"));
        if path.is_file() {
            files.push(path);
        } else if path.is_dir() {
            let inside = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            files.extend(inside);
        }
    }
    files.sort();
    files
}

/// The entry under `roles:` that uses this role, or its `vars` when the parameters stand there.
fn used(play: &Node, role: &Role) -> Option<Node> {
    let entries = play.get("roles")?.items()?;
    let is_it = |entry: &&Node| {
        let name = entry.get("role").or_else(|| entry.get("name")).and_then(Node::as_str);
        name == Some(&*role.name)
    };
    entries.iter().find(is_it).cloned()
}

fn words(level: Level, name: &str) -> String {
    match level {
        Level::InventoryAll => "inventory, group all".to_owned(),
        Level::InventoryGroup => format!("inventory, group {name}"),
        Level::InventoryAllFile => "inventory group_vars/all".to_owned(),
        Level::PlaybookAllFile => "playbook group_vars/all".to_owned(),
        Level::InventoryGroupFile => format!("inventory group_vars/{name}"),
        Level::PlaybookGroupFile => format!("playbook group_vars/{name}"),
        Level::InventoryHost => "inventory, host".to_owned(),
        Level::InventoryHostFile => format!("inventory host_vars/{name}"),
        Level::PlaybookHostFile => format!("playbook host_vars/{name}"),
    }
}
