//! A loader as tests use it, and a text for what it loads.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use ksplay_playbook::{Block, Item, Keywords, Loader, LoaderOptions, Playbook, Role, Task};
use ksplay_value::{Map, TemplateKind, Value};

const ACTIONS: &[&str] = &[
    "add_host",
    "assert",
    "command",
    "copy",
    "debug",
    "fail",
    "include_vars",
    "lineinfile",
    "meta",
    "ping",
    "service",
    "set_fact",
    "shell",
    "template",
    "validate_argument_spec",
];

/// A loader that knows a few modules, by their short and full names.
pub fn loader(dir: &Path) -> Loader {
    Loader::new(LoaderOptions {
        collections_paths: vec![dir.join("elsewhere")],
        is_action: Arc::new(|name| ACTIONS.contains(&name.strip_prefix("ansible.builtin.").unwrap_or(name))),
        action_names: Arc::new(|| {
            ACTIONS.iter().flat_map(|name| [(*name).to_owned(), format!("ansible.builtin.{name}")]).collect()
        }),
        extra_vars: Map::from([("from_command_line", "extra")]),
        ..LoaderOptions::default()
    })
}

/// The playbook as indented text.
#[allow(dead_code)]
pub fn dump(playbook: &Playbook, dir: &Path) -> String {
    let mut out = String::new();
    for play in &playbook.plays {
        let _ = writeln!(
            out,
            "play {} hosts={} vars={}",
            shown(&play.name),
            play.hosts,
            text(&Value::from(play.vars.clone()))
        );
        keywords(&mut out, 1, &play.keywords, &Keywords::default());
        for role in &play.roles {
            describe_role(&mut out, role);
        }
        for (name, part) in [
            ("pre_tasks", &play.pre_tasks),
            ("role tasks", &play.role_tasks),
            ("tasks", &play.tasks),
            ("post_tasks", &play.post_tasks),
            ("handlers", &play.handlers),
        ] {
            if !part.is_empty() {
                let _ = writeln!(out, "  {name}:");
                items(&mut out, 2, part, &play.keywords);
            }
        }
    }
    out.replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), ".")
}

fn describe_role(out: &mut String, role: &Role) {
    let _ = writeln!(
        out,
        "  role {} at {} defaults={} vars={} params={} parents=[{}] inherits=[{}]{}",
        role.name,
        role.path.display(),
        text(&Value::Map(role.defaults.clone())),
        text(&Value::Map(role.vars.clone())),
        text(&Value::Map(role.params.clone())),
        role.parents.join(", "),
        role.inherited.iter().map(|parent| parent.path.display().to_string()).collect::<Vec<_>>().join(", "),
        if role.allow_duplicates { " allow_duplicates" } else { "" },
    );
}

/// Items as indented text.
pub fn items(out: &mut String, depth: usize, list: &[Item], around: &Keywords) {
    let indent = "  ".repeat(depth);
    for item in list {
        match item {
            Item::Task(task) => describe_task(out, depth, task, around),
            Item::Block(block) => {
                let Block { role_of, name, .. } = block.as_ref();
                let role = role_of.as_ref().map(|role| format!(" of role {}", role.name)).unwrap_or_default();
                let _ = writeln!(out, "{indent}block{role} {}", shown(name));
                keywords(out, depth + 1, &block.keywords, around);
                for (name, part) in [("", &block.block), ("rescue", &block.rescue), ("always", &block.always)] {
                    if !name.is_empty() && !part.is_empty() {
                        let _ = writeln!(out, "{indent}{name}");
                    }
                    items(out, depth + 1, part, &block.keywords);
                }
            }
        }
    }
}

fn describe_task(out: &mut String, depth: usize, task: &Task, around: &Keywords) {
    let indent = "  ".repeat(depth);
    let _ = write!(out, "{indent}{} {} {}", task.action, shown(&task.name), text(&task.args));
    for (name, value) in [
        ("register", &task.register),
        ("retries", &task.retries),
        ("delay", &task.delay),
        ("async", &task.async_),
        ("poll", &task.poll),
    ] {
        if let Some(value) = value {
            let _ = write!(out, " {name}={}", text(value));
        }
    }
    for (name, list) in [
        ("until", &Some(task.until.clone())),
        ("changed_when", &task.changed_when),
        ("failed_when", &task.failed_when),
        ("listen", &Some(task.listen.clone())),
    ] {
        if let Some(list) = list.as_ref().filter(|list| !list.is_empty()) {
            let _ = write!(out, " {name}={}", text(&Value::from(list.clone())));
        }
    }
    if let Some(looped) = &task.loop_ {
        let _ = write!(out, " loop({})={}", looped.lookup.as_deref().unwrap_or("-"), text(&looped.items));
        if let Some(name) = &looped.control.loop_var {
            let _ = write!(out, " loop_var={}", text(name));
        }
    }
    let dirs: Vec<String> = task.dirs.iter().map(|dir| dir.display().to_string()).collect();
    let place = task.span.to_string();
    let _ = writeln!(out, " @{place} in [{}]{}", dirs.join(", "), if task.handler { " handler" } else { "" });
    keywords(out, depth + 1, &task.keywords, around);
}

/// What differs from the keywords around.
fn keywords(out: &mut String, depth: usize, own: &Keywords, around: &Keywords) {
    let indent = "  ".repeat(depth);
    let mut line = |name: &str, value: String, differs: bool| {
        if differs {
            let _ = writeln!(out, "{indent}- {name}: {value}");
        }
    };
    let maps = |maps: &[Arc<Map>]| maps.iter().map(|map| text(&Value::Map(map.clone()))).collect::<Vec<_>>().join(" ");
    line("when", text(&Value::from(own.when.clone())), own.when != around.when);
    line("tags", own.tags.join(","), own.tags != around.tags);
    line("vars", maps(&own.vars), own.vars.len() != around.vars.len());
    line("include vars", maps(&own.include_vars), own.include_vars.len() != around.include_vars.len());
    line("environment", text(&Value::from(own.environment.clone())), own.environment != around.environment);
    line(
        "module_defaults",
        text(&Value::from(own.module_defaults.clone())),
        own.module_defaults != around.module_defaults,
    );
    line("notify", text(&Value::from(own.notify.clone())), own.notify != around.notify);
    line("collections", own.collections.join(","), own.collections != around.collections);
    for (name, own, around) in [
        ("become", &own.become_, &around.become_),
        ("become_user", &own.become_user, &around.become_user),
        ("connection", &own.connection, &around.connection),
        ("remote_user", &own.remote_user, &around.remote_user),
        ("ignore_errors", &own.ignore_errors, &around.ignore_errors),
        ("no_log", &own.no_log, &around.no_log),
        ("check_mode", &own.check_mode, &around.check_mode),
        ("any_errors_fatal", &own.any_errors_fatal, &around.any_errors_fatal),
        ("run_once", &own.run_once, &around.run_once),
        ("delegate_to", &own.delegate_to, &around.delegate_to),
    ] {
        line(name, own.as_ref().map(text).unwrap_or_default(), own != around);
    }
}

fn shown(name: &Option<Value>) -> String {
    name.as_ref().map_or_else(|| "-".to_owned(), |name| format!("{:?}", text(name)))
}

/// A value with its templates unevaluated, marked by a tilde.
pub fn text(value: &Value) -> String {
    match value {
        Value::Template(template) if template.kind == TemplateKind::Expression => format!("{:?}", &*template.text),
        Value::Template(template) => format!("~{}~", template.text),
        Value::String(plain) => format!("{plain:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", key.as_value(), text(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
