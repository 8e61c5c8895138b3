//! Settings of Ansible that have no effect here: whoever sets one to something else than its default is told so.

use super::reader::{Names, Reader};

/// The setting as `ansible-config` calls it, its names, and the texts that mean what happens here anyway.
const IGNORED: &[(&str, Names, &[&str])] = &[
    ("DIFF_CONTEXT", Names(&["ANSIBLE_DIFF_CONTEXT"], &[("diff", "context")]), &["3"]),
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
        "DISPLAY_ARGS_TO_STDOUT",
        Names(&["ANSIBLE_DISPLAY_ARGS_TO_STDOUT"], &[("defaults", "display_args_to_stdout")]),
        NO,
    ),
    (
        "HOST_PATTERN_MISMATCH",
        Names(&["ANSIBLE_HOST_PATTERN_MISMATCH"], &[("inventory", "host_pattern_mismatch")]),
        &["warning"],
    ),
    ("COLOR_CHANGED", Names(&["ANSIBLE_COLOR_CHANGED"], &[("colors", "changed")]), &["yellow"]),
    ("COLOR_DEBUG", Names(&["ANSIBLE_COLOR_DEBUG"], &[("colors", "debug")]), &["dark gray"]),
    ("COLOR_DIFF_ADD", Names(&["ANSIBLE_COLOR_DIFF_ADD"], &[("colors", "diff_add")]), &["green"]),
    ("COLOR_DIFF_LINES", Names(&["ANSIBLE_COLOR_DIFF_LINES"], &[("colors", "diff_lines")]), &["cyan"]),
    ("COLOR_DIFF_REMOVE", Names(&["ANSIBLE_COLOR_DIFF_REMOVE"], &[("colors", "diff_remove")]), &["red"]),
    ("COLOR_ERROR", Names(&["ANSIBLE_COLOR_ERROR"], &[("colors", "error")]), &["red"]),
    ("COLOR_INCLUDED", Names(&["ANSIBLE_COLOR_INCLUDED"], &[("colors", "included")]), &["cyan"]),
    ("COLOR_OK", Names(&["ANSIBLE_COLOR_OK"], &[("colors", "ok")]), &["green"]),
    ("COLOR_SKIP", Names(&["ANSIBLE_COLOR_SKIP"], &[("colors", "skip")]), &["cyan"]),
    ("COLOR_UNREACHABLE", Names(&["ANSIBLE_COLOR_UNREACHABLE"], &[("colors", "unreachable")]), &["bright red"]),
    ("COLOR_WARN", Names(&["ANSIBLE_COLOR_WARN"], &[("colors", "warn")]), &["bright purple"]),
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
