//! `group_vars` and `host_vars`: found by name, read when first needed, each once.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_value::text::from_json;
use ksplay_value::yaml::{self, DuplicateKeys};
use ksplay_value::{Diagnostic, Map, Source, Span, Value};

use super::{Layer, Level};
use crate::own::Names;
use crate::trust::trust;
use crate::{Decrypt, Error, LoadOptions};

type Found = Arc<[(Arc<Path>, Arc<Map>)]>;

/// Reads the variable files beside inventories and playbooks.
#[derive(Default, Clone)]
pub(crate) struct VarsFiles {
    decrypt: Option<Decrypt>,
    duplicate_keys: DuplicateKeys,
    /// Endings of the files; without any, none are looked for.
    extensions: Arc<[String]>,
    pub inventory_dirs: Vec<PathBuf>,
    pub playbook_dirs: Vec<PathBuf>,
    /// By the path without an ending; an entry without files is known to have none.
    found: Arc<Mutex<HashMap<PathBuf, Found>>>,
    warnings: Arc<Mutex<Vec<Diagnostic>>>,
    names: Arc<Names>,
}

impl VarsFiles {
    /// Reads as these options say.
    pub fn configure(&mut self, options: &LoadOptions) {
        self.decrypt.clone_from(&options.decrypt);
        self.duplicate_keys = options.duplicate_keys;
        self.extensions = if options.variable_files { options.yaml_extensions.clone().into() } else { Arc::default() };
    }

    /// What was odd in the files read since it was last asked for.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds the directory of an inventory source, or the source itself when it is one.
    pub fn add_inventory_dir(&mut self, source: &Path) {
        let dir = if source.is_dir() { Some(source) } else { source.parent() };
        add(&mut self.inventory_dirs, dir);
    }

    /// Adds the directory of a playbook.
    pub fn add_playbook_dir(&mut self, dir: &Path) {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        add(&mut self.playbook_dirs, Some(&dir));
    }

    /// Adds a layer for every file that one of these directories has for one of these names.
    pub fn collect(
        &self,
        dirs: &[PathBuf],
        kind: &str,
        names: &[Arc<str>],
        level: Level,
        layers: &mut Vec<Layer>,
    ) -> Result<(), Error> {
        for dir in dirs {
            let dir = dir.join(kind);
            for name in names {
                // A name with a slash would lead out of the directory; Ansible does not look for it either.
                if name.contains('/') {
                    continue;
                }
                for (file, vars) in self.find(&dir, name)?.iter() {
                    layers.push(Layer {
                        level,
                        name: Arc::clone(name),
                        file: Some(Arc::clone(file)),
                        vars: Arc::clone(vars),
                    });
                }
            }
        }
        Ok(())
    }

    fn find(&self, dir: &Path, name: &str) -> Result<Found, Error> {
        let stem = dir.join(name);
        let lock = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&stem) {
            return Ok(Arc::clone(found));
        }
        let mut maps = Vec::new();
        if !self.extensions.is_empty() && dir.is_dir() {
            for path in candidates(&stem, &self.extensions) {
                maps.push((Arc::from(path.as_path()), Arc::new(self.read(&path)?)));
            }
        }
        let found: Found = maps.into();
        lock().insert(stem, Arc::clone(&found));
        Ok(found)
    }

    /// A file's bytes, decrypted when it is under vault.
    fn bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let bytes =
            std::fs::read(path).map_err(|error| Error::Read { path: path.to_owned(), reason: error.to_string() })?;
        if !bytes.starts_with(b"$ANSIBLE_VAULT") {
            return Ok(bytes);
        }
        let reason = match &self.decrypt {
            Some(decrypt) => match decrypt(&bytes) {
                Ok(plain) => return Ok(plain),
                Err(reason) => reason,
            },
            None => "no vault secrets found".to_owned(),
        };
        Err(Error::Vault { path: path.to_owned(), reason })
    }

    /// A file's text, decrypted when it is under vault.
    pub fn text(&self, path: &Path) -> Result<String, Error> {
        String::from_utf8(self.bytes(path)?)
            .map_err(|_| Error::Read { path: path.to_owned(), reason: "it is not UTF-8 text".to_owned() })
    }

    /// Where a file that has been read names a variable.
    pub fn place_in(&self, path: &Path, name: &str) -> Option<Span> {
        let source = Source::new(path.display().to_string(), self.text(path).ok()?);
        let root = yaml::load(&source).ok()?.root?;
        root.entry(name).map(|(key, _)| key.span.clone())
    }

    fn read(&self, path: &Path) -> Result<Map, Error> {
        let text = self.text(path)?;
        // JSON is nearly YAML; where the two differ (escapes, `1e5`), what is JSON is read as JSON.
        if text.trim_start().starts_with('{')
            && let Ok(data @ Value::Map(_)) = from_json(&text)
            && let Value::Map(map) = trust(data, None)
        {
            return Ok(Arc::unwrap_or_clone(map));
        }
        let source = Source::new(path.display().to_string(), text);
        let (root, warnings) = yaml::load(&source)?.judged(self.duplicate_keys)?;
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
        let Some(root) = root.filter(|root| !root.is_null()) else { return Ok(Map::new()) };
        match root.to_value() {
            Value::Map(map) => {
                let entries = Arc::unwrap_or_clone(map).into_iter();
                Ok(self.names.share(entries.map(|(key, value)| (key.into_value(), value))))
            }
            _ => {
                let message = format!("a file of variables must hold a mapping, this is {}", root.describe());
                Err(Error::syntax(message, Some(root.span.clone())))
            }
        }
    }
}

impl fmt::Debug for VarsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarsFiles")
            .field("inventory_dirs", &self.inventory_dirs)
            .field("playbook_dirs", &self.playbook_dirs)
            .finish_non_exhaustive()
    }
}

fn add(dirs: &mut Vec<PathBuf>, dir: Option<&Path>) {
    if let Some(dir) = dir
        && !dirs.iter().any(|known| known == dir)
    {
        dirs.push(dir.to_owned());
    }
}

/// The files for a name: the first of it without an ending and with each of these that exists; all files of it when it is
/// a directory.
fn candidates(stem: &Path, extensions: &[String]) -> Vec<PathBuf> {
    for ending in std::iter::once("").chain(extensions.iter().map(String::as_str)) {
        let mut path = stem.as_os_str().to_owned();
        path.push(ending);
        let path = PathBuf::from(path);
        if path.is_dir() {
            let mut files = Vec::new();
            walk(&path, extensions, &mut files);
            return files;
        }
        if path.is_file() {
            return vec![path];
        }
    }
    Vec::new()
}

fn walk(dir: &Path, extensions: &[String], files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
        if path.is_dir() {
            walk(&path, extensions, files);
        } else if extension.is_none_or(|extension| extensions.contains(&extension)) {
            files.push(path);
        }
    }
}
