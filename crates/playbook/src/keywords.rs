//! Which keywords may stand where, and how those that are inherited come together.

use std::sync::Arc;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Map, Str, Template, TemplateKind, Value, has_markers};

use crate::context::Context;
use crate::{Error, Keywords, advice, defaults, reserved};

/// What a mapping of the playbook language is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Play,
    Block,
    Task,
    Handler,
    TaskInclude,
    IncludeRole,
    PlaybookInclude,
    RoleUse,
    RoleMetadata,
    LoopControl,
}

const SHARED: &[&str] = &[
    "name",
    "connection",
    "port",
    "remote_user",
    "vars",
    "module_defaults",
    "environment",
    "no_log",
    "run_once",
    "ignore_errors",
    "ignore_unreachable",
    "check_mode",
    "diff",
    "any_errors_fatal",
    "throttle",
    "timeout",
    "debugger",
    "become",
    "become_method",
    "become_user",
    "become_flags",
    "become_exe",
];
const TAGS: &[&str] = &["tags"];
const COLLECTIONS: &[&str] = &["collections"];
const PLAY: &[&str] = &[
    "hosts",
    "gather_facts",
    "gather_subset",
    "gather_timeout",
    "fact_path",
    "vars_files",
    "vars_prompt",
    "roles",
    "handlers",
    "pre_tasks",
    "post_tasks",
    "tasks",
    "force_handlers",
    "max_fail_percentage",
    "serial",
    "strategy",
    "order",
    "user",
];
const CONDITIONAL: &[&str] = &["when", "delegate_to", "delegate_facts"];
const BLOCK: &[&str] = &["block", "rescue", "always", "notify"];
const TASK: &[&str] = &[
    "args",
    "action",
    "local_action",
    "async",
    "changed_when",
    "delay",
    "failed_when",
    "loop",
    "loop_control",
    "poll",
    "register",
    "retries",
    "until",
    "notify",
];
const INCLUDE: &[&str] = &[
    "action",
    "local_action",
    "args",
    "collections",
    "debugger",
    "ignore_errors",
    "loop",
    "loop_control",
    "name",
    "no_log",
    "register",
    "run_once",
    "tags",
    "timeout",
    "vars",
    "when",
];
const PLAYBOOK_INCLUDE: &[&str] = &["import_playbook", "when"];
const ROLE_METADATA: &[&str] = &["allow_duplicates", "dependencies", "galaxy_info", "argument_specs"];
const LOOP_CONTROL: &[&str] =
    &["loop_var", "index_var", "label", "pause", "extended", "extended_allitems", "break_when", "parallel"];

impl Kind {
    /// The name as messages say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Play => "Play",
            Self::Block => "Block",
            Self::Task => "Task",
            Self::Handler => "Handler",
            Self::TaskInclude => "TaskInclude",
            Self::IncludeRole => "IncludeRole",
            Self::PlaybookInclude => "PlaybookInclude",
            Self::RoleUse => "RoleInclude",
            Self::RoleMetadata => "RoleMetadata",
            Self::LoopControl => "LoopControl",
        }
    }

    /// The keywords, in groups.
    fn groups(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Play => &[SHARED, TAGS, COLLECTIONS, PLAY],
            Self::Block => &[SHARED, TAGS, COLLECTIONS, CONDITIONAL, BLOCK],
            Self::Task => &[SHARED, TAGS, COLLECTIONS, CONDITIONAL, TASK],
            Self::Handler => &[SHARED, TAGS, COLLECTIONS, CONDITIONAL, TASK, &["listen"]],
            Self::TaskInclude | Self::IncludeRole => &[INCLUDE],
            Self::PlaybookInclude => &[SHARED, TAGS, PLAYBOOK_INCLUDE],
            Self::RoleUse => &[SHARED, TAGS, COLLECTIONS, CONDITIONAL, &["role"]],
            Self::RoleMetadata => &[SHARED, COLLECTIONS, ROLE_METADATA],
            Self::LoopControl => &[LOOP_CONTROL],
        }
    }

    /// All keywords.
    pub fn keywords(self) -> impl Iterator<Item = &'static str> {
        self.groups().iter().flat_map(|group| group.iter().copied())
    }

    /// Whether this is one of them.
    pub fn knows(self, keyword: &str) -> bool {
        self.groups().iter().any(|group| group.contains(&keyword))
    }

    /// The refusal of a key that is no keyword here.
    pub fn refuse(self, key: &Node) -> Error {
        let text = key.to_data().to_string();
        Error::invalid(format!("'{text}' is not a valid attribute for a {}", self.name()), &key.span)
            .with_hint(advice::near(self, &text))
            .or_help(advice::of_key(self, &text))
    }

    /// Refuses every key that is no keyword here.
    pub fn check(self, node: &Node) -> Result<(), Error> {
        for (key, _) in node.entries().unwrap_or_default() {
            if !key.as_str().is_some_and(|key| self.knows(key)) {
                return Err(self.refuse(key));
            }
        }
        Ok(())
    }
}

