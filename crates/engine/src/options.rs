//! What a run is told by command line and configuration.

use std::path::PathBuf;
use std::time::Duration;

use ksplay_transport::Secret;
use ksplay_value::Map;

use crate::fact_cache::FactCache;

/// The settings of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many hosts are worked on at the same time.
    pub forks: usize,
    /// Look, do not change.
    pub check: bool,
    /// Show what changes.
    pub diff: bool,
    /// `--tags`; empty for all.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// `--limit`.
    pub limit: Option<String>,
    /// `-e`, later ones over earlier ones.
    pub extra_vars: Map,
    /// `--start-at-task`.
    pub start_at_task: Option<String>,
    /// Whether the user is asked before each task.
    pub step: bool,
    /// `--force-handlers`, or the setting.
    pub force_handlers: bool,
    /// Whether a notification that no handler has the name of ends the run (`error_on_missing_handler`).
    pub error_on_missing_handler: bool,
    /// The number of `-v`.
    pub verbosity: u8,
    /// When facts are gathered by a play that does not say.
    pub gathering: Gathering,
    /// What `gather_subset` is for plays that do not say.
    pub gather_subset: Vec<String>,
    /// The setting `any_errors_fatal`.
    pub any_errors_fatal: bool,
    /// The strategy of plays that name none.
    pub strategy: String,
    /// Whether the results of tasks that do not say are hidden (`no_log`).
    pub no_log: bool,
    /// Whether facts are variables of their own too (`inject_facts_as_vars`).
    pub inject_facts: bool,
    /// How hosts are connected to.
    pub connection: ConnectionDefaults,
    /// What becomes of tasks that do not say.
    pub becoming: BecomeDefaults,
    /// The setting `task_timeout`; none when zero.
    pub task_timeout: Option<Duration>,
    /// The setting `async_dir`: the folder of a machine where results of jobs are kept.
    pub async_dir: String,
    /// The setting `enable_task_debugger`: whether the user looks at all failures.
    pub debugger: bool,
    /// Whether a failure that the playbook ignores is none for the debugger (`task_debugger_ignore_errors`).
    pub debugger_ignores: bool,
    /// The setting `poll_interval`: how long to wait between two looks at a job whose task does not say.
    pub poll_interval: Duration,
    /// The configuration file in use, for `ansible_config_file`.
    pub config_file: Option<PathBuf>,
    /// Where facts are kept between runs.
    pub fact_cache: Option<FactCache>,
    /// Whether mappings of one name are merged over all levels (`hash_behaviour`).
    pub merge_mappings: bool,
    /// The inventory sources as given, for `ansible_inventory_sources`.
    pub inventory_sources: Vec<String>,
}

/// The setting `gathering`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gathering {
    /// Unless the play says no.
    #[default]
    Implicit,
    /// Only if the play says yes.
    Explicit,
    /// Unless the host has facts already.
    Smart,
}

/// How hosts are connected to that do not say.
#[derive(Debug, Clone)]
pub struct ConnectionDefaults {
    /// `ssh` or `local` (`-c`).
    pub kind: String,
    /// `-u`.
    pub user: Option<String>,
    /// `remote_port`.
    pub port: Option<u16>,
    /// `-k`.
    pub password: Option<Secret>,
    /// `--private-key`.
    pub key_file: Option<PathBuf>,
    /// `host_key_checking`.
    pub host_key_checking: bool,
    /// `-T`.
    pub timeout: Duration,
    /// `ssh_args`, split into words; `None` for ksplay's own.
    pub ssh_args: Option<Vec<String>>,
    /// `--ssh-common-args`, split into words.
    pub common_args: Vec<String>,
    /// `--ssh-extra-args`, split into words.
    pub extra_args: Vec<String>,
    /// `ssh_executable`.
    pub executable: String,
}

/// Who tasks run as that do not say.
#[derive(Debug, Clone)]
pub struct BecomeDefaults {
    /// `-b`.
    pub enabled: bool,
    /// `--become-method`.
    pub method: String,
    /// `--become-user`.
    pub user: String,
    /// `become_exe`.
    pub exe: Option<String>,
    /// `become_flags`.
    pub flags: Option<String>,
    /// `-K`.
    pub password: Option<Secret>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            forks: 5,
            check: false,
            diff: false,
            tags: Vec::new(),
            skip_tags: Vec::new(),
            limit: None,
            extra_vars: Map::new(),
            start_at_task: None,
            step: false,
            force_handlers: false,
            error_on_missing_handler: true,
            verbosity: 0,
            gathering: Gathering::default(),
            gather_subset: Vec::new(),
            any_errors_fatal: false,
            strategy: "linear".into(),
            no_log: false,
            inject_facts: true,
            connection: ConnectionDefaults::default(),
            becoming: BecomeDefaults::default(),
            task_timeout: None,
            async_dir: "~/.ansible_async".into(),
            debugger: false,
            debugger_ignores: true,
            poll_interval: Duration::from_secs(15),
            config_file: None,
            fact_cache: None,
            merge_mappings: false,
            inventory_sources: Vec::new(),
        }
    }
}

impl Default for ConnectionDefaults {
    fn default() -> Self {
        Self {
            kind: "ssh".into(),
            user: None,
            port: None,
            password: None,
            key_file: None,
            host_key_checking: true,
            timeout: Duration::from_secs(10),
            ssh_args: None,
            common_args: Vec::new(),
            extra_args: Vec::new(),
            executable: "ssh".into(),
        }
    }
}

impl Default for BecomeDefaults {
    fn default() -> Self {
        Self { enabled: false, method: "sudo".into(), user: "root".into(), exe: None, flags: None, password: None }
    }
}
