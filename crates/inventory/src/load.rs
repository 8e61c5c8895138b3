//! From what `-i` says to an inventory.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Map, Source};

use crate::inventory::Places;
use crate::{Error, Evaluate, Inventory, Warning, ini, range, script, structured, tables};

/// Turns the bytes of an encrypted file into those of the plain one.
pub type Decrypt = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send + Sync>;

/// How sources are read.
#[derive(Clone)]
pub struct LoadOptions {
    /// Decrypts variable files and inventories that are under ansible-vault.
    pub decrypt: Option<Decrypt>,
    /// Evaluates what inventory plugins compute; without it they are refused.
    pub evaluate: Option<Evaluate>,
    /// The variables of the command line, for inventory plugins that ask for them.
    pub extra_vars: Map,
    /// Directories of playbooks whose `group_vars` and `host_vars` count.
    pub playbook_dirs: Vec<PathBuf>,
    /// Whether a source that cannot be parsed is an error (`INVENTORY_ANY_UNPARSED_IS_FAILED`) and not a warning.
    pub fail_on_unparsed: bool,
    /// Whether it is an error that no source could be parsed (`INVENTORY_UNPARSED_IS_FAILED`).
    pub fail_on_nothing: bool,
    /// Endings of files in an inventory directory that are passed over (`INVENTORY_IGNORE_EXTS`).
    pub ignored_extensions: Vec<String>,
    /// Patterns of names in an inventory directory that are passed over (`INVENTORY_IGNORE_PATTERNS`).
    pub ignored_patterns: Vec<String>,
    /// Whether [`Inventory::place_of`] is to answer, which takes memory.
    pub remember_places: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        let ignored = [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];
        Self {
            decrypt: None,
            evaluate: None,
            extra_vars: Map::new(),
            playbook_dirs: Vec::new(),
            fail_on_unparsed: false,
            fail_on_nothing: false,
            ignored_extensions: ignored.map(str::to_owned).into(),
            ignored_patterns: Vec::new(),
            remember_places: false,
        }
    }
}

impl fmt::Debug for LoadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("decrypt", &self.decrypt.is_some())
            .field("evaluate", &self.evaluate.is_some())
            .field("extra_vars", &self.extra_vars.len())
            .field("playbook_dirs", &self.playbook_dirs)
            .field("fail_on_unparsed", &self.fail_on_unparsed)
            .field("fail_on_nothing", &self.fail_on_nothing)
            .field("ignored_extensions", &self.ignored_extensions)
            .field("ignored_patterns", &self.ignored_patterns)
            .field("remember_places", &self.remember_places)
            .finish()
    }
}

impl Inventory {
    /// Reads sources as `-i` names them, in order: files, directories, `a,b,` host lists, executables.
    ///
    /// A source that cannot be parsed is a warning, unless the options say otherwise; what was read of it stays.
    ///
    /// # Errors
    ///
    /// If the options make an unparsed source an error, or a source asks for a plugin that does not exist here.
    pub fn load(sources: &[String], options: &LoadOptions) -> Result<Self, Error> {
        let mut inventory = Self::default();
        inventory.files.decrypt.clone_from(&options.decrypt);
        inventory.places = options.remember_places.then(Places::new);
        inventory.origin = Some(Arc::new((sources.to_vec(), options.clone())));
        for dir in &options.playbook_dirs {
            inventory.add_playbook_dir(dir);
        }
        let mut loader = Loader { inventory: &mut inventory, options };
        let mut parsed = false;
        for source in sources {
            parsed |= loader.source(source)?;
        }
        inventory.parsed = parsed;
        if parsed {
            inventory.reconcile();
        } else if options.fail_on_nothing {
            return Err(Error::NothingParsed { sources: sources.to_vec() });
        }
        Ok(inventory)
    }

    /// The inventory as its sources say it now, without what was added since they were read.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn reload(&self) -> Result<Self, Error> {
        match &self.origin {
            Some(origin) => Self::load(&origin.0, &origin.1),
            None => Ok(self.clone()),
        }
    }

    /// Reads hosts from a text in the form of a hosts file, for tests and examples.
    ///
    /// # Errors
    ///
    /// If the text is not a hosts file.
    pub fn from_ini(name: &str, text: &str) -> Result<Self, Error> {
        let mut inventory = Self::default();
        ini::parse(&mut inventory, &Source::new(name, text), &Path::new(name).into())?;
        inventory.reconcile();
        Ok(inventory)
    }
}

struct Loader<'a> {
    inventory: &'a mut Inventory,
    options: &'a LoadOptions,
}

