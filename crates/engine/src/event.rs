//! What happens in a run, for whoever shows or records it.

use std::fmt;
use std::sync::Arc;

use ksplay_value::{Diagnostic, Map, Span, Str, Value};

use crate::written::written;

/// A result as it may be shown: under `no_log` censored. There is no other way to make one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown(Map);

impl Shown {
    /// What may be shown of this result.
    pub fn of(result: Map, no_log: bool) -> Self {
        if !no_log {
            return Self(result);
        }
        let mut censored = Map::from([(
            "censored",
            "the output has been hidden due to the fact that 'no_log: true' was specified for this result",
        )]);
        for key in ["attempts", "changed", "retries", "failed", "skipped", "unreachable"] {
            if let Some(value) = result.get(key) {
                censored.insert(key, value.clone());
            }
        }
        Self(censored)
    }
}

impl std::ops::Deref for Shown {
    type Target = Map;

    fn deref(&self) -> &Map {
        &self.0
    }
}

/// A reader of events: the terminal, a journal.
pub trait Sink: Send + Sync {
    /// Something happened. Called in order, from one thread at a time.
    fn event(&self, event: &Event);
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A play begins, with its name or host pattern.
    PlayStart {
        /// The name as shown.
        name: String,
        /// Whether the whole play runs in check mode.
        check: bool,
        /// Where it stands.
        span: Span,
    },
    /// The play's pattern matches no host.
    NoHostsMatched,
    /// Every host has failed or cannot be reached.
    NoHostsRemaining,
    /// A task begins on its first hosts.
    TaskStart(Arc<TaskInfo>),
    /// A host begins work at a task.
    HostStart {
        /// The task.
        task: Arc<TaskInfo>,
        /// The host.
        host: Str,
    },
    /// One item of a loop ended.
    Item(TaskResult),
    /// A task ended on a host.
    Result(TaskResult),
    /// A task will be tried again.
    Retry {
        /// The task.
        task: Arc<TaskInfo>,
        /// The host.
        host: Str,
        /// How many tries are left.
        left: u64,
        /// The result of the try.
        result: Shown,
    },
    /// A task looked at its job (`async`).
    Async {
        /// The host.
        host: Str,
        /// How the job is.
        state: AsyncState,
        /// What was seen of it.
        result: Shown,
    },
    /// A file was included.
    Included {
        /// The task that includes it.
        task: Arc<TaskInfo>,
        /// The file, or the role's name.
        file: String,
        /// The hosts that it was included for.
        hosts: Vec<Str>,
        /// The label of the loop's item.
        label: Option<String>,
    },
    /// The text that a module or the engine wants the user to see, once.
    Warning(String),
    /// A warning about something that stands somewhere.
    WarningAt {
        /// What is odd.
        text: String,
        /// Where.
        span: Span,
        /// What comes of it, below the place.
        help: Option<String>,
    },
    /// What is only told with `-vv`.
    Detail(String),
    /// A playbook begins; told with `-vv`.
    PlaybookStart {
        /// Its file.
        file: String,
        /// How many plays it has.
        plays: usize,
    },
    /// A failure in full, with the places that led to it.
    Error(Arc<TaskError>),
    /// The play named something that is there to be shown as it is, such as the prompt of `pause`.
    Notice(String),
    /// The user has answered this question about a task.
    Asked(String),
    /// The run is over.
    Recap(Vec<(Str, Counts)>),
}

impl From<Diagnostic> for Event {
    /// The warning that this is.
    fn from(Diagnostic { message, span, hint: _, help }: Diagnostic) -> Self {
        match (span, help) {
            (Some(span), help) => Self::WarningAt { text: message, span, help },
            (None, Some(help)) => Self::Warning(format!("{message}\n\n{help}")),
            (None, None) => Self::Warning(message),
        }
    }
}

/// How a job is that a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsyncState {
    /// It goes on.
    Running,
    /// It has ended well.
    Ended,
    /// It failed, or its time was over.
    Failed,
}

/// Arguments of a task as they were written, shown as `name=value, …`. There is no other way to see them.
#[derive(Clone, Default)]
pub struct Arguments(Value);

impl Arguments {
    /// Those of a task whose results may be shown.
    pub(crate) fn of(args: Value) -> Self {
        Self(args)
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Value::Map(args) = written(&self.0) else { return Ok(()) };
        for (number, (name, value)) in args.iter().enumerate() {
            let before = if number == 0 { "" } else { ", " };
            write!(f, "{before}{}={value}", name.as_value())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A task as it is shown.
#[derive(Debug, Clone)]
pub struct TaskInfo {
    /// A number that is its own within the run; a task that is reached twice has two.
    pub number: u64,
    /// The name as shown: `role : name`.
    pub banner: String,
    /// The action as written.
    pub action: Str,
    /// Its arguments as they were written; none under `no_log`.
    pub arguments: Arguments,
    /// The role that it belongs to.
    pub role: Option<Str>,
    /// Where it stands.
    pub span: Span,
    /// Whether it is a handler.
    pub handler: bool,
    /// Whether it runs in check mode.
    pub check: bool,
    /// Whether differences are shown, also when the run as a whole does not show them.
    pub diff: bool,
}

/// How a task, or an item of its loop, ended on a host.
#[derive(Debug, Clone)]
pub struct TaskResult {
    /// The task.
    pub task: Arc<TaskInfo>,
    /// The host.
    pub host: Str,
    /// The host that the work was delegated to, and its address when that is another name.
    pub delegated: Option<(Str, Option<Str>)>,
    /// How it ended.
    pub status: Status,
    /// Whether the failure does not count.
    pub ignored: bool,
    /// The result.
    pub result: Shown,
    /// The label of the item, in [`Event::Item`].
    pub label: Option<String>,
    /// Whether this is the result of a loop, whose items were shown.
    pub looped: bool,
    /// Whether the result is the point of the task and shown without `-v` (`debug`).
    pub verbose: bool,
    /// Whether check mode did not carry it out, so that what it will do is not known: a command.
    pub not_run: bool,
}

impl TaskResult {
    /// A result that is neither ignored, delegated, of a loop, shown without being asked for, nor of what did not run.
    pub fn of(task: Arc<TaskInfo>, host: Str, status: Status, result: Shown) -> Self {
        Self {
            task,
            host,
            delegated: None,
            status,
            ignored: false,
            result,
            label: None,
            looped: false,
            verbose: false,
            not_run: false,
        }
    }
}

/// The ways in which a task can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing had to be changed.
    Ok,
    /// Something was changed.
    Changed,
    /// A condition kept it from running.
    Skipped,
    /// Check mode does not know what decides about it; `undecided` in the result says what.
    Undecided,
    /// It failed.
    Failed,
    /// The host could not be reached.
    Unreachable,
}

/// Why a task failed, from the outermost reason to the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// All of it in one line.
    pub title: String,
    /// Each reason with its place; the first is the task.
    pub frames: Vec<ErrorFrame>,
}

/// One reason of a [`TaskError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFrame {
    /// What happened.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// What to do.
    pub help: Option<String>,
}

/// The recap of one host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that ended well, changed or not.
    pub ok: u32,
    /// Tasks that changed something.
    pub changed: u32,
    /// Tries to reach the host that failed.
    pub unreachable: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks that were skipped.
    pub skipped: u32,
    /// Failures that a rescue caught.
    pub rescued: u32,
    /// Failures that were ignored.
    pub ignored: u32,
}
