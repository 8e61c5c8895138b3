//! What a plan rests on: files, variables of hosts, settings. Only their digests are kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ksplay_inventory::View;
use ksplay_value::text::{JsonStyle, hex, to_json};
use ksplay_value::{Map, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::assemble::Assembled;
use crate::failure::Failure;

/// The SHA-256 of each, by its name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Files of playbooks, roles and variables, and what tasks copied or rendered, by path.
    files: BTreeMap<String, String>,
    /// The variables that the inventory gives each host.
    hosts: BTreeMap<String, String>,
    /// The variables of the command line.
    extra_vars: String,
    /// Settings that somebody made.
    settings: BTreeMap<String, String>,
}

impl Inputs {
    /// All but the files, which are known when the run has read them.
    ///
    /// # Errors
    ///
    /// If variables of a host cannot be read.
    pub fn of(assembled: &Assembled) -> Result<Self, Failure> {
        let view = View::of(&assembled.inventory);
        let mut inputs = Self { extra_vars: digest_of(&assembled.options.extra_vars), ..Self::default() };
        for host in assembled.inventory.hosts() {
            let mut about = view.variables(host.name())?;
            let groups = assembled.inventory.group_names(host.name());
            about.insert("group_names", groups.into_iter().map(Value::from).collect::<Value>());
            inputs.hosts.insert(host.name().to_string(), digest_of(&about));
        }
        let made = assembled.environment.settings.iter().filter(|(_, (_, origin))| origin != "default");
        inputs.settings = made.map(|(name, (value, _))| ((*name).to_owned(), digest(value.to_string()))).collect();
        Ok(inputs)
    }

    /// Adds files that were read.
    pub fn add_files(&mut self, paths: &[PathBuf]) {
        for path in paths {
            // What is gone by now is told as gone when the plan is applied.
            if let Ok(content) = std::fs::read(path) {
                self.files.insert(path.display().to_string(), digest(content));
            }
        }
    }

    /// In what those of a later look differ, a line each.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut lines = compared("the file", &self.files, &now.files);
        lines.extend(compared("what the inventory says of the host", &self.hosts, &now.hosts));
        lines.extend(compared("the setting", &self.settings, &now.settings));
        if self.extra_vars != now.extra_vars {
            lines.push("the variables of the command line have changed".to_owned());
        }
        lines
    }
}

fn compared(what: &str, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut lines: Vec<String> = before
        .iter()
        .filter_map(|(name, digest)| match now.get(name) {
            None => Some(format!("{what} {name} is no longer there, or no longer used")),
            Some(other) if other != digest => Some(format!("{what} {name} has changed")),
            Some(_) => None,
        })
        .collect();
    lines.extend(now.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("{what} {name} is new")));
    lines
}

fn digest(content: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(content))
}

fn digest_of(vars: &Map) -> String {
    let style = JsonStyle { sort_keys: true, ..JsonStyle::default() };
    let value = Value::from(vars.clone());
    // What is no JSON (templates) is written as Python shows it, which is as exact.
    digest(to_json(&value, &style).unwrap_or_else(|_| ksplay_value::text::repr(&value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Inputs {
        let files = files.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect();
        Inputs { files, ..Inputs::default() }
    }

    #[test]
    fn what_is_gone_new_or_another_is_told() {
        let before = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let now = files(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(
            before.differences(&now),
            ["the file b has changed", "the file c is no longer there, or no longer used", "the file d is new",]
        );
        assert!(before.differences(&before).is_empty());
    }
}
