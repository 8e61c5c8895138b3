//! Keywords of a task that are flags, numbers and times. What cannot be evaluated is an error, never a default.

use std::time::Duration;

use ksplay_playbook::Task;
use ksplay_value::text::repr;
use ksplay_value::{Str, Value};

use super::Work;
use crate::actions::{self, Asynchronous};
use crate::connect;
use crate::event::{Event, Status};
use crate::failure::TaskFailure;
use crate::scope::HostScope;
use crate::written::place;

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

/// The value of a keyword, which has to be known.
pub(crate) fn known(scope: &HostScope, name: &str, keyword: &Value) -> Result<Value, TaskFailure> {
    let value = scope.templar().resolve(keyword)?;
    match ksplay_template::unknown_in(&value) {
        None => Ok(value),
        Some(unknown) => Err(TaskFailure::undecided(name, &unknown)),
    }
}

/// What a task notifies when it changes something.
pub(crate) fn notified(task: &Task, scope: &HostScope) -> Result<Vec<String>, TaskFailure> {
    let mut names = Vec::new();
    for keyword in &task.keywords.notify {
        let value = scope.templar().resolve(keyword);
        match value.map_err(|error| of_keyword("notify", keyword, error.into()))? {
            Value::List(several) => names.extend(several.iter().map(Value::to_string)),
            // What check mode does not know notifies nobody yet.
            Value::Omit | Value::Null | Value::Unknown(_) => {}
            name => names.push(name.to_string()),
        }
    }
    Ok(names)
}

/// The value of a keyword, which has to be known; an error names the keyword.
pub(crate) fn keyword(scope: &HostScope, name: &str, keyword: &Value) -> Result<Value, TaskFailure> {
    known(scope, name, keyword).map_err(|failure| match failure.undecided {
        true => failure,
        false => of_keyword(name, keyword, failure),
    })
}

/// A keyword that is of this kind, as `convert` makes one; `None` when it is not set.
fn converted<T>(
    scope: &HostScope,
    name: &str,
    written: Option<&Value>,
    kind: &str,
    convert: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, TaskFailure> {
    let Some(written) = written else { return Ok(None) };
    match keyword(scope, name, written)? {
        Value::Omit | Value::Null => Ok(None),
        value => convert(&value).map(Some).ok_or_else(|| {
            let message = format!("The value {} could not be converted to '{kind}'.", repr(&value));
            of_keyword(name, written, TaskFailure::new(message))
        }),
    }
}

/// A keyword that is a flag; `None` when it is not set.
pub(crate) fn flag(scope: &HostScope, name: &str, keyword: Option<&Value>) -> Result<Option<bool>, TaskFailure> {
    converted(scope, name, keyword, "bool", |value| connect::boolean(value).ok())
}

/// A keyword that is a whole number; `None` when it is not set.
fn whole(scope: &HostScope, name: &str, keyword: Option<&Value>) -> Result<Option<i64>, TaskFailure> {
    converted(scope, name, keyword, "int", |value| match value {
        Value::Int(number) => Some(*number),
        value => decimal(value).filter(|number| number.fract() == 0.0).map(|number| number as i64),
    })
}

/// The failure as one of this keyword.
fn of_keyword(name: &str, keyword: &Value, failure: TaskFailure) -> TaskFailure {
    TaskFailure {
        message: format!("Error processing keyword '{name}': {}", failure.message),
        span: failure.span.clone().or_else(|| place(keyword)),
        ..failure
    }
}

/// A keyword that is a number; text with a number counts.
pub(super) fn number(scope: &HostScope, keyword: Option<&Value>, name: &str) -> Result<Option<f64>, TaskFailure> {
    converted(scope, name, keyword, "float", decimal)
}

/// The number that a value means, text as Python reads it.
fn decimal(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        value => value.to_string().trim().replace('_', "").parse().ok(),
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
