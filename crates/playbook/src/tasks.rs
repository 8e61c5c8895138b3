//! Lists of tasks: tasks, blocks, and static imports expanded where they stand.

use std::sync::Arc;

use ksplay_value::yaml::Node;
use ksplay_value::{Map, Value};

use crate::action::{self, Action, loop_lookup};
use crate::advice;
use crate::arguments::builtin_name;
use crate::context::Context;
use crate::imports;
use crate::keywords::{self, Kind, check_texts, conditions, joined, list};
use crate::{Block, Error, ErrorKind, Item, Loop, LoopControl, Reserved, Task};

/// The items of a list of tasks.
pub(crate) fn items(context: &Context<'_>, nodes: &[Node]) -> Result<Vec<Item>, Error> {
    let mut items = Vec::with_capacity(nodes.len());
    for node in nodes {
        item(context, node, &mut items)?;
    }
    Ok(items)
}

fn item(context: &Context<'_>, node: &Node, items: &mut Vec<Item>) -> Result<(), Error> {
    if node.is_null() {
        return Ok(());
    }
    if node.entries().is_none() {
        let message = format!("a task is a mapping, but this is {}", node.describe());
        return Err(Error::invalid(message, &node.span).with_help(advice::of_task(context, node)));
    }
    if ["block", "rescue", "always"].iter().any(|part| node.get(part).is_some()) {
        items.push(Item::Block(Arc::new(block(context, node)?)));
        return Ok(());
    }
    let action = action::of_task(context, node)?;
    match builtin_name(&action.name) {
        name @ ("import_role" | "include_role") if context.handler => {
            Err(Error::invalid(format!("Using '{name}' as a handler is not supported."), &node.span))
        }
        "import_tasks" => imports::tasks(context, node, &action, items),
        "import_role" => imports::role(context, node, &action, items),
        name => {
            if matches!(name, "include_tasks" | "include_role") {
                imports::check_include(context, node, &action)?;
            }
            items.push(Item::Task(Arc::new(task(context, node, action)?)));
            Ok(())
        }
    }
}

fn block(context: &Context<'_>, node: &Node) -> Result<Block, Error> {
    for part in ["rescue", "always"] {
        if node.get("block").is_none() && node.get(part).is_some() {
            return Err(Error::invalid(format!("'{part}' keyword cannot be used without 'block'"), &node.span));
        }
    }
    Kind::Block.check(node)?;
    let (keywords, _) = joined(context, node, &context.outer, Kind::Block)?;
    let keywords = Arc::new(keywords);
    let inner = context.within(Arc::clone(&keywords));
    let part = |name: &str| -> Result<Vec<Item>, Error> {
        let Some(part) = node.get(name) else { return Ok(Vec::new()) };
        match part.items() {
            Some(nodes) => items(&inner, nodes),
            None => Err(Error::invalid(
                format!("a malformed block: '{name}' should be a list of tasks but is {}", part.describe()),
                &part.span,
            )
            .with_help(advice::of_tasks(part))),
        }
    };
    let (block, rescue, always) = (part("block")?, part("rescue")?, part("always")?);
    check_texts(node, Kind::Block)?;
    Ok(Block { block, rescue, always, role_of: None, span: node.span.clone(), name: name(node), keywords })
}

/// The `name` of a mapping.
pub(crate) fn name(node: &Node) -> Option<Value> {
    node.get("name").filter(|name| !name.is_null()).map(Node::to_value)
}

/// A task that stays a task.
fn task(context: &Context<'_>, node: &Node, action: Action) -> Result<Task, Error> {
    let kind = match builtin_name(&action.name) {
        "include_tasks" | "include_role" => Kind::TaskInclude,
        _ if context.handler => Kind::Handler,
        _ => Kind::Task,
    };
    check_keys(context, node, kind)?;
    check_parallel(node, builtin_name(&action.name))?;
    let (mut all, vars) = joined(context, node, &context.outer, kind)?;
    let loop_ = loop_of(node)?;
    check_texts(node, kind)?;
    if builtin_name(&action.name) == "include_tasks" {
        context.tell_reserved(&all);
    }
    if action.local {
        all.delegate_to = Some(Value::from("localhost"));
    }
    check_register(node)?;
    let value = |key: &str| node.get(key).filter(|value| !value.is_null()).map(Node::to_value);
    let conditions = |key: &str| node.get(key).filter(|value| !value.is_null()).map(conditions);
    Ok(Task {
        id: context.loader.next_id(),
        reserved: Reserved::of_task(node, &action),
        name: name(node),
        action: action.name,
        written_action: action.written,
        action_span: action.span,
        chosen: action.chosen,
        args: action.args,
        keywords: Arc::new(all),
        vars,
        loop_,
        register: value("register"),
        until: conditions("until").unwrap_or_default(),
        retries: value("retries"),
        delay: value("delay"),
        changed_when: conditions("changed_when"),
        failed_when: conditions("failed_when"),
        async_: value("async"),
        poll: value("poll"),
        listen: listen(node)?,
        role: context.role.clone(),
        span: node.span.clone(),
        dirs: Arc::clone(&context.dirs),
        library: Arc::clone(&context.library),
        include_dirs: Arc::clone(&context.include_dirs),
        outer: Arc::clone(&context.outer),
        handler: context.handler,
    })
}

/// Refuses a `register` that names no variable.
pub(crate) fn check_register(node: &Node) -> Result<(), Error> {
    match node.get("register").filter(|register| !register.is_null()) {
        Some(register) => keywords::variable_name(register).map_err(|error| Error {
            message: format!("Invalid 'register' specified: {}", error.message),
            kind: ErrorKind::Invalid,
            ..error
        }),
        None => Ok(()),
    }
}

