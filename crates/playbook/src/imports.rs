//! Static imports, and what can be checked of dynamic includes before they run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Map, Span, Value};

use crate::action::{Action, loop_lookup};
use crate::arguments::{RAW, builtin_name};
use crate::context::Context;
use crate::keywords::{Kind, check_texts, inherit, joined};
use crate::roles::{self, RoleFiles, RoleUse};
use crate::suggest::did_you_mean;
use crate::tasks::{self, check_keys};
use crate::{Error, ErrorKind, Item, Keywords, Task, paths};

/// The options of `import_tasks`.
const FILE: &[&str] = &["file", RAW];
/// Those of `import_role`.
const ROLE: &[&str] = &[
    "name",
    "role",
    "tasks_from",
    "vars_from",
    "defaults_from",
    "handlers_from",
    "allow_duplicates",
    "public",
    "rolespec_validate",
];
/// What the dynamic ones take beside them.
const APPLY: &[&str] = &["apply"];

/// Checks options and keywords of `include_tasks` and `include_role`.
pub(crate) fn check_include(context: &Context<'_>, node: &Node, action: &Action) -> Result<(), Error> {
    let Some(args) = action.args.as_map() else { return Ok(()) };
    let name = builtin_name(&action.name);
    let kind = if name == "include_role" { Kind::IncludeRole } else { Kind::TaskInclude };
    if name == "include_role" {
        check_options(args, node, name, &[ROLE, APPLY])?;
        required_name(args, node, name)?;
    } else {
        check_options(args, node, name, &[FILE, APPLY])?;
        file_name(args, node, name)?;
    }
    check_keys(context, node, kind)?;
    match args.get("apply") {
        None | Some(Value::Template(_)) => Ok(()),
        Some(Value::Map(_)) => check_apply(context, node),
        Some(other) => {
            let message = format!("Expected a dict for apply but got {} instead", other.type_name());
            Err(Error::invalid(message, &node.span))
        }
    }
}

/// Refuses keywords of `apply` that a block does not know, and values of another kind than the keyword takes. Templates
/// and tags may rest on what is known only when the include is reached.
fn check_apply(context: &Context<'_>, node: &Node) -> Result<(), Error> {
    let arguments = node.entries().unwrap_or_default().iter().map(|(_, value)| value);
    let Some(apply) = arguments.filter_map(|arguments| arguments.get("apply")).find(|apply| apply.entries().is_some())
    else {
        return Ok(());
    };
    Kind::Block.check(apply)?;
    let is_known =
        |(key, value): &&(Node, Node)| key.as_str() != Some("tags") && !matches!(value.to_value(), Value::Template(_));
    let entries = apply.entries().unwrap_or_default().iter().filter(is_known);
    let known = Node { span: apply.span.clone(), kind: NodeKind::Map(entries.cloned().collect()) };
    inherit(context, &known, &context.outer, Kind::Block).map(drop)
}

/// `import_tasks`: the tasks of the file, with the keywords of the import around them.
pub(crate) fn tasks(context: &Context<'_>, node: &Node, action: &Action, items: &mut Vec<Item>) -> Result<(), Error> {
    let args = static_arguments(context, node, action)?;
    check_options(args, node, "import_tasks", &[FILE])?;
    let name = file_name(args, node, "import_tasks")?;
    let (keywords, vars) = handed_down(context, node)?;
    context.tell_reserved(&keywords);
    let inner = context.within(Arc::new(keywords));
    let unknown = |error| Error { kind: ErrorKind::Invalid, ..explain_import(error) };
    let name = inner.evaluate_text(name, vars.as_deref(), &node.span).map_err(unknown)?;
    let path = find_tasks(context, &name, Include::Static, &node.span)?;
    let inner = inner.included_from(Path::new(&name).parent().unwrap_or(Path::new("")));
    items.extend(task_file(&inner, &path, &node.span)?);
    Ok(())
}