/// The keywords of the playbook language, by the name that messages give to what they stand in (`Play`, `Task`, …).
pub fn keywords() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    const ALL: &[Kind] = &[
        Kind::Play,
        Kind::Block,
        Kind::Task,
        Kind::Handler,
        Kind::TaskInclude,
        Kind::IncludeRole,
        Kind::PlaybookInclude,
        Kind::RoleUse,
        Kind::RoleMetadata,
        Kind::LoopControl,
    ];
    ALL.iter().map(|kind| (kind.name(), kind.keywords().collect()))
}

/// The keywords of this mapping joined to those around it, and its own `vars`.
pub(crate) fn inherit(
    context: &Context<'_>,
    node: &Node,
    outer: &Keywords,
    kind: Kind,
) -> Result<(Keywords, Option<Arc<Map>>), Error> {
    let joined = joined(context, node, outer, kind)?;
    check_texts(node, kind)?;
    Ok(joined)
}

/// [`inherit`] before [`check_texts`], between which Ansible reads what is inside. Of several mistakes the same is told.
pub(crate) fn joined(
    context: &Context<'_>,
    node: &Node,
    outer: &Keywords,
    kind: Kind,
) -> Result<(Keywords, Option<Arc<Map>>), Error> {
    let given = |key: &str| node.get(key).filter(|_| kind.knows(key));
    let set = |key: &str| given(key).filter(|value| !value.is_null());
    let mut all = outer.clone();
    let mut own_vars = None;
    if let Some(value) = set("collections") {
        all.collections = collections(value)?;
    }
    if let Some(vars) = set("vars") {
        reserved::join(&mut all.reserved, reserved::of_keys(vars));
        let vars = Arc::new(variables(vars, kind)?);
        if kind != Kind::Play && !vars.is_empty() {
            all.vars.push(Arc::clone(&vars));
        }
        own_vars = Some(vars);
    }
    if let Some(value) = given("tags") {
        if kind == Kind::PlaybookInclude {
            check_tags(value)?;
        }
        for tag in tags(context, value, own_vars.as_deref(), &all)? {
            if !all.tags.contains(&tag) {
                all.tags.push(tag);
            }
        }
    }
    if let Some(value) = set("module_defaults") {
        let (defaults, groups) = defaults::of(context, value)?;
        all.module_defaults.extend(defaults);
        all.module_groups.extend(groups);
    }
    if kind == Kind::Block {
        all.block_name = set("name").map(Node::to_value).filter(|name| matches!(name, Value::Template(_)));
    }
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(key) = key.as_str().filter(|key| kind.knows(key) && !value.is_null()) else { continue };
        match key {
            "when" => all.when.extend(conditions(value)),
            "environment" => all.environment.extend(list(value)),
            "notify" => all.notify = list(value),
            _ => {
                if let Some(slot) = slot(&mut all, key) {
                    *slot = Some(value.to_value());
                }
            }
        }
    }
    Ok((all, own_vars))
}

/// Refuses lists and mappings under the keywords that are text.
pub(crate) fn check_texts(node: &Node, kind: Kind) -> Result<(), Error> {
    const TEXTS: [&str; 9] = [
        "delegate_to",
        "name",
        "connection",
        "remote_user",
        "debugger",
        "become_method",
        "become_user",
        "become_flags",
        "become_exe",
    ];
    let mut given = TEXTS.iter().filter(|key| kind.knows(key)).filter_map(|key| Some((key, node.get(key)?)));
    given.try_for_each(|(key, value)| must_be_text(key, value))
}

fn slot<'k>(all: &'k mut Keywords, key: &str) -> Option<&'k mut Option<Value>> {
    Some(match key {
        "become" => &mut all.become_,
        "become_user" => &mut all.become_user,
        "become_method" => &mut all.become_method,
        "become_exe" => &mut all.become_exe,
        "become_flags" => &mut all.become_flags,
        "connection" => &mut all.connection,
        "remote_user" | "user" => &mut all.remote_user,
        "port" => &mut all.port,
        "ignore_errors" => &mut all.ignore_errors,
        "ignore_unreachable" => &mut all.ignore_unreachable,
        "no_log" => &mut all.no_log,
        "check_mode" => &mut all.check_mode,
        "diff" => &mut all.diff,
        "any_errors_fatal" => &mut all.any_errors_fatal,
        "run_once" => &mut all.run_once,
        "throttle" => &mut all.throttle,
        "timeout" => &mut all.timeout,
        "delegate_to" => &mut all.delegate_to,
        "delegate_facts" => &mut all.delegate_facts,
        "debugger" => &mut all.debugger,
        _ => return None,
    })
}