/// Refuses keys that are neither keywords nor the module's name.
pub(crate) fn check_keys(context: &Context<'_>, node: &Node, kind: Kind) -> Result<(), Error> {
    let general = if context.handler { Kind::Handler } else { Kind::Task };
    for (key, _) in node.entries().unwrap_or_default() {
        let Some(text) = key.as_str() else { return Err(kind.refuse(key)) };
        let is_loop = loop_lookup(text).is_some();
        let is_keyword = general.knows(text) || text == "listen" || text.starts_with("with_");
        let fits = kind.knows(text) || is_loop || (context.handler && text == "listen");
        if is_keyword && !fits {
            return Err(kind.refuse(key));
        }
    }
    Ok(())
}

fn listen(node: &Node) -> Result<Vec<Value>, Error> {
    let Some(listen) = node.get("listen").filter(|listen| !listen.is_null()) else { return Ok(Vec::new()) };
    let items = listen.items().unwrap_or(std::slice::from_ref(listen));
    if let Some(odd) = items.iter().find(|item| item.as_str().is_none()) {
        let message = format!("Keyword 'listen' items must be text, but this is {}", odd.describe());
        return Err(Error::invalid(message, &odd.span));
    }
    Ok(list(listen))
}

/// The loop of a task, when it has one.
pub(crate) fn loop_of(node: &Node) -> Result<Option<Loop>, Error> {
    let mut found: Option<Loop> = None;
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(text) = key.as_str() else { continue };
        let lookup = match loop_lookup(text) {
            Some(lookup) => Some(lookup.into()),
            None if text == "loop" => None,
            None => continue,
        };
        if found.is_some() {
            return Err(Error::content("duplicate loop in task", &key.span));
        }
        if value.is_null() {
            if lookup.is_some() {
                return Err(Error::content(format!("you must specify a value when using {text}"), &key.span));
            }
            continue;
        }
        found = Some(Loop { lookup, items: value.to_value(), control: LoopControl::default() });
    }
    let control = node.get("loop_control").map(loop_control).transpose()?;
    Ok(found.map(|found| Loop { control: control.unwrap_or_default(), ..found }))
}

fn loop_control(node: &Node) -> Result<LoopControl, Error> {
    if node.entries().is_none() {
        return Err(Error::invalid(
            "the `loop_control` value must be specified as a dictionary and cannot be a variable itself (though it can \
             contain variables)",
            &node.span,
        ));
    }
    Kind::LoopControl.check(node)?;
    let value = |key: &str| node.get(key).filter(|value| !value.is_null()).map(Node::to_value);
    Ok(LoopControl {
        loop_var: value("loop_var"),
        index_var: value("index_var"),
        label: value("label"),
        pause: value("pause"),
        extended: value("extended"),
        extended_allitems: value("extended_allitems"),
        break_when: node.get("break_when").map(conditions).unwrap_or_default(),
        parallel: value("parallel"),
    })
}

/// Refuses `parallel` beside what lets the items of a loop wait for each other, and numbers that it cannot be.
fn check_parallel(task: &Node, action: &str) -> Result<(), Error> {
    let Some(control) = task.get("loop_control") else { return Ok(()) };
    let Some(parallel) = control.get("parallel").filter(|parallel| !parallel.is_null()) else { return Ok(()) };
    for other in ["pause", "break_when"] {
        if let Some(other_value) = control.get(other).filter(|other| !other.is_null()) {
            let message =
                format!("'parallel' and '{other}' exclude each other: what runs at the same time has no order");
            return Err(Error::invalid(message, &other_value.span));
        }
    }
    if matches!(action, "include_tasks" | "include_role" | "pause") {
        let message = format!("'parallel' means nothing to '{action}', whose items come one after the other");
        return Err(Error::invalid(message, &parallel.span));
    }
    match parallel.to_value() {
        Value::Template(_) => Ok(()),
        value if value.to_string().parse().is_ok_and(|number: usize| number > 0) => Ok(()),
        value => {
            let message = format!("'parallel' is a whole number of 1 or more, but this is '{value}'");
            Err(Error::invalid(message, &parallel.span))
        }
    }
}

/// The task that checks a role's arguments against its specification.
pub(crate) fn validation(
    context: &Context<'_>,
    entry: &str,
    spec: &Map,
    node_span: &ksplay_value::Span,
) -> Option<Item> {
    let role = context.role.as_ref()?;
    let mut keywords = (*context.outer).clone();
    if !keywords.tags.iter().any(|tag| &**tag == "always") {
        keywords.tags.insert(0, "always".into());
    }
    let about = spec.get("short_description").and_then(Value::as_str).map(|about| format!(" - {about}"));
    let name = format!("Validating arguments against arg spec '{entry}'{}", about.unwrap_or_default());
    let options = spec.get("options").cloned().unwrap_or_else(Value::empty_map);
    let about_role = Map::from([
        ("type", Value::from("role")),
        ("name", Value::from(&role.name)),
        ("argument_spec_name", Value::from(entry)),
        ("path", Value::from(role.path.display().to_string())),
    ]);
    let args = Map::from([
        ("argument_spec", options),
        ("provided_arguments", Value::Map(Arc::clone(&role.params))),
        ("validate_args_context", Value::from(about_role)),
    ]);
    let (id, action) = (context.loader.next_id(), "ansible.builtin.validate_argument_spec");
    Some(Item::Task(Arc::new(Task {
        keywords: Arc::new(keywords),
        role: Some(Arc::clone(role)),
        dirs: Arc::clone(&context.dirs),
        library: Arc::clone(&context.library),
        include_dirs: Arc::clone(&context.include_dirs),
        ..Task::made(id, &name, action, args, &context.outer, node_span)
    })))
}
