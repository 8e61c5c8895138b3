//! What a playbook is once it is loaded: static imports expanded, keywords inherited, actions told from keywords.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ksplay_value::{Diagnostic, Map, Span, Str, Value};

use crate::arguments::builtin_name;
use crate::{Reserved, action};

/// A loaded playbook: the plays of the file and of what it imports, in order.
#[derive(Debug, Clone)]
pub struct Playbook {
    /// The file that was asked for.
    pub file: PathBuf,
    /// Its plays.
    pub plays: Vec<Arc<Play>>,
}

/// One play.
#[derive(Debug, Clone)]
pub struct Play {
    /// Its name, when it has one.
    pub name: Option<Value>,
    /// The host pattern: a text, a list of texts, or a template.
    pub hosts: Value,
    /// Where the play begins.
    pub span: Span,
    /// The folder of the file the play stands in (`playbook_dir`).
    pub dir: PathBuf,
    /// Keywords that tasks inherit.
    pub keywords: Arc<Keywords>,
    /// `vars`.
    pub vars: Map,
    /// `vars`, and those of `vars_files` that can be read while loading: what hosts, strategy and the like are evaluated with.
    pub known_vars: Arc<Map>,
    /// `vars_files`: each a file name or a list of which the first that exists counts.
    pub vars_files: Vec<Value>,
    /// `vars_prompt`, as written.
    pub vars_prompt: Vec<VarsPrompt>,
    /// `gather_facts`; absent means the setting of the configuration.
    pub gather_facts: Option<Value>,
    /// `gather_subset`, `gather_timeout`, `fact_path`.
    pub gather: GatherOptions,
    /// `serial`: batch sizes as numbers, percentages or a list of both.
    pub serial: Option<Value>,
    /// `strategy`.
    pub strategy: Option<Value>,
    /// `order`.
    pub order: Option<Value>,
    /// `max_fail_percentage`.
    pub max_fail_percentage: Option<Value>,
    /// `force_handlers`.
    pub force_handlers: Option<Value>,
    /// `pre_tasks`.
    pub pre_tasks: Vec<Item>,
    /// The roles of the play and their dependencies in the order in which they run; defaults and vars of all of them are
    /// visible in the whole play.
    pub roles: Vec<Arc<Role>>,
    /// The tasks of the roles, in order.
    pub role_tasks: Vec<Item>,
    /// `tasks`.
    pub tasks: Vec<Item>,
    /// `post_tasks`.
    pub post_tasks: Vec<Item>,
    /// Handlers of the play and of its roles, in the order in which they run.
    pub handlers: Vec<Item>,
}

/// `gather_subset`, `gather_timeout` and `fact_path` of a play.
#[derive(Debug, Clone, Default)]
pub struct GatherOptions {
    /// Subsets, as the module `setup` takes them.
    pub subset: Option<Value>,
    /// Seconds.
    pub timeout: Option<Value>,
    /// The folder of local facts.
    pub fact_path: Option<Value>,
}

/// One question of `vars_prompt`.
#[derive(Debug, Clone)]
pub struct VarsPrompt {
    /// The variable.
    pub name: Str,
    /// The question.
    pub prompt: Option<Value>,
    /// The answer when the user only presses Enter.
    pub default: Option<Value>,
    /// Whether the answer is hidden.
    pub private: bool,
    /// Whether it is asked twice.
    pub confirm: bool,
    /// A hash method of `password_hash`.
    pub encrypt: Option<Value>,
    /// The size of the salt.
    pub salt_size: Option<Value>,
    /// The salt.
    pub salt: Option<Value>,
    /// Whether the answer is text only, never a template.
    pub unsafe_: bool,
}

/// A task or a block.
#[derive(Debug, Clone)]
pub enum Item {
    /// A task.
    Task(Arc<Task>),
    /// A block.
    Block(Arc<Block>),
}

/// A block; its keywords are already in those of its tasks.
#[derive(Debug)]
pub struct Block {
    /// The main part.
    pub block: Vec<Item>,
    /// What runs when a task of the main part failed.
    pub rescue: Vec<Item>,
    /// What runs in any case.
    pub always: Vec<Item>,
    /// Keywords as its tasks inherit them, for dynamic includes inside it and for `any_errors_fatal`.
    pub keywords: Arc<Keywords>,
    /// The role whose tasks these are, when this block is all of a role's tasks.
    pub role_of: Option<Arc<Role>>,
    /// Where it begins.
    pub span: Span,
    /// The handler name when the block stands among handlers.
    pub name: Option<Value>,
}

