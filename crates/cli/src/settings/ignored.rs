//! Settings of Ansible that have no effect here: whoever sets one to something else than its default is told so.

use super::reader::{Names, Reader};

/// The setting as `ansible-config` calls it, its names, and the texts that mean what happens here anyway.
const IGNORED: &[(&str, Names, &[&str])] = &[
    ("MAX_FILE_SIZE_FOR_DIFF", Names(&["ANSIBLE_MAX_DIFF_SIZE"], &[("defaults", "max_diff_size")]), &["104448"]),
    (
        "DEFAULT_UNDEFINED_VAR_BEHAVIOR",
        Names(&["ANSIBLE_ERROR_ON_UNDEFINED_VARS"], &[("defaults", "error_on_undefined_vars")]),
        YES,
    ),
    (
        "ANSIBLE_SSH_RETRIES",
        Names(&["ANSIBLE_SSH_RETRIES"], &[("connection", "retries"), ("ssh_connection", "retries")]),
        &["0"],
    ),
    (
        "HOST_PATTERN_MISMATCH",
        Names(&["ANSIBLE_HOST_PATTERN_MISMATCH"], &[("inventory", "host_pattern_mismatch")]),
        &["warning"],
    ),
    ("LOG_VERBOSITY", Names(&["ANSIBLE_LOG_VERBOSITY"], &[("defaults", "log_verbosity")]), &[]),
    ("DEFAULT_LOG_FILTER", Names(&["ANSIBLE_LOG_FILTER"], &[("defaults", "log_filter")]), &[]),
    ("VERBOSE_TO_STDERR", Names(&["ANSIBLE_VERBOSE_TO_STDERR"], &[("defaults", "verbose_to_stderr")]), NO),
    (
        "ALLOW_EMBEDDED_TEMPLATES",
        Names(&["ANSIBLE_ALLOW_EMBEDDED_TEMPLATES"], &[("defaults", "allow_embedded_templates")]),
        YES,
    ),
    (
        "DEFAULT_NULL_REPRESENTATION",
        Names(&["ANSIBLE_NULL_REPRESENTATION"], &[("defaults", "null_representation")]),
        &["none"],
    ),
    ("DEFAULT_PRIVATE_ROLE_VARS", Names(&["ANSIBLE_PRIVATE_ROLE_VARS"], &[("defaults", "private_role_vars")]), NO),
    ("DEFAULT_ALLOW_UNSAFE_LOOKUPS", Names(&[], &[("defaults", "allow_unsafe_lookups")]), NO),
    ("DEFAULT_EXECUTABLE", Names(&["ANSIBLE_EXECUTABLE"], &[("defaults", "executable")]), &["/bin/sh"]),
    ("DEFAULT_KEEP_REMOTE_FILES", Names(&["ANSIBLE_KEEP_REMOTE_FILES"], &[("defaults", "keep_remote_files")]), NO),
    (
        "BECOME_ALLOW_SAME_USER",
        Names(&["ANSIBLE_BECOME_ALLOW_SAME_USER"], &[("privilege_escalation", "become_allow_same_user")]),
        NO,
    ),
    (
        "FACTS_MODULES",
        Names(&["ANSIBLE_FACTS_MODULES"], &[("defaults", "facts_modules")]),
        &["smart", "setup", "ansible.builtin.setup"],
    ),
    (
        "INVALID_TASK_ATTRIBUTE_FAILED",
        Names(&["ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED"], &[("defaults", "invalid_task_attribute_failed")]),
        YES,
    ),
    ("PLAYBOOK_VARS_ROOT", Names(&["ANSIBLE_PLAYBOOK_VARS_ROOT"], &[("defaults", "playbook_vars_root")]), &["top"]),
    ("SSH_AGENT", Names(&["ANSIBLE_SSH_AGENT"], &[("connection", "ssh_agent")]), &["none"]),
    ("DEFAULT_ACTION_PLUGIN_PATH", Names(&["ANSIBLE_ACTION_PLUGINS"], &[("defaults", "action_plugins")]), &[]),
    ("BECOME_PLUGIN_PATH", Names(&["ANSIBLE_BECOME_PLUGINS"], &[("defaults", "become_plugins")]), &[]),
    ("DEFAULT_CACHE_PLUGIN_PATH", Names(&["ANSIBLE_CACHE_PLUGINS"], &[("defaults", "cache_plugins")]), &[]),
    ("DEFAULT_CALLBACK_PLUGIN_PATH", Names(&["ANSIBLE_CALLBACK_PLUGINS"], &[("defaults", "callback_plugins")]), &[]),
    (
        "DEFAULT_CONNECTION_PLUGIN_PATH",
        Names(&["ANSIBLE_CONNECTION_PLUGINS"], &[("defaults", "connection_plugins")]),
        &[],
    ),
    ("DEFAULT_FILTER_PLUGIN_PATH", Names(&["ANSIBLE_FILTER_PLUGINS"], &[("defaults", "filter_plugins")]), &[]),
    ("DEFAULT_INVENTORY_PLUGIN_PATH", Names(&["ANSIBLE_INVENTORY_PLUGINS"], &[("defaults", "inventory_plugins")]), &[]),
    ("DEFAULT_LOOKUP_PLUGIN_PATH", Names(&["ANSIBLE_LOOKUP_PLUGINS"], &[("defaults", "lookup_plugins")]), &[]),
    ("DEFAULT_STRATEGY_PLUGIN_PATH", Names(&["ANSIBLE_STRATEGY_PLUGINS"], &[("defaults", "strategy_plugins")]), &[]),
    ("DEFAULT_TEST_PLUGIN_PATH", Names(&["ANSIBLE_TEST_PLUGINS"], &[("defaults", "test_plugins")]), &[]),
    ("DEFAULT_VARS_PLUGIN_PATH", Names(&["ANSIBLE_VARS_PLUGINS"], &[("defaults", "vars_plugins")]), &[]),
    ("DEFAULT_MODULE_UTILS_PATH", Names(&["ANSIBLE_MODULE_UTILS"], &[("defaults", "module_utils")]), &[]),
];

const NO: &[&str] = &["no", "false", "off", "0", "f", "n"];
const YES: &[&str] = &["yes", "true", "on", "1", "t", "y"];

/// The names of all.
pub(super) fn names() -> impl Iterator<Item = &'static Names> + Clone {
    IGNORED.iter().map(|(_, names, _)| names)
}

/// A warning for each of them that is set.
pub(super) fn warnings(reader: &Reader<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, names, same) in IGNORED {
        if let Some((value, origin)) = reader.raw(*names)
            && !same.contains(&value.trim().to_lowercase().as_str())
        {
            warnings.push(format!("the setting {name} has no effect here ({origin})"));
        }
    }
    warnings
}
