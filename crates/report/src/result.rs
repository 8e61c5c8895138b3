//! What of a result is shown, and in which form.

use ksplay_engine::TaskInfo;
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

/// The verbosity that shows what is otherwise hidden, over several lines.
const ALL: u8 = 3;

/// The action's name without the collection that is Ansible's own.
pub(crate) fn action(task: &TaskInfo) -> &str {
    let name = &*task.action;
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// Whether the result was hidden by `no_log`.
pub(crate) fn is_censored(result: &Map) -> bool {
    result.contains_key("censored")
}

/// The result without what is only of use to the machinery.
pub(crate) fn shown(result: &Map, verbosity: u8) -> Map {
    let mut shown = result.clone();
    shown.retain(|key, _| {
        key.as_str().is_none_or(|key| match key {
            "exception" | "failed" | "skipped" | "warnings" | "deprecations" => false,
            "invocation" | "diff" => verbosity >= ALL,
            _ => !key.starts_with("_ansible_"),
        })
    });
    shown
}

/// What is [`shown`] of the result, as JSON.
pub(crate) fn dump(result: &Map, verbosity: u8, several_lines: bool) -> String {
    let shown = shown(result, verbosity);
    let style = if several_lines || verbosity >= ALL { JsonStyle::result() } else { JsonStyle::result_line() };
    let value = Value::from(shown);
    to_json(&value, &style).unwrap_or_else(|_| value.to_string())
}

/// The result as the end of a task or an item shows it: of `debug`, only what was asked for.
pub(crate) fn cleaned(task: &TaskInfo, result: &Map) -> Map {
    let mut result = result.clone();
    if action(task) == "debug" {
        let message = result.contains_key("msg");
        result.retain(|key, _| {
            key.as_str().is_none_or(|key| {
                if message {
                    matches!(key, "msg" | "exception")
                } else {
                    !matches!(
                        key,
                        "changed"
                            | "failed"
                            | "skipped"
                            | "skip_reason"
                            | "invocation"
                            | "ansible_loop_var"
                            | "attempts"
                    )
                }
            })
        });
    }
    result
}
