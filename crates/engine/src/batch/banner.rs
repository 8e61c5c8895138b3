//! The name of a task as it is shown.

use ksplay_playbook::Task;
use ksplay_template::Templar;
use ksplay_value::{Span, Template, TemplateKind, Value};

use crate::scope::HostScope;
use crate::{actions, written};

/// A name, and what is to be said about it.
pub(super) struct Banner {
    pub text: String,
    /// What could not be evaluated.
    pub warning: Option<String>,
    pub span: Option<Span>,
}

/// The name of a task with its role; templates are evaluated, and what cannot be is shown as an error in its place.
pub(super) fn banner(task: &Task, scope: &HostScope) -> Banner {
    let own = task.name.as_ref().filter(|name| name.as_str() != Some(""));
    let (mut errors, mut span) = (Vec::new(), None);
    let name = match own {
        Some(Value::Template(template)) if template.kind == TemplateKind::Jinja => {
            span = template.span.clone();
            lenient(&scope.templar(), template, &mut errors)
        }
        Some(name) => written::as_written(name).to_string(),
        None => match (actions::include_kind(&task.action), task.args.get("name").or_else(|| task.args.get("role"))) {
            (Some("include_role"), Some(role)) => format!("{} : {}", task.action, written::as_written(role)),
            _ => task.action.to_string(),
        },
    };
    Banner { text: with_role(task, name.trim()), warning: warning(&errors), span }
}

/// The name of a task with its role, as it was written.
pub(super) fn as_written(task: &Task) -> String {
    let name = match task.name.as_ref().map(|name| written::as_written(name).to_string()) {
        Some(name) if !name.is_empty() => name,
        _ => task.action.to_string(),
    };
    with_role(task, name.trim())
}

fn with_role(task: &Task, name: &str) -> String {
    match task.shown_role() {
        Some(role) => format!("{} : {name}", role.name),
        None => name.to_owned(),
    }
}

/// What is said of the errors in a template that is shown all the same.
fn warning(errors: &[String]) -> Option<String> {
    let number = errors.len();
    let plural = if number == 1 { "" } else { "s" };
    (number > 0).then(|| format!("Encountered {number} template error{plural}.\n{}", errors.join("\n")))
}

/// The text of a template whose expressions that fail are shown as errors with their numbers.
fn lenient(templar: &Templar<'_>, template: &Template, errors: &mut Vec<String>) -> String {
    let mut part = |text: &str| {
        let part = Template::new(TemplateKind::Jinja, text, template.span.clone());
        templar.resolve(&part.into()).map_or_else(
            |error| {
                let message = format!("error {} - {error}", errors.len() + 1);
                let shown = format!("<< {message} >>");
                errors.push(message);
                shown
            },
            |value| value.to_string(),
        )
    };
    let text = &*template.text;
    // Statements reach over what is between them.
    if text.contains("{%") {
        return part(text);
    }
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let end = rest[start..].find("}}").map_or(rest.len(), |end| start + end + 2);
        shown.push_str(&rest[..start]);
        shown.push_str(&part(&rest[start..end]));
        rest = &rest[end..];
    }
    shown + rest
}
