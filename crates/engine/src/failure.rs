//! Why a task has no result of its own: from an error of any floor below to what the user reads.

use std::time::Duration;

use ksplay_playbook::Task;
use ksplay_template::CONDITIONAL;
use ksplay_value::{Map, Span, Unknown, Value};

use crate::event::{ErrorFrame, TaskError};

/// A task that could not be carried out, or an action that failed.
#[derive(Debug, Clone)]
pub struct TaskFailure {
    /// What happened.
    pub message: String,
    /// What goes before the message in the title: `Action failed`, `Module failed`.
    pub prefix: Option<&'static str>,
    /// The place of the cause, when it is not the task.
    pub span: Option<Span>,
    /// The step at which it happened, with the place of the task's action: `Finalization of task args for 'x' failed.`
    pub step: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Further values of the result.
    pub values: Map,
    /// Whether the host could not be reached.
    pub unreachable: bool,
    /// Whether the message is all there is to say, without a word about the task before it.
    pub bare: bool,
    /// Whether it is no failure: check mode does not know what decides here.
    pub undecided: bool,
    /// The exit code when it belongs to no task, and ends the run.
    pub exit_code: u8,
    /// What lies between the task and the cause.
    pub way: Option<Box<Way>>,
}

/// What a failure came through.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// What was being done, which the message begins with: `Error while resolving value for 'x'`.
    context: Option<String>,
    /// The place of the outermost template, when the cause stands in another one.
    outer: Option<Span>,
}

impl TaskFailure {
    /// A failure that is nothing but its message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            prefix: None,
            span: None,
            step: None,
            help: None,
            values: Map::new(),
            unreachable: false,
            bare: false,
            undecided: false,
            exit_code: 1,
            way: None,
        }
    }

    /// An action that failed by itself, such as `fail` and `assert`: its message is the result's.
    pub fn action(message: impl Into<String>) -> Self {
        Self { prefix: Some("Action failed"), ..Self::new(message) }
    }

    /// An action that gave up before it had a result: the message is the result's, and stands alone in the title.
    pub fn raised(message: impl Into<String>) -> Self {
        Self { prefix: Some(""), ..Self::new(message) }
    }

    /// The host could not be reached.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self { unreachable: true, ..Self::new(message) }
    }

    /// What is decided only while the play is carried out, because this rests on what is not known before.
    pub fn undecided(what: &str, unknown: &Unknown) -> Self {
        let because: Vec<&str> = unknown.because.iter().map(|name| &**name).collect();
        let message = format!("{what} rests on {}, which check mode did not run", because.join(" and "));
        Self { undecided: true, ..Self::new(message) }
    }

    /// The time of the keyword `timeout` was over.
    pub fn timed_out(after: Duration) -> Self {
        let period = Map::from([("period", Value::from(after.as_secs()))]);
        Self::new(format!("Timed out after {} second(s).", after.as_secs_f64())).with("timedout", period)
    }

    /// A keyword of a play that cannot be evaluated: the run ends as with what cannot be read.
    pub(crate) fn of_play(keyword: &str, error: ksplay_template::Error) -> Self {
        let message = format!("Error processing keyword '{keyword}': {}", error.message);
        Self { message, exit_code: 4, ..error.into() }
    }

    /// The failure with one more value in the result.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value);
        self
    }

    /// The failure as one of this step: `step` is said before it.
    #[must_use]
    pub fn during(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// The failure as one that happened while this was done: it is said before it.
    #[must_use]
    pub fn within(mut self, context: impl Into<String>) -> Self {
        let context = context.into();
        self.message = format!("{context}: {}", self.message);
        self.way.get_or_insert_default().context = Some(context);
        self
    }

    /// The result as modules give it.
    pub fn into_result(self) -> Map {
        let message = match &self.prefix {
            _ if self.bare => self.message.clone(),
            Some(_) => self.message.clone(),
            None => format!("Task failed: {}", join(self.step.as_deref(), &self.message)),
        };
        let state = if self.unreachable { "unreachable" } else { "failed" };
        let mut map = Map::from([(state, Value::Bool(true)), ("msg", Value::from(message))]);
        if !self.bare {
            map.insert("changed", false);
        }
        map.extend(self.values);
        map
    }

    /// The error as it is shown for a task.
    pub fn to_error(&self, task: &Task) -> TaskError {
        if self.bare {
            let span = self.span.clone().unwrap_or_else(|| task.span.clone());
            let frame = ErrorFrame { message: self.message.clone(), span: Some(span), help: self.help.clone() };
            return TaskError { title: self.message.clone(), frames: vec![frame] };
        }
        let inner = match self.prefix {
            Some("") => self.message.clone(),
            Some(prefix) if self.message.is_empty() => format!("{prefix}."),
            Some(prefix) => format!("{prefix}: {}", self.message),
            None => join(self.step.as_deref(), &self.message),
        };
        let title = format!("Task failed: {inner}");
        let frames = match &self.span {
            Some(span) if self.prefix.is_none() => self.chain(task, span),
            _ => vec![ErrorFrame { message: title.clone(), span: Some(task.span.clone()), help: self.help.clone() }],
        };
        TaskError { title, frames }
    }

    /// What led to it, each with its place; what stands at the same place is one.
    fn chain(&self, task: &Task, cause: &Span) -> Vec<ErrorFrame> {
        let step = self.step.as_deref().map(|step| (step.trim_end_matches('.'), &task.action_span));
        let way = self.way.as_deref();
        let value = way.and_then(|way| way.outer.as_ref()).unwrap_or(cause);
        let context = way.and_then(|way| way.context.as_deref());
        let said = context.and_then(|context| self.message.strip_prefix(context));
        let context = context.map(|context| (context, value));
        let message = said.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&self.message);
        let mut frames: Vec<ErrorFrame> = Vec::new();
        for (text, span) in [("Task failed", &task.span)].into_iter().chain(step).chain(context) {
            match frames.last_mut().filter(|last| last.span.as_ref() == Some(span)) {
                Some(last) => last.message = format!("{}: {text}.", last.message.trim_end_matches('.')),
                None => frames.push(ErrorFrame { message: format!("{text}."), span: Some(span.clone()), help: None }),
            }
        }
        let help = self.help.clone();
        match frames.last_mut().filter(|last| last.span.as_ref() == Some(cause)) {
            Some(last) => {
                last.message = format!("{}: {message}", last.message.trim_end_matches('.'));
                last.help = help;
            }
            None => frames.push(ErrorFrame { message: message.to_owned(), span: Some(cause.clone()), help }),
        }
        frames
    }
}