/// The tasks of a file.
pub(crate) fn task_file(context: &Context<'_>, path: &Path, span: &Span) -> Result<Vec<Item>, Error> {
    let file = context.loader.read(path).map_err(|error| error.at(span))?;
    let Some(root) = file.root.as_ref().filter(|root| !root.is_null()) else { return Ok(Vec::new()) };
    let Some(nodes) = root.items() else {
        return Err(Error::invalid("included task files must contain a list of tasks", &root.span));
    };
    tasks::items(&context.in_file(path, span)?, nodes)
}

/// `import_role`: its dependencies and itself, each a block.
pub(crate) fn role(context: &Context<'_>, node: &Node, action: &Action, items: &mut Vec<Item>) -> Result<(), Error> {
    let args = static_arguments(context, node, action)?;
    check_options(args, node, "import_role", &[ROLE])?;
    let name = required_name(args, node, "import_role")?;
    let (keywords, vars) = handed_down(context, node)?;
    context.tell_reserved(&keywords);
    let inner = context.within(Arc::new(keywords));
    if inner.depth >= crate::context::MAX_DEPTH {
        return Err(Error::invalid("roles import one another without end", &node.span));
    }
    let inner = Context { depth: inner.depth + 1, ..inner };
    let text = |value: &Value| inner.evaluate_text(value, vars.as_deref(), &node.span).map_err(explain_import);
    let from = |key: &str| -> Result<Option<String>, Error> {
        match args.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value @ (Value::String(_) | Value::Template(_))) => text(value).map(Some),
            Some(other) => {
                let message = format!("Expected a string for {key} but got {} instead", other.type_name());
                Err(Error::invalid(message, &node.span))
            }
        }
    };
    let name = text(name)?;
    let wanted = RoleUse {
        name,
        params: Map::new(),
        span: node.span.clone(),
        files: RoleFiles {
            tasks: from("tasks_from")?,
            vars: from("vars_from")?,
            defaults: from("defaults_from")?,
            handlers: from("handlers_from")?,
        },
        allow_duplicates: Some(args.get("allow_duplicates").is_none_or(Value::is_true)),
        public: args.get("public").is_none_or(Value::is_true),
        validate: args.get("rolespec_validate").is_none_or(Value::is_true),
        included: true,
        // As in Ansible: its conditions and tags do not matter.
        key: vars.as_deref().map(roles::key_of_vars).unwrap_or_default(),
    };
    let loaded = roles::load(&inner, &wanted, &[])?;
    items.extend(loaded.tasks);
    inner.play.handlers.borrow_mut().extend(loaded.handlers);
    inner.play.roles.borrow_mut().extend(loaded.roles);
    Ok(())
}

/// The keywords of a static import for what it brings in, and its own `vars`; those that mean nothing there are checked.
fn handed_down(context: &Context<'_>, node: &Node) -> Result<(Keywords, Option<Arc<Map>>), Error> {
    let (keywords, vars) = joined(context, node, &context.outer, Kind::Task)?;
    tasks::loop_of(node)?;
    check_texts(node, Kind::Task)?;
    tasks::check_register(node)?;
    Ok((Keywords { block_name: None, ..keywords }, vars))
}

fn static_arguments<'a>(context: &Context<'_>, node: &Node, action: &'a Action) -> Result<&'a Map, Error> {
    let name = builtin_name(&action.name);
    if let Some((key, _)) = node.entries().unwrap_or_default().iter().find(|(key, value)| {
        key.as_str().is_some_and(|key| key == "loop" || loop_lookup(key).is_some()) && !value.is_null()
    }) {
        let dynamic = name.replace("import_", "include_");
        return Err(Error::invalid(
            format!("You cannot use loops on '{name}' statements. You should use '{dynamic}' instead."),
            &key.span,
        ));
    }
    check_keys(context, node, if context.handler { Kind::Handler } else { Kind::Task })?;
    action
        .args
        .as_map()
        .ok_or_else(|| Error::invalid(format!("the arguments of '{name}' cannot be a template"), &node.span))
}

