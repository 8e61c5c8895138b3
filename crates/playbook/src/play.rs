//! Plays and playbooks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Map, Source, Str, Value};

use crate::arguments::builtin_name;
use crate::context::{Context, MAX_DEPTH, PlayState};
use crate::files::File;
use crate::keywords::{Kind, check_texts, inherit, joined, list, must_be_text, variables};
use crate::missing::Missing;
use crate::modules::is_language;
use crate::values::{Takes, odd_debugger};
use crate::{
    Error, ErrorKind, GatherOptions, Item, Keywords, Loader, Play, VarsPrompt, advice, paths, reserved, roles, tasks,
};

/// What `import_playbook` hands to the plays of the file.
#[derive(Default, Clone)]
struct Imported {
    vars: Map,
    when: Vec<Value>,
    tags: Vec<Str>,
    depth: usize,
    missing: Arc<Missing>,
}

/// The plays of a file and of what it imports.
pub(crate) fn plays(loader: &Loader, path: &Path) -> Result<Vec<Arc<Play>>, Error> {
    let mut plays = Vec::new();
    let missing = Arc::clone(&loader.missing);
    let all = Imported { missing, ..Imported::default() };
    file(loader, path, &all, &mut plays).map_err(|later| loader.missing.before(later))?;
    Ok(plays)
}

/// The plays of a text that stands for a file in this folder.
pub(crate) fn plays_of_text(loader: &Loader, text: &Arc<Source>, dir: &Path) -> Result<Vec<Arc<Play>>, Error> {
    let mut plays = Vec::new();
    entries(loader, &loader.parse(text)?, dir, &Imported::default(), &mut plays)?;
    Ok(plays)
}

fn file(loader: &Loader, path: &Path, imported: &Imported, plays: &mut Vec<Arc<Play>>) -> Result<(), Error> {
    let dir = path.parent().unwrap_or(Path::new("."));
    entries(loader, &*loader.read(path)?, dir, imported, plays)
}

fn entries(
    loader: &Loader,
    file: &File,
    dir: &Path,
    imported: &Imported,
    plays: &mut Vec<Arc<Play>>,
) -> Result<(), Error> {
    let start = file.start();
    let Some(root) = file.root.as_ref().filter(|root| !root.is_null()) else {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("Empty playbook, nothing to do: {}", file.source.name),
            None,
        ));
    };
    let Some(entries) = root.items() else {
        return Err(Error::invalid(
            format!("A playbook must be a list of plays, got {} instead", root.describe()),
            &start,
        )
        .with_help(advice::of_playbook(root)));
    };
    if entries.is_empty() {
        return Err(Error::invalid("A playbook must contain at least one play", &start));
    }
    for entry in entries {
        let Some(keys) = entry.entries() else {
            let message = "playbook entries must be either valid plays or 'import_playbook' statements";
            return Err(Error::invalid(message, &entry.span).with_help(advice::of_playbook(entry)));
        };
        let imports: Vec<&(Node, Node)> = keys
            .iter()
            .filter(|(key, _)| key.as_str().is_some_and(|key| builtin_name(key) == "import_playbook"))
            .collect();
        match imports.as_slice() {
            [] => plays.push(Arc::new(play(loader, entry, dir, imported)?)),
            [(key, value)] => import(loader, entry, (key, value), dir, imported, plays)?,
            [(first, _), (second, _), ..] => {
                let message =
                    format!("Found conflicting import_playbook actions: {}, {}", first.to_data(), second.to_data());
                return Err(Error::content(message, &second.span));
            }
        }
    }
    Ok(())
}