/// `Finalization … failed.` and the message, as one sentence.
fn join(step: Option<&str>, message: &str) -> String {
    match step {
        Some(step) => format!("{}: {message}", step.trim_end_matches('.')),
        None => message.to_owned(),
    }
}

impl From<ksplay_template::Error> for TaskFailure {
    fn from(error: ksplay_template::Error) -> Self {
        let help = (error.kind == ksplay_template::ErrorKind::BrokenConditional).then(|| {
            "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option."
                .to_owned()
        });
        let help = help.or_else(|| error.near.map(|near| format!("did you mean `{near}`?")));
        let context = error.message.starts_with(CONDITIONAL).then(|| CONDITIONAL.to_owned());
        let way = (context.is_some() || error.outer.is_some()).then(|| Box::new(Way { context, outer: error.outer }));
        Self { span: error.span, way, help, ..Self::new(error.message) }
    }
}

impl From<ksplay_inventory::Error> for TaskFailure {
    fn from(error: ksplay_inventory::Error) -> Self {
        Self { span: error.span().cloned(), help: error.help().map(str::to_owned), ..Self::new(error.to_string()) }
    }
}

impl From<ksplay_playbook::Error> for TaskFailure {
    fn from(error: ksplay_playbook::Error) -> Self {
        let exit_code = error.exit_code().try_into().unwrap_or(1);
        Self { exit_code, span: error.span, help: error.help, ..Self::new(error.message) }
    }
}

impl From<&ksplay_transport::Error> for TaskFailure {
    fn from(error: &ksplay_transport::Error) -> Self {
        if error.is_unreachable() { Self::unreachable(error.to_string()) } else { Self::action(error.to_string()) }
    }
}

impl TaskFailure {
    /// The error as it is shown when it belongs to no task.
    pub(crate) fn to_plain_error(&self) -> TaskError {
        let frame = ErrorFrame { message: self.message.clone(), span: self.span.clone(), help: self.help.clone() };
        TaskError { title: self.message.clone(), frames: vec![frame] }
    }
}

/// Adds to a failed result what later tasks find in each, though it is not shown.
pub(crate) fn complete(result: &mut Map) {
    // Of a loop, each item that failed has its own.
    if !result.contains_key("exception") && !result.contains_key("results") {
        result.insert("exception", "(traceback unavailable)");
    }
    if !result.contains_key("changed") {
        result.insert("changed", false);
    }
}