/// A keyword that holds one value or a list of them, as a list.
pub(crate) fn list(node: &Node) -> Vec<Value> {
    match &node.kind {
        NodeKind::List(items) => items.iter().filter(|item| !item.is_null()).map(Node::to_value).collect(),
        _ if node.is_null() => Vec::new(),
        _ => vec![node.to_value()],
    }
}

/// A keyword that holds one condition or a list of them, as a list.
pub(crate) fn conditions(node: &Node) -> Vec<Value> {
    match &node.kind {
        NodeKind::List(items) => items.iter().filter(|item| !item.is_null()).map(expression).collect(),
        _ if node.is_null() => Vec::new(),
        _ => vec![expression(node)],
    }
}

/// Text that is an expression without markers around it, with its place; anything else as it is.
pub(crate) fn expression(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Text { text, trusted: true } if !has_markers(text) => {
            Template::new(TemplateKind::Expression, Arc::clone(text), Some(node.span.clone())).into()
        }
        _ => node.to_value(),
    }
}

/// The names of collections: a text or a list of them.
pub(crate) fn collections(node: &Node) -> Result<Vec<Str>, Error> {
    let items = if node.is_null() { &[] } else { node.items().unwrap_or(std::slice::from_ref(node)) };
    let name = |item: &Node| match item.as_str() {
        Some(name) => Ok(name.into()),
        None => {
            let message = format!("Keyword 'collections' items must be text, but this is {}", item.describe());
            Err(Error::invalid(message, &item.span))
        }
    };
    items.iter().map(name).collect()
}

/// Refuses a list or a mapping where a text belongs.
pub(crate) fn must_be_text(keyword: &str, value: &Node) -> Result<(), Error> {
    if value.items().is_some() || value.entries().is_some() {
        return Err(Error::invalid(
            format!("The field '{keyword}' is supposed to be a string type, but it is {}", value.describe()),
            &value.span,
        ));
    }
    Ok(())
}

/// The mapping under `vars`, its names checked.
pub(crate) fn variables(node: &Node, kind: Kind) -> Result<Map, Error> {
    if node.is_null() {
        return Ok(Map::new());
    }
    let Some(entries) = node.entries() else {
        return Err(Error::invalid(
            format!("Vars in a {} must be specified as a dictionary.", kind.name()),
            &node.span,
        ));
    };
    for (key, _) in entries {
        variable_name(key)?;
    }
    match node.to_value() {
        Value::Map(map) => Ok(Arc::unwrap_or_clone(map)),
        _ => Ok(Map::new()),
    }
}

/// Refuses what is no name of a variable.
pub(crate) fn variable_name(node: &Node) -> Result<(), Error> {
    let message = match node.as_str() {
        Some(text) if is_identifier(text) => return Ok(()),
        Some(text) => format!("Invalid variable name '{text}'."),
        None if node.items().is_some() || node.entries().is_some() => {
            format!("Invalid variable name of type '{}'.", node.to_data().type_name())
        }
        None => format!("Invalid variable name '{}' of type '{}'.", node.to_data(), node.to_data().type_name()),
    };
    Err(Error::content(message, &node.span).with_help(
        "variable names must be strings starting with a letter or underscore character, and contain only letters, \
         numbers and underscores",
    ))
}

/// Whether the text can name a variable.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Refuses tags of an imported playbook that can be none. Elsewhere Ansible takes the text of what stands there.
fn check_tags(node: &Node) -> Result<(), Error> {
    let is_odd = |item: &&Node| item.entries().is_some() || item.items().is_some() || item.is_null();
    match node.items().unwrap_or_default().iter().find(is_odd) {
        None => Ok(()),
        Some(odd) => {
            let odd_value = odd.to_data();
            let what = odd_value.type_name();
            let message = format!(
                "Error processing keyword 'tags': Keyword 'tags' items must be of type 'str' or 'int', not '{what}'."
            );
            Err(Error::invalid(message, &odd.span))
        }
    }
}

/// Tags: a list, or text with commas; templates in them are evaluated with what is known while loading.
fn tags(context: &Context<'_>, node: &Node, vars: Option<&Map>, outer: &Keywords) -> Result<Vec<Str>, Error> {
    let items = match &node.kind {
        NodeKind::List(items) => items.iter().collect::<Vec<_>>(),
        NodeKind::Text { .. } => vec![node],
        _ => return Err(Error::content("tags must be specified as a list", &node.span)),
    };
    let mut tags = Vec::new();
    for item in items {
        let value = match item.to_value() {
            template @ Value::Template(_) => context.evaluate(&template, vars, outer, &item.span)?,
            plain => plain,
        };
        match &value {
            Value::String(text) => tags.extend(text.split(',').map(|tag| Str::from(tag.trim()))),
            Value::List(inner) => tags.extend(inner.iter().map(|tag| Str::from(tag.to_string()))),
            other => tags.push(Str::from(other.to_string())),
        }
    }
    tags.retain(|tag| !tag.is_empty());
    Ok(tags)
}
