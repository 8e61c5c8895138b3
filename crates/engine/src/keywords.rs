//! Keywords that are flags, numbers and times, evaluated for a host. What cannot be evaluated is an error, never a default.

use std::time::Duration;

use ksplay_playbook::Task;
use ksplay_value::Value;
use ksplay_value::text::repr;

use crate::connect;
use crate::failure::TaskFailure;
use crate::scope::HostScope;
use crate::written::place;

/// The flags that decide how a task is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags {
    pub check: bool,
    pub diff: bool,
    pub delegate_facts: bool,
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
pub(crate) fn whole(scope: &HostScope, name: &str, keyword: Option<&Value>) -> Result<Option<i64>, TaskFailure> {
    converted(scope, name, keyword, "int", |value| match value {
        Value::Int(number) => Some(*number),
        value => decimal(value).filter(|number| number.fract() == 0.0).map(|number| number as i64),
    })
}

/// The failure as one of this keyword.
pub(crate) fn of_keyword(name: &str, keyword: &Value, failure: TaskFailure) -> TaskFailure {
    let span = failure.span.clone().or_else(|| place(keyword));
    TaskFailure { span, ..failure }.within(format!("Error processing keyword '{name}'"))
}

/// A keyword that is a number; text with a number counts.
pub(crate) fn number(scope: &HostScope, keyword: Option<&Value>, name: &str) -> Result<Option<f64>, TaskFailure> {
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
