//! Variables that tasks bring: their `vars`, what they set, read, register and include.

use std::path::PathBuf;

use ksplay_playbook::{Item, RoleRequest, Task};
use ksplay_template::{Templar, unknown_in};
use ksplay_value::{Map, Span, Value};

use super::definitions::{Finder, Rank, Reach, push};
use super::places::shown;
use super::vaulted::written;
use super::{Defined, Definition};

/// A walk over tasks; templates in names are evaluated with what is known before the run.
pub struct Walk<'a> {
    pub finder: &'a Finder<'a>,
    pub known: &'a Map,
}

impl Walk<'_> {
    /// Adds what these tasks, and those that they include, define.
    pub fn items(&self, items: &[Item], seen: &mut Vec<Span>, defined: &mut Defined) {
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
        let Some(node) = self.finder.places.mapping(&task.span) else { return };
        let mut add = |name: &str, level: &str, value: Value, span: Span| {
            let (rank, level, reach) = (Rank::SetFact, level.to_owned(), Reach::Tasks);
            push(defined, name, Definition { rank, level, value, span: Some(span), file: None, reach });
        };
        if let Some(name) = task.register.as_ref().and_then(Value::as_str) {
            let place = node.entry("register").map_or(&task.span, |(key, _)| &key.span);
            add(name, "registered", Value::from("<the result of the task>"), place.clone());
        }
        let Value::Map(args) = &task.args else { return };
        match action {
            "set_fact" => {
                for (key, value) in args.iter().filter(|(key, _)| key.as_str() != Some("cacheable")) {
                    let Some(name) = key.as_str() else { continue };
                    let arguments = node.entries().unwrap_or_default();
                    let place = arguments.iter().find_map(|(_, value)| value.entry(name));
                    add(name, "set_fact", value.clone(), place.map_or(&task.span, |(key, _)| &key.span).clone());
                }
            }
            "include_vars" => self.include_vars(task, args, defined),
            "include_tasks" => self.include_tasks(task, args, seen, defined),
            "include_role" => self.include_role(task, args, seen, defined),
            _ => {}
        }
    }

    fn include_vars(&self, task: &Task, args: &Map, defined: &mut Defined) {
        let loader = &self.finder.assembled.loader;
        let Some(name) = self.text(task, args, &["dir", "file", "_raw_params"]) else { return };
        let files = match args.contains_key("dir") {
            true => folder(task, &name),
            false => loader.find_file(&task.dirs, "vars", &name).into_iter().collect(),
        };
        if files.is_empty() {
            self.unread(task, &name);
        }
        for file in files {
            let Ok(mut vars) = loader.load_vars_file(&file) else { continue };
            if let Some(name) = args.get("name").and_then(Value::as_str) {
                vars = Map::from([(name, Value::from(vars))]);
            }
            self.finder.file(&file, (Rank::IncludeVars, "include_vars"), &vars, defined);
        }
    }

    fn include_tasks(&self, task: &Task, args: &Map, seen: &mut Vec<Span>, defined: &mut Defined) {
        let loader = &self.finder.assembled.loader;
        let Some(name) = self.text(task, args, &["file", "_raw_params"]) else { return };
        let items = loader.find_tasks(&name, task).and_then(|file| loader.include_tasks(&file, task, None, Map::new()));
        match items {
            Ok(items) => self.items(&items, seen, defined),
            Err(_) => self.unread(task, &name),
        }
    }

    fn include_role(&self, task: &Task, args: &Map, seen: &mut Vec<Span>, defined: &mut Defined) {
        let Some(name) = self.text(task, args, &["name", "role", "_raw_params"]) else { return };
        let part = |key: &str| args.get(key).and_then(Value::as_str).map(str::to_owned);
        let request = RoleRequest {
            name: name.clone(),
            tasks_from: part("tasks_from"),
            vars_from: part("vars_from"),
            defaults_from: part("defaults_from"),
            handlers_from: part("handlers_from"),
            allow_duplicates: None,
            public: false,
            rolespec_validate: Some(false),
            apply: None,
            vars: Map::new(),
        };
        let Ok(included) = self.finder.assembled.loader.include_role(&request, task) else {
            return self.unread(task, &name);
        };
        for role in &included.roles {
            ["defaults", "vars"].into_iter().for_each(|kind| self.finder.role(role, kind, Reach::Tasks, defined));
        }
        self.items(&included.tasks, seen, defined);
        self.items(&included.handlers, seen, defined);
    }

    /// The first of these arguments as text; one that only the run can tell is noted.
    fn text(&self, task: &Task, args: &Map, names: &[&str]) -> Option<String> {
        let value = names.iter().find_map(|name| args.get(name))?;
        let environment = &self.finder.assembled.environment;
        match Templar::new(environment, self.known).resolve(value) {
            Ok(text) if unknown_in(&text).is_none() => Some(text.to_string()),
            _ => {
                self.unread(task, &written(value));
                None
            }
        }
    }

    fn unread(&self, task: &Task, what: &str) {
        let action = task.action.rsplit('.').next().unwrap_or(&task.action);
        self.finder.unread.borrow_mut().insert((shown(&task.span), format!("{action}: {what}")));
    }

    /// The `vars` of the block or task at this place; says whether it is met for the first time.
    fn vars_at(&self, span: &Span, rank: Rank, level: &str, seen: &mut Vec<Span>, defined: &mut Defined) -> bool {
        if seen.iter().any(|known| (&known.source.name, known.line) == (&span.source.name, span.line)) {
            return false;
        }
        seen.push(span.clone());
        if let Some(node) = self.finder.places.mapping(span)
            && let Some(vars) = node.get("vars")
            && let Value::Map(map) = vars.to_value()
        {
            self.finder.map(&map, Some(vars), rank, level, defined);
        }
        true
    }
}

/// The files of variables in a folder beside the task, or in the `vars` of its role.
fn folder(task: &Task, name: &str) -> Vec<PathBuf> {
    let beside = PathBuf::from(&task.span.source.name).parent().map(PathBuf::from).unwrap_or_default();
    let dir = task.role.as_ref().map_or_else(|| beside.join(name), |role| role.path.join("vars").join(name));
    let mut files: Vec<PathBuf> = walkdir(&dir);
    files.sort();
    files
}

fn walkdir(dir: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_of_variables = |path: &PathBuf| {
        path.extension().is_some_and(|extension| ["yml", "yaml", "json"].iter().any(|known| extension == *known))
    };
    entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] }).filter(is_of_variables).collect()
}
