//! Which key of a task names its module, and what its arguments are.

use std::sync::Arc;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Map, Span, Str, Template, TemplateKind, Value, has_markers};

use crate::arguments::{self, builtin_name};
use crate::context::Context;
use crate::keywords::{self, Kind};
use crate::modules;
use crate::suggest::did_you_mean;
use crate::{Error, advice};

/// The argument under which a template for all of `args` stands beside other arguments.
const VARIABLE: &str = "_variable_params";

/// Lookups that `with_…` may name.
pub(crate) const LOOKUPS: &[&str] = &[
    "items",
    "env",
    "pipe",
    "first_found",
    "template",
    "vars",
    "fileglob",
    "dict",
    "password",
    "nested",
    "varnames",
    "inventory_hostnames",
    "config",
    "csvfile",
    "file",
    "indexed_items",
    "ini",
    "lines",
    "list",
    "random_choice",
    "sequence",
    "subelements",
    "together",
    "unvault",
    "url",
    "flattened",
    "cartesian",
];

/// The module of a task with its arguments.
#[derive(Debug)]
pub(crate) struct Action {
    /// What it means, when a collection leads the name elsewhere.
    pub name: Str,
    /// As written.
    pub written: Str,
    /// The template, when the name is one.
    pub chosen: Option<Value>,
    /// A mapping, or a template of one.
    pub args: Value,
    /// Whether it was given with `local_action`.
    pub local: bool,
    /// Where its name stands.
    pub span: Span,
}

/// Whether a key begins a loop: `with_` and the name of a lookup.
pub(crate) fn loop_lookup(key: &str) -> Option<&str> {
    let lookup = key.strip_prefix("with_")?;
    (LOOKUPS.contains(&builtin_name(lookup)) || lookup.contains('.')).then_some(lookup)
}

/// Tells the module of a task from its keywords.
pub(crate) fn of_task(context: &Context<'_>, node: &Node) -> Result<Action, Error> {
    let kind = if context.handler { Kind::Handler } else { Kind::Task };
    if node.get("action").is_some() && node.get("local_action").is_some() {
        return Err(Error::invalid("action and local_action are mutually exclusive", &node.span));
    }
    let mut found: Option<(Str, Str, Map)> = None;
    let mut span = node.span.clone();
    let local = node.get("local_action").is_some();
    // What is wrong with it is told when the keywords are read.
    let own = node.get("collections").and_then(|names| keywords::collections(names).ok());
    let collections = own.as_deref().unwrap_or(&context.outer.collections);
    let keyword = node.get("action").or_else(|| node.get("local_action"));
    if let Some(value) = keyword {
        let (written, args) = action_keyword(value, &node.span)?;
        let name = modules::meant(context, &written, collections);
        found = Some((name, written, args));
        span = value.get("module").unwrap_or(value).span.clone();
    }
    let candidates: Vec<&(Node, Node)> = node
        .entries()
        .unwrap_or_default()
        .iter()
        .filter(|(key, _)| {
            !key.as_str().is_some_and(|key| kind.knows(key) || key == "listen" || key.starts_with("with_"))
        })
        .collect();
    if let Some((_, name, _)) = &found
        && let Some((key, _)) = candidates.first()
    {
        let message = format!("conflicting action statements: {name}, {}", key.to_data());
        return Err(Error::invalid(message, &key.span).with_hint(keyword_hint(kind, key)));
    }
    if let [(first, _), (second, _), ..] = candidates.as_slice() {
        let message = format!("conflicting action statements: {}, {}", first.to_data(), second.to_data());
        let odd = [first, second].into_iter().find(|key| keyword_hint(kind, key).is_some());
        let error = Error::invalid(message, &odd.unwrap_or(second).span);
        return Err(match odd {
            Some(odd) => error.with_hint(keyword_hint(kind, odd)),
            None => error.with_help(advice::of_two_modules(context, [candidates[0], candidates[1]])),
        });
    }
    if let Some((key, value)) = candidates.first() {
        let Some(written) = key.as_str() else {
            return Err(Error::invalid(format!("a task's keys are text, not {}", key.describe()), &key.span));
        };
        let name = modules::resolve(context, written, collections, key, kind)?;
        let args = module_arguments(&name, value)?;
        found = Some((name, written.into(), args));
        span = key.span.clone();
    }
    let Some((name, written, own)) = found.filter(|(name, ..)| !name.is_empty()) else {
        return Err(Error::invalid("no module/action detected in task.", &node.span)
            .with_help("a task needs a module, such as `debug:` or `ansible.builtin.copy:`"));
    };
    if builtin_name(&name) == "include" {
        return Err(Error::content(
            "'include' has been removed. Use include_tasks or import_tasks instead.",
            &node.span,
        ));
    }
    let args = match all_in_one(&name, &own).filter(|_| node.get("args").is_none()) {
        Some(template) => template,
        None => with_args_keyword(&name, own, node.get("args"))?,
    };
    let chosen = keyword.filter(|_| has_markers(&name)).map(|keyword| arguments::text_value(&name, &keyword.span));
    Ok(Action { name, written, chosen, args, local, span })
}

fn keyword_hint(kind: Kind, key: &Node) -> Option<String> {
    let text = key.as_str()?;
    if text.len() < 3 || advice::of_module(text).is_some() {
        return None;
    }
    did_you_mean(text, kind.keywords())
}

