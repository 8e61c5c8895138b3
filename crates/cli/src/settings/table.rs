//! All settings: their names, types and defaults, each in one place.

use std::path::{Path, PathBuf};

use ksplay_inventory::Level;
use ksplay_report::Colour;
use ksplay_value::Value;

use super::file::{self, File};
use super::kind::{self, Kind};
use super::known::Shown;
use super::reader::{Names, Reader};
use super::{Error, Origin, Setting, ignored, misspelt};

/// A setting, as `ansible-config list` tells of it.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its name there; `TYPE PLUGIN OPTION` where it is one of a plugin.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Its names in the environment, and as section and key of the file.
    pub names: Names,
}

/// Every field: its meaning, its name for `ansible-config`, its type, how it is read, and its names in the environment and in
/// the file.
macro_rules! settings {
    ($(#[doc = $doc:literal] $name:literal $field:ident: $type:ty = $read:ident($($default:expr),*), [$($variable:literal),*], [$($entry:expr),*];)*) => {
        /// What the user settled beside the command line.
        #[derive(Debug, Clone)]
        pub struct Settings {
            /// The configuration file that was read.
            pub file: Option<PathBuf>,
            /// What the user should know about how settings were found.
            pub warnings: Vec<String>,
            $(#[doc = $doc] pub $field: Setting<$type>,)*
        }

        /// The names of all.
        pub(super) const NAMES: &[Names] = &[$(Names(&[$($variable),*], &[$($entry),*])),*];

        impl Settings {
            fn read(reader: &Reader<'_>, warnings: Vec<String>) -> Result<Self, Error> {
                Ok(Self {
                    file: reader.file.path.clone(),
                    warnings,
                    $($field: reader.$read(Names(&[$($variable),*], &[$($entry),*]) $(, $default)*)?,)*
                })
            }

            /// What can be set, by its first name.
            pub(super) fn rows() -> Vec<Described> {
                vec![$(Described {
                    name: $name,
                    about: $doc.trim_ascii(),
                    kind: kind::$read($($default),*),
                    names: Names(&[$($variable),*], &[$($entry),*]),
                }),*]
            }

            /// What is set, by the names of `ansible-config`.
            pub(super) fn values(&self) -> Vec<(&'static str, Value, &Origin)> {
                vec![$(($name, self.$field.shown(), &self.$field.origin)),*]
            }
        }
    };
}

settings! {
    /// How many hosts are worked on at once.
    "DEFAULT_FORKS" forks: usize = number(5), ["ANSIBLE_FORKS"], [("defaults", "forks")];
    /// The inventory sources where the command line names none.
    "DEFAULT_HOST_LIST" inventory: Vec<PathBuf> = paths(',', &["/etc/ansible/hosts"]), ["ANSIBLE_INVENTORY"], [("defaults", "inventory")];
    /// Where roles are looked for.
    "DEFAULT_ROLES_PATH" roles_path: Vec<PathBuf> = paths(':', &["~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"]), ["ANSIBLE_ROLES_PATH"], [("defaults", "roles_path")];
    /// Where collections are looked for.
    "COLLECTIONS_PATHS" collections_path: Vec<PathBuf> = paths(':', &["~/.ansible/collections", "/usr/share/ansible/collections"]), ["ANSIBLE_COLLECTIONS_PATH"], [("defaults", "collections_path")];
    /// The user to log in as.
    "DEFAULT_REMOTE_USER" remote_user: Option<String> = optional(), ["ANSIBLE_REMOTE_USER"], [("defaults", "remote_user")];
    /// The port to connect to.
    "DEFAULT_REMOTE_PORT" remote_port: Option<u16> = optional_number(), ["ANSIBLE_REMOTE_PORT"], [("defaults", "remote_port")];
    /// The SSH key to log in with.
    "DEFAULT_PRIVATE_KEY_FILE" private_key_file: Option<PathBuf> = path(), ["ANSIBLE_PRIVATE_KEY_FILE"], [("defaults", "private_key_file")];
    /// Whether to ask for the login password.
    "DEFAULT_ASK_PASS" ask_pass: bool = flag(false), ["ANSIBLE_ASK_PASS"], [("defaults", "ask_pass")];
    /// Whether to ask for the vault password.
    "DEFAULT_ASK_VAULT_PASS" ask_vault_pass: bool = flag(false), ["ANSIBLE_ASK_VAULT_PASS"], [("defaults", "ask_vault_pass")];
    /// The file with the vault password.
    "DEFAULT_VAULT_PASSWORD_FILE" vault_password_file: Option<PathBuf> = path(), ["ANSIBLE_VAULT_PASSWORD_FILE"], [("defaults", "vault_password_file")];
    /// Vault identities, as `--vault-id` takes them.
    "DEFAULT_VAULT_IDENTITY_LIST" vault_identity_list: Vec<String> = list(&[]), ["ANSIBLE_VAULT_IDENTITY_LIST"], [("defaults", "vault_identity_list")];
    /// The label of a vault identity that has none.
    "DEFAULT_VAULT_IDENTITY" vault_identity: String = text("default"), ["ANSIBLE_VAULT_IDENTITY"], [("defaults", "vault_identity")];
    /// What is derived into the key of new vault texts besides the password, in place of chance.
    "VAULT_ENCRYPT_SALT" vault_encrypt_salt: Option<String> = optional(), ["ANSIBLE_VAULT_ENCRYPT_SALT"], [("defaults", "vault_encrypt_salt")];
    /// The vault identity to encrypt with.
    "DEFAULT_VAULT_ENCRYPT_IDENTITY" vault_encrypt_identity: Option<String> = optional(), ["ANSIBLE_VAULT_ENCRYPT_IDENTITY"], [("defaults", "vault_encrypt_identity")];
    /// Whether only passwords of the identity that a text is labelled with open it.
    "DEFAULT_VAULT_ID_MATCH" vault_id_match: bool = flag(false), ["ANSIBLE_VAULT_ID_MATCH"], [("defaults", "vault_id_match")];
    /// Whether the keys of hosts are checked.
    "HOST_KEY_CHECKING" host_key_checking: bool = flag(true), ["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"], [("defaults", "host_key_checking"), ("ssh_connection", "host_key_checking")];
    /// Seconds to wait for a connection.
    "DEFAULT_TIMEOUT" timeout: u64 = number(10), ["ANSIBLE_TIMEOUT", "ANSIBLE_SSH_TIMEOUT"], [("defaults", "timeout"), ("ssh_connection", "timeout")];
    /// When facts are gathered.
    "DEFAULT_GATHERING" gathering: String = choice(&["implicit", "explicit", "smart"]), ["ANSIBLE_GATHERING"], [("defaults", "gathering")];
    /// Whether to become another user.
    "DEFAULT_BECOME" become_enabled: bool = flag(false), ["ANSIBLE_BECOME"], [("privilege_escalation", "become")];
    /// How to become another user.
    "DEFAULT_BECOME_METHOD" become_method: String = text("sudo"), ["ANSIBLE_BECOME_METHOD"], [("privilege_escalation", "become_method")];
    /// The user to become.
    "DEFAULT_BECOME_USER" become_user: String = text("root"), ["ANSIBLE_BECOME_USER"], [("privilege_escalation", "become_user")];
    /// Whether to ask for the password of becoming.
    "DEFAULT_BECOME_ASK_PASS" become_ask_pass: bool = flag(false), ["ANSIBLE_BECOME_ASK_PASS"], [("privilege_escalation", "become_ask_pass")];
    /// The program for becoming.
    "DEFAULT_BECOME_EXE" become_exe: Option<String> = optional(), ["ANSIBLE_BECOME_EXE"], [("privilege_escalation", "become_exe")];
    /// The options of that program.
    "DEFAULT_BECOME_FLAGS" become_flags: Option<String> = optional(), ["ANSIBLE_BECOME_FLAGS"], [("privilege_escalation", "become_flags")];
    /// The file with the password of becoming.
    "BECOME_PASSWORD_FILE" become_password_file: Option<PathBuf> = path(), ["ANSIBLE_BECOME_PASSWORD_FILE"], [("defaults", "become_password_file")];
    /// The file with the login password.
    "CONNECTION_PASSWORD_FILE" connection_password_file: Option<PathBuf> = path(), ["ANSIBLE_CONNECTION_PASSWORD_FILE"], [("defaults", "connection_password_file")];
    /// How mappings of one name meet.
    "DEFAULT_HASH_BEHAVIOUR" hash_behaviour: String = choice(&["replace", "merge"]), ["ANSIBLE_HASH_BEHAVIOUR"], [("defaults", "hash_behaviour")];
    /// Whether colours are never used.
    "ANSIBLE_NOCOLOR" nocolor: bool = shared_flag(false), ["ANSIBLE_NOCOLOR", "NO_COLOR"], [("defaults", "nocolor")];
    /// Whether colours are used without a terminal too.
    "ANSIBLE_FORCE_COLOR" force_color: bool = flag(false), ["ANSIBLE_FORCE_COLOR"], [("defaults", "force_color")];
    /// Whether differences are always shown.
    "DIFF_ALWAYS" diff_always: bool = flag(false), ["ANSIBLE_DIFF_ALWAYS"], [("diff", "always")];
    /// Where facts are kept: `memory` for this run, `jsonfile` for later ones too.
    "CACHE_PLUGIN" fact_caching: String = text("memory"), ["ANSIBLE_CACHE_PLUGIN"], [("defaults", "fact_caching")];
    /// The folder of `jsonfile`.
    "CACHE_PLUGIN_CONNECTION" fact_caching_connection: Option<PathBuf> = path(), ["ANSIBLE_CACHE_PLUGIN_CONNECTION"], [("defaults", "fact_caching_connection")];
    /// What the names of its files begin with.
    "CACHE_PLUGIN_PREFIX" fact_caching_prefix: String = text(""), ["ANSIBLE_CACHE_PLUGIN_PREFIX"], [("defaults", "fact_caching_prefix")];
    /// Seconds that kept facts count; 0 is for ever.
    "CACHE_PLUGIN_TIMEOUT" fact_caching_timeout: u64 = number(86400), ["ANSIBLE_CACHE_PLUGIN_TIMEOUT"], [("defaults", "fact_caching_timeout")];
    /// Whether the hosts that failed are written to a file.
    "RETRY_FILES_ENABLED" retry_files_enabled: bool = flag(false), ["ANSIBLE_RETRY_FILES_ENABLED"], [("defaults", "retry_files_enabled")];
    /// The folder of those files, instead of that of the playbook.
    "RETRY_FILES_SAVE_PATH" retry_files_save_path: Option<PathBuf> = path(), ["ANSIBLE_RETRY_FILES_SAVE_PATH"], [("defaults", "retry_files_save_path")];
    /// What hears of the run beside the standard output.
    "CALLBACKS_ENABLED" callbacks_enabled: Vec<String> = list(&[]), ["ANSIBLE_CALLBACKS_ENABLED"], [("defaults", "callbacks_enabled")];
    /// The file that keeps what is shown.
    "DEFAULT_LOG_PATH" log_path: Option<PathBuf> = path(), ["ANSIBLE_LOG_PATH"], [("defaults", "log_path")];
    /// By how many columns the callbacks `json` and `jsonl` indent.
    "callback json json_indent" json_indent: Option<usize> = optional_number(), ["ANSIBLE_JSON_INDENT"], [("defaults", "json_indent")];
    /// How many tasks the summary of `profile_tasks` has, or `all`.
    "callback profile_tasks task_output_limit" profile_tasks_limit: String = text("20"), ["PROFILE_TASKS_TASK_OUTPUT_LIMIT"], [("callback_profile_tasks", "task_output_limit")];
    /// Their order.
    "callback profile_tasks sort_order" profile_tasks_order: String = choice(&["descending", "ascending", "none"]), ["PROFILE_TASKS_SORT_ORDER"], [("callback_profile_tasks", "sort_order")];
    /// Whether `profile_tasks` has nothing but its summary.
    "callback profile_tasks summary_only" profile_tasks_summary: bool = flag(false), ["PROFILE_TASKS_SUMMARY_ONLY"], [("callback_profile_tasks", "summary_only")];
    /// Whether `profile_roles` has nothing but its summary.
    "callback profile_roles summary_only" profile_roles_summary: bool = flag(false), ["PROFILE_ROLES_SUMMARY_ONLY"], [("callback_profile_roles", "summary_only")];
    /// The folder of the callback `tree`.
    "callback tree directory" callback_tree_dir: Option<PathBuf> = path(), ["ANSIBLE_CALLBACK_TREE_DIR"], [("callback_tree", "directory")];
    /// The folder of the reports of `junit`.
    "callback junit output_dir" junit_dir: Option<PathBuf> = path(), ["JUNIT_OUTPUT_DIR"], [];
    /// Whether a change is a failure for `junit`.
    "callback junit fail_on_change" junit_fail_on_change: bool = flag(false), ["JUNIT_FAIL_ON_CHANGE"], [];
    /// Whether a failure that the playbook ignores is one for `junit`.
    "callback junit fail_on_ignore" junit_fail_on_ignore: bool = flag(false), ["JUNIT_FAIL_ON_IGNORE"], [];
    /// Whether the tests of `junit` are of files.
    "callback junit task_class" junit_task_class: bool = flag(false), ["JUNIT_TASK_CLASS"], [];
    /// Whether the facts that are gathered are tests of `junit`.
    "callback junit include_setup_tasks_in_report" junit_include_setup: bool = flag(true), ["JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT"], [];
    /// How results are written.
    "callback default result_format" result_format: String = choice(&["json", "yaml"]), ["ANSIBLE_CALLBACK_RESULT_FORMAT"], [("defaults", "callback_result_format")];
    /// Whether results are written for people; by default YAML is and JSON is not.
    "callback default pretty_results" format_pretty: Option<bool> = optional_flag(), ["ANSIBLE_CALLBACK_FORMAT_PRETTY"], [("defaults", "callback_format_pretty")];
    /// Whether the recap has what `set_stats` set.
    "SHOW_CUSTOM_STATS" show_custom_stats: bool = flag(false), ["ANSIBLE_SHOW_CUSTOM_STATS"], [("defaults", "show_custom_stats")];
    /// Whether each host is named when it begins a task.
    "callback default show_per_host_start" show_per_host_start: bool = flag(false), ["ANSIBLE_SHOW_PER_HOST_START"], [("defaults", "show_per_host_start")];
    /// Whether a failure names the place of its task.
    "callback default show_task_path_on_failure" show_task_path_on_failure: bool = flag(false), ["ANSIBLE_SHOW_TASK_PATH_ON_FAILURE"], [("defaults", "show_task_path_on_failure")];
    /// The form of the output.
    "DEFAULT_STDOUT_CALLBACK" stdout_callback: String = text("default"), ["ANSIBLE_STDOUT_CALLBACK"], [("defaults", "stdout_callback")];
    /// The format of `ansible_managed` in templates.
    "DEFAULT_MANAGED_STR" managed: Option<String> = optional(), [], [("defaults", "ansible_managed")];
    /// Extensions of Jinja to enable.
    "DEFAULT_JINJA2_EXTENSIONS" jinja2_extensions: Vec<String> = list(&[]), ["ANSIBLE_JINJA2_EXTENSIONS"], [("defaults", "jinja2_extensions")];
    /// Whether a failure of one host ends the play for all.
    "ANY_ERRORS_FATAL" any_errors_fatal: bool = flag(false), ["ANSIBLE_ANY_ERRORS_FATAL"], [("defaults", "any_errors_fatal")];
    /// Whether notified handlers run on failed hosts.
    "DEFAULT_FORCE_HANDLERS" force_handlers: bool = flag(false), ["ANSIBLE_FORCE_HANDLERS"], [("defaults", "force_handlers")];
    /// What a key that stands twice in YAML is.
    "DUPLICATE_YAML_DICT_KEY" duplicate_dict_key: String = choice(&["warn", "error", "ignore"]), ["ANSIBLE_DUPLICATE_YAML_DICT_KEY"], [("defaults", "duplicate_dict_key")];
    /// What becomes of group names that are no identifiers.
    "TRANSFORM_INVALID_GROUP_CHARS" transform_invalid_group_chars: String = choice(&["never", "always", "ignore", "silently"]), ["ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS"], [("defaults", "force_valid_group_names")];
    /// Arguments of ssh, in place of the usual ones.
    "connection ssh ssh_args" ssh_args: String = text("-C -o ControlMaster=auto -o ControlPersist=60s"), ["ANSIBLE_SSH_ARGS"], [("ssh_connection", "ssh_args")];
    /// More arguments of ssh and its relatives.
    "connection ssh ssh_common_args" ssh_common_args: String = text(""), ["ANSIBLE_SSH_COMMON_ARGS"], [("ssh_connection", "ssh_common_args")];
    /// More arguments of ssh alone.
    "connection ssh ssh_extra_args" ssh_extra_args: String = text(""), ["ANSIBLE_SSH_EXTRA_ARGS"], [("ssh_connection", "ssh_extra_args")];
    /// The program ssh.
    "connection ssh ssh_executable" ssh_executable: String = text("ssh"), ["ANSIBLE_SSH_EXECUTABLE"], [("ssh_connection", "ssh_executable")];
    /// Whether skipped tasks are shown.
    "DISPLAY_SKIPPED_HOSTS" display_skipped_hosts: bool = flag(true), ["ANSIBLE_DISPLAY_SKIPPED_HOSTS"], [("defaults", "display_skipped_hosts")];
    /// Whether tasks that changed nothing are shown.
    "callback default display_ok_hosts" display_ok_hosts: bool = flag(true), ["ANSIBLE_DISPLAY_OK_HOSTS"], [("defaults", "display_ok_hosts")];
    /// Whether failures go to the standard error stream.
    "callback default display_failed_stderr" display_failed_stderr: bool = flag(false), ["ANSIBLE_DISPLAY_FAILED_STDERR"], [("defaults", "display_failed_stderr")];
    /// Whether the output says that it is check mode.
    "callback default check_mode_markers" check_mode_markers: bool = flag(false), ["ANSIBLE_CHECK_MODE_MARKERS"], [("defaults", "check_mode_markers")];
    /// Whether a notification that no handler has the name of ends the run.
    "ERROR_ON_MISSING_HANDLER" error_on_missing_handler: bool = flag(true), ["ANSIBLE_ERROR_ON_MISSING_HANDLER"], [("defaults", "error_on_missing_handler")];
    /// Whether the user looks at all failures.
    "ENABLE_TASK_DEBUGGER" enable_task_debugger: bool = flag(false), ["ANSIBLE_ENABLE_TASK_DEBUGGER"], [("defaults", "enable_task_debugger")];
    /// Seconds between two looks at a job whose task does not say.
    "DEFAULT_POLL_INTERVAL" poll_interval: u64 = number(15), ["ANSIBLE_POLL_INTERVAL"], [("defaults", "poll_interval")];
    /// The folder of a machine where results of jobs are kept.
    "shell sh async_dir" async_dir: String = text("~/.ansible_async"), ["ANSIBLE_ASYNC_DIR"], [("defaults", "async_dir")];
    /// Seconds that a task may take; 0 is no limit.
    "TASK_TIMEOUT" task_timeout: u64 = number(0), ["ANSIBLE_TASK_TIMEOUT"], [("defaults", "task_timeout")];
    /// Whether an empty inventory is worth a warning.
    "LOCALHOST_WARNING" localhost_warning: bool = flag(true), ["ANSIBLE_LOCALHOST_WARNING"], [("defaults", "localhost_warning")];
    /// Whether it is a warning that no source could be parsed.
    "INVENTORY_UNPARSED_WARNING" inventory_unparsed_warning: bool = flag(true), ["ANSIBLE_INVENTORY_UNPARSED_WARNING"], [("inventory", "inventory_unparsed_warning")];
    /// Whether it is an error that no source could be parsed.
    "INVENTORY_UNPARSED_IS_FAILED" inventory_unparsed_failed: bool = flag(false), ["ANSIBLE_INVENTORY_UNPARSED_FAILED"], [("inventory", "unparsed_is_failed")];
    /// Whether it is an error that one source could not be parsed.
    "INVENTORY_ANY_UNPARSED_IS_FAILED" inventory_any_unparsed_failed: bool = flag(false), ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"], [("inventory", "any_unparsed_is_failed")];
    /// Patterns of names in an inventory directory that are passed over.
    "INVENTORY_IGNORE_PATTERNS" inventory_ignore_patterns: Vec<String> = list(&[]), ["ANSIBLE_INVENTORY_IGNORE_REGEX"], [("inventory", "ignore_patterns")];
    /// Endings of files in an inventory directory that are passed over.
    "INVENTORY_IGNORE_EXTS" inventory_ignore_extensions: Vec<String> = list(&[".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"]), ["ANSIBLE_INVENTORY_IGNORE"], [("defaults", "inventory_ignore_extensions"), ("inventory", "ignore_extensions")];
    /// What reads inventory sources, in the order in which it is tried.
    "INVENTORY_ENABLED" inventory_enabled: Vec<String> = list(&["host_list", "script", "auto", "yaml", "ini", "toml"]), ["ANSIBLE_INVENTORY_ENABLED"], [("inventory", "enable_plugins")];
    /// Whether inventory plugins see the variables of the command line.
    "inventory constructed use_extra_vars" inventory_use_extra_vars: bool = flag(false), ["ANSIBLE_INVENTORY_USE_EXTRA_VARS"], [("inventory_plugins", "use_extra_vars")];
    /// Whether what an inventory script says beside the inventory is told.
    "inventory script always_show_stderr" inventory_script_stderr: bool = flag(true), ["ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR"], [("inventory_plugin_script", "always_show_stderr")];
    /// The layers of variables of groups, lowest first.
    "VARIABLE_PRECEDENCE" variable_precedence: Vec<String> = list(&Level::WORDS), ["ANSIBLE_PRECEDENCE"], [("defaults", "precedence")];
    /// What brings variables of hosts and groups beside the inventory.
    "VARIABLE_PLUGINS_ENABLED" variable_plugins_enabled: Vec<String> = list(&["host_group_vars"]), ["ANSIBLE_VARS_ENABLED"], [("defaults", "vars_plugins_enabled")];
    /// When it does so.
    "RUN_VARS_PLUGINS" run_vars_plugins: String = choice(&["demand", "start"]), ["ANSIBLE_RUN_VARS_PLUGINS"], [("defaults", "run_vars_plugins")];
    /// For what it does so.
    "vars host_group_vars stage" vars_plugin_stage: String = choice(&["all", "inventory", "task"]), ["ANSIBLE_VARS_PLUGIN_STAGE"], [("vars_host_group_vars", "stage")];
    /// Endings of files of variables and of inventories in YAML.
    "YAML_FILENAME_EXTENSIONS" yaml_extensions: Vec<String> = list(&[".yml", ".yaml", ".json"]), ["ANSIBLE_YAML_FILENAME_EXT"], [("defaults", "yaml_valid_extensions")];
    /// Whether a condition may be something else than a boolean.
    "ALLOW_BROKEN_CONDITIONALS" allow_broken_conditionals: bool = flag(false), ["ANSIBLE_ALLOW_BROKEN_CONDITIONALS"], [("defaults", "allow_broken_conditionals")];
    /// The folder of the user's own files of Ansible.
    "ANSIBLE_HOME" home: PathBuf = path_or("~/.ansible"), ["ANSIBLE_HOME"], [("defaults", "home")];
    /// Folders of modules of the user's own, beside those named by `--module-path`.
    "DEFAULT_MODULE_PATH" library: Vec<PathBuf> = paths(':', &["~/.ansible/plugins/modules", "/usr/share/ansible/plugins/modules"]), ["ANSIBLE_LIBRARY"], [("defaults", "library")];
    /// The module that `ansible` runs when none is named.
    "DEFAULT_MODULE_NAME" module_name: String = text("command"), [], [("defaults", "module_name")];
    /// The arguments that `ansible` gives a module when none are named.
    "DEFAULT_MODULE_ARGS" module_args: Option<String> = optional(), ["ANSIBLE_MODULE_ARGS"], [("defaults", "module_args")];
    /// Whether `ansible` shows its results as the settings say, and tells the callbacks of them.
    "DEFAULT_LOAD_CALLBACK_PLUGINS" adhoc_callbacks: bool = flag(false), ["ANSIBLE_LOAD_CALLBACK_PLUGINS"], [("defaults", "bin_ansible_callbacks")];
    /// The folder that `ansible` and `ansible-inventory` take for that of the playbook.
    "PLAYBOOK_DIR" playbook_dir: Option<PathBuf> = path(), ["ANSIBLE_PLAYBOOK_DIR"], [("defaults", "playbook_dir")];
    /// The strategy of plays that name none.
    "DEFAULT_STRATEGY" strategy: String = text("linear"), ["ANSIBLE_STRATEGY"], [("defaults", "strategy")];
    /// The connection of tasks that name none.
    "DEFAULT_TRANSPORT" transport: String = text("ssh"), ["ANSIBLE_TRANSPORT"], [("defaults", "transport")];
    /// Whether the results of tasks that do not say are hidden.
    "DEFAULT_NO_LOG" no_log: bool = flag(false), ["ANSIBLE_NO_LOG"], [("defaults", "no_log")];
    /// How often `-v` counts before it is given.
    "DEFAULT_VERBOSITY" verbosity: u8 = number(0), ["ANSIBLE_VERBOSITY"], [("defaults", "verbosity")];
    /// Tags that count beside those of `--tags`.
    "TAGS_RUN" tags: Vec<String> = list(&[]), ["ANSIBLE_RUN_TAGS"], [("tags", "run")];
    /// Tags that count beside those of `--skip-tags`.
    "TAGS_SKIP" skip_tags: Vec<String> = list(&[]), ["ANSIBLE_SKIP_TAGS"], [("tags", "skip")];
    /// Whether facts are variables of their own too, as `ansible_hostname` beside `ansible_facts.hostname`.
    "INJECT_FACTS_AS_VARS" inject_facts: bool = flag(true), ["ANSIBLE_INJECT_FACT_VARS"], [("defaults", "inject_facts_as_vars")];
    /// Whether a failure that the playbook ignores is none for the debugger.
    "TASK_DEBUGGER_IGNORE_ERRORS" debugger_ignores: bool = flag(true), ["ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS"], [("defaults", "task_debugger_ignore_errors")];
    /// Whether `ansible-inventory` leaves the variables of groups with their groups.
    "INVENTORY_EXPORT" inventory_export: bool = flag(false), ["ANSIBLE_INVENTORY_EXPORT"], [("inventory", "export")];
    /// The program that `ansible-vault edit` and `create` open.
    "EDITOR" editor: String = text("vi"), ["ANSIBLE_EDITOR", "EDITOR"], [("defaults", "editor")];
    /// Whether the arguments of a task are shown beside its name.
    "DISPLAY_ARGS_TO_STDOUT" display_args: bool = flag(false), ["ANSIBLE_DISPLAY_ARGS_TO_STDOUT"], [("defaults", "display_args_to_stdout")];
    /// How many lines a difference shows around a change.
    "DIFF_CONTEXT" diff_context: usize = number(3), ["ANSIBLE_DIFF_CONTEXT"], [("diff", "context")];
    /// The colour of: what changed nothing.
    "COLOR_OK" colour_ok: Colour = colour("green"), ["ANSIBLE_COLOR_OK"], [("colors", "ok")];
    /// The colour of: what changed something.
    "COLOR_CHANGED" colour_changed: Colour = colour("yellow"), ["ANSIBLE_COLOR_CHANGED"], [("colors", "changed")];
    /// The colour of: failures and errors.
    "COLOR_ERROR" colour_error: Colour = colour("red"), ["ANSIBLE_COLOR_ERROR"], [("colors", "error")];
    /// The colour of: hosts that cannot be reached.
    "COLOR_UNREACHABLE" colour_unreachable: Colour = colour("bright red"), ["ANSIBLE_COLOR_UNREACHABLE"], [("colors", "unreachable")];
    /// The colour of: what is skipped.
    "COLOR_SKIP" colour_skip: Colour = colour("cyan"), ["ANSIBLE_COLOR_SKIP"], [("colors", "skip")];
    /// The colour of: files that are included.
    "COLOR_INCLUDED" colour_included: Colour = colour("cyan"), ["ANSIBLE_COLOR_INCLUDED"], [("colors", "included")];
    /// The colour of: warnings.
    "COLOR_WARN" colour_warn: Colour = colour("bright purple"), ["ANSIBLE_COLOR_WARN"], [("colors", "warn")];
    /// The colour of: places of tasks, retries and jobs.
    "COLOR_DEBUG" colour_debug: Colour = colour("dark gray"), ["ANSIBLE_COLOR_DEBUG"], [("colors", "debug")];
    /// The colour of: what is told with `-v` alone.
    "COLOR_VERBOSE" colour_verbose: Colour = colour("blue"), ["ANSIBLE_COLOR_VERBOSE"], [("colors", "verbose")];
    /// The colour of: lines that a difference adds.
    "COLOR_DIFF_ADD" colour_diff_add: Colour = colour("green"), ["ANSIBLE_COLOR_DIFF_ADD"], [("colors", "diff_add")];
    /// The colour of: lines that a difference takes away.
    "COLOR_DIFF_REMOVE" colour_diff_remove: Colour = colour("red"), ["ANSIBLE_COLOR_DIFF_REMOVE"], [("colors", "diff_remove")];
    /// The colour of: where a difference stands.
    "COLOR_DIFF_LINES" colour_diff_lines: Colour = colour("cyan"), ["ANSIBLE_COLOR_DIFF_LINES"], [("colors", "diff_lines")];
    /// What `junit` puts in place of the folders of files that are not below the relative path.
    "callback junit replace_out_of_tree_path" junit_out_of_tree: Option<String> = optional(), ["JUNIT_REPLACE_OUT_OF_TREE_PATH"], [];
    /// The folder that the paths in reports of `junit` begin at.
    "callback junit task_relative_path" junit_relative: Option<String> = optional(), ["JUNIT_TASK_RELATIVE_PATH"], [];
    /// Whether the tests of `junit` are named without the arguments of their tasks.
    "callback junit hide_task_arguments" junit_hide_arguments: bool = flag(false), ["JUNIT_HIDE_TASK_ARGUMENTS"], [];
    /// What the names of tasks begin with that are tests for `junit`; of the others only failures are.
    "callback junit test_case_prefix" junit_prefix: String = text(""), ["JUNIT_TEST_CASE_PREFIX"], [];
}

impl Settings {
    /// The settings of this process.
    ///
    /// # Errors
    ///
    /// If the configuration file cannot be read, or a setting is not of its type or asks for what does not exist here.
    pub fn load() -> Result<Self, Error> {
        Self::load_with(None)
    }

    /// The settings of this process with this configuration file, if one is named, in place of the one that counts.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub fn load_with(config: Option<&Path>) -> Result<Self, Error> {
        let dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let variable = |name: &str| match config.filter(|_| name == file::VARIABLE) {
            Some(config) => Some(config.to_string_lossy().into_owned()),
            None => std::env::var(name).ok(),
        };
        Self::from(&variable, &dir)
    }

    /// The settings of a process with this environment in this directory.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub fn from(variable: &dyn Fn(&str) -> Option<String>, dir: &Path) -> Result<Self, Error> {
        let (path, warning) = file::find(variable, dir);
        let file = path.map(|path| File::read(&path)).transpose()?.unwrap_or_default();
        let reader = Reader { file: &file, variable, dir };
        let slips = misspelt::warnings(&file);
        let warnings = warning.into_iter().chain(ignored::warnings(&reader)).chain(slips).collect();
        let settings = Self::read(&reader, warnings)?;
        settings.refuse_what_is_missing()?;
        Ok(settings)
    }

    fn refuse_what_is_missing(&self) -> Result<(), Error> {
        let refuse = |message: String, origin: &super::Origin| Err(Error { message, origin: Some(origin.clone()) });
        let caching = self.fact_caching.as_str().trim_start_matches("ansible.builtin.");
        if !matches!(caching, "memory" | "jsonfile") {
            let message = format!("the cache `{}` is not supported; `memory` and `jsonfile` are", *self.fact_caching);
            return refuse(message, &self.fact_caching.origin);
        }
        if caching == "jsonfile" && self.fact_caching_connection.is_none() {
            let message = "fact_caching = jsonfile needs a folder: set fact_caching_connection".to_owned();
            return refuse(message, &self.fact_caching.origin);
        }
        if *self.run_vars_plugins == "start" {
            let message = "files of variables are read when a host needs them; run_vars_plugins can only be demand";
            return refuse(message.to_owned(), &self.run_vars_plugins.origin);
        }
        if *self.vars_plugin_stage != "all" {
            let message = "files of variables count everywhere; the stage of host_group_vars can only be all";
            return refuse(message.to_owned(), &self.vars_plugin_stage.origin);
        }
        for name in &*self.variable_plugins_enabled {
            if name.trim_start_matches("ansible.builtin.") != "host_group_vars" {
                let message = format!("the vars plugin `{name}` is not supported; `host_group_vars` is");
                return refuse(message, &self.variable_plugins_enabled.origin);
            }
        }
        if let Some(word) = self.variable_precedence.iter().find(|word| Level::named(word).is_none()) {
            let message = format!("`{word}` is no layer of variables; {} are", Level::WORDS.join(", "));
            return refuse(message, &self.variable_precedence.origin);
        }
        if !ksplay_engine::is_strategy(&self.strategy) {
            let message = format!(
                "the strategy `{}` is not supported; linear, free, host_pinned, debug and pipelined are",
                *self.strategy
            );
            return refuse(message, &self.strategy.origin);
        }
        let callback = self.stdout_callback.as_str();
        if crate::callbacks::form(callback).is_none() {
            let known = crate::callbacks::forms().join(", ");
            let message = format!("the callback `{callback}` is not supported; these are: {known}");
            return refuse(message, &self.stdout_callback.origin);
        }
        Ok(())
    }
}
