//! `ansible.cfg`: which one counts, and what is in it, with the line of every entry.
//!
//! The libraries for INI files keep no lines, which messages about a setting need.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Error, Origin};

/// The variable of the environment that names the file.
pub(super) const VARIABLE: &str = "ANSIBLE_CONFIG";

/// The entries of a configuration file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The file; none when there is none.
    pub path: Option<PathBuf>,
    /// By section and key: the value and its line.
    entries: HashMap<(String, String), (String, u32)>,
}

impl File {
    /// The value under a key of a section, and its line.
    pub fn get(&self, section: &str, key: &str) -> Option<(&str, u32)> {
        self.entries.get(&(section.to_owned(), key.to_owned())).map(|(value, line)| (value.as_str(), *line))
    }

    /// Sections, keys and where they stand, from the top.
    pub fn entries(&self) -> Vec<(&str, &str, Origin)> {
        let path = self.path.clone().unwrap_or_default();
        let mut entries: Vec<_> =
            self.entries.iter().map(|((section, key), (_, line))| (section, key, *line)).collect();
        entries.sort_by_key(|(.., line)| *line);
        entries
            .into_iter()
            .map(|(section, key, line)| (section.as_str(), key.as_str(), Origin::File { path: path.clone(), line }))
            .collect()
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error { message: format!("cannot read {}: {error}", path.display()), origin: None })?;
        Self::parse(path, &text)
    }

    /// Reads a text as Python's `configparser` does with `;` as the mark of inline comments: keys in lower case,
    /// `=` or `:` after them, indented lines continuing a value.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let mut file = Self { path: Some(path.to_owned()), entries: HashMap::new() };
        let mut section: Option<String> = None;
        let mut last: Option<(String, String)> = None;
        for (line, number) in text.lines().zip(1u32..) {
            let origin = Origin::File { path: path.to_owned(), line: number };
            let refused = |message: &str| Error { message: message.to_owned(), origin: Some(origin.clone()) };
            let content = without_comment(line);
            if content.trim().is_empty() {
                continue;
            }
            if line.starts_with([' ', '\t'])
                && let Some((value, _)) = last.as_ref().and_then(|key| file.entries.get_mut(key))
            {
                value.push('\n');
                value.push_str(content.trim());
                continue;
            }
            let content = content.trim();
            if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
                section = Some(name.to_owned());
                last = None;
                continue;
            }
            if content.starts_with('[') {
                return Err(refused(&format!("a section is not closed: a `]` is missing at the end of `{content}`")));
            }
            let section = section.clone().ok_or_else(|| refused("an entry before the first [section]"))?;
            let (key, value) =
                content.split_once(['=', ':']).ok_or_else(|| refused("neither a [section] nor `key = value`"))?;
            let name = (section, key.trim().to_lowercase());
            last = Some(name.clone());
            if file.entries.insert(name, (value.trim().to_owned(), number)).is_some() {
                return Err(refused(&format!("`{}` stands twice in its section", key.trim())));
            }
        }
        Ok(file)
    }
}

/// The line up to its comment: `#` and `;` begin one at the start of a line, `;` after a space too.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let end = line.char_indices().find(|(index, char)| *char == ';' && line[..*index].ends_with([' ', '\t']));
    end.map_or(line, |(index, _)| &line[..index])
}

/// The file that counts, and a word to the user when one was passed over: `ANSIBLE_CONFIG`, `./ansible.cfg` unless
/// anyone may write into the directory, `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`.
pub(super) fn find(variable: &dyn Fn(&str) -> Option<String>, dir: &Path) -> (Option<PathBuf>, Option<String>) {
    if let Some(named) = variable(VARIABLE) {
        let path = dir.join(super::paths::expand(&named, variable));
        let path = if path.is_dir() { path.join("ansible.cfg") } else { path };
        if path.is_file() {
            return (Some(path), None);
        }
    }
    let mut warning = None;
    let here = dir.join("ansible.cfg");
    if here.is_file() {
        let open = std::fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0);
        if !open {
            return (Some(here), None);
        }
        warning = Some(format!(
            "Ansible is being run in a world writable directory ({}), ignoring it as an ansible.cfg source",
            dir.display()
        ));
    }
    let home = variable("HOME").map(|home| Path::new(&home).join(".ansible.cfg"));
    let system = PathBuf::from("/etc/ansible/ansible.cfg");
    (home.into_iter().chain([system]).find(|path| path.is_file()), warning)
}
