//! From what `-i` says to an inventory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::yaml::{self, Document, DuplicateKeys};
use ksplay_value::{Diagnostic, Map, Source};

use crate::{Error, Evaluate, Format, Inventory, Level, ini, plugin, range, script, structured, tables};

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
    /// Whether inventory plugins that do not say so themselves see them (`INVENTORY_USE_EXTRA_VARS`).
    pub use_extra_vars: bool,
    /// Whether what a script that did well says beside the inventory is told.
    pub script_says: bool,
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
    /// What reads sources, in the order in which it is tried (`INVENTORY_ENABLED`).
    pub formats: Vec<Format>,
    /// The layers of variables of groups, lowest first (`VARIABLE_PRECEDENCE`); a level that is missing counts nowhere.
    pub precedence: Vec<Level>,
    /// Whether `group_vars` and `host_vars` count (`VARIABLE_PLUGINS_ENABLED`).
    pub variable_files: bool,
    /// Endings of files of variables and of inventories in YAML (`YAML_FILENAME_EXTENSIONS`).
    pub yaml_extensions: Vec<String>,
    /// What keys are that stand twice in a mapping of YAML.
    pub duplicate_keys: DuplicateKeys,
    /// What becomes of names of groups that are no identifiers (`TRANSFORM_INVALID_GROUP_CHARS`).
    pub odd_names: OddNames,
    /// The names of variables whose places [`Inventory::place_of`] is to tell, which takes memory.
    pub remember: fn(&str) -> bool,
}

/// What becomes of names of groups that are no identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OddNames {
    /// They stay, with a warning: `never`.
    #[default]
    Kept,
    /// They stay: `ignore`.
    KeptSilently,
    /// An underscore takes the place of what no identifier has, with a warning: `always`.
    Changed,
    /// The same without a word: `silently`.
    ChangedSilently,
}

impl OddNames {
    pub(crate) fn are_changed(self) -> bool {
        matches!(self, Self::Changed | Self::ChangedSilently)
    }

    pub(crate) fn are_silent(self) -> bool {
        matches!(self, Self::KeptSilently | Self::ChangedSilently)
    }
}

impl Default for LoadOptions {
    fn default() -> Self {
        let ignored = [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];
        Self {
            decrypt: None,
            evaluate: None,
            extra_vars: Map::new(),
            use_extra_vars: false,
            script_says: true,
            playbook_dirs: Vec::new(),
            fail_on_unparsed: false,
            fail_on_nothing: false,
            ignored_extensions: ignored.map(str::to_owned).into(),
            ignored_patterns: Vec::new(),
            formats: Format::usual(),
            precedence: Level::OF_GROUPS.into(),
            variable_files: true,
            yaml_extensions: [".yml", ".yaml", ".json"].map(str::to_owned).into(),
            duplicate_keys: DuplicateKeys::default(),
            odd_names: OddNames::default(),
            remember: |_| false,
        }
    }
}

