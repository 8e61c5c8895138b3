//! The playbooks of the command line, before they are read.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use ksplay_value::Diagnostic;

use crate::args::Cli;
use crate::failure::Failure;

/// The file of a playbook, which may be named as one of a collection (`ns.coll.site`).
///
/// # Errors
///
/// If there is none; with the file or command that was probably meant.
pub fn find(playbook: &Path, collections: &[PathBuf]) -> Result<PathBuf, Failure> {
    let shown = playbook.display();
    if playbook.is_file() || (playbook.exists() && !playbook.is_dir()) {
        return Ok(playbook.to_path_buf());
    }
    if let Some(file) = playbook.to_str().and_then(|name| ksplay_playbook::find_playbook(collections.iter(), name)) {
        return Ok(file);
    }
    let diagnostic = match playbook.exists() {
        true => Diagnostic::new(format!("the playbook {shown} is a folder")),
        false => Diagnostic::new(format!("there is no playbook {shown}")).hint(meant(playbook)),
    };
    Err(Failure::of(1, &diagnostic))
}

fn meant(playbook: &Path) -> Option<String> {
    let name = playbook.file_name()?.to_str()?;
    let commands = Cli::command();
    let commands = commands.get_subcommands().filter(|command| !command.is_hide_set());
    if playbook.components().count() == 1
        && let Some(command) = nearest(name, commands.map(|command| command.get_name().to_owned()))
    {
        return Some(format!("did you mean the command `{command}`?"));
    }
    let dir = playbook.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(dir).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let playbooks = files.filter(|file| file.ends_with(".yml") || file.ends_with(".yaml"));
    let file = nearest(name, playbooks)?;
    Some(format!("did you mean {}?", playbook.with_file_name(file).display()))
}

/// The name that a word is probably a slip of; of several equally near ones the first by name.
pub fn nearest(word: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let near = names.map(|name| (strsim::osa_distance(word, &name), name));
    near.filter(|(distance, _)| *distance <= 1 + word.len() / 4).min().map(|(_, name)| name)
}
