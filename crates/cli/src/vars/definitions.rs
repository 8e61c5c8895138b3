//! All definitions of variables that a host can see, in their order of precedence.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use indexmap::IndexSet;
use ksplay_inventory::Level;
use ksplay_playbook::{Play, Role};
use ksplay_template::{Layer, Templar};
use ksplay_value::yaml::Node;
use ksplay_value::{Map, Span, Value};

use super::places::Places;
use super::walk::Walk;
use super::{Defined, winner};
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
    Prompt,
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
    /// What brings variables that only the run can tell: where it stands, and what it is.
    pub unread: RefCell<IndexSet<(String, String)>>,
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
            self.role(role, "defaults", Reach::Everywhere, &mut defined);
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
            self.prompts(play, node.as_ref(), &mut defined);
            self.vars_files(play, &mut defined)?;
            play.roles.iter().for_each(|role| self.role(role, "vars", Reach::Everywhere, &mut defined));
            let tasks = [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks, &play.handlers];
            let mut seen = Vec::new();
            let known = known(&defined);
            let walk = Walk { finder: self, known: &known };
            tasks.into_iter().for_each(|items| walk.items(items, &mut seen, &mut defined));
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

    /// The defaults or variables of a role.
    pub fn role(&self, role: &Role, kind: &str, reach: Reach, defined: &mut Defined) {
        let (rank, vars, files) = match kind {
            "defaults" => (Rank::RoleDefaults, &role.defaults, &role.defaults_files),
            _ => (Rank::RoleVars, &role.vars, &role.vars_files),
        };
        let loader = &self.assembled.loader;
        let read = |file: &PathBuf| Some((file.clone(), loader.load_vars_file(file).ok()?));
        let files: Vec<(PathBuf, Map)> = files.iter().rev().filter_map(read).collect();
        for (key, value) in vars.iter() {
            let Some(name) = key.as_str() else { continue };
            let file = files.iter().find(|(_, vars)| vars.contains_key(name)).map(|(file, _)| file.clone());
            let span = file.as_ref().and_then(|file| self.places.key(file, name));
            let level = format!("role {kind} ({})", role.name);
            push(defined, name, Definition { rank, level, value: value.clone(), span, file, reach });
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
                let mut level = words(layer.level, &layer.name);
                let (value, reach, rank) = (value.clone(), Reach::Everywhere, Rank::Inventory);
                // Beside an inventory that stands beside the playbook the same file counts twice.
                if let Some(all) = defined.get_mut(name)
                    && file.is_some()
                    && all.last().is_some_and(|last: &Definition| last.file == file)
                {
                    all.pop();
                    level = level.trim_start_matches("playbook ").to_owned();
                }
                push(defined, name, Definition { rank, level, value, span, file, reach });
            }
        }
        Ok(())
    }

    fn prompts(&self, play: &Play, node: Option<&Node>, defined: &mut Defined) {
        let questions = node.and_then(|node| node.get("vars_prompt")).and_then(Node::items).unwrap_or_default();
        for prompt in &play.vars_prompt {
            let is_it = |question: &&Node| question.get("name").and_then(Node::as_str) == Some(&*prompt.name);
            let span = questions.iter().find(is_it).and_then(|question| Some(question.entry("name")?.1.span.clone()));
            let value = prompt.default.clone().unwrap_or_else(|| "<asked when the play begins>".into());
            let (rank, level, reach) = (Rank::Prompt, "vars_prompt".to_owned(), Reach::Everywhere);
            push(defined, &prompt.name, Definition { rank, level, value, span, file: None, reach });
        }
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

    /// The variables of a file.
    pub fn file(&self, file: &Path, (rank, level): (Rank, &str), vars: &Map, defined: &mut Defined) {
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
    pub fn map(&self, vars: &Map, node: Option<&Node>, rank: Rank, level: &str, defined: &mut Defined) {
        let reach = if rank == Rank::Play { Reach::Everywhere } else { Reach::Tasks };
        for (key, value) in vars.iter() {
            let Some(name) = key.as_str() else { continue };
            let span = node.and_then(|node| node.entry(name)).map(|(key, _)| key.span.clone());
            let (level, value) = (level.to_owned(), value.clone());
            push(defined, name, Definition { rank, level, value, span, file: None, reach });
        }
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

/// The values that count in the whole play.
fn known(defined: &Defined) -> Map {
    let winners = defined.iter().filter_map(|(name, all)| Some((name.clone(), winner(all)?.shown())));
    winners.collect()
}

/// Adds a definition, but for one that is there already because its role or file is included twice.
pub fn push(defined: &mut Defined, name: &str, definition: Definition) {
    let all = defined.entry(name.to_owned()).or_default();
    let same = |known: &Definition| known.span == definition.span && known.level == definition.level;
    if definition.span.is_none() || !all.iter().any(same) {
        all.push(definition);
    }
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