fn import(
    loader: &Loader,
    entry: &Node,
    (key, value): (&Node, &Node),
    dir: &Path,
    outside: &Imported,
    plays: &mut Vec<Arc<Play>>,
) -> Result<(), Error> {
    for (other, _) in entry.entries().unwrap_or_default() {
        let fits = other.as_str().is_some_and(|text| Kind::PlaybookInclude.knows(text));
        if !fits && other.as_str() != key.as_str() {
            return Err(Kind::PlaybookInclude.refuse(other));
        }
    }
    if value.is_null() {
        return Err(Error::invalid("The field 'import_playbook' is required but was not set.", &key.span));
    }
    must_be_text("import_playbook", value)?;
    if outside.depth >= MAX_DEPTH {
        return Err(Error::invalid("playbooks import one another without end", &value.span));
    }
    let own = entry.get("vars").map(|vars| variables(vars, Kind::PlaybookInclude)).transpose()?.unwrap_or_default();
    let mut vars = own;
    vars.extend(outside.vars.clone());
    let state = PlayState { dir: dir.to_path_buf(), vars: vars.clone(), ..PlayState::default() };
    let context = Context::of_play(loader, &state, dir, Arc::default());
    let (keywords, _) = inherit(&context, entry, &Keywords::default(), Kind::PlaybookInclude)
        .map_err(|error| Error { kind: of_import(error.kind), ..error })?;
    loader.warn(keywords.reserved);
    evaluate_keywords(&context, entry)?;
    let name = context.evaluate_text(&value.to_value(), None, &value.span).map_err(|error| {
        let message = format!("cannot evaluate the name of an imported playbook: {}", error.message);
        Error { message, kind: ErrorKind::Invalid, ..error }
            .with_help("only the variables of the command line (-e) and of the import are known here")
    })?;
    let path = loader.playbook_in_collection(&context, &name).unwrap_or_else(|| paths::absolute(&dir.join(&name)));
    if !path.is_file() {
        let message = format!("could not find or access '{}'", path.display());
        return Err(Error::new(ErrorKind::File, message, Some(&value.span)));
    }
    let mut imported = Imported { vars, depth: outside.depth + 1, ..outside.clone() };
    imported.when.extend(keywords.when);
    for tag in keywords.tags {
        if !imported.tags.contains(&tag) {
            imported.tags.push(tag);
        }
    }
    file(loader, &path, &imported, plays)
}

/// Refuses keywords of an import that cannot be evaluated or come to what they cannot be, though most mean nothing here.
fn evaluate_keywords(context: &Context<'_>, entry: &Node) -> Result<(), Error> {
    let wrong = |keyword: &str, error: Error| {
        let message = format!("Error processing keyword '{keyword}': {}", error.message);
        Error { message, kind: of_import(error.kind), ..error }
    };
    // The others are looked at when they are joined to those around the import.
    let rest =
        Kind::PlaybookInclude.keywords().filter(|keyword| !matches!(*keyword, "vars" | "tags" | "import_playbook"));
    for keyword in ["when"].into_iter().chain(rest) {
        let Some(written) = entry.get(keyword).filter(|value| !value.is_null()) else { continue };
        let value = context.evaluate(&written.to_value(), None, &context.outer, &written.span);
        let value = value.map_err(|error| wrong(keyword, error))?;
        if let Some(takes) = Takes::of(keyword) {
            takes.check_value(keyword, &value, written)?;
        }
        if let Some(message) = odd_debugger(&value).filter(|_| keyword == "debugger") {
            let message = format!("Error processing keyword 'debugger': {message}");
            return Err(Error::invalid(message, &written.span));
        }
    }
    Ok(())
}

/// What the kind of an error is where a playbook is imported: what is not known there is a mistake of the playbook.
fn of_import(kind: ErrorKind) -> ErrorKind {
    if kind == ErrorKind::Template { ErrorKind::Invalid } else { kind }
}

