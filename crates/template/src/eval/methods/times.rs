//! What `time()` and `timetuple()` of a date give.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use ksplay_value::{Date, DateTime, Key, Object, ObjectError, Value};

use super::Arguments;
use super::dates::{clock, format, of_zone, time_spec};
use crate::Error;
use crate::filters::formatted_moment;

/// Python's `datetime.time`: the time of a moment whose day means nothing.
#[derive(Debug)]
struct Time(DateTime);

/// The time of a moment, and its zone.
pub(super) fn time_of(moment: DateTime) -> Value {
    let date = Date { year: 1900, month: 1, day: 1 };
    Value::Object(Arc::new(Time(DateTime { date, ..moment })))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iso()["1900-01-01T".len()..])
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        match key.as_str() {
            Some("year" | "month" | "day") => Ok(None),
            _ => self.0.get(key),
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn repr(&self) -> String {
        format!("datetime.time({}", &self.0.repr()["datetime.datetime(1900, 1, 1, ".len()..])
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        let other: &Self = other.as_any().downcast_ref()?;
        self.0.compare(&other.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Python's `time.struct_time`: a tuple whose items have names.
#[derive(Debug)]
struct TimeTuple([i64; 9]);

const NAMES: [&str; 9] =
    ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"];

/// A moment as `timetuple()` gives it; `dst` is -1 where nobody knows.
pub(super) fn time_tuple(moment: &DateTime, dst: i64) -> Value {
    let DateTime { date, hour, minute, second, .. } = *moment;
    let new_year = Date { month: 1, day: 1, ..date };
    Value::Object(Arc::new(TimeTuple([
        date.year.into(),
        date.month.into(),
        date.day.into(),
        hour.into(),
        minute.into(),
        second.into(),
        date.weekday().into(),
        date.days() - new_year.days() + 1,
        dst,
    ])))
}

impl Object for TimeTuple {
    fn type_name(&self) -> &str {
        "struct_time"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let at = match key.as_value() {
            Value::Int(index) => usize::try_from(if *index < 0 { index + 9 } else { *index }).ok(),
            Value::String(name) => NAMES.iter().position(|known| **known == **name),
            _ => None,
        };
        Ok(at.and_then(|at| self.0.get(at)).map(|part| Value::Int(*part)))
    }

    fn iterate(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().map(|part| Value::Int(*part)).collect())
    }

    fn text(&self) -> String {
        let parts: Vec<String> = NAMES.iter().zip(self.0).map(|(name, part)| format!("{name}={part}")).collect();
        format!("time.struct_time({})", parts.join(", "))
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        let other: &Self = other.as_any().downcast_ref()?;
        Some(self.0.cmp(&other.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Whether the object has a method of this name.
pub(super) fn has(object: &dyn Object, name: &str) -> bool {
    let any = object.as_any();
    any.is::<Time>() && matches!(name, "isoformat" | "strftime" | "replace" | "utcoffset" | "tzname" | "dst")
        || any.is::<TimeTuple>() && matches!(name, "count" | "index")
}

/// Calls a method; `None` when the object is none of these.
pub(super) fn call(object: &dyn Object, arguments: &Arguments<'_, '_>) -> Option<Result<Value, Error>> {
    let any = object.as_any();
    if any.is::<TimeTuple>() {
        let items = object.iterate().unwrap_or_default();
        return Some(super::lists::call(&mut Value::Tuple(items.into()), arguments));
    }
    any.downcast_ref::<Time>().map(|time| of_time(&time.0, arguments))
}

fn of_time(time: &DateTime, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    Ok(match arguments.name {
        "isoformat" => time_spec(time, arguments.text(0, "timespec")?.unwrap_or("auto"))?.into(),
        "strftime" => formatted_moment(time, format(arguments)?)?.into(),
        "replace" => time_of(clock(time, arguments, 0)?),
        method => of_zone(time, method),
    })
}
