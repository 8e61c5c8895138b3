//! Arithmetic with dates and times: Python's `datetime` and `timedelta`.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use ksplay_value::{Date, DateTime, Key, Object, ObjectError, Value};

use super::ops::Number;
use crate::Error;
use crate::tree::BinaryOp;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The time between two moments, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimeDelta(i64);

impl TimeDelta {
    pub(crate) fn of_seconds(seconds: i32) -> Self {
        Self(i64::from(seconds) * SECOND)
    }

    /// Python's `total_seconds()`.
    pub(crate) fn total_seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    fn days(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    fn seconds(self) -> i64 {
        self.0.rem_euclid(DAY) / SECOND
    }

    fn microseconds(self) -> i64 {
        self.0.rem_euclid(SECOND)
    }
}

impl From<TimeDelta> for Value {
    fn from(delta: TimeDelta) -> Self {
        Self::Object(Arc::new(delta))
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.days(), self.seconds());
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        match self.microseconds() {
            0 => Ok(()),
            rest => write!(f, ".{rest:06}"),
        }
    }
}

impl Object for TimeDelta {
    fn type_name(&self) -> &str {
        "timedelta"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(match key.as_str() {
            Some("days") => Some(self.days().into()),
            Some("seconds") => Some(self.seconds().into()),
            Some("microseconds") => Some(self.microseconds().into()),
            _ => None,
        })
    }

    fn is_true(&self) -> bool {
        self.0 != 0
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn repr(&self) -> String {
        let parts = [("days", self.days()), ("seconds", self.seconds()), ("microseconds", self.microseconds())];
        let shown: Vec<String> =
            parts.iter().filter(|(_, part)| *part != 0).map(|(name, part)| format!("{name}={part}")).collect();
        format!("datetime.timedelta({})", if shown.is_empty() { "0".to_owned() } else { shown.join(", ") })
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        Some(self.cmp(other.as_any().downcast_ref()?))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An operand as far as it has to do with time.
enum Operand {
    Moment(DateTime),
    Day(Date),
    Delta(TimeDelta),
    Number(f64),
    Int(i64),
}

impl Operand {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => {
                let any = object.as_any();
                let moment = || any.downcast_ref().copied().map(Self::Moment);
                let day = || any.downcast_ref().copied().map(Self::Day);
                moment().or_else(day).or_else(|| any.downcast_ref().copied().map(Self::Delta))
            }
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Bool(flag) => Some(Self::Int(i64::from(*flag))),
            other => Number::of(other).map(|number| Self::Number(number.float())),
        }
    }
}

/// `left OP right` where at least one is a date, a time or a time between; `None` when these cannot be combined so.
pub(crate) fn binary(op: BinaryOp, left: &Value, right: &Value) -> Option<Result<Value, Error>> {
    use BinaryOp as Op;
    use Operand::{Day, Delta, Int, Moment, Number};
    if !(matches!(left, Value::Object(_)) || matches!(right, Value::Object(_))) {
        return None;
    }
    let range = || Error::operation("date value out of range");
    let delta = |microseconds: Option<i64>| {
        microseconds
            .map(|microseconds| TimeDelta(microseconds).into())
            .ok_or_else(|| Error::operation("days too large"))
    };
    let moved = |moment: DateTime, by: Option<i64>| {
        let instant = by.and_then(|by| moment.instant().checked_add(by));
        instant.and_then(|instant| DateTime::from_instant(instant, moment.offset)).map(Value::from).ok_or_else(range)
    };
    let moved_day = |day: Date, days: i64| Date::from_days(day.days() + days).map(Value::from).ok_or_else(range);
    let quotient = |value: f64| {
        let micros = value.round_ties_even();
        delta((micros.abs() < 9e18).then_some(micros as i64))
    };
    Some(match (op, Operand::of(left)?, Operand::of(right)?) {
        (Op::Sub, Moment(l), Moment(r)) if l.offset.is_some() != r.offset.is_some() => {
            Err(Error::operation("can't subtract offset-naive and offset-aware datetimes"))
        }
        (Op::Sub, Moment(l), Moment(r)) => delta(Some(l.instant() - r.instant())),
        (Op::Sub, Day(l), Day(r)) => delta(Some((l.days() - r.days()) * DAY)),
        (Op::Add, Moment(moment), Delta(by)) | (Op::Add, Delta(by), Moment(moment)) => moved(moment, Some(by.0)),
        (Op::Sub, Moment(moment), Delta(by)) => moved(moment, by.0.checked_neg()),
        (Op::Add, Day(day), Delta(by)) | (Op::Add, Delta(by), Day(day)) => moved_day(day, by.days()),
        (Op::Sub, Day(day), Delta(by)) => moved_day(day, -by.days()),
        (Op::Add, Delta(l), Delta(r)) => delta(l.0.checked_add(r.0)),
        (Op::Sub, Delta(l), Delta(r)) => delta(l.0.checked_sub(r.0)),
        (Op::Mul, Delta(l), Int(r)) | (Op::Mul, Int(r), Delta(l)) => delta(l.0.checked_mul(r)),
        (Op::Mul, Delta(l), Number(r)) | (Op::Mul, Number(r), Delta(l)) => quotient(l.0 as f64 * r),
        (Op::Div, Delta(_), Int(0)) => Err(Error::operation("integer division or modulo by zero")),
        (Op::Div | Op::FloorDiv | Op::Rem, Delta(_), Delta(TimeDelta(0))) | (Op::FloorDiv, Delta(_), Int(0)) => {
            Err(Error::operation("integer division or modulo by zero"))
        }
        (Op::Div, Delta(l), Int(r)) => quotient(l.0 as f64 / r as f64),
        (Op::Div, Delta(_), Number(0.0)) => Err(Error::operation("float division by zero")),
        (Op::Div, Delta(l), Number(r)) => quotient(l.0 as f64 / r),
        (Op::Div, Delta(l), Delta(r)) => Ok(Value::Float(l.0 as f64 / r.0 as f64)),
        (Op::FloorDiv, Delta(l), Delta(r)) => Ok(Value::Int(floor(l.0, r.0))),
        (Op::FloorDiv, Delta(l), Int(r)) => delta(Some(floor(l.0, r))),
        (Op::Rem, Delta(l), Delta(r)) => delta(Some(l.0 - floor(l.0, r.0) * r.0)),
        _ => return None,
    })
}

/// `-delta`.
pub(crate) fn negate(value: &Value) -> Option<Value> {
    let Value::Object(object) = value else { return None };
    let delta: &TimeDelta = object.as_any().downcast_ref()?;
    delta.0.checked_neg().map(|negative| TimeDelta(negative).into())
}

fn floor(left: i64, right: i64) -> i64 {
    let quotient = left.wrapping_div(right);
    quotient - i64::from(left % right != 0 && (left < 0) != (right < 0))
}
