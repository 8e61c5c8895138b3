//! What a part of a playbook is read in: the play, the role, the file, and the keywords around it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_template::{Scope, Templar};
use ksplay_value::{Diagnostic, Map, Span, Str, Value};

use crate::missing::Missing;
use crate::{Error, ErrorKind, Item, Keywords, Loader, Role};

/// How deep files may include one another while loading.
pub(crate) const MAX_DEPTH: usize = 100;

/// What is the same for all of a play.
#[derive(Default)]
pub(crate) struct PlayState {
    /// The folder of the playbook.
    pub dir: PathBuf,
    /// `vars` and those of `vars_files` that can be read while loading.
    pub vars: Map,
    /// Handlers of imported roles, which come after the play's own.
    pub handlers: RefCell<Vec<Item>>,
    /// Roles of the play, imported ones too.
    pub roles: RefCell<Vec<Arc<Role>>>,
    /// What is to be said of the names in the play's roles, and has not been.
    pub reserved: RefCell<Vec<Diagnostic>>,
    /// Modules that are not there.
    pub missing: Arc<Missing>,
}

/// Where a list of tasks stands.
#[derive(Clone)]
pub(crate) struct Context<'a> {
    pub loader: &'a Loader,
    pub play: &'a PlayState,
    pub outer: Arc<Keywords>,
    pub role: Option<Arc<Role>>,
    /// The folder of the file that is being read.
    pub dir: Arc<Path>,
    pub dirs: Arc<[PathBuf]>,
    pub library: Arc<[PathBuf]>,
    /// See [`Task::include_dirs`](crate::Task::include_dirs).
    pub include_dirs: Arc<[PathBuf]>,
    pub handler: bool,
    pub depth: usize,
}

impl<'a> Context<'a> {
    /// Tells of the variables with reserved names that an include or import sees while it is loaded.
    pub fn tell_reserved(&self, keywords: &Keywords) {
        let is_given = |name: &Diagnostic| self.outer.reserved.iter().any(|known| known.message == name.message);
        self.loader.warn(self.play.reserved.take().into_iter().filter(|name| !is_given(name)));
        self.loader.warn(keywords.reserved.iter().cloned());
    }

    /// The context of a play's own tasks.
    pub fn of_play(loader: &'a Loader, play: &'a PlayState, file_dir: &Path, outer: Arc<Keywords>) -> Self {
        let mut library = vec![play.dir.join("library")];
        library.extend(loader.options().library.iter().cloned());
        let mut context = Self {
            loader,
            play,
            outer,
            role: None,
            dir: Arc::from(file_dir),
            dirs: Arc::from([]),
            library: library.into(),
            include_dirs: Arc::from([]),
            handler: false,
            depth: 0,
        };
        context.dirs = context.search_path();
        context
    }

    /// The same place inside a role.
    pub fn in_role(&self, role: &Arc<Role>, outer: Arc<Keywords>) -> Self {
        let mut library: Vec<PathBuf> = vec![role.path.join("library")];
        library.extend(self.library.iter().filter(|dir| **dir != library[0]).cloned().collect::<Vec<_>>());
        let mut inner = Self {
            role: Some(Arc::clone(role)),
            outer,
            library: library.into(),
            include_dirs: Arc::from([]),
            ..self.clone()
        };
        inner.dir = Arc::from(role.path.join("tasks"));
        inner.dirs = inner.search_path();
        inner
    }

    /// The same place inside another file, one level deeper.
    pub fn in_file(&self, file: &Path, span: &Span) -> Result<Self, Error> {
        if self.depth >= MAX_DEPTH {
            let message = format!("{} includes itself without end", file.display());
            return Err(Error::invalid(message, span));
        }
        let dir = file.parent().unwrap_or(Path::new("."));
        let mut inner = Self { dir: Arc::from(dir), depth: self.depth + 1, ..self.clone() };
        inner.dirs = inner.search_path();
        Ok(inner)
    }

    /// The same place inside what is included under this relative folder.
    pub fn included_from(&self, folder: &Path) -> Self {
        let mut dirs = vec![folder.to_path_buf()];
        dirs.extend(self.include_dirs.iter().map(|outer| outer.join(folder)));
        Self { include_dirs: dirs.into(), ..self.clone() }
    }