fn play(loader: &Loader, node: &Node, dir: &Path, imported: &Imported) -> Result<Play, Error> {
    check_keys(loader, node)?;
    let hosts = hosts(node)?;
    if node.get("user").is_some() && node.get("remote_user").is_some() {
        return Err(Error::invalid("both 'user' and 'remote_user' are set for this play", &node.span));
    }
    let mut vars = node.get("vars").map(|vars| variables(vars, Kind::Play)).transpose()?.unwrap_or_default();
    vars.extend(imported.vars.clone());
    let vars_files = vars_files(node)?;
    let mut static_vars = vars.clone();
    let files = plain_files(loader, &vars_files, dir);
    // Whoever runs the play reads these files too, and reports what is wrong with them.
    for map in files.iter().filter_map(|path| loader.vars_file(path).ok()) {
        static_vars.extend((*map).clone());
    }
    let missing = Arc::clone(&imported.missing);
    let state = PlayState { dir: dir.to_path_buf(), vars: static_vars, missing, ..PlayState::default() };
    let context = Context::of_play(loader, &state, dir, Arc::default());
    let base = Keywords { tags: imported.tags.clone(), ..Keywords::default() };
    let (mut without_when, _) = joined(&context, node, &base, Kind::Play)?;
    let vars_prompt = vars_prompt(loader, node)?;
    loader.warn(without_when.reserved.iter().cloned());
    loader.warn(files.iter().flat_map(|path| loader.reserved_names(path)));
    if let Some(own) =
        loader.collection_of(&context, dir).filter(|own| !without_when.collections.iter().any(|known| **known == **own))
    {
        without_when.collections.insert(0, own.as_str().into());
    }
    let keywords = Arc::new(Keywords { when: imported.when.clone(), ..without_when.clone() });
    let context = context.within(Arc::clone(&keywords));
    let of_handlers = Context { handler: true, ..context.within(Arc::new(without_when)) };
    let pre_tasks = part(&context, node, "pre_tasks")?;
    let mut role_tasks = Vec::new();
    let mut handlers = Vec::new();
    let mut all_roles = Vec::new();
    for loaded in roles::list(&context, role_nodes(node)?, &[])? {
        role_tasks.extend(loaded.tasks);
        handlers.extend(loaded.handlers);
        all_roles.extend(loaded.roles);
    }
    state.reserved.replace(all_roles.iter().flat_map(|role| role.reserved.clone()).collect());
    // Pre-tasks may have imported roles, which come before those that follow.
    let tasks = part(&context, node, "tasks")?;
    let post_tasks = part(&context, node, "post_tasks")?;
    handlers.extend(part(&of_handlers, node, "handlers")?);
    handlers.extend(state.handlers.take());
    all_roles.extend(state.roles.take());
    check_texts(node, Kind::Play)?;
    Takes::Flag.check(node, "gather_facts")?;
    Takes::Whole.check(node, "gather_timeout")?;
    Takes::Flag.check(node, "force_handlers")?;
    Takes::Percentage.check(node, "max_fail_percentage")?;
    for keyword in ["fact_path", "strategy", "order", "user"] {
        if let Some(value) = node.get(keyword) {
            must_be_text(keyword, value)?;
        }
    }
    let subsets = node.get("gather_subset").filter(|subsets| !subsets.is_null());
    let subsets = subsets.map(|subsets| subsets.items().unwrap_or(std::slice::from_ref(subsets))).unwrap_or_default();
    if let Some(odd) = subsets.iter().find(|subset| subset.as_str().is_none()) {
        let value = odd.to_data();
        let what = value.type_name();
        let message = format!(
            "Error processing keyword 'gather_subset': Keyword 'gather_subset' items must be of type 'str', not '{what}'."
        );
        return Err(Error::invalid(message, &odd.span));
    }
    let value = |key: &str| node.get(key).filter(|value| !value.is_null()).map(Node::to_value);
    Ok(Play {
        name: tasks::name(node),
        hosts,
        span: node.span.clone(),
        dir: dir.to_path_buf(),
        keywords,
        vars,
        known_vars: Arc::new(state.vars),
        vars_files,
        vars_prompt,
        gather_facts: value("gather_facts"),
        gather: GatherOptions {
            subset: value("gather_subset"),
            timeout: value("gather_timeout"),
            fact_path: value("fact_path"),
        },
        serial: value("serial"),
        strategy: value("strategy"),
        order: value("order"),
        max_fail_percentage: value("max_fail_percentage"),
        force_handlers: value("force_handlers"),
        pre_tasks,
        roles: all_roles,
        role_tasks,
        tasks,
        post_tasks,
        handlers,
    })
}

/// Refuses keys that are no keywords of plays.
fn check_keys(loader: &Loader, node: &Node) -> Result<(), Error> {
    let is_module = |key: &str| is_language(key) || (loader.options().is_action)(key);
    for (key, _) in node.entries().unwrap_or_default() {
        let text = key.as_str().unwrap_or_default();
        if !Kind::Play.knows(text) {
            let error = Kind::Play.refuse(key);
            let advice = advice::of_play(node, text, is_module(text)).filter(|_| error.hint.is_none());
            return Err(error.or_help(advice));
        }
    }
    Ok(())
}

fn part(context: &Context<'_>, node: &Node, key: &str) -> Result<Vec<Item>, Error> {
    let Some(part) = node.get(key).filter(|part| !part.is_null()) else { return Ok(Vec::new()) };
    let Some(nodes) = part.items() else {
        let message = format!("a malformed block: '{key}' should be a list of tasks but is {}", part.describe());
        return Err(Error::invalid(message, &part.span).with_help(advice::of_tasks(part)));
    };
    tasks::items(context, nodes)
}

