//! What is told of a task when it begins: its name, and what is odd about it.

use std::collections::HashSet;
use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_scheduler::{HostIndex, StepId};
use ksplay_template::Templar;
use ksplay_value::{Span, Template, TemplateKind, Value};

use super::Batch;
use crate::event::{Arguments, Event, TaskInfo};
use crate::keywords::flag;
use crate::scope::HostScope;
use crate::{actions, written};

impl Batch {
    /// The name of a task as it is shown, with a warning about what cannot be evaluated in it.
    fn banner(&self, task: &Task, scope: &HostScope) -> String {
        self.tell_reserved(task);
        let banner = banner(task, scope);
        if let Some(text) = banner.warning {
            let span = banner.span.unwrap_or_else(|| task.span.clone());
            self.shared.emit(Event::WarningAt { text, span, help: None });
        }
        banner.text
    }

    /// Tells of the variables of a task whose names are reserved, each where it was first given.
    fn tell_reserved(&self, task: &Task) {
        let play = &self.context.play;
        let roles = play.roles.iter().chain(&task.role).flat_map(|role| &role.reserved);
        let mut names = HashSet::new();
        let all = play.keywords.reserved.iter().chain(roles).chain(&task.keywords.reserved);
        all.filter(|warning| names.insert(warning.message.as_str()))
            .for_each(|warning| self.shared.emit(warning.clone().into()));
    }

    pub(super) fn info(&self, step: StepId, task: &Arc<Task>, host: HostIndex) -> Arc<TaskInfo> {
        let scope = self.scope(task, host);
        self.shared.tell_reserved_names(&self.hosts[host]);
        Arc::new(TaskInfo {
            number: self.shared.next_number(),
            banner: self.banner(task, &scope),
            action: task.written_action.clone(),
            arguments: arguments(task, self.shared.options.no_log),
            role: task.role.as_ref().map(|role| role.name.clone()),
            span: task.span.clone(),
            handler: self.is_flushing(step, task),
            check: flag(&scope, "check_mode", task.keywords.check_mode.as_ref())
                .ok()
                .flatten()
                .unwrap_or(self.shared.options.check),
            // Whether the keyword is wrong is told by the task itself.
            diff: self.shared.options.diff
                || matches!(flag(&scope, "diff", task.keywords.diff.as_ref()), Ok(Some(true))),
        })
    }

    /// Tells of templates where they do not do what one may think.
    pub(super) fn warn_about(&self, task: &Task) {
        if task.listen.iter().any(|topic| matches!(topic, Value::Template(_))) {
            let topics: Value = task.listen.iter().map(written::as_written).collect();
            self.shared.emit(Event::Warning(format!(
                "\"listen\" is not templatable, but we found: {topics}, it will not be templated and will be used \"as is\"."
            )));
        }
        if let Value::Template(args) = &task.args
            && let Some(span) = &args.span
        {
            let text = "Using a template for task args is unsafe in some situations (see https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe).";
            self.shared.emit(Event::WarningAt { text: text.into(), span: span.clone(), help: None });
        }
    }
}

/// The arguments of a task as they were written, unless they may be secret.
fn arguments(task: &Task, hidden: bool) -> Arguments {
    let hidden = match &task.keywords.no_log {
        Some(Value::Template(_)) => true,
        Some(no_log) => no_log.is_true(),
        None => hidden,
    };
    if hidden { Arguments::default() } else { Arguments::of(task.args.clone()) }
}

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
            (Some("include_role"), Some(role)) => format!("{} : {}", task.written_action, written::as_written(role)),
            _ => task.written_action.to_string(),
        },
    };
    Banner { text: with_role(task, name.trim()), warning: warning(&errors), span }
}

/// The name of a task with its role, as it was written.
pub(super) fn as_written(task: &Task) -> String {
    let name = match task.name.as_ref().map(|name| written::as_written(name).to_string()) {
        Some(name) if !name.is_empty() => name,
        _ => task.written_action.to_string(),
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
