//! One setting: looked up in the environment, then in the file, then its default, and brought to its type.

use std::path::{Path, PathBuf};

use ksplay_report::Colour;

use super::file::File;
use super::{Error, Origin, Setting, paths};

/// Where settings are looked up.
pub(super) struct Reader<'a> {
    pub file: &'a File,
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub dir: &'a Path,
}

/// The names of a setting: in the environment, and as section and key of the file. Of several the last one set wins,
/// as in Ansible.
#[derive(Debug, Clone, Copy)]
pub struct Names(pub &'static [&'static str], pub &'static [(&'static str, &'static str)]);

/// The setting of the folder that the user's own files of Ansible lie in, and where that is when nobody sets it.
const HOME: Names = Names(&["ANSIBLE_HOME"], &[("defaults", "home")]);
const IN_HOME: &str = "~/.ansible";

impl Reader<'_> {
    /// The text of a setting and where it was set.
    pub fn raw(&self, names: Names) -> Option<(String, Origin)> {
        let Names(variables, entries) = names;
        let set = |name: &&str| (self.variable)(name).map(|value| (value, Origin::Environment((*name).to_owned())));
        if let Some(found) = variables.iter().rev().find_map(set) {
            return Some(found);
        }
        let path = self.file.path.clone()?;
        let (value, line) = entries.iter().rev().find_map(|(section, key)| self.file.get(section, key))?;
        Some((unquote(value).to_owned(), Origin::File { path, line }))
    }

    fn typed<T>(
        &self,
        names: Names,
        default: T,
        read: impl FnOnce(&str, &Path) -> Result<T, String>,
    ) -> Result<Setting<T>, Error> {
        let Some((text, origin)) = self.raw(names) else {
            return Ok(Setting { value: default, origin: Origin::Default });
        };
        let base = match &origin {
            Origin::File { path, .. } => path.parent().unwrap_or(self.dir),
            _ => self.dir,
        };
        match read(&text, base) {
            Ok(value) => Ok(Setting { value, origin }),
            Err(message) => Err(Error { message, origin: Some(origin) }),
        }
    }

    /// Text.
    pub fn text(&self, names: Names, default: &str) -> Result<Setting<String>, Error> {
        self.typed(names, default.to_owned(), |text, _| Ok(text.to_owned()))
    }

    /// Text, or nothing.
    pub fn optional(&self, names: Names) -> Result<Setting<Option<String>>, Error> {
        self.typed(names, None, |text, _| Ok(Some(text.to_owned()).filter(|text| text != "None" && !text.is_empty())))
    }

    /// One of some words; the first is the default.
    pub fn choice(&self, names: Names, choices: &[&str]) -> Result<Setting<String>, Error> {
        self.typed(names, choices[0].to_owned(), |text, _| match choices.contains(&text) {
            true => Ok(text.to_owned()),
            false => Err(format!("`{text}` is none of: {}", choices.join(", "))),
        })
    }

    /// A colour.
    pub fn colour(&self, names: Names, default: &str) -> Result<Setting<Colour>, Error> {
        let unknown = |text: &str| {
            let words: Vec<&str> = Colour::words().collect();
            format!(
                "`{text}` is no colour; these are: {}, color0 to color255, rgb000 to rgb555, gray0 to gray23",
                words.join(", ")
            )
        };
        let colour = |text: &str| Colour::named(text).ok_or_else(|| unknown(text));
        let default = colour(default).map_err(|message| Error { message, origin: None })?;
        self.typed(names, default, |text, _| colour(text))
    }

    /// A boolean.
    pub fn flag(&self, names: Names, default: bool) -> Result<Setting<bool>, Error> {
        self.typed(names, default, |text, _| boolean(text))
    }

    /// A boolean; for a name that is not Ansible's own, any other text is true, as `NO_COLOR` has it everywhere.
    pub fn shared_flag(&self, names: Names, default: bool) -> Result<Setting<bool>, Error> {
        let own = !matches!(self.raw(names), Some((_, Origin::Environment(name))) if !name.starts_with("ANSIBLE_"));
        self.typed(names, default, |text, _| if own { boolean(text) } else { Ok(boolean(text).unwrap_or(true)) })
    }

    /// A boolean, or nothing.
    pub fn optional_flag(&self, names: Names) -> Result<Setting<Option<bool>>, Error> {
        self.typed(names, None, |text, _| match text {
            "" | "None" => Ok(None),
            text => boolean(text).map(Some),
        })
    }

    /// A number that is not below zero.
    pub fn number<T: std::str::FromStr>(&self, names: Names, default: T) -> Result<Setting<T>, Error> {
        self.typed(names, default, |text, _| {
            text.trim().parse().map_err(|_| format!("`{text}` is not a valid number here"))
        })
    }

    /// A number, or nothing.
    pub fn optional_number<T: std::str::FromStr>(&self, names: Names) -> Result<Setting<Option<T>>, Error> {
        self.typed(names, None, |text, _| match text {
            "" | "None" => Ok(None),
            text => text.trim().parse().map(Some).map_err(|_| format!("`{text}` is not a valid number here")),
        })
    }

    /// Words between commas.
    pub fn list(&self, names: Names, default: &[&str]) -> Result<Setting<Vec<String>>, Error> {
        let default = default.iter().map(|&item| item.to_owned()).collect();
        self.typed(names, default, |text, _| Ok(items(text, ',')))
    }

    /// A path, or nothing.
    pub fn path(&self, names: Names) -> Result<Setting<Option<PathBuf>>, Error> {
        self.typed(names, None, |text, base| {
            Ok((!text.is_empty() && text != "None").then(|| paths::resolve(text, base, self.dir, self.variable)))
        })
    }

    /// A path.
    pub fn path_or(&self, names: Names, default: &str) -> Result<Setting<PathBuf>, Error> {
        let resolve = |text: &str, base: &Path| paths::resolve(text, base, self.dir, self.variable);
        self.typed(names, resolve(default, self.dir), |text, base| Ok(resolve(text, base)))
    }

    /// Paths between `separator`s.
    pub fn paths(&self, names: Names, separator: char, default: &[&str]) -> Result<Setting<Vec<PathBuf>>, Error> {
        let resolve = |text: &str, base: &Path| paths::resolve(text, base, self.dir, self.variable);
        let home = self.path_or(HOME, IN_HOME)?.value;
        let own = |text: &str| match text.strip_prefix(IN_HOME).and_then(|rest| rest.strip_prefix('/')) {
            Some(below) => home.join(below),
            None => resolve(text, self.dir),
        };
        let default = default.iter().map(|text| own(text)).collect();
        self.typed(names, default, |text, base| {
            Ok(text.split(separator).map(|item| resolve(unquote(item.trim()), base)).collect())
        })
    }
}

/// Ansible takes a word that is no boolean for false, which turns off the check of host keys by a slip.
fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(true),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" | "" => Ok(false),
        _ => Err(format!("`{text}` is not a boolean: true or false, yes or no, on or off, 1 or 0")),
    }
}

fn items(text: &str, separator: char) -> Vec<String> {
    text.split(separator).map(|item| unquote(item.trim()).to_owned()).filter(|item| !item.is_empty()).collect()
}

/// Without the quotes around it, when they are a pair.
fn unquote(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text: &str| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
