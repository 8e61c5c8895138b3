//! The loader: files in, plays and tasks out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_value::yaml::Node;
use ksplay_value::{Diagnostic, Map, Source, Span, TemplateKind, Value};

use crate::collections::Routing;
use crate::context::{Context, PlayState};
use crate::files::{File, Files, Reads};
use crate::keywords::{Kind, inherit};
use crate::missing::Missing;
use crate::modules::Library;
use crate::roles::{self, RoleFiles, RoleUse};
use crate::{Error, Item, Keywords, LoaderOptions, Playbook, Role, RoleRequest, Task, imports, paths, play};

/// What a role that was included at run time brings.
#[derive(Debug)]
pub struct IncludedRole {
    /// The role itself.
    pub role: Arc<Role>,
    /// The role and everything it depends on, in the order in which they run (the role itself is last), and then what it
    /// imports.
    pub roles: Vec<Arc<Role>>,
    /// The tasks: a block with [`role_of`](crate::Block::role_of) for each dependency, and one for the role.
    pub tasks: Vec<Item>,
    /// Their handlers.
    pub handlers: Vec<Item>,
}

/// Reads playbooks, and at run time what they include. One for a run: each file is read and parsed once.
pub struct Loader {
    options: LoaderOptions,
    files: Files,
    variables: Mutex<HashMap<PathBuf, Arc<Map>>>,
    pub(crate) libraries: Mutex<HashMap<PathBuf, Arc<Library>>>,
    pub(crate) routings: Mutex<HashMap<PathBuf, Arc<Routing>>>,
    ids: AtomicU32,
    pub(crate) missing: Arc<Missing>,
}

impl Loader {
    /// A loader with these settings.
    pub fn new(options: LoaderOptions) -> Self {
        Self {
            options,
            files: Files::default(),
            variables: Mutex::default(),
            libraries: Mutex::default(),
            routings: Mutex::default(),
            ids: AtomicU32::new(1),
            missing: Arc::default(),
        }
    }

    /// Reads a playbook with everything that is static in it. Modules that cannot be run are told by
    /// [`Loader::missing_modules`].
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or is not what Ansible accepts.
    pub fn load(&self, file: &Path) -> Result<Playbook, Error> {
        let path = paths::absolute(file);
        Ok(Playbook { plays: play::plays(self, &path)?, file: path })
    }

    /// Reads a playbook from a text, as if it stood in a file in this folder.
    ///
    /// # Errors
    ///
    /// As [`Loader::load`].
    pub fn load_text(&self, text: &Arc<Source>, dir: &Path) -> Result<Playbook, Error> {
        Ok(Playbook { plays: play::plays_of_text(self, text, &paths::absolute(dir))?, file: PathBuf::from(&text.name) })
    }

    /// The error that lists the modules which the playbooks read so far name, and which cannot be run: all of them, each
    /// with the places of its use.
    pub fn missing_modules(&self) -> Option<Error> {
        self.missing.take()
    }

    /// Reads the task file that the dynamic include `from` names. What is in it inherits from the block around the
    /// include and from `apply`, and sees the include's `vars` together with `vars` (loop variables and the like).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a list of tasks.
    pub fn include_tasks(
        &self,
        file: &Path,
        from: &Task,
        apply: Option<&Value>,
        vars: Map,
    ) -> Result<Vec<Item>, Error> {
        let state = PlayState { dir: playbook_dir(from), ..PlayState::default() };
        let context = self.context_of(&state, from, apply, vars)?;
        let file = paths::absolute(file);
        let folder = imports::folder_of_include(&context, from, &file);
        state.missing.settle(imports::task_file(&context.included_from(&folder), &file, &from.span))
    }