/// `action: copy src=a`, or a mapping with `module` in it.
fn action_keyword(value: &Node, task: &Span) -> Result<(Str, Map), Error> {
    match &value.kind {
        NodeKind::Text { text, .. } => {
            let (name, rest) = split_action(text, value)?;
            let args = text_arguments(&name, &rest, value)?;
            Ok((name.into(), args))
        }
        NodeKind::Map(entries) => {
            let Some(module) = value.get("module").and_then(Node::as_str) else {
                return Err(Error::invalid("no module/action detected in task.", task));
            };
            let (name, rest) = split_action(module, value)?;
            let mut args = text_arguments(&name, &rest, value)?;
            for (key, value) in entries.iter().filter(|(key, _)| key.as_str() != Some("module")) {
                args.insert(key.to_data(), value.to_value());
            }
            mark_expressions(&name, &mut args, value);
            Ok((name.into(), args))
        }
        _ => Err(Error::invalid(format!("unexpected parameter type in action: {}", value.describe()), &value.span)),
    }
}

/// The module's name, which may be a template, and what follows it.
fn split_action(text: &str, node: &Node) -> Result<(String, String), Error> {
    let words = arguments::split(text.trim()).map_err(|why| Error::invalid(format!("{why}: {text}"), &node.span))?;
    let (name, rest) = words.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
    Ok((name.trim_end().to_owned(), arguments::join(rest)))
}

fn module_arguments(name: &str, value: &Node) -> Result<Map, Error> {
    match &value.kind {
        NodeKind::Text { text, .. } => text_arguments(name, text, value),
        NodeKind::Map(_) => match value.to_value() {
            Value::Map(map) => {
                let mut args = Arc::unwrap_or_clone(map);
                mark_expressions(name, &mut args, value);
                Ok(args)
            }
            _ => Ok(Map::new()),
        },
        _ if value.is_null() => Ok(Map::new()),
        _ => Err(Error::invalid(format!("unexpected parameter type in action: {}", value.describe()), &value.span)),
    }
}

fn text_arguments(name: &str, text: &str, node: &Node) -> Result<Map, Error> {
    let mut args = arguments::parse(text, arguments::is_command(name), &node.span)
        .map_err(|why| Error::invalid(format!("{why}: {text}"), &node.span))?;
    mark_expressions(name, &mut args, node);
    Ok(args)
}

/// The arguments whose text is a bare expression, and their actions.
const EXPRESSIONS: [(&str, &str); 2] = [("assert", "that"), ("debug", "var")];

/// Makes the text of arguments that are bare expressions such; `node` is where the arguments stand.
fn mark_expressions(action: &str, args: &mut Map, node: &Node) {
    for (of, argument) in EXPRESSIONS {
        // Which of them are is seen when the template of a name is evaluated.
        if (of == builtin_name(action) || has_markers(action))
            && let Some(value) = args.get_mut(argument)
        {
            mark_expression(value, node.get(argument).unwrap_or(node));
        }
    }
}

/// Makes plain text again of what is no expression to this action.
pub(crate) fn keep_expressions(action: &str, args: &mut Map) {
    for (of, argument) in EXPRESSIONS {
        if of != builtin_name(action)
            && let Some(value) = args.get_mut(argument)
        {
            unmark_expression(value);
        }
    }
}

fn unmark_expression(value: &mut Value) {
    match value {
        Value::Template(template) if template.kind == TemplateKind::Expression => {
            *value = Value::String(Arc::clone(&template.text));
        }
        Value::List(items) => Arc::make_mut(items).iter_mut().for_each(unmark_expression),
        _ => {}
    }
}

fn mark_expression(value: &mut Value, node: &Node) {
    match (&mut *value, &node.kind) {
        (Value::List(items), NodeKind::List(nodes)) => {
            Arc::make_mut(items).iter_mut().zip(nodes).for_each(|(item, node)| mark_expression(item, node));
        }
        (Value::String(text), NodeKind::Text { trusted: true, .. }) => {
            *value = Template::new(TemplateKind::Expression, Arc::clone(text), Some(node.span.clone())).into();
        }
        _ => {}
    }
}

/// Actions that take free text beside or instead of named arguments, besides commands and what reads files of tasks.
const TAKE_FREE_TEXT: &[&str] = &["add_host", "group_by", "include_vars", "meta", "set_fact"];

/// The template of all arguments, where one stands in their place (`copy: "{{ of_copy }}"`).
fn all_in_one(action: &str, args: &Map) -> Option<Value> {
    let short = builtin_name(action);
    let takes_text = arguments::is_command(action)
        || TAKE_FREE_TEXT.contains(&short)
        || short.starts_with("include_")
        || short.starts_with("import_");
    if takes_text || has_markers(action) || args.len() != 1 {
        return None;
    }
    match args.get(arguments::RAW)? {
        value @ Value::Template(template) => {
            let text = template.text.trim();
            let is_whole = |start, end| text.starts_with(start) && text.ends_with(end);
            (is_whole("{{", "}}") || is_whole("{%", "%}")).then(|| value.clone())
        }
        _ => None,
    }
}

/// The arguments with those of the keyword `args`, over which they have precedence.
fn with_args_keyword(action: &str, own: Map, keyword: Option<&Node>) -> Result<Value, Error> {
    let Some(keyword) = keyword.filter(|node| !node.is_null()) else { return Ok(own.into()) };
    match keyword.to_value() {
        Value::Map(map) => {
            let mut all = Arc::unwrap_or_clone(map);
            mark_expressions(action, &mut all, keyword);
            all.extend(own);
            Ok(all.into())
        }
        template @ Value::Template(_) if own.is_empty() => Ok(template),
        template @ Value::Template(_) => {
            let mut all = own;
            all.insert(VARIABLE, template);
            Ok(all.into())
        }
        _ => Err(Error::invalid("The value of the task `args` keyword is invalid.", &keyword.span)
            .with_help("a mapping or template which resolves to a mapping is required")),
    }
}
