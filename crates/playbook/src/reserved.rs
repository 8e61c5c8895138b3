//! Names that variables should not have, since keywords and templates have them.

use ksplay_value::yaml::Node;
use ksplay_value::{Diagnostic, Span, Value};

use crate::Loader;
use crate::action::Action;
use crate::arguments::builtin_name;

/// The names, sorted; `vars` is none of them, since it is there in any case.
const NAMES: &[&str] = &[
    "action",
    "always",
    "any_errors_fatal",
    "args",
    "async",
    "async_val",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "block",
    "changed_when",
    "check_mode",
    "collections",
    "connection",
    "cycler",
    "debugger",
    "delay",
    "delegate_facts",
    "delegate_to",
    "dict",
    "diff",
    "environment",
    "fact_path",
    "failed_when",
    "force_handlers",
    "gather_facts",
    "gather_timeout",
    "handlers",
    "hosts",
    "ignore_errors",
    "ignore_unreachable",
    "joiner",
    "lipsum",
    "local_action",
    "lookup",
    "loop",
    "loop_control",
    "loop_with",
    "max_fail_percentage",
    "module_defaults",
    "name",
    "namespace",
    "no_log",
    "notify",
    "now",
    "omit",
    "order",
    "poll",
    "port",
    "post_tasks",
    "pre_tasks",
    "q",
    "query",
    "range",
    "register",
    "remote_user",
    "rescue",
    "retries",
    "roles",
    "run_once",
    "serial",
    "strategy",
    "tags",
    "tasks",
    "throttle",
    "timeout",
    "undef",
    "until",
    "vars_files",
    "vars_prompt",
    "when",
    "with_",
];

/// What is to be said of the names of the variables that a task sets.
#[derive(Debug, Clone, Default)]
pub struct Reserved {
    /// Of `set_fact` and `include_vars`.
    pub facts: Vec<Diagnostic>,
    /// Of `register`.
    pub register: Option<Diagnostic>,
}

impl Reserved {
    /// Of a task with this action.
    pub(crate) fn of_task(node: &Node, action: &Action) -> Self {
        let register = node.get("register").and_then(|name| warning(name.as_str()?, &name.span));
        Self { facts: of_facts(node, action), register }
    }
}

/// What is to be said of the keys of a mapping.
pub(crate) fn of_keys(node: &Node) -> Vec<Diagnostic> {
    let keys = node.entries().unwrap_or_default().iter().map(|(key, _)| key);
    keys.filter_map(|key| warning(key.as_str()?, &key.span)).collect()
}

/// Adds what is to be said of names that have not been told yet: a name counts where it was first given.
pub(crate) fn join(all: &mut Vec<Diagnostic>, more: Vec<Diagnostic>) {
    for warning in more {
        if !all.iter().any(|known| known.message == warning.message) {
            all.push(warning);
        }
    }
}

/// Of `set_fact`, by name as Ansible tells them, and of the name that `include_vars` gives to what it reads.
fn of_facts(node: &Node, action: &Action) -> Vec<Diagnostic> {
    let module = builtin_name(&action.name);
    let Some(args) = action.args.as_map().filter(|_| matches!(module, "set_fact" | "include_vars")) else {
        return Vec::new();
    };
    let given = || {
        let is_place = |key: &str| key == "args" || builtin_name(key) == module;
        let entries = node.entries().unwrap_or_default().iter();
        entries.filter(move |(key, _)| key.as_str().is_some_and(is_place)).map(|(_, value)| value)
    };
    let place = |name: &str| {
        let written = given().find_map(|value| value.entry(name)).map(|(key, _)| key);
        written.or_else(|| given().find(|value| value.as_str().is_some())).unwrap_or(node).span.clone()
    };
    if module == "include_vars" {
        let written = given().find_map(|value| value.get("name")).unwrap_or(node);
        let name = args.get("name").and_then(Value::as_str);
        return name.and_then(|name| warning(name, &written.span)).into_iter().collect();
    }
    let mut names: Vec<&str> = args.keys().filter_map(|key| key.as_str()).collect();
    names.sort_unstable();
    names.into_iter().filter_map(|name| warning(name, &place(name))).collect()
}

pub(crate) fn warning(name: &str, span: &Span) -> Option<Diagnostic> {
    is_reserved(name).then(|| reserved_name(name, Some(span.clone())))
}

/// Whether keywords or templates have this name.
pub fn is_reserved(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// What is to be said of a variable that has a reserved name.
pub fn reserved_name(name: &str, place: Option<Span>) -> Diagnostic {
    Diagnostic::new(format!("Found variable using reserved name '{name}'.")).at(place)
}

impl Loader {
    /// What is to be said of the names in a file of variables that has been read.
    pub fn reserved_names(&self, path: &std::path::Path) -> Vec<Diagnostic> {
        let file = self.read(path).ok();
        let Some(root) = file.as_ref().and_then(|file| file.root.as_ref()) else { return Vec::new() };
        root.items().unwrap_or(std::slice::from_ref(root)).iter().flat_map(of_keys).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(NAMES.is_sorted());
    }
}