/// Keywords that plays, roles, blocks and tasks share, as they hold for one task: the nearest definition counts, those that
/// are lists here (but for `notify` and `collections`) are joined. A value may be a template, evaluated for each host.
#[derive(Debug, Clone, Default)]
pub struct Keywords {
    /// Conditions, outermost first; all must hold.
    pub when: Vec<Value>,
    /// Tags, evaluated when loading.
    pub tags: Vec<Str>,
    /// The name of the block right around it when it is a template: a task fails where it cannot be evaluated.
    pub block_name: Option<Value>,
    /// Variables (`vars`) of roles' use, blocks, static imports and the task, outermost first; not those of plays.
    pub vars: Vec<Arc<Map>>,
    /// Variables of dynamic includes (their `vars`, their loop variables), outermost first: above facts and role
    /// parameters, below extra variables.
    pub include_vars: Vec<Arc<Map>>,
    /// What is to be said of the names of the play's and these variables, outermost first.
    pub reserved: Vec<Diagnostic>,
    /// Environments (mappings or lists of mappings), outermost first.
    pub environment: Vec<Value>,
    /// Argument defaults by module, outermost first.
    pub module_defaults: Vec<Value>,
    /// The full names of the modules in the groups that these name.
    pub module_groups: HashMap<Str, Vec<Str>>,
    /// Handlers and topics to notify on change.
    pub notify: Vec<Value>,
    /// Collections to search.
    pub collections: Vec<Str>,
    /// `become`.
    pub become_: Option<Value>,
    /// `become_user`.
    pub become_user: Option<Value>,
    /// `become_method`.
    pub become_method: Option<Value>,
    /// `become_exe`.
    pub become_exe: Option<Value>,
    /// `become_flags`.
    pub become_flags: Option<Value>,
    /// `connection`.
    pub connection: Option<Value>,
    /// `remote_user`.
    pub remote_user: Option<Value>,
    /// `port`.
    pub port: Option<Value>,
    /// `ignore_errors`.
    pub ignore_errors: Option<Value>,
    /// `ignore_unreachable`.
    pub ignore_unreachable: Option<Value>,
    /// `no_log`.
    pub no_log: Option<Value>,
    /// `check_mode`.
    pub check_mode: Option<Value>,
    /// `diff`.
    pub diff: Option<Value>,
    /// `any_errors_fatal`.
    pub any_errors_fatal: Option<Value>,
    /// `run_once`.
    pub run_once: Option<Value>,
    /// `throttle`.
    pub throttle: Option<Value>,
    /// `timeout`, in seconds.
    pub timeout: Option<Value>,
    /// `delegate_to`.
    pub delegate_to: Option<Value>,
    /// `delegate_facts`.
    pub delegate_facts: Option<Value>,
    /// `debugger`.
    pub debugger: Option<Value>,
}

/// One task (or handler).
#[derive(Debug, Clone)]
pub struct Task {
    /// A number of its own within the run.
    pub id: u32,
    /// `name`.
    pub name: Option<Value>,
    /// The module or action: `copy`, `ansible.builtin.copy`, `include_tasks`; what collections lead its name to.
    pub action: Str,
    /// The name as it was written, which is what is shown.
    pub written_action: Str,
    /// Where that stands.
    pub action_span: Span,
    /// The template of it, when it is one: each host has its own ([`Task::with_action`]).
    pub chosen: Option<Value>,
    /// Its arguments; free text is under `_raw_params`. A template when the whole of `args` is one.
    pub args: Value,
    /// The keywords that hold for it.
    pub keywords: Arc<Keywords>,
    /// Its own `vars`, which are the last of [`Keywords::vars`] too.
    pub vars: Option<Arc<Map>>,
    /// `loop` or `with_*`.
    pub loop_: Option<Loop>,
    /// `register`.
    pub register: Option<Value>,
    /// What is to be said of the names that it sets.
    pub reserved: Reserved,
    /// `until`; all must hold.
    pub until: Vec<Value>,
    /// `retries`.
    pub retries: Option<Value>,
    /// `delay`, in seconds.
    pub delay: Option<Value>,
    /// `changed_when`; any `Some` overrides the module, all must hold.
    pub changed_when: Option<Vec<Value>>,
    /// `failed_when`.
    pub failed_when: Option<Vec<Value>>,
    /// `async`, in seconds.
    pub async_: Option<Value>,
    /// `poll`, in seconds.
    pub poll: Option<Value>,
    /// Topics of a handler.
    pub listen: Vec<Value>,
    /// The role it belongs to.
    pub role: Option<Arc<Role>>,
    /// Where the task begins.
    pub span: Span,
    /// Folders in which its relative files are looked up, nearest first (`ansible_search_path`): the role's, those of the
    /// roles that brought it in, the task file's, and last the playbook's.
    pub dirs: Arc<[PathBuf]>,
    /// The relative folders of the includes around it, each joined to those outside of it, innermost first: where
    /// [`Loader::find_tasks`](crate::Loader::find_tasks) looks.
    pub include_dirs: Arc<[PathBuf]>,
    /// Folders of custom modules, nearest first: of the role, beside the playbook.
    pub library: Arc<[PathBuf]>,
    /// The keywords of the block or play around it, which what it includes inherits.
    pub outer: Arc<Keywords>,
    /// Whether it stands among handlers.
    pub handler: bool,
}

