//! The settings as templates find them, by the names of `ansible-config`.

use std::path::{Path, PathBuf};

use ksplay_template::KnownSettings;
use ksplay_value::Value;

use super::{Setting, Settings};

fn path(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn paths(all: &[PathBuf]) -> Value {
    all.iter().map(|one| path(one)).collect()
}

fn texts(all: &[String]) -> Value {
    all.iter().map(|text| Value::from(text.as_str())).collect()
}

impl Settings {
    /// Every setting that has a meaning here, for the lookup `config`.
    pub fn known(&self) -> KnownSettings {
        let mut known = KnownSettings::new();
        macro_rules! known {
            ($($name:literal $field:ident $(by $convert:expr)?;)*) => {
                $(
                    let Setting { value, origin } = &self.$field;
                    known.insert($name, (known!(@value value $($convert)?), origin.short()));
                )*
            };
            (@value $value:ident) => { Value::from($value.clone()) };
            (@value $value:ident $convert:expr) => { $convert($value) };
        }
        let optional_path = |value: &Option<PathBuf>| value.as_deref().map(path).into();
        let optional_text = |value: &Option<String>| value.clone().into();
        let number = |value: &usize| Value::Int(*value as i64);
        let seconds = |value: &u64| Value::Int(*value as i64);
        let port = |value: &Option<u16>| value.map(|port| Value::Int(port.into())).into();
        known! {
            "CALLBACKS_ENABLED" callbacks_enabled by |all: &Vec<String>| texts(all);
            "CACHE_PLUGIN_PREFIX" fact_caching_prefix;
            "DEFAULT_LOG_PATH" log_path by optional_path;
            "DEFAULT_FORKS" forks by number;
            "DEFAULT_HOST_LIST" inventory by |all: &Vec<PathBuf>| paths(all);
            "DEFAULT_ROLES_PATH" roles_path by |all: &Vec<PathBuf>| paths(all);
            "COLLECTIONS_PATHS" collections_path by |all: &Vec<PathBuf>| paths(all);
            "DEFAULT_REMOTE_USER" remote_user by optional_text;
            "DEFAULT_REMOTE_PORT" remote_port by port;
            "DEFAULT_PRIVATE_KEY_FILE" private_key_file by optional_path;
            "DEFAULT_ASK_PASS" ask_pass;
            "DEFAULT_ASK_VAULT_PASS" ask_vault_pass;
            "DEFAULT_VAULT_PASSWORD_FILE" vault_password_file by optional_path;
            "DEFAULT_VAULT_IDENTITY_LIST" vault_identity_list by |all: &Vec<String>| texts(all);
            "DEFAULT_VAULT_IDENTITY" vault_identity;
            "DEFAULT_VAULT_ENCRYPT_IDENTITY" vault_encrypt_identity by optional_text;
            "DEFAULT_VAULT_ID_MATCH" vault_id_match;
            "HOST_KEY_CHECKING" host_key_checking;
            "DEFAULT_TIMEOUT" timeout by seconds;
            "DEFAULT_GATHERING" gathering;
            "DEFAULT_BECOME" become_enabled;
            "DEFAULT_BECOME_METHOD" become_method;
            "DEFAULT_BECOME_USER" become_user;
            "DEFAULT_BECOME_ASK_PASS" become_ask_pass;
            "DEFAULT_BECOME_EXE" become_exe by optional_text;
            "DEFAULT_BECOME_FLAGS" become_flags by |value: &Option<String>| value.clone().unwrap_or_default().into();
            "BECOME_PASSWORD_FILE" become_password_file by optional_path;
            "CONNECTION_PASSWORD_FILE" connection_password_file by optional_path;
            "DEFAULT_HASH_BEHAVIOUR" hash_behaviour;
            "ANSIBLE_NOCOLOR" nocolor;
            "ANSIBLE_FORCE_COLOR" force_color;
            "DIFF_ALWAYS" diff_always;
            "DEFAULT_STDOUT_CALLBACK" stdout_callback;
            "SHOW_CUSTOM_STATS" show_custom_stats;
            "DEFAULT_JINJA2_EXTENSIONS" jinja2_extensions by |all: &Vec<String>| texts(all);
            "ANY_ERRORS_FATAL" any_errors_fatal;
            "DEFAULT_FORCE_HANDLERS" force_handlers;
            "ERROR_ON_MISSING_HANDLER" error_on_missing_handler;
            "DUPLICATE_YAML_DICT_KEY" duplicate_dict_key;
            "TRANSFORM_INVALID_GROUP_CHARS" transform_invalid_group_chars;
            "TASK_TIMEOUT" task_timeout by seconds;
            "LOCALHOST_WARNING" localhost_warning;
            "INVENTORY_UNPARSED_WARNING" inventory_unparsed_warning;
            "INVENTORY_UNPARSED_IS_FAILED" inventory_unparsed_failed;
            "INVENTORY_ANY_UNPARSED_IS_FAILED" inventory_any_unparsed_failed;
            "INVENTORY_IGNORE_EXTS" inventory_ignore_extensions by |all: &Vec<String>| texts(all);
            "INVENTORY_ENABLED" inventory_enabled by |all: &Vec<String>| texts(all);
            "VARIABLE_PRECEDENCE" variable_precedence by |all: &Vec<String>| texts(all);
            "VARIABLE_PLUGINS_ENABLED" variable_plugins_enabled by |all: &Vec<String>| texts(all);
            "RUN_VARS_PLUGINS" run_vars_plugins;
            "YAML_FILENAME_EXTENSIONS" yaml_extensions by |all: &Vec<String>| texts(all);
            "INVENTORY_IGNORE_PATTERNS" inventory_ignore_patterns by |all: &Vec<String>| texts(all);
            "ALLOW_BROKEN_CONDITIONALS" allow_broken_conditionals;
            "CACHE_PLUGIN" fact_caching;
            "CACHE_PLUGIN_CONNECTION" fact_caching_connection by optional_path;
            "CACHE_PLUGIN_TIMEOUT" fact_caching_timeout by seconds;
            "DEFAULT_MANAGED_STR" managed by |value: &Option<String>| value.as_deref().unwrap_or("Ansible managed").into();
            "DEFAULT_POLL_INTERVAL" poll_interval by seconds;
            "DISPLAY_SKIPPED_HOSTS" display_skipped_hosts;
            "ENABLE_TASK_DEBUGGER" enable_task_debugger;
            "RETRY_FILES_ENABLED" retry_files_enabled;
            "RETRY_FILES_SAVE_PATH" retry_files_save_path by optional_path;
            "VAULT_ENCRYPT_SALT" vault_encrypt_salt by optional_text;
            "become sudo become_user" become_user;
            "become sudo become_exe" become_exe by |value: &Option<String>| value.as_deref().unwrap_or("sudo").into();
            "become sudo become_flags" become_flags by |value: &Option<String>| value.as_deref().unwrap_or("-H -S -n").into();
            "become su become_user" become_user;
            "become su become_exe" become_exe by |value: &Option<String>| value.as_deref().unwrap_or("su").into();
            "become su become_flags" become_flags by |value: &Option<String>| value.clone().unwrap_or_default().into();
            "cache jsonfile _uri" fact_caching_connection by optional_path;
            "cache jsonfile _timeout" fact_caching_timeout by seconds;
            "cache jsonfile _prefix" fact_caching_prefix by |value: &String| Some(value.clone()).filter(|value| !value.is_empty()).into();
            "callback default check_mode_markers" check_mode_markers;
            "callback default display_failed_stderr" display_failed_stderr;
            "callback default display_ok_hosts" display_ok_hosts;
            "callback default display_skipped_hosts" display_skipped_hosts;
            "connection ssh host_key_checking" host_key_checking;
            "connection ssh port" remote_port by port;
            "connection ssh private_key_file" private_key_file by optional_path;
            "connection ssh remote_user" remote_user by optional_text;
            "connection ssh ssh_args" ssh_args;
            "connection ssh ssh_common_args" ssh_common_args;
            "connection ssh ssh_executable" ssh_executable;
            "connection ssh ssh_extra_args" ssh_extra_args;
            "connection ssh timeout" timeout by seconds;
        }
        for (name, value) in [("DEFAULT_STRATEGY", "linear"), ("DEFAULT_TRANSPORT", "ssh")] {
            known.insert(name, (value.into(), "default".to_owned()));
        }
        known.insert("CONFIG_FILE", (self.file.as_deref().map(path).into(), String::new()));
        known
    }
}