fn check_options(args: &Map, node: &Node, action: &str, groups: &[&[&'static str]]) -> Result<(), Error> {
    let known = groups.concat();
    let unknown: Vec<String> = args
        .keys()
        .filter(|key| !key.as_str().is_some_and(|key| known.contains(&key)))
        .map(|key| key.as_value().to_string())
        .collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    let place =
        node.entries().unwrap_or_default().iter().find_map(|(_, value)| value.entry(first)).map(|(key, _)| &key.span);
    let hint = did_you_mean(first, known.into_iter().filter(|name| *name != RAW));
    Err(Error::invalid(format!("Invalid options for {action}: {}", unknown.join(",")), place.unwrap_or(&node.span))
        .with_hint(hint))
}

fn required_name<'a>(args: &'a Map, node: &Node, action: &str) -> Result<&'a Value, Error> {
    args.get("name")
        .or_else(|| args.get("role"))
        .filter(|name| !name.is_null())
        .ok_or_else(|| Error::invalid(format!("'name' is a required field for {action}."), &node.span))
}

fn file_name<'a>(args: &'a Map, node: &Node, action: &str) -> Result<&'a Value, Error> {
    args.get(RAW)
        .or_else(|| args.get("file"))
        .filter(|name| !name.is_null())
        .ok_or_else(|| Error::invalid(format!("No file specified for {action}"), &node.span))
}

fn explain_import(error: Error) -> Error {
    let message = format!("cannot evaluate the name of a static import: {}", error.message);
    Error { message, ..error }.with_help(
        "static imports know the variables of play, role and command line (-e), but no facts and no inventory; \
         `include_tasks` and `include_role` know those too",
    )
}

/// How a task file is brought in, which decides where it is looked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    /// `import_tasks`.
    Static,
    /// `include_tasks`.
    Dynamic,
}

/// The file that a task list means by `name`.
pub(crate) fn find_tasks(context: &Context<'_>, name: &str, how: Include, span: &Span) -> Result<PathBuf, Error> {
    let places: Vec<PathBuf> = if paths::is_absolute(name) {
        vec![paths::absolute(Path::new(name))]
    } else {
        folders(context, how).iter().map(|folder| paths::tidy(&folder.join(name))).collect()
    };
    if let Some(found) = places.iter().find(|place| place.is_file()) {
        return Ok(found.clone());
    }
    Err(Error::new(ErrorKind::File, format!("could not find or access '{name}'"), Some(span))
        .with_help(format!("looked for: {}", paths::listed(&places, ", "))))
}

/// Where task files are looked for, as observed of ansible-core 2.19: outside of roles beside the including file and then in
/// the playbook's folder; in roles the role's own folder comes first for dynamic includes.
fn folders(context: &Context<'_>, how: Include) -> Vec<PathBuf> {
    let playbook = &context.play.dir;
    let around = &context.include_dirs;
    let mut folders: Vec<PathBuf> = Vec::new();
    let Some(role) = &context.role else {
        for dir in around.iter() {
            folders.push(playbook.join(dir));
            folders.push(playbook.clone());
        }
        folders.push(playbook.clone());
        return folders;
    };
    let part = if context.handler { "handlers" } else { "tasks" };
    let own = role.path.join(part);
    if how == Include::Dynamic || around.is_empty() {
        folders.extend([own.clone(), playbook.join(part), role.path.clone(), playbook.clone()]);
        folders.extend(around.iter().map(|dir| own.join(dir)));
    } else {
        folders.push(playbook.join(part));
        folders.extend(around.iter().take(1).map(|dir| own.join(dir)));
        folders.push(playbook.clone());
        folders.extend(around.iter().skip(1).map(|dir| own.join(dir)));
        folders.extend([own, role.path.clone()]);
    }
    folders
}

/// The relative folder under which a dynamic include names its file.
pub(crate) fn folder_of_include(context: &Context<'_>, from: &Task, file: &Path) -> PathBuf {
    let name = from.args.get(RAW).or_else(|| from.args.get("file")).and_then(Value::as_str);
    if let Some(name) = name {
        return Path::new(name).parent().unwrap_or(Path::new("")).to_path_buf();
    }
    let dir = file.parent().unwrap_or(Path::new(""));
    let inner = folders(context, Include::Dynamic)
        .into_iter()
        .filter_map(|folder| dir.strip_prefix(folder).ok().map(Path::to_path_buf));
    inner.min_by_key(|rest| rest.components().count()).unwrap_or_else(|| dir.to_path_buf())
}