impl Task {
    /// A task that no file holds, with the keywords of what is around it and nothing of a role or folder.
    #[must_use]
    pub fn made(id: u32, name: &str, action: &str, args: Map, outer: &Arc<Keywords>, span: &Span) -> Self {
        Self {
            id,
            name: Some(Value::from(name)),
            action: action.into(),
            written_action: action.into(),
            action_span: span.clone(),
            chosen: None,
            args: args.into(),
            keywords: Arc::clone(outer),
            vars: None,
            loop_: None,
            register: None,
            reserved: Reserved::default(),
            until: Vec::new(),
            retries: None,
            delay: None,
            changed_when: None,
            failed_when: None,
            async_: None,
            poll: None,
            listen: Vec::new(),
            role: None,
            span: span.clone(),
            dirs: Arc::default(),
            include_dirs: Arc::default(),
            library: Arc::default(),
            outer: Arc::clone(outer),
            handler: false,
        }
    }

    /// The task with the action that [`Task::chosen`] came to, and what it means.
    #[must_use]
    pub fn with_action(&self, name: &str, written: &str) -> Self {
        let mut task = Self { action: name.into(), written_action: written.into(), chosen: None, ..self.clone() };
        if let Value::Map(args) = &mut task.args {
            action::keep_expressions(name, Arc::make_mut(args));
        }
        task
    }

    /// The role whose name stands before the task's own where it is shown. As in Ansible, an `include_role` shows the
    /// role that it brings, or its own name, but never the role that it stands in.
    #[must_use]
    pub fn shown_role(&self) -> Option<&Role> {
        self.role.as_deref().filter(|_| builtin_name(&self.action) != "include_role")
    }
}

/// `loop` or `with_*`.
#[derive(Debug, Clone)]
pub struct Loop {
    /// `None` for `loop`, the lookup's name for `with_…`.
    pub lookup: Option<Str>,
    /// What is looped over.
    pub items: Value,
    /// `loop_control`.
    pub control: LoopControl,
}

/// `loop_control`.
#[derive(Debug, Clone, Default)]
pub struct LoopControl {
    /// The variable of the item; `item` when absent.
    pub loop_var: Option<Value>,
    /// The variable of the index.
    pub index_var: Option<Value>,
    /// What is shown for an item.
    pub label: Option<Value>,
    /// Seconds between items.
    pub pause: Option<Value>,
    /// Whether `ansible_loop` is set.
    pub extended: Option<Value>,
    /// Whether `ansible_loop.allitems` is set.
    pub extended_allitems: Option<Value>,
    /// Conditions that end the loop.
    pub break_when: Vec<Value>,
    /// How many items run at the same time. Ansible does not have it.
    pub parallel: Option<Value>,
}

/// A role as one play uses it.
#[derive(Debug)]
pub struct Role {
    /// Its name: `etcd`, `ns.coll.etcd`.
    pub name: Str,
    /// The collection that it belongs to.
    pub collection: Option<Str>,
    /// Its folder.
    pub path: PathBuf,
    /// `defaults/main` (or `defaults_from`).
    pub defaults: Arc<Map>,
    /// `vars/main` (or `vars_from`).
    pub vars: Arc<Map>,
    /// Variables given where it is used.
    pub params: Arc<Map>,
    /// The files of `defaults`, later ones over earlier.
    pub defaults_files: Vec<PathBuf>,
    /// The files of `vars`, later ones over earlier.
    pub vars_files: Vec<PathBuf>,
    /// What is to be said of the names in `defaults` and `vars`.
    pub reserved: Vec<Diagnostic>,
    /// The roles that it depends on directly, in order.
    pub dependencies: Vec<Arc<Role>>,
    /// The names of the roles whose tasks included it, or the role that it is a dependency of, nearest first
    /// (`ansible_parent_role_names`; a dependency of a role under `roles:` has none).
    pub parents: Vec<Str>,
    /// The variables of those roles, outermost first: a role sees them, and they give way to its own.
    pub inherited: Vec<RoleVars>,
    /// What tells whether this is the same use of the role: within a play, a host runs roles with one key once, unless
    /// `allow_duplicates` is set. [`Block::role_of`] marks where a role's tasks begin and end.
    pub key: Str,
    /// `argument_specs` of the entry point, when it has one.
    pub argument_spec: Option<Map>,
    /// `meta: allow_duplicates`.
    pub allow_duplicates: bool,
    /// Whether its variables are visible outside of it (`roles:`, `import_role`, `include_role` with `public`).
    pub public: bool,
}

impl Role {
    /// Its name without that of its collection.
    pub fn short_name(&self) -> &str {
        match &self.collection {
            Some(collection) => self.name.strip_prefix(&**collection).map_or(&*self.name, |name| &name[1..]),
            None => &self.name,
        }
    }

    /// The roles that it depends on, directly or not, in the order in which they run.
    pub fn all_dependencies(&self) -> Vec<&Arc<Role>> {
        self.dependencies.iter().flat_map(|role| role.all_dependencies().into_iter().chain([role])).collect()
    }
}

/// The variables of a role.
#[derive(Debug, Clone, Default)]
pub struct RoleVars {
    /// `defaults`.
    pub defaults: Arc<Map>,
    /// `vars`.
    pub vars: Arc<Map>,
    /// Variables given where it is used.
    pub params: Arc<Map>,
    /// The role's folder.
    pub path: PathBuf,
}
