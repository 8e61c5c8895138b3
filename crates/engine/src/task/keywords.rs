//! The keywords of a task that decide how it is carried out.

use std::time::Duration;

use crate::actions::{self, Asynchronous};
use crate::event::Status;
use crate::failure::TaskFailure;
use crate::keywords::{Flags, flag, keyword, number, seconds, whole};
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

    /// Evaluates the keywords that others read, be they needed for this task or not.
    fn check_keywords(&self, scope: &HostScope) -> Result<(), TaskFailure> {
        let task = &self.task;
        let keywords = &task.keywords;
        let flags = [
            ("any_errors_fatal", &keywords.any_errors_fatal),
            ("become", &keywords.become_),
            ("ignore_errors", &keywords.ignore_errors),
            ("ignore_unreachable", &keywords.ignore_unreachable),
            ("no_log", &keywords.no_log),
            ("run_once", &keywords.run_once),
        ];
        flags.iter().try_for_each(|(name, value)| flag(scope, name, value.as_ref()).map(drop))?;
        let numbers = [
            ("poll", &task.poll),
            ("port", &keywords.port),
            ("throttle", &keywords.throttle),
            ("timeout", &keywords.timeout),
        ];
        numbers.iter().try_for_each(|(name, value)| whole(scope, name, value.as_ref()).map(drop))?;
        let texts = [
            ("become_exe", &keywords.become_exe),
            ("become_flags", &keywords.become_flags),
            ("become_method", &keywords.become_method),
            ("become_user", &keywords.become_user),
            ("connection", &keywords.connection),
            ("remote_user", &keywords.remote_user),
        ];
        let given = texts.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        given.map(|(name, value)| keyword(scope, name, value)).try_for_each(|value| value.map(drop))?;
        // Where there is a connection its use evaluates them, once.
        if actions::is_here(&task.action) || actions::include_kind(&task.action).is_some() {
            keywords.environment.iter().try_for_each(|value| keyword(scope, "environment", value).map(drop))?;
        }
        Ok(())
    }

    /// Whether a failure does not count. As in Ansible it does not either when the keyword itself is what failed.
    pub(super) fn is_ignored(&self, scope: &HostScope, status: Status) -> bool {
        let keywords = &self.task.keywords;
        let read = match status {
            Status::Failed => flag(scope, "ignore_errors", keywords.ignore_errors.as_ref()),
            Status::Unreachable => flag(scope, "ignore_unreachable", keywords.ignore_unreachable.as_ref()),
            _ => Ok(None),
        };
        read.map_or(true, |ignored| ignored.unwrap_or(false))
    }

    pub(super) fn tries(&self, scope: &HostScope) -> Result<Tries, TaskFailure> {
        let limit = whole(scope, "retries", self.task.retries.as_ref())?.unwrap_or(3);
        let delay = number(scope, self.task.delay.as_ref(), "delay")?.unwrap_or(5.0);
        let repeats = !self.task.until.is_empty() || self.task.retries.is_some();
        // The first try is none of the `retries`; where there are none, nothing decides about it either.
        match u64::try_from(limit) {
            Ok(limit) if repeats && limit > 0 => {
                Ok(Tries { repeats, limit: limit.saturating_add(1), delay: seconds(delay, "delay")? })
            }
            _ => Ok(Tries { repeats: false, limit: 1, delay: Duration::ZERO }),
        }
    }

    /// `async` and `poll`; none when the task is to be waited for as usual.
    pub(super) fn job(&self, scope: &HostScope) -> Result<Option<Asynchronous>, TaskFailure> {
        let limit = whole(scope, "async_val", self.task.async_.as_ref())?.unwrap_or(0);
        let Some(limit) = u64::try_from(limit).ok().filter(|limit| *limit > 0) else { return Ok(None) };
        let poll = whole(scope, "poll", self.task.poll.as_ref())?;
        let poll =
            poll.map_or(self.shared.options.poll_interval, |poll| Duration::from_secs(poll.max(0).unsigned_abs()));
        Ok(Some(Asynchronous { limit, poll }))
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
