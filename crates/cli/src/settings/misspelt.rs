//! Entries of the configuration file that are no settings: a slip would pass unseen.

use std::path::{Path, PathBuf};

use super::file::{self, File};
use super::reader::Names;
use super::{Error, ignored, others, table};

/// How many letters may be wrong for another setting to be meant.
const LETTERS: usize = 2;

fn names() -> impl Iterator<Item = &'static Names> + Clone {
    table::NAMES.iter().chain(ignored::names())
}

fn keys(section: &str) -> impl Iterator<Item = &'static str> + Clone {
    names().flat_map(|names| names.1).filter(move |(of, _)| *of == section).map(|(_, key)| *key)
}

/// The setting that is nearly called so.
fn meant(section: &str, key: &str) -> Option<&'static str> {
    let near = keys(section).map(|known| (strsim::osa_distance(key, known), known));
    near.filter(|(letters, known)| *letters <= LETTERS && known.len() > 2 * LETTERS).min().map(|(_, known)| known)
}

fn is_key(section: &str, key: &str) -> bool {
    keys(section).any(|known| known == key) || others::is_key(section, key)
}

/// A warning for each entry that was probably meant to be another setting.
pub(super) fn warnings(file: &File) -> Vec<String> {
    let slips = file.entries().into_iter().filter(|(section, key, _)| !is_key(section, key));
    slips
        .filter_map(|(section, key, origin)| {
            let meant = meant(section, key)?;
            Some(format!("there is no setting `{key}`; did you mean `{meant}`? ({origin})"))
        })
        .collect()
}

/// An error for each entry that is no setting, neither here nor in Ansible, in this file or the one that counts.
///
/// # Errors
///
/// If the file cannot be read.
pub fn unknown_entries(config: Option<&Path>) -> Result<Vec<Error>, Error> {
    let dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let path = match config {
        Some(config) => Some(std::path::absolute(config).unwrap_or_else(|_| config.to_path_buf())),
        None => file::find(&|name| std::env::var(name).ok(), &dir).0,
    };
    let file = path.map(|path| File::read(&path)).transpose()?.unwrap_or_default();
    let unknown = file.entries().into_iter().filter(|(section, key, _)| !is_key(section, key));
    Ok(unknown
        .map(|(section, key, origin)| {
            let message = if keys(section).next().is_none() && !others::is_section(section) {
                format!("no section of the settings is named `{section}`")
            } else {
                match meant(section, key) {
                    Some(meant) => {
                        format!("there is no setting `{key}` in the section `{section}`; did you mean `{meant}`?")
                    }
                    None => format!("there is no setting `{key}` in the section `{section}`"),
                }
            };
            Error { message, origin: Some(origin) }
        })
        .collect())
}

/// Whether a setting is made by this variable of the environment, here or in Ansible.
pub fn is_variable(name: &str) -> bool {
    name == file::VARIABLE || names().any(|names| names.0.contains(&name)) || others::is_variable(name)
}
