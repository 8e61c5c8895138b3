//! A task on a host, as actions see it.

use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_value::{Map, Str};

use crate::event::{Event, TaskInfo};
use crate::keywords::{Flags, flag};
use crate::run::Shared;
use crate::scope::{HostScope, PlayContext};

/// A task to be done on a host.
#[derive(Clone)]
pub(crate) struct Work {
    pub shared: Arc<Shared>,
    pub play: Arc<PlayContext>,
    pub task: Arc<Task>,
    pub info: Arc<TaskInfo>,
    pub host: Str,
    /// Variables that the debugger set.
    pub vars: Map,
}

impl Work {
    /// Whether the output is hidden. A `no_log` that cannot be evaluated hides it: what was meant is not known.
    pub(crate) fn hides(&self, scope: &HostScope) -> bool {
        match flag(scope, "no_log", self.task.keywords.no_log.as_ref()) {
            Ok(no_log) => no_log.unwrap_or(self.shared.options.no_log),
            Err(failure) => {
                let message = format!("Invalid no_log value for task, output will be masked: {}", failure.message);
                self.shared.emit(Event::Warning(message));
                true
            }
        }
    }

    /// The host that facts of the task belong to.
    pub(crate) fn facts_host(&self, delegate: Option<&HostScope>, flags: Flags) -> Str {
        match delegate {
            Some(delegate) if flags.delegate_facts => delegate.host().clone(),
            _ => self.host.clone(),
        }
    }
}
