//! What a [`Loader`](crate::Loader) needs to know of the run.

use std::path::PathBuf;
use std::sync::Arc;

use ksplay_template::Environment;
use ksplay_value::yaml::DuplicateKeys;
use ksplay_value::{Map, Value};

/// Decrypts a whole vaulted file: its bytes in, plain bytes out, or a message that names no secret.
pub type Decrypt = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send + Sync>;

/// Settings of a [`Loader`](crate::Loader).
#[derive(Clone)]
pub struct LoaderOptions {
    /// Where roles are searched after the playbook's own folders.
    pub roles_path: Vec<PathBuf>,
    /// Folders that hold `ansible_collections` (or are it).
    pub collections_paths: Vec<PathBuf>,
    /// Folders of custom modules beside those of playbook and role (`DEFAULT_MODULE_PATH`).
    pub library: Vec<PathBuf>,
    /// Variables of the command line, for names that static imports template.
    pub extra_vars: Map,
    /// What is known of the run before any host is looked at: `groups`, `ansible_check_mode` and the like.
    pub run_vars: Map,
    /// How whole vaulted files are read; without it they are errors.
    pub decrypt: Option<Decrypt>,
    /// The settings of templates that are evaluated while loading.
    pub environment: Environment,
    /// Whether this is the name of a module or action of the engine.
    pub is_action: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// The names of all of them, for "did you mean".
    pub action_names: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// What happens to keys that stand twice.
    pub duplicate_keys: DuplicateKeys,
}

impl Default for LoaderOptions {
    /// No search paths, no vault, and every name is taken for a module.
    fn default() -> Self {
        Self {
            roles_path: Vec::new(),
            collections_paths: Vec::new(),
            library: Vec::new(),
            extra_vars: Map::new(),
            run_vars: Map::new(),
            decrypt: None,
            environment: Environment::default(),
            is_action: Arc::new(|_| true),
            action_names: Arc::new(Vec::new),
            duplicate_keys: DuplicateKeys::default(),
        }
    }
}

/// What `include_role` asks for, its templates evaluated.
#[derive(Debug, Clone, Default)]
pub struct RoleRequest {
    /// The role's name, or its path.
    pub name: String,
    /// `tasks_from`; `main` when absent.
    pub tasks_from: Option<String>,
    /// `vars_from`.
    pub vars_from: Option<String>,
    /// `defaults_from`.
    pub defaults_from: Option<String>,
    /// `handlers_from`.
    pub handlers_from: Option<String>,
    /// `allow_duplicates`; true when absent.
    pub allow_duplicates: Option<bool>,
    /// `public`.
    pub public: bool,
    /// `rolespec_validate`; true when absent.
    pub rolespec_validate: Option<bool>,
    /// `apply`: keywords for everything that is brought in.
    pub apply: Option<Value>,
    /// `vars` of the include and its loop variable.
    pub vars: Map,
}