impl fmt::Debug for LoadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("decrypt", &self.decrypt.is_some())
            .field("evaluate", &self.evaluate.is_some())
            .field("extra_vars", &self.extra_vars.len())
            .field("use_extra_vars", &self.use_extra_vars)
            .field("script_says", &self.script_says)
            .field("playbook_dirs", &self.playbook_dirs)
            .field("fail_on_unparsed", &self.fail_on_unparsed)
            .field("fail_on_nothing", &self.fail_on_nothing)
            .field("ignored_extensions", &self.ignored_extensions)
            .field("ignored_patterns", &self.ignored_patterns)
            .field("formats", &self.formats)
            .field("precedence", &self.precedence)
            .field("variable_files", &self.variable_files)
            .field("yaml_extensions", &self.yaml_extensions)
            .field("duplicate_keys", &self.duplicate_keys)
            .field("odd_names", &self.odd_names)
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
        inventory.files.configure(options);
        inventory.precedence = options.precedence.clone().into();
        inventory.odd_names = options.odd_names;
        inventory.remember = options.remember;
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
            inventory.tell_shared_names();
        } else if options.fail_on_nothing {
            return Err(Error::NothingParsed { sources: sources.to_vec(), warnings: inventory.warnings });
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
        if !source.contains(',') || path.exists() {
            self.inventory.files.add_inventory_dir(&path);
            return self.path(&path);
        }
        match self.options.formats.iter().find(|format| format.is_list()) {
            Some(format) => self.host_list(source, *format).map(|()| true),
            None => {
                self.unparsed(source);
                Ok(false)
            }
        }
    }

    fn host_list(&mut self, source: &str, format: Format) -> Result<(), Error> {
        for name in source.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let (names, port) = match format {
                Format::AdvancedHostList => range::expand(name).map_err(|reason| Error::syntax(reason, None))?,
                _ => {
                    let (name, port) = range::address(name);
                    (vec![name.to_owned()], port)
                }
            };
            for name in names {
                self.inventory.insert_host(&name, port, None);
                self.inventory.add_host_to("ungrouped", &name)?;
            }
        }
        Ok(())
    }

    fn unparsed(&mut self, source: impl fmt::Display) {
        self.inventory.warnings.push(Diagnostic::new(format!("Unable to parse {source} as an inventory source")));
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
        if let Some(index) = failures.iter().position(|(_, error)| matches!(error, Error::Plugin { .. })) {
            return Err(failures.swap_remove(index).1);
        }
        if self.options.fail_on_unparsed {
            let reason = if path.exists() {
                "none of the enabled inventory plugins reads it"
            } else {
                "no such file or directory"
            };
            let missing = Error::Read { path: path.to_owned(), reason: reason.to_owned() };
            return Err(failures.into_iter().next().map_or(missing, |(_, error)| error));
        }
        for (format, error) in failures {
            let message = format!("Failed to parse inventory with '{}' plugin: {error}", format.name());
            self.inventory.warnings.push(Diagnostic { message, ..Diagnostic::from(&error) });
        }
        self.unparsed(path.display());
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

    /// Tries the formats that a file can have, in their order.
    fn file(&mut self, path: &Path) -> Result<(), Failures> {
        let file: Arc<Path> = path.into();
        let mut failures = Vec::new();
        let (mut text, mut document) = (None, None);
        let extensions = &self.options.yaml_extensions;
        // Large hosts files would be read as one long text of YAML first, only to find that they are none.
        let mut put_off = None;
        for format in self.options.formats.iter().copied().filter(|format| format.takes(path, extensions)) {
            if format == Format::Script {
                match script::run(self.inventory, &file, self.options) {
                    Ok(()) => return Ok(()),
                    Err(error) => failures.push((format, error)),
                }
                continue;
            }
            let source = match text.get_or_insert_with(|| self.text(path)) {
                Ok(source) => Arc::clone(source),
                Err(_) => break,
            };
            if format.is_yaml() && is_no_mapping(source.content()) {
                put_off = put_off.or((format == Format::Yaml).then_some(failures.len()));
                continue;
            }
            match self.parse(format, &source, &mut document, &file) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if format.is_plugin() => return Err(Failures(vec![(format, error)])),
                // What a hosts file should be helps nobody whose file is meant to be something else.
                Err(_)
                    if format == Format::Ini
                        && (put_off.is_some() || !failures.is_empty())
                        && is_named(path, &source.text) => {}
                Err(error) => failures.push((format, error)),
            }
        }
        if let (Some(at), Some(Ok(source))) = (put_off, &text) {
            match self.parse(Format::Yaml, source, &mut document, &file) {
                Ok(_) => return Ok(()),
                Err(error) => failures.insert(at, (Format::Yaml, error)),
            }
        }
        if let Some(Err(error)) = text
            && failures.is_empty()
        {
            failures.push((Format::Ini, error));
        }
        Err(Failures(failures))
    }

    /// Reads a file in one form; false when the form passes it on without a word. The text as YAML is kept for the next
    /// form.
    fn parse(
        &mut self,
        format: Format,
        source: &Arc<Source>,
        document: &mut Option<Result<Document, yaml::Error>>,
        file: &Arc<Path>,
    ) -> Result<bool, Error> {
        match format {
            Format::HostList | Format::AdvancedHostList | Format::Script => return Ok(false),
            Format::Ini => ini::parse(self.inventory, source, file)?,
            Format::Toml => tables::parse(self.inventory, source, file)?,
            Format::Yaml => {
                let document = document.take().unwrap_or_else(|| yaml::load(source))?;
                structured::parse_yaml(self.inventory, document, file, self.options)?;
            }
            Format::Auto | Format::Constructed | Format::Generator => {
                let Ok(Document { root: Some(root), .. }) = document.get_or_insert_with(|| yaml::load(source)) else {
                    return Ok(false);
                };
                let Some(entry) = root.entry("plugin") else { return Ok(false) };
                if format != Format::Auto && entry.1.as_str().and_then(Format::named) != Some(format) {
                    return Ok(false);
                }
                if format == Format::Auto {
                    plugin::check_name(file, &entry.0)?;
                }
                plugin::run(self.inventory, root, entry, file, self.options)?;
            }
        }
        Ok(true)
    }

    fn text(&self, path: &Path) -> Result<Arc<Source>, Error> {
        let text = self.inventory.files.text(path)?;
        Ok(Source::new(path.display().to_string(), text))
    }
}

/// Whether the first line shows that the text, read as YAML, is no mapping: it begins with a word or a `[`, and has no `:`
/// that could end a key.
fn is_no_mapping(text: &str) -> bool {
    let content = |line: &&str| !matches!(line.trim_start().chars().next(), None | Some('#'));
    let Some(line) = text.lines().find(content) else { return false };
    let ends_key = |(at, _): (usize, &str)| line[at + 1..].chars().next().is_none_or(char::is_whitespace);
    line.starts_with(|char: char| char.is_alphanumeric() || char == '[') && !line.match_indices(':').any(ends_key)
}

/// Whether the name of a file or its first line says what it is.
fn is_named(path: &Path, text: &str) -> bool {
    path.extension().is_some() || text.starts_with("#!")
}

/// Why each format that was tried does not fit.
struct Failures(Vec<(Format, Error)>);

/// The absolute path; symbolic links stay as they are.
fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
}