impl Loader<'_> {
    /// Reads one value of `-i`; says whether it could be parsed.
    fn source(&mut self, source: &str) -> Result<bool, Error> {
        let path = absolute(source);
        if source.contains(',') && !path.exists() {
            self.host_list(source)?;
            return Ok(true);
        }
        self.inventory.files.add_inventory_dir(&path);
        self.path(&path)
    }

    fn host_list(&mut self, source: &str) -> Result<(), Error> {
        for name in source.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let (name, port) = range::address(name);
            self.inventory.insert_host(name, port, None);
            self.inventory.add_host_to("ungrouped", name)?;
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> Result<bool, Error> {
        if path.is_dir() {
            return self.directory(path);
        }
        let mut failures = Vec::new();
        if path.exists() {
            match self.file(path) {
                Ok(()) => return Ok(true),
                Err(Failures(errors)) => failures = errors,
            }
        }
        if let Some(index) = failures.iter().position(|error| matches!(error, Error::Plugin { .. })) {
            return Err(failures.swap_remove(index));
        }
        if self.options.fail_on_unparsed {
            let missing = Error::Read { path: path.to_owned(), reason: "no such file or directory".to_owned() };
            return Err(failures.pop().unwrap_or(missing));
        }
        for error in failures {
            let span = error.span().cloned();
            let message = match error.help() {
                Some(help) => format!("Failed to parse inventory: {error} ({help})"),
                None => format!("Failed to parse inventory: {error}"),
            };
            self.inventory.warnings.push(Warning { message, span });
        }
        let message = format!("Unable to parse {} as an inventory source", path.display());
        self.inventory.warnings.push(Warning::new(message));
        Ok(false)
    }

    /// The files of a directory by name; those that belong to something else are passed over.
    fn directory(&mut self, path: &Path) -> Result<bool, Error> {
        let failed = |error: std::io::Error| Error::Read { path: path.to_owned(), reason: error.to_string() };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort();
        let patterns = self.options.ignored_patterns.iter().map(|pattern| {
            let reason =
                |error: fancy_regex::Error| Error::Pattern { pattern: pattern.clone(), reason: error.to_string() };
            fancy_regex::Regex::new(pattern).map_err(reason)
        });
        let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
        let mut parsed = false;
        for name in names {
            let text = name.to_string_lossy();
            let special = matches!(&*text, "group_vars" | "host_vars" | "vars_plugins") || text.starts_with('.');
            let ignored = patterns.iter().any(|pattern| pattern.is_match(&*text).unwrap_or(false));
            if special
                || ignored
                || self.options.ignored_extensions.iter().any(|ending| text.ends_with(ending.as_str()))
            {
                continue;
            }
            parsed |= self.path(&path.join(&name))?;
        }
        Ok(parsed)
    }

    /// Tries the formats that a file can have, in Ansible's order.
    fn file(&mut self, path: &Path) -> Result<(), Failures> {
        let file: Arc<Path> = path.into();
        let mut failures = Vec::new();
        let executable = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0);
        if executable {
            match script::run(self.inventory, &file) {
                Ok(()) => return Ok(()),
                Err(error) => failures.push(error),
            }
        }
        let text = match self.text(path) {
            Ok(text) => text,
            Err(error) => return Err(Failures(vec![error])),
        };
        let source = Source::new(path.display().to_string(), text);
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        match extension.as_deref() {
            Some("toml") => {
                return tables::parse(self.inventory, &source, &file).map_err(|error| Failures(vec![error]));
            }
            Some("yml" | "yaml" | "json") | None => {
                match structured::parse_yaml(self.inventory, &source, &file, self.options) {
                    Ok(()) => return Ok(()),
                    Err(error @ (Error::Plugin { .. } | Error::Construct { .. })) => return Err(Failures(vec![error])),
                    Err(error) => failures.push(error),
                }
            }
            _ => {}
        }
        match ini::parse(self.inventory, &source, &file) {
            Ok(()) => return Ok(()),
            Err(error) => failures.push(error),
        }
        Err(Failures(failures))
    }

    fn text(&self, path: &Path) -> Result<String, Error> {
        let bytes = self.inventory.files.bytes(path)?;
        String::from_utf8(bytes)
            .map_err(|_| Error::Read { path: path.to_owned(), reason: "it is not UTF-8 text".to_owned() })
    }
}

/// Why each format that was tried does not fit.
struct Failures(Vec<Error>);

/// The absolute path; symbolic links stay as they are.
fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
}
