//! How a task ended: what is shown of it, what is kept, what comes of it.

use std::sync::Arc;

use ksplay_value::{Map, Str, Value};

use super::CENSORED;
use crate::effect::Effect;
use crate::event::{ErrorFrame, Status, TaskError, TaskInfo};
use crate::failure::TaskFailure;
use crate::scope::HostScope;
use crate::work::Work;

/// A dynamic include that a host reached.
#[derive(Debug)]
pub(crate) struct Include {
    /// The arguments, evaluated.
    pub args: Map,
    /// Loop variables and the include's own `vars`.
    pub vars: Map,
    /// The label of the loop's item.
    pub label: Option<String>,
}

/// How a task ended on a host.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What is shown of the task: its action may be this host's own.
    pub info: Arc<TaskInfo>,
    pub status: Status,
    pub ignored: bool,
    /// The result as it is shown.
    pub result: Map,
    /// What `register` gets where that is another thing: check mode does not know all of it.
    pub foreseen: Option<Value>,
    pub effects: Vec<Effect>,
    pub includes: Vec<Include>,
    /// What it notifies if it changed something; of a loop, what all items do.
    pub notified: Vec<String>,
    pub delegated: Option<(Str, Option<Str>)>,
    pub looped: bool,
    pub verbose: bool,
    /// Whether check mode did not carry it out.
    pub not_run: bool,
    pub no_log: bool,
    pub error: Option<Arc<TaskError>>,
    /// Whether the debugger has shown it.
    pub shown: bool,
}

/// How one item (or a task without a loop) ended.
pub(super) struct Once {
    pub status: Status,
    pub result: Map,
    pub delegated: Option<(Str, Option<Str>)>,
    pub include: Option<Map>,
    pub notified: Vec<String>,
    /// What later tasks see of the result, when check mode does not know all of it.
    pub foreseen: Option<Value>,
    /// Whether check mode left undone what the task would do.
    pub is_pending: bool,
    /// Whether check mode did not carry it out at all.
    pub not_run: bool,
    pub verbose: bool,
    /// Whether the error is about a keyword that decides how the task is carried out: no secret is in it.
    pub about_keywords: bool,
    pub error: Option<TaskError>,
}

impl Once {
    pub fn of(status: Status, result: Map) -> Self {
        Self {
            status,
            result,
            delegated: None,
            include: None,
            notified: Vec::new(),
            foreseen: None,
            is_pending: false,
            not_run: false,
            verbose: false,
            about_keywords: false,
            error: None,
        }
    }
}

impl Work {
    pub(super) fn panicked(&self, panic: &str) -> Outcome {
        let failure = TaskFailure {
            help: Some("This is a bug of ksplay, not of the playbook. Please report it.".into()),
            ..TaskFailure::action(format!("ksplay panicked: {panic}"))
        };
        // What evaluates keywords may be what panicked: nothing is evaluated any more, and nothing shown that may be
        // secret.
        let no_log = self.shared.options.no_log || self.task.keywords.no_log.is_some();
        let once = self.failed(failure);
        Outcome {
            info: Arc::clone(&self.info),
            status: once.status,
            ignored: false,
            result: once.result,
            foreseen: None,
            effects: Vec::new(),
            includes: Vec::new(),
            notified: Vec::new(),
            delegated: None,
            looped: false,
            verbose: false,
            not_run: false,
            no_log,
            error: self.report(once.error, no_log),
            shown: false,
        }
    }

    /// What the end of a task comes to, or of a loop that went over nothing.
    pub(super) fn outcome_of(&self, once: Once, scope: &HostScope, effects: Vec<Effect>) -> Outcome {
        let no_log = self.hides(scope);
        let error = self.report(once.error, no_log && !once.about_keywords);
        let mut result = once.result;
        if once.include.is_some() {
            result.insert("changed", false);
        } else if matches!(once.status, Status::Ok | Status::Changed) && !result.contains_key("failed") {
            result.insert("failed", false);
        }
        let label = no_log.then(|| CENSORED.to_owned());
        let include = once.include.map(|args| Include { args, vars: Map::new(), label });
        Outcome {
            info: Arc::clone(&self.info),
            ignored: self.is_ignored(scope, once.status),
            status: once.status,
            result,
            foreseen: once.foreseen,
            effects,
            includes: include.into_iter().collect(),
            notified: once.notified,
            delegated: once.delegated,
            looped: false,
            verbose: once.verbose,
            not_run: once.not_run,
            no_log,
            error,
            shown: false,
        }
    }

    pub(super) fn report(&self, error: Option<TaskError>, no_log: bool) -> Option<Arc<TaskError>> {
        let error = error?;
        if !no_log {
            return Some(Arc::new(error));
        }
        let title =
            "Task failed: the reason has been hidden due to the fact that 'no_log: true' was specified".to_owned();
        let frame = ErrorFrame { message: title.clone(), span: Some(self.task.span.clone()), help: None };
        Some(Arc::new(TaskError { title, frames: vec![frame] }))
    }
}
