//! The files of a play's `vars_files`, as each host sees them.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use ksplay_template::{ErrorKind, Scope, Templar};
use ksplay_value::{Diagnostic, Map, Span, Str, Value};

use crate::event::Event;
use crate::failure::TaskFailure;
use crate::run::{Layers, Shared};
use crate::scope::{HostScope, PlayContext};
use crate::written::{as_written, place};

/// What the files hold for this host, the last file first; none when they cannot be read.
pub(crate) fn of(shared: &Arc<Shared>, context: &Arc<PlayContext>, host: &Str) -> Vec<Arc<Map>> {
    take_in(shared, context, host).unwrap_or_default()
}

/// Reads the files for a host once. Names that rest on variables which are not there yet (facts before they are gathered)
/// are tried again at the next task.
///
/// # Errors
///
/// If a file is no mapping, or a name is still undefined once the host has facts.
pub(crate) fn take_in(
    shared: &Arc<Shared>,
    context: &Arc<PlayContext>,
    host: &Str,
) -> Result<Vec<Arc<Map>>, TaskFailure> {
    if context.play.vars_files.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(known) = context.files.read().unwrap_or_else(PoisonError::into_inner).get(host) {
        return Ok(known.clone());
    }
    let (found, complete) = read(shared, context, host)?;
    if complete {
        context.files.write().unwrap_or_else(PoisonError::into_inner).insert(host.clone(), found.clone());
    }
    Ok(found)
}

/// Tells which files have names that rest on more than the play itself, as Ansible does before it looks at any host.
pub(crate) fn tell_undefined(shared: &Arc<Shared>, context: &Arc<PlayContext>) {
    let Some(host) = context.hosts_all.first() else { return };
    let vars = PlayScope {
        vars: Layers::of_play(shared, &context.play),
        any_host: HostScope::with_files(shared, Some(context), None, host, Vec::new()),
    };
    let templar = Templar::new(&shared.environment, &vars);
    for entry in &context.play.vars_files {
        if matches!(templar.resolve(entry), Err(error) if error.kind == ErrorKind::Undefined) {
            let text = "skipping vars_files item due to an undefined variable".to_owned();
            shared.emit(match first_place(entry) {
                Some(span) => Event::WarningAt { text, span, help: None },
                None => Event::Warning(text),
            });
        }
    }
}

/// What is known of a play while no host is meant.
struct PlayScope {
    vars: Layers,
    any_host: HostScope,
}

impl Scope for PlayScope {
    fn get(&self, name: &str) -> Option<Value> {
        self.vars.get(name).or_else(|| if OF_HOSTS.contains(&name) { None } else { self.any_host.magic(name) })
    }

    fn names(&self) -> Vec<Str> {
        self.vars.names()
    }
}

/// Magic variables that say something else of each host.
const OF_HOSTS: [&str; 6] = [
    "inventory_hostname",
    "inventory_hostname_short",
    "inventory_dir",
    "inventory_file",
    "group_names",
    "ansible_facts",
];

/// The place of the first template.
fn first_place(entry: &Value) -> Option<Span> {
    match entry {
        Value::List(items) => items.iter().find_map(first_place),
        other => place(other),
    }
}

/// What the files hold for a host now, and whether all names could be evaluated.
fn read(shared: &Arc<Shared>, context: &Arc<PlayContext>, host: &Str) -> Result<(Vec<Arc<Map>>, bool), TaskFailure> {
    let mut found = Vec::new();
    let mut complete = true;
    for entry in &context.play.vars_files {
        let scope = HostScope::with_files(shared, Some(context), None, host, found.clone());
        let names = match scope.templar().resolve(entry) {
            Ok(Value::List(names)) => names.iter().map(Value::to_string).collect(),
            Ok(name) => vec![name.to_string()],
            Err(error) if error.kind == ErrorKind::Undefined => {
                if shared.states.of(host).has_been_looked_at() {
                    let message = format!(
                        "an undefined variable was found when attempting to template the vars_files item '{}': {}",
                        as_written(entry),
                        error.message
                    );
                    return Err(TaskFailure { span: first_place(entry), ..TaskFailure::new(message) });
                }
                let warning = Diagnostic::new("skipping vars_files item due to an undefined variable");
                shared.emit(warning.at(error.span).into());
                complete = false;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let dirs = [context.play.dir.clone()];
        let file: Option<PathBuf> = names.iter().find_map(|name| shared.loader.find_file(&dirs, "vars", name));
        let Some(file) = file else {
            let what =
                if names.len() == 1 { format!("file {}", names[0]) } else { format!("none of {}", names.join(", ")) };
            // As in Ansible this is no error; but it is hardly meant.
            shared.emit(Event::Warning(format!("vars {what} was not found")));
            continue;
        };
        let vars =
            shared.loader.load_play_vars_file(&file).map_err(|error| TaskFailure { exit_code: 4, ..error.into() })?;
        shared.loader.reserved_names(&file).into_iter().for_each(|warning| shared.emit(warning.into()));
        found.insert(0, Arc::new(vars));
    }
    Ok((found, complete))
}