    /// The same place with other keywords around it.
    pub fn within(&self, outer: Arc<Keywords>) -> Self {
        Self { outer, ..self.clone() }
    }

    fn search_path(&self) -> Arc<[PathBuf]> {
        let mut dirs: Vec<PathBuf> = Vec::new();
        let mut add = |dir: &Path| {
            if !dirs.iter().any(|known| known == dir) {
                dirs.push(dir.to_path_buf());
            }
        };
        if let Some(role) = &self.role {
            add(&role.path);
            role.inherited.iter().rev().for_each(|parent| add(&parent.path));
        }
        add(&self.dir);
        if self.dir.as_ref() != self.play.dir {
            dirs.retain(|dir| *dir != self.play.dir);
        }
        if dirs.last() != Some(&self.play.dir) {
            dirs.push(self.play.dir.clone());
        }
        dirs.into()
    }

    /// A value whose templates are evaluated with what is known while loading: variables of the play, of the role, of the
    /// imports around it, and extra variables.
    pub fn evaluate(&self, value: &Value, own: Option<&Map>, outer: &Keywords, span: &Span) -> Result<Value, Error> {
        let scope = StaticScope::new(self, own, outer);
        Templar::new(&self.loader.options().environment, &scope).resolve(value).map_err(|error| {
            let span = error.span.as_ref().unwrap_or(span);
            Error::new(ErrorKind::Template, error.message, Some(span))
        })
    }

    /// [`Context::evaluate`] for a name: its text.
    pub fn evaluate_text(&self, value: &Value, own: Option<&Map>, span: &Span) -> Result<String, Error> {
        match value {
            Value::Template(_) => Ok(self.evaluate(value, own, &self.outer, span)?.to_string()),
            other => Ok(other.to_string()),
        }
    }
}

/// The variables that exist before any host is looked at.
struct StaticScope<'s> {
    /// Nearest first.
    layers: Vec<&'s Map>,
    playbook_dir: &'s Path,
    role: Option<&'s Role>,
}

impl<'s> StaticScope<'s> {
    fn new(context: &'s Context<'_>, own: Option<&'s Map>, outer: &'s Keywords) -> Self {
        let role = context.role.as_deref();
        let options = context.loader.options();
        let mut layers = vec![&options.run_vars, &options.extra_vars];
        layers.extend(outer.include_vars.iter().rev().map(AsRef::as_ref));
        layers.extend(role.map(|role| role.params.as_ref()));
        layers.extend(own);
        layers.extend(outer.vars.iter().rev().map(AsRef::as_ref));
        layers.extend(role.map(|role| role.vars.as_ref()));
        let inherited = role.map(|role| role.inherited.as_slice()).unwrap_or_default();
        layers.extend(inherited.iter().rev().flat_map(|parent| [parent.params.as_ref(), parent.vars.as_ref()]));
        layers.push(&context.play.vars);
        layers.extend(role.map(|role| role.defaults.as_ref()));
        layers.extend(inherited.iter().rev().map(|parent| parent.defaults.as_ref()));
        Self { layers, playbook_dir: &context.play.dir, role }
    }
}

/// The collection of a role as its tasks see it: nothing for a role of no collection.
fn collection_name(role: &Role) -> Value {
    role.collection.as_ref().map_or(Value::Null, Value::from)
}

impl Scope for StaticScope<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.layers.iter().find_map(|layer| layer.get(name)) {
            return Some(value.clone());
        }
        match name {
            "playbook_dir" => Some(Value::from(self.playbook_dir.display().to_string())),
            "role_path" => self.role.map(|role| Value::from(role.path.display().to_string())),
            "role_name" => self.role.map(|role| Value::from(role.short_name())),
            "ansible_role_name" => self.role.map(|role| Value::from(&role.name)),
            "ansible_collection_name" => self.role.map(collection_name),
            _ => None,
        }
    }

    fn names(&self) -> Vec<Str> {
        self.layers.iter().flat_map(|layer| layer.keys()).filter_map(|key| key.as_str()).map(Str::from).collect()
    }
}