fn role_nodes(node: &Node) -> Result<&[Node], Error> {
    let Some(roles) = node.get("roles").filter(|roles| !roles.is_null()) else { return Ok(&[]) };
    roles.items().ok_or_else(|| {
        let message = format!("a malformed role declaration: 'roles' should be a list but is {}", roles.describe());
        Error::invalid(message, &roles.span)
    })
}

fn hosts(node: &Node) -> Result<Value, Error> {
    let Some((key, hosts)) = node.entry("hosts") else {
        return Err(Error::invalid("The field 'hosts' is required but was not set.", &node.span)
            .with_help("say which hosts the play is for, such as `hosts: all`"));
    };
    let wrong = |message: &str, node: &Node| Err(Error::invalid(message, &node.span));
    match &hosts.kind {
        NodeKind::Text { text, .. } if !text.is_empty() => Ok(hosts.to_value()),
        NodeKind::List(items) if !items.is_empty() => match items.iter().find(|item| item.as_str().is_none()) {
            None => Ok(hosts.to_value()),
            Some(item) if item.is_null() => wrong("Hosts list cannot contain values of 'None'.", item),
            Some(item) => wrong(&format!("Hosts list contains an invalid host value: {}", item.to_data()), item),
        },
        NodeKind::Text { .. } | NodeKind::List(_) => wrong("Hosts list cannot be empty.", key),
        _ if hosts.is_null() => wrong("Hosts list cannot be empty.", key),
        _ => wrong("Hosts list must be a sequence or string.", hosts),
    }
}

fn vars_files(node: &Node) -> Result<Vec<Value>, Error> {
    let Some(files) = node.get("vars_files").filter(|files| !files.is_null()) else { return Ok(Vec::new()) };
    let is_name = |item: &Node| {
        item.as_str().is_some() || item.items().is_some_and(|inner| inner.iter().all(|name| name.as_str().is_some()))
    };
    let items = files.items().unwrap_or(std::slice::from_ref(files));
    if let Some(odd) = items.iter().find(|item| !is_name(item)) {
        return Err(Error::invalid(format!("Invalid `vars_files` value: {}.", odd.describe()), &odd.span)
            .with_help("a `vars_files` value should either be a string or list of strings"));
    }
    Ok(list(files))
}

/// Those `vars_files` whose names are plain.
fn plain_files(loader: &Loader, files: &[Value], dir: &Path) -> Vec<PathBuf> {
    let dirs = [dir.to_path_buf()];
    let found = |entry: &Value| {
        let names = entry.as_list().unwrap_or(std::slice::from_ref(entry));
        names.iter().filter_map(Value::as_str).find_map(|name| loader.find_file(&dirs, "vars", name))
    };
    files.iter().filter_map(found).collect()
}

fn vars_prompt(loader: &Loader, node: &Node) -> Result<Vec<VarsPrompt>, Error> {
    const KEYS: &[&str] =
        &["name", "prompt", "default", "private", "confirm", "encrypt", "salt_size", "salt", "unsafe"];
    let Some(prompts) = node.get("vars_prompt").filter(|prompts| !prompts.is_null()) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for prompt in prompts.items().unwrap_or(std::slice::from_ref(prompts)) {
        let Some(name) = prompt.get("name").and_then(Node::as_str) else {
            return Err(Error::invalid("Invalid vars_prompt data structure, missing 'name' key", &prompt.span));
        };
        for (key, _) in prompt.entries().unwrap_or_default() {
            if !key.as_str().is_some_and(|key| KEYS.contains(&key)) {
                let text = key.to_data().to_string();
                let message = format!("Invalid vars_prompt data structure, found unsupported key '{text}'");
                return Err(Error::invalid(message, &key.span)
                    .with_hint(crate::suggest::did_you_mean(&text, KEYS.iter().copied())));
            }
        }
        let value = |key: &str| prompt.get(key).filter(|value| !value.is_null()).map(Node::to_value);
        let flag = |key: &str, default: bool| value(key).map_or(default, |value| truth(&value));
        loader.warn(prompt.get("name").and_then(|place| reserved::warning(name, &place.span)));
        all.push(VarsPrompt {
            name: name.into(),
            prompt: value("prompt"),
            default: value("default"),
            private: flag("private", true),
            confirm: flag("confirm", false),
            encrypt: value("encrypt"),
            salt_size: value("salt_size"),
            salt: value("salt"),
            unsafe_: flag("unsafe", false),
        });
    }
    Ok(all)
}

fn truth(value: &Value) -> bool {
    match value {
        Value::String(text) => matches!(text.to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t"),
        other => other.is_true(),
    }
}
