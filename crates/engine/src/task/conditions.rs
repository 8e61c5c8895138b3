//! Lists of conditions: `when`, `until`, `changed_when` and their like.

use std::sync::Arc;

use ksplay_template::Truth;
use ksplay_value::{Unknown, Value};

use crate::failure::TaskFailure;
use crate::scope::HostScope;
use crate::written::as_written;

/// What a list of conditions comes to.
pub(super) enum Verdict<'c> {
    Holds,
    /// This one does not hold.
    Fails(&'c Value),
    /// No one fails for sure, and this one rests on what check mode does not know.
    Undecided(&'c Value, Arc<Unknown>),
}

/// Evaluates conditions in their order, up to the first that does not hold.
pub(super) fn verdict<'c>(scope: &HostScope, conditions: &'c [Value]) -> Result<Verdict<'c>, TaskFailure> {
    let templar = scope.templar();
    let mut undecided = None;
    for condition in conditions {
        match templar.condition(condition) {
            Ok(Truth::Known(true)) => {}
            Ok(Truth::Known(false)) => return Ok(Verdict::Fails(condition)),
            Ok(Truth::Unknown(unknown)) => undecided = undecided.or(Some((condition, unknown))),
            // Those before it may keep a condition from ever being evaluated.
            Err(_) if undecided.is_some() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(match undecided {
        Some((condition, unknown)) => Verdict::Undecided(condition, unknown),
        None => Verdict::Holds,
    })
}

/// Whether all conditions of this keyword hold. In check mode the error may be that this is not known
/// ([`TaskFailure::undecided`]).
pub(crate) fn all_hold(scope: &HostScope, keyword: &str, conditions: &[Value]) -> Result<bool, TaskFailure> {
    match verdict(scope, conditions)? {
        Verdict::Holds => Ok(true),
        Verdict::Fails(_) => Ok(false),
        Verdict::Undecided(condition, unknown) => Err(undecided(keyword, condition, &unknown)),
    }
}

/// What is not known about a condition of this keyword.
pub(super) fn undecided(keyword: &str, condition: &Value, unknown: &Unknown) -> TaskFailure {
    TaskFailure::undecided(&format!("{keyword}: {}", as_written(condition)), unknown)
}
