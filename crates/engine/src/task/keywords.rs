//! The keywords of a task that decide how it is carried out.

use std::time::Duration;

use ksplay_value::Value;

use crate::actions::{self, Asynchronous};
use crate::event::Status;
use crate::failure::TaskFailure;
use crate::keywords::{Flags, flag, keyword, notified, number, of_keyword, seconds, whole};
use crate::scope::HostScope;
use crate::work::Work;

/// How often a task is tried.
pub(super) struct Tries {
    pub repeats: bool,
    pub limit: u64,
    pub delay: Duration,
}

impl Work {
    /// The flags, once a task's condition holds; the other keywords are evaluated too, so that none is wrong.
    pub(super) fn flags(&self, scope: &HostScope) -> Result<Flags, TaskFailure> {
        self.check_keywords(scope)?;
        let keywords = &self.task.keywords;
        let options = &self.shared.options;
        Ok(Flags {
            check: flag(scope, "check_mode", keywords.check_mode.as_ref())?.unwrap_or(options.check),
            diff: flag(scope, "diff", keywords.diff.as_ref())?.unwrap_or(options.diff),
            delegate_facts: flag(scope, "delegate_facts", keywords.delegate_facts.as_ref())?.unwrap_or(false),
        })
    }

    /// Evaluates the keywords that others read, be they needed for this task or not. Of several that are wrong the one that
    /// Ansible names is told.
    fn check_keywords(&self, scope: &HostScope) -> Result<(), TaskFailure> {
        let keywords = &self.task.keywords;
        let text = |name: &str, value: &Option<Value>| {
            value.as_ref().map_or(Ok(()), |value| keyword(scope, name, value).map(drop))
        };
        let flag = |name: &str, value: &Option<Value>| flag(scope, name, value.as_ref()).map(drop);
        let number = |name: &str, value: &Option<Value>| whole(scope, name, value.as_ref()).map(drop);
        let environment = || keywords.environment.iter().try_for_each(|of| keyword(scope, "environment", of).map(drop));
        flag("run_once", &keywords.run_once)?;
        number("throttle", &keywords.throttle)?;
        text("remote_user", &keywords.remote_user)?;
        flag("no_log", &keywords.no_log)?;
        flag("check_mode", &keywords.check_mode)?;
        flag("diff", &keywords.diff)?;
        flag("become", &keywords.become_)?;
        text("become_method", &keywords.become_method)?;
        text("become_user", &keywords.become_user)?;
        text("become_flags", &keywords.become_flags)?;
        text("name", &keywords.block_name)?;
        flag("delegate_facts", &keywords.delegate_facts)?;
        notified(&self.task, scope)?;
        text("connection", &keywords.connection)?;
        number("port", &keywords.port)?;
        let rest = || {
            flag("ignore_errors", &keywords.ignore_errors)?;
            flag("ignore_unreachable", &keywords.ignore_unreachable)?;
            flag("any_errors_fatal", &keywords.any_errors_fatal)?;
            number("timeout", &keywords.timeout)?;
            self.check_debugger(scope)?;
            text("become_exe", &keywords.become_exe)
        };
        // Where there is a connection its use evaluates it, once.
        if actions::is_here(&self.task.action) || actions::include_kind(&self.task.action).is_some() {
            environment()?;
            return rest();
        }
        rest().or_else(|failure| environment().and(Err(failure)))
    }

    fn check_debugger(&self, scope: &HostScope) -> Result<(), TaskFailure> {
        let Some(written) = &self.task.keywords.debugger else { return Ok(()) };
        match ksplay_playbook::odd_debugger(&keyword(scope, "debugger", written)?) {
            Some(message) => Err(of_keyword("debugger", written, TaskFailure::new(message))),
            None => Ok(()),
        }
    }

    /// Whether a failure does not count. As in Ansible, a keyword that is itself what failed counts as it is written.
    pub(super) fn is_ignored(&self, scope: &HostScope, status: Status) -> bool {
        let keywords = &self.task.keywords;
        let (name, written) = match status {
            Status::Failed => ("ignore_errors", keywords.ignore_errors.as_ref()),
            Status::Unreachable => ("ignore_unreachable", keywords.ignore_unreachable.as_ref()),
            _ => return false,
        };
        flag(scope, name, written)
            .map_or_else(|_| written.is_some_and(Value::is_true), |ignored| ignored.unwrap_or(false))
    }

    /// How the task is tried, and waited for.
    pub(super) fn pace(&self, scope: &HostScope) -> Result<(Tries, Option<Asynchronous>), TaskFailure> {
        let limit = whole(scope, "async_val", self.task.async_.as_ref())?;
        let delay = number(scope, self.task.delay.as_ref(), "delay")?.unwrap_or(5.0);
        let poll = whole(scope, "poll", self.task.poll.as_ref())?;
        let retries = whole(scope, "retries", self.task.retries.as_ref())?.unwrap_or(3);
        let repeats = !self.task.until.is_empty() || self.task.retries.is_some();
        // The first try is none of the `retries`; where there are none, nothing decides about it either.
        let tries = match u64::try_from(retries) {
            Ok(limit) if repeats && limit > 0 => {
                Tries { repeats, limit: limit.saturating_add(1), delay: seconds(delay, "delay")? }
            }
            _ => Tries { repeats: false, limit: 1, delay: Duration::ZERO },
        };
        let poll =
            poll.map_or(self.shared.options.poll_interval, |poll| Duration::from_secs(poll.max(0).unsigned_abs()));
        let limit = limit.and_then(|limit| u64::try_from(limit).ok()).filter(|limit| *limit > 0);
        Ok((tries, limit.map(|limit| Asynchronous { limit, poll })))
    }

    pub(super) fn timeout(&self, scope: &HostScope) -> Result<Option<Duration>, TaskFailure> {
        /// What clocks count, as Ansible has it.
        const LIMIT: i64 = 100_000_000;
        match whole(scope, "timeout", self.task.keywords.timeout.as_ref())? {
            None | Some(0) => Ok(self.shared.options.task_timeout),
            Some(limit @ 1..=LIMIT) => Ok(Some(Duration::from_secs(limit.unsigned_abs()))),
            Some(limit) => {
                let message = format!("Timeout {limit} is invalid, it must be between 0 and {LIMIT}.");
                Err(TaskFailure::new(message))
            }
        }
    }
}
