//! What is looked at before anything is touched: the files of variables that a run will need, plugins that it will miss.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use ksplay_engine::Sink;
use ksplay_inventory::HostName;
use ksplay_playbook::Play;
use ksplay_value::{Diagnostic, Value};

use crate::assemble::Assembled;
use crate::failure::Failure;
use crate::list;
use crate::vars::below_here;

/// Reads the variables of all hosts that plays name, and the `vars_files` whose names are plain.
///
/// What is only known while the playbook runs (templates in names of hosts and files) is left to the run.
///
/// # Errors
///
/// If a file cannot be read, parsed or decrypted, or holds no variables.
pub fn check(assembled: &Assembled) -> Result<(), Failure> {
    let Assembled { options, inventory, playbooks, terminal, .. } = assembled;
    let limit = options.limit.as_deref();
    let mut read = HashSet::new();
    for play in playbooks.iter().flat_map(|playbook| &playbook.plays) {
        let Ok(patterns) = list::patterns(assembled, play) else { continue };
        let Ok(selection) = inventory.select(&patterns, limit) else { continue };
        for host in selection.hosts.iter().filter(|host| read.insert(HostName::clone(host))) {
            inventory.read_files_of(host).map_err(|error| Failure { code: 4, ..error.into() })?;
        }
        if !selection.hosts.is_empty() {
            vars_files(assembled, play)?;
        }
    }
    inventory.take_file_warnings().into_iter().for_each(|warning| terminal.event(&warning.into()));
    if let Some(warning) = plugins(assembled) {
        terminal.event(&warning.into());
    }
    Ok(())
}

/// The folders in which Ansible finds plugins beside a playbook and in roles.
const PLUGINS: [&str; 9] = [
    "action_plugins",
    "become_plugins",
    "callback_plugins",
    "connection_plugins",
    "filter_plugins",
    "lookup_plugins",
    "strategy_plugins",
    "test_plugins",
    "vars_plugins",
];

/// A word about plugins in Python, which nothing runs here.
fn plugins(assembled: &Assembled) -> Option<Diagnostic> {
    let plays = assembled.playbooks.iter().flat_map(|playbook| &playbook.plays);
    let folders: BTreeSet<PathBuf> = plays
        .flat_map(|play| std::iter::once(&play.dir).chain(play.roles.iter().map(|role| &role.path)))
        .flat_map(|dir| PLUGINS.map(|kind| dir.join(kind)))
        .collect();
    let is_python =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "py") && !path.ends_with("__init__.py");
    let files: BTreeSet<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()).filter(is_python))
        .collect();
    let names: Vec<String> = files.iter().map(|file| below_here(file).display().to_string()).collect();
    (!names.is_empty()).then(|| {
        let message = format!("plugins in Python are not run, what they bring is unknown: {}", names.join(", "));
        Diagnostic::new(message)
    })
}

fn vars_files(assembled: &Assembled, play: &Play) -> Result<(), Failure> {
    let loader = &assembled.loader;
    for entry in &play.vars_files {
        let names = match entry {
            Value::List(names) => names.as_slice(),
            name => std::slice::from_ref(name),
        };
        // Which file counts is known as far as the names before it are no templates.
        let plain = names.iter().map_while(Value::as_str);
        let mut files = plain.filter_map(|name| loader.find_file(std::slice::from_ref(&play.dir), "vars", name));
        if let Some(file) = files.next() {
            loader.load_play_vars_file(&file).map_err(|error| Failure { code: 4, ..error.into() })?;
        }
    }
    Ok(())
}