    /// Reads the role that the dynamic include `from` names, with its dependencies.
    ///
    /// # Errors
    ///
    /// If there is no such role, or a file of it is wrong.
    pub fn include_role(&self, request: &RoleRequest, from: &Task) -> Result<IncludedRole, Error> {
        let state = PlayState { dir: playbook_dir(from), ..PlayState::default() };
        let context = self.context_of(&state, from, request.apply.as_ref(), request.vars.clone())?;
        let mut outer = (*context.outer).clone();
        outer.collections.clone_from(&from.keywords.collections);
        let context = Context { handler: false, outer: Arc::new(outer), ..context };
        let mut own = from.vars.as_deref().cloned().unwrap_or_default();
        own.extend(request.vars.clone());
        let wanted = RoleUse {
            name: request.name.clone(),
            params: Map::new(),
            span: from.span.clone(),
            files: RoleFiles {
                tasks: request.tasks_from.clone(),
                vars: request.vars_from.clone(),
                defaults: request.defaults_from.clone(),
                handlers: request.handlers_from.clone(),
            },
            allow_duplicates: Some(request.allow_duplicates.unwrap_or(true)),
            public: request.public,
            validate: request.rolespec_validate.unwrap_or(true),
            included: true,
            key: roles::key_of_vars(&own),
        };
        let mut loaded = state.missing.settle(roles::load(&context, &wanted, &[]))?;
        loaded.handlers.extend(state.handlers.take());
        loaded.roles.extend(state.roles.take());
        Ok(IncludedRole { role: loaded.role, roles: loaded.roles, tasks: loaded.tasks, handlers: loaded.handlers })
    }

    /// The place of a dynamic include, with what it hands on.
    pub(crate) fn context_of<'a>(
        &'a self,
        play: &'a PlayState,
        from: &Task,
        apply: Option<&Value>,
        vars: Map,
    ) -> Result<Context<'a>, Error> {
        let mut outer = Keywords { block_name: None, ..(*from.outer).clone() };
        outer.include_vars.extend(from.vars.iter().cloned());
        if !vars.is_empty() {
            outer.include_vars.push(Arc::new(vars));
        }
        let file = PathBuf::from(&from.span.source.name);
        let context = Context {
            loader: self,
            play,
            outer: Arc::new(outer),
            role: from.role.clone(),
            dir: Arc::from(file.parent().unwrap_or(Path::new("."))),
            dirs: Arc::clone(&from.dirs),
            library: Arc::clone(&from.library),
            include_dirs: Arc::clone(&from.include_dirs),
            handler: from.handler,
            depth: 0,
        };
        let Some(apply) = apply.filter(|apply| !apply.is_null()) else { return Ok(context) };
        let keywords = applied(&context, apply, &from.span)?;
        Ok(context.within(Arc::new(keywords)))
    }

    /// Reads a file of variables: a mapping in YAML or JSON, vaulted or not. An empty file is an empty mapping.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is no mapping.
    pub fn load_vars_file(&self, path: &Path) -> Result<Map, Error> {
        self.vars_file(&paths::absolute(path)).map(|map| (*map).clone())
    }

    /// Reads a file of a play's `vars_files`: as [`Loader::load_vars_file`], or a list of mappings, later ones over earlier.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is neither.
    pub fn load_play_vars_file(&self, path: &Path) -> Result<Map, Error> {
        let path = paths::absolute(path);
        let file = self.read(&path)?;
        let Some(items) = file.root.as_ref().and_then(Node::items) else { return self.load_vars_file(&path) };
        let mut vars = Map::new();
        for item in items {
            let Value::Map(map) = item.to_value() else {
                let message = format!("a list in a file of variables must hold mappings, not {}", item.describe());
                return Err(Error::invalid(message, &item.span));
            };
            vars.extend(map.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
        }
        Ok(vars)
    }

    /// [`Loader::load_vars_file`], shared.
    pub(crate) fn vars_file(&self, path: &Path) -> Result<Arc<Map>, Error> {
        if let Some(known) = self.variables.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(Arc::clone(known));
        }
        let file = self.read(path)?;
        let map = match &file.root {
            None => Arc::default(),
            Some(root) if root.is_null() => Arc::default(),
            Some(root) => match root.to_value() {
                Value::Map(map) => map,
                _ => {
                    let message = format!("a file of variables must hold a mapping, not {}", root.describe());
                    return Err(Error::invalid(message, &root.span));
                }
            },
        };
        self.variables.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf(), Arc::clone(&map));
        Ok(map)
    }

    /// The file that a relative name means: looked for in each of `dirs` (see [`Task::dirs`]), first in its folder `subdir`
    /// (`files`, `templates`, `vars`, `tasks`), then in itself. An absolute name, or one that begins with `~`, is itself.
    pub fn find_file(&self, dirs: &[PathBuf], subdir: &str, name: &str) -> Option<PathBuf> {
        let found = Self::find(dirs, subdir, name)?;
        self.files.reads.note(&found);
        Some(found)
    }

    fn find(dirs: &[PathBuf], subdir: &str, name: &str) -> Option<PathBuf> {
        if paths::is_absolute(name) {
            return Some(paths::absolute(Path::new(name))).filter(|path| path.exists());
        }
        dirs.iter()
            .flat_map(|dir| {
                // A file of a role's `tasks` means the role's other folders too.
                let role = dir.file_name().is_some_and(|last| last == "tasks").then(|| dir.parent()).flatten();
                let beside = role.map(|role| role.join(subdir).join(name));
                [beside, Some(dir.join(subdir).join(name)), Some(dir.join(name))]
            })
            .flatten()
            .find(|path| path.exists())
            .map(|path| paths::tidy(&path))
    }

    /// The file that `include_tasks` of this task means by `name`: looked for below the role and the playbook, in the
    /// order of ansible-core.
    ///
    /// # Errors
    ///
    /// If there is none; the error names where it was looked for.
    pub fn find_tasks(&self, name: &str, from: &Task) -> Result<PathBuf, Error> {
        let state = PlayState { dir: playbook_dir(from), ..PlayState::default() };
        imports::find_tasks(
            &self.context_of(&state, from, None, Map::new())?,
            name,
            imports::Include::Dynamic,
            &from.span,
        )
    }

    /// What was odd in the files read since this was last asked, each once.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        self.files.take_warnings()
    }

    pub(crate) fn warn(&self, warnings: impl IntoIterator<Item = Diagnostic>) {
        self.files.warn(warnings);
    }

    /// The files that are read, or found for a task, from now on too.
    pub fn reads(&self) -> Reads {
        self.files.reads.clone()
    }

    /// Takes what is known of the run, once it is.
    pub fn know(&mut self, run_vars: Map) {
        self.options.run_vars = run_vars;
    }

    /// The settings.
    pub fn options(&self) -> &LoaderOptions {
        &self.options
    }

    pub(crate) fn read(&self, path: &Path) -> Result<Arc<File>, Error> {
        self.files.read(path, &self.options)
    }

    pub(crate) fn parse(&self, source: &Arc<Source>) -> Result<File, Error> {
        self.files.parse(source, &self.options)
    }

    pub(crate) fn next_id(&self) -> u32 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

