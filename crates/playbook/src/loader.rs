//! The loader: files in, plays and tasks out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Map, Value};

use crate::{Error, Item, LoaderOptions, Playbook, Role, RoleRequest, Task};

/// What a role that was included at run time brings.
#[derive(Debug)]
pub struct IncludedRole {
    /// The role itself.
    pub role: Arc<Role>,
    /// The role and everything it depends on, in the order in which they run (the role itself is last).
    pub roles: Vec<Arc<Role>>,
    /// The tasks: a block with [`role_of`](crate::Block::role_of) for each dependency, and one for the role.
    pub tasks: Vec<Item>,
    /// Their handlers.
    pub handlers: Vec<Item>,
}

/// Reads playbooks, and at run time what they include. One for a run: each file is read and parsed once.
pub struct Loader {
    options: LoaderOptions,
}

impl Loader {
    /// A loader with these settings.
    pub fn new(options: LoaderOptions) -> Self {
        Self { options }
    }

    /// Reads a playbook with everything that is static in it.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or is not what Ansible accepts.
    pub fn load(&self, _file: &Path) -> Result<Playbook, Error> {
        todo!()
    }

    /// Reads the task file that the dynamic include `from` names. What is in it inherits from the block around the
    /// include and from `apply`, and sees the include's `vars` together with `vars` (loop variables and the like).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a list of tasks.
    pub fn include_tasks(
        &self,
        _file: &Path,
        _from: &Task,
        _apply: Option<&Value>,
        _vars: Map,
    ) -> Result<Vec<Item>, Error> {
        todo!()
    }

    /// Reads the role that the dynamic include `from` names, with its dependencies.
    ///
    /// # Errors
    ///
    /// If there is no such role, or a file of it is wrong.
    pub fn include_role(&self, _request: &RoleRequest, _from: &Task) -> Result<IncludedRole, Error> {
        todo!()
    }

    /// Reads a file of variables: a mapping in YAML or JSON, vaulted or not. An empty file is an empty mapping.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is no mapping.
    pub fn load_vars_file(&self, _path: &Path) -> Result<Map, Error> {
        todo!()
    }

    /// The file that a relative name means: looked for in each of `dirs` (see [`Task::dirs`]), first in its folder `subdir`
    /// (`files`, `templates`, `vars`, `tasks`), then in itself. An absolute name, or one that begins with `~`, is itself.
    pub fn find_file(&self, _dirs: &[PathBuf], _subdir: &str, _name: &str) -> Option<PathBuf> {
        todo!()
    }

    /// The file that `include_tasks` of this task means by `name`: in the folder of the file the task stands in, in the
    /// role's `tasks`, in the playbook's folder.
    ///
    /// # Errors
    ///
    /// If there is none; the error names where it was looked for.
    pub fn find_tasks(&self, _name: &str, _from: &Task) -> Result<PathBuf, Error> {
        todo!()
    }

    /// The file of a module that comes with the playbook or role (`library/`, a collection's `plugins/modules`).
    pub fn custom_module(&self, _name: &str, _task: &Task) -> Option<PathBuf> {
        todo!()
    }

    /// What was odd in the files read so far, each once.
    pub fn warnings(&self) -> Vec<String> {
        todo!()
    }

    /// The settings.
    pub fn options(&self) -> &LoaderOptions {
        &self.options
    }
}
