//! What to do about the mistakes that are made most: words for the last line of an error.

use ksplay_value::yaml::Node;

use crate::action::LOOKUPS;
use crate::context::Context;
use crate::keywords::Kind;
use crate::suggest::{did_you_mean, nearest};
use crate::{Error, modules};

const NO_BREAK_SPACE: char = '\u{a0}';
const ORDINARY_SPACES: &str = "a no-break space stands in this line: write ordinary spaces";

/// What was probably meant by a key that is no keyword of this mapping.
pub(crate) fn near(kind: Kind, key: &str) -> Option<String> {
    let known = did_you_mean(key, kind.keywords().chain((kind == Kind::Play).then_some("import_playbook")));
    let lookup = || nearest(key.strip_prefix("with_")?, LOOKUPS.iter().copied());
    known.or_else(|| lookup().map(|name| format!("did you mean `with_{name}`?")))
}

/// What to do about a key that is no keyword of this mapping.
pub(crate) fn of_key(kind: Kind, key: &str) -> Option<String> {
    let is_loop = matches!(key, "loop" | "loop_control") || key.starts_with("with_");
    Some(match kind {
        _ if key.contains(NO_BREAK_SPACE) => ORDINARY_SPACES.to_owned(),
        _ if matches!(key, "sudo" | "su") => "it is `become: true` now".to_owned(),
        _ if matches!(key, "sudo_user" | "su_user") => "it is `become_user` now".to_owned(),
        Kind::Block if is_loop => {
            "a block has no loop: put its tasks into a file, and loop over `include_tasks` with it".to_owned()
        }
        Kind::Block if Kind::Task.knows(key) => format!("set `{key}` on the tasks in the block"),
        Kind::TaskInclude | Kind::IncludeRole if Kind::Block.knows(key) => {
            let name = if kind == Kind::IncludeRole { "name" } else { "file" };
            format!("for the included tasks, set `{key}` under `apply:`, which stands beside `{name}:`")
        }
        Kind::TaskInclude | Kind::IncludeRole if Kind::Task.knows(key) => format!("set `{key}` on the included tasks"),
        Kind::PlaybookInclude if Kind::Play.knows(key) => {
            format!("`{key}` belongs to the plays of the imported playbook")
        }
        Kind::Task if key == "listen" => "only handlers listen: move the task to `handlers:`".to_owned(),
        _ => return None,
    })
}

/// What to do about a key of a play that is none of its keywords, where nothing like it is one.
pub(crate) fn of_play(node: &Node, key: &str, is_module: bool) -> Option<&'static str> {
    let is_task = is_module || Kind::Task.knows(key) || Kind::Block.knows(key);
    match node.get("hosts") {
        Some(_) if is_task => Some("tasks stand under `tasks:`; check the indentation"),
        Some(_) => None,
        None => Some(
            "a play begins with `- hosts: …` and has its tasks under `tasks:`; a file of tasks is brought into one with \
             `import_tasks`",
        ),
    }
}

/// What to do about a key of a task that is neither a keyword nor can be a module.
pub(crate) fn of_module(key: &str) -> Option<&'static str> {
    match key {
        "role" => Some("among tasks, a role is brought in with `import_role:` or `include_role:` and its `name:`"),
        "hosts" => Some("a play cannot stand among tasks: `import_playbook` brings in the plays of another file"),
        "sudo" | "su" => Some("it is `become: true` now"),
        _ if key.starts_with("{{") => Some("a template can name a module only under `action:`"),
        _ if Kind::Play.knows(key) => Some("this is a keyword of plays; check the indentation"),
        _ => None,
    }
}

/// What to do about two keys of which each might name the module of a task.
pub(crate) fn of_two_modules(context: &Context<'_>, [(first, value), (second, _)]: [&(Node, Node); 2]) -> String {
    let is_module =
        |key: &Node| key.as_str().is_some_and(|name| modules::exists(context, name, key).unwrap_or_default());
    if let Some(advice) = [first, second].into_iter().find_map(|key| of_module(key.as_str()?)) {
        return advice.to_owned();
    }
    match (is_module(first), is_module(second)) {
        (true, true) => format!("a task has one module: begin another task with `- ` before `{}:`", second.to_data()),
        (true, false) if value.is_null() => {
            format!("if `{}` is an argument of `{}`, indent it below", second.to_data(), first.to_data())
        }
        _ => "a task has keywords and one module, whose arguments are indented below it".to_owned(),
    }
}

/// What to do about something else that stands where a list of tasks belongs.
pub(crate) fn of_tasks(node: &Node) -> &'static str {
    match node.is_null() {
        true => "begin each task below it with `- `, or leave it out",
        false => no_break_space(node).unwrap_or("begin each task with `- `"),
    }
}

/// What to do about something else that stands where a task belongs.
pub(crate) fn of_task(context: &Context<'_>, node: &Node) -> String {
    if let Some(advice) = no_break_space(node) {
        return advice.to_owned();
    }
    let word = node.as_str().and_then(|text| text.split_whitespace().next());
    match word.filter(|word| modules::exists(context, word, node).unwrap_or_default()) {
        Some(module) => format!("put a colon behind the module: `{module}:`"),
        None => "a task is a module with a colon and its arguments, such as `- debug: msg=hello`".to_owned(),
    }
}

/// What to do about something else that stands where a list of plays belongs.
pub(crate) fn of_playbook(node: &Node) -> &'static str {
    no_break_space(node).unwrap_or("begin each play with a dash, as in `- hosts: all`, and indent its other keys")
}

fn no_break_space(node: &Node) -> Option<&'static str> {
    let line = node.span.source.line(node.span.line)?;
    let ends = |char: char| !matches!(char, ' ' | '-' | NO_BREAK_SPACE);
    let start = line.find(ends).unwrap_or(line.len());
    line[..start].contains(NO_BREAK_SPACE).then_some(ORDINARY_SPACES)
}

impl Error {
    /// The error with what to do about it, unless that is said already.
    pub(crate) fn or_help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = self.help.or(help.map(Into::into));
        self
    }
}
