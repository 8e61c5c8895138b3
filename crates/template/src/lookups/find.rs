//! Where lookups find files.

use std::path::{Path, PathBuf};

use ksplay_value::{Source, Value};

use crate::filters::paths::{expand_home, normal};
use crate::{Call, Error};

impl Call<'_, '_> {
    /// The folders that relative names start from, nearest first.
    pub(super) fn search_path(&self) -> Result<Vec<PathBuf>, Error> {
        let listed = self.templar.variable("ansible_search_path")?.unwrap_or_default();
        let listed = listed.as_list().unwrap_or_default().iter().map(|folder| PathBuf::from(folder.to_string()));
        Ok(listed.chain([self.templar.environment().base_dir.clone()]).collect())
    }

    /// The places where a file of this name may be: in `subfolder` of each folder, then in the folder itself.
    pub(super) fn candidates(&self, subfolder: &str, name: &str) -> Result<Vec<PathBuf>, Error> {
        let name = expand_home(name);
        if Path::new(&name).is_absolute() {
            return Ok(vec![PathBuf::from(name)]);
        }
        let mut places = Vec::new();
        for folder in self.search_path()? {
            places.push(folder.join(subfolder).join(&name));
            places.push(folder.join(&name));
        }
        Ok(places)
    }

    /// The first of the places that exists, in its normal form.
    pub(super) fn find_file(&self, subfolder: &str, name: &str) -> Result<Option<PathBuf>, Error> {
        let places = self.candidates(subfolder, name)?;
        let found = places.into_iter().find(|place| place.exists());
        Ok(found.map(|place| PathBuf::from(normal(&place.to_string_lossy()))))
    }

    /// The text of the file of this name; vaults are opened.
    pub(super) fn read_file(&self, subfolder: &str, name: &str) -> Result<(PathBuf, String), Error> {
        let Some(path) = self.find_file(subfolder, name)? else {
            return Err(Error::operation(format!(
                "Unable to access the file '{name}': File not found. Use -vvvvv to see paths searched."
            )));
        };
        let text = self.read(&path)?;
        Ok((path, text))
    }

    /// The text of a file; a vault is opened.
    pub(super) fn read(&self, path: &Path) -> Result<String, Error> {
        let bytes = std::fs::read(path)
            .map_err(|error| Error::operation(format!("Unable to access the file '{}': {error}", path.display())))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !text.starts_with("$ANSIBLE_VAULT;") {
            return Ok(text);
        }
        let Some(reveal) = &self.templar.environment().reveal else {
            return Err(Error::operation(format!("{} is encrypted and there is no vault secret", path.display())));
        };
        reveal(&text).map_err(Error::operation)
    }

    /// The terms, lists in them laid flat.
    pub(super) fn terms(&mut self) -> Vec<Value> {
        let mut flat = Vec::new();
        for term in std::mem::take(&mut self.args) {
            match term {
                Value::List(items) | Value::Tuple(items) => flat.extend(items.iter().cloned()),
                term => flat.push(term),
            }
        }
        flat
    }

    /// An option, taken out.
    pub(super) fn option(&mut self, name: &str) -> Option<Value> {
        self.kwargs.remove(name).filter(|value| !value.is_null())
    }

    /// The text of an option, or this one.
    pub(super) fn text_option(&mut self, name: &str, default: &str) -> String {
        self.option(name).map_or_else(|| default.to_owned(), |value| value.to_string())
    }

    /// The truth of an option as the filter `bool` sees it, or this one.
    pub(super) fn flag_option(&mut self, name: &str, default: bool) -> bool {
        self.option(name).map_or(default, |value| crate::filters::types::truth(&value))
    }
}

/// Options after the first word of a term: `key file=x` is `key` and `file=x`, as older playbooks write them.
pub(super) fn inline_options(term: &str) -> (String, Vec<(String, String)>) {
    let words = crate::lookups::words(term);
    let mut main = Vec::new();
    let mut options = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) if !main.is_empty() => options.push((name.to_owned(), value.to_owned())),
            _ => main.push(word),
        }
    }
    (main.join(" "), options)
}

/// A source for a file that was read.
pub(super) fn source(path: &Path, text: String) -> std::sync::Arc<Source> {
    Source::new(path.display().to_string(), text)
}