pub(crate) fn playbook_dir(task: &Task) -> PathBuf {
    task.dirs.last().cloned().unwrap_or_default()
}

/// `apply` as keywords of a block around what is included.
fn applied(context: &Context<'_>, apply: &Value, span: &Span) -> Result<Keywords, Error> {
    let node = node_of(apply, span);
    if node.entries().is_none() {
        let message = format!("Expected a dict for apply but got {} instead", apply.type_name());
        return Err(Error::invalid(message, span));
    }
    Kind::Block.check(&node)?;
    inherit(context, &node, &context.outer, Kind::Block).map(|(keywords, _)| keywords)
}

/// A value as if it had been written at this place.
fn node_of(value: &Value, span: &Span) -> Node {
    use ksplay_value::yaml::NodeKind;
    let kind = match value {
        Value::Map(map) => NodeKind::Map(
            map.iter().map(|(key, value)| (node_of(key.as_value(), span), node_of(value, span))).collect(),
        ),
        Value::List(items) => NodeKind::List(items.iter().map(|item| node_of(item, span)).collect()),
        Value::String(text) => NodeKind::Text { text: Arc::clone(text), trusted: false },
        Value::Template(template) => {
            let text = Arc::clone(&template.text);
            let kind = match template.kind {
                TemplateKind::Jinja | TemplateKind::Expression => NodeKind::Text { text, trusted: true },
                TemplateKind::Vault => NodeKind::Vault(text),
            };
            return Node { span: template.span.as_ref().unwrap_or(span).clone(), kind };
        }
        other => NodeKind::Scalar(other.clone()),
    };
    Node { span: span.clone(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Loader>();
    }

    #[test]
    fn a_value_written_as_a_node_is_the_same_value() {
        let span = Span::new(&Source::new("x", ""), 1, 1);
        let value = Value::from(Map::from([("when", Value::from("a")), ("tags", Value::from_iter(["b", "c"]))]));
        assert_eq!(node_of(&value, &span).to_value(), value);
    }
}
