//! Keywords of a task that are flags, numbers and times. What cannot be evaluated is an error, never a default.

use std::time::Duration;

use ksplay_value::{Str, Value};

use super::Work;
use crate::actions::Asynchronous;
use crate::connect;
use crate::event::{Event, Status};
use crate::failure::TaskFailure;
use crate::scope::HostScope;

/// The flags that decide how a task is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags {
    pub check: bool,
    pub diff: bool,
    delegate_facts: bool,
}

/// How often a task is tried.
pub(super) struct Tries {
    pub repeats: bool,
    pub limit: u64,
    pub delay: Duration,
}

impl Work {
    /// The flags, once a task's condition holds; the other flags are evaluated too, so that none is wrong.
    pub(super) fn flags(&self, scope: &HostScope) -> Result<Flags, TaskFailure> {
        let keywords = &self.task.keywords;
        let options = &self.shared.options;
        flag(scope, "no_log", keywords.no_log.as_ref())?;
        flag(scope, "ignore_errors", keywords.ignore_errors.as_ref())?;
        flag(scope, "ignore_unreachable", keywords.ignore_unreachable.as_ref())?;
        flag(scope, "any_errors_fatal", keywords.any_errors_fatal.as_ref())?;
        // What is wrong with these is told before; here they may rest on what check mode does not know.
        for (name, keyword) in [("run_once", &keywords.run_once), ("throttle", &keywords.throttle)] {
            if let Some(keyword) = keyword
                && let Err(failure) = known(scope, name, keyword)
                && failure.undecided
            {
                return Err(failure);
            }
        }
        Ok(Flags {
            check: flag(scope, "check_mode", keywords.check_mode.as_ref())?.unwrap_or(options.check),
            diff: flag(scope, "diff", keywords.diff.as_ref())?.unwrap_or(options.diff),
            delegate_facts: flag(scope, "delegate_facts", keywords.delegate_facts.as_ref())?.unwrap_or(false),
        })
    }

    /// Whether the output is hidden. A `no_log` that cannot be evaluated hides it: what was meant is not known.
    pub(crate) fn hides(&self, scope: &HostScope) -> bool {
        match flag(scope, "no_log", self.task.keywords.no_log.as_ref()) {
            Ok(no_log) => no_log.unwrap_or(false),
            Err(failure) => {
                let message = format!("Invalid no_log value for task, output will be masked: {}", failure.message);
                self.shared.emit(Event::Warning(message));
                true
            }
        }
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

    /// The host that facts of the task belong to.
    pub(crate) fn facts_host(&self, delegate: Option<&HostScope>, flags: Flags) -> Str {
        match delegate {
            Some(delegate) if flags.delegate_facts => delegate.host().clone(),
            _ => self.host.clone(),
        }
    }

    pub(super) fn tries(&self, scope: &HostScope) -> Result<Tries, TaskFailure> {
        let repeats = !self.task.until.is_empty() || self.task.retries.is_some();
        if !repeats {
            return Ok(Tries { repeats, limit: 1, delay: Duration::ZERO });
        }
        let limit = number(scope, self.task.retries.as_ref(), "retries")?.unwrap_or(3.0);
        let delay = number(scope, self.task.delay.as_ref(), "delay")?.unwrap_or(5.0);
        // The first try is none of the `retries`.
        let limit = (limit.max(0.0) as u64).saturating_add(1);
        Ok(Tries { repeats, limit, delay: seconds(delay, "delay")? })
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
        match number(scope, self.task.keywords.timeout.as_ref(), "timeout")? {
            Some(limit) if limit > 0.0 || limit.is_nan() => seconds(limit, "timeout").map(Some),
            _ => Ok(self.shared.options.task_timeout),
        }
    }
}

/// The value of a keyword, which has to be known.
pub(crate) fn known(scope: &HostScope, name: &str, keyword: &Value) -> Result<Value, TaskFailure> {
    let value = scope.templar().resolve(keyword)?;
    match ksplay_template::unknown_in(&value) {
        None => Ok(value),
        Some(unknown) => Err(TaskFailure::undecided(name, &unknown)),
    }
}

/// A keyword that is a flag; `None` when it is not set.
pub(crate) fn flag(scope: &HostScope, name: &str, keyword: Option<&Value>) -> Result<Option<bool>, TaskFailure> {
    let Some(keyword) = keyword else { return Ok(None) };
    let wrong = |failure: TaskFailure| if failure.undecided { failure } else { of_keyword(name, keyword, failure) };
    match known(scope, name, keyword).map_err(wrong)? {
        Value::Omit | Value::Null => Ok(None),
        value => connect::boolean(&value)
            .map(Some)
            .map_err(|_| wrong(TaskFailure::new(format!("The value '{value}' could not be converted to 'bool'.")))),
    }
}

/// A keyword that is a whole number; `None` when it is not set.
fn whole(scope: &HostScope, name: &str, keyword: Option<&Value>) -> Result<Option<i64>, TaskFailure> {
    let Some(keyword) = keyword else { return Ok(None) };
    let wrong = |failure: TaskFailure| if failure.undecided { failure } else { of_keyword(name, keyword, failure) };
    match known(scope, name, keyword).map_err(wrong)? {
        Value::Omit | Value::Null => Ok(None),
        Value::Int(number) => Ok(Some(number)),
        value => value
            .to_string()
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| wrong(TaskFailure::new(format!("The value '{value}' could not be converted to 'int'.")))),
    }
}

/// The failure as one of this keyword.
fn of_keyword(name: &str, keyword: &Value, failure: TaskFailure) -> TaskFailure {
    TaskFailure {
        message: format!("Error processing keyword '{name}': {}", failure.message),
        span: failure.span.clone().or_else(|| match keyword {
            Value::Template(template) => template.span.clone(),
            _ => None,
        }),
        ..failure.with("changed", false)
    }
}

/// A keyword that is a number; text with a number counts.
pub(super) fn number(scope: &HostScope, keyword: Option<&Value>, name: &str) -> Result<Option<f64>, TaskFailure> {
    let Some(keyword) = keyword else { return Ok(None) };
    match known(scope, name, keyword)? {
        Value::Null | Value::Omit => Ok(None),
        value => {
            let text = value.to_string();
            let wrong = |_| TaskFailure::new(format!("the value '{text}' of '{name}' is not a number"));
            text.trim().parse().map(Some).map_err(wrong)
        }
    }
}

/// A time in seconds; a negative one is none at all.
pub(crate) fn seconds(number: f64, name: &str) -> Result<Duration, TaskFailure> {
    /// More than any clock counts is no time to wait.
    const LIMIT: f64 = 1e9;
    let wrong = || TaskFailure::new(format!("the value '{number}' of '{name}' is not a possible number of seconds"));
    if number > LIMIT {
        return Err(wrong());
    }
    // `max` would make a number of what is none.
    let number = if number < 0.0 { 0.0 } else { number };
    Duration::try_from_secs_f64(number).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_clock_counts_is_an_error_that_names_its_keyword() {
        for number in [f64::NAN, f64::INFINITY, 1e30] {
            let failure = seconds(number, "delay").unwrap_err();
            assert!(failure.message.contains("'delay'"), "{}", failure.message);
        }
        assert_eq!(seconds(-1.0, "delay").unwrap(), Duration::ZERO);
        assert_eq!(seconds(f64::NEG_INFINITY, "delay").unwrap(), Duration::ZERO);
        assert_eq!(seconds(1.5, "delay").unwrap(), Duration::from_millis(1500));
    }
}
