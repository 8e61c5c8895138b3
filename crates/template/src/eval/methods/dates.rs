//! Methods of `datetime`, `date` and `timedelta`.

use std::sync::Arc;

use ksplay_value::{Date, DateTime, Object, Value};

use super::Arguments;
use super::times::{time_of, time_tuple};
use crate::Error;
use crate::eval::moments::TimeDelta;
use crate::filters::formatted_moment;

const DAY_METHODS: &[&str] =
    &["strftime", "isoformat", "weekday", "isoweekday", "toordinal", "isocalendar", "ctime", "replace", "timetuple"];

const MOMENT_METHODS: &[&str] =
    &["timestamp", "date", "time", "timetz", "utcoffset", "utctimetuple", "tzname", "dst", "astimezone"];

/// Whether the object has a method of this name.
pub(super) fn has(object: &dyn Object, name: &str) -> bool {
    let any = object.as_any();
    if any.is::<TimeDelta>() {
        return name == "total_seconds";
    }
    any.is::<Date>() && DAY_METHODS.contains(&name)
        || any.is::<DateTime>() && (DAY_METHODS.contains(&name) || MOMENT_METHODS.contains(&name))
}

/// Calls a method; `None` when the object is none of these.
pub(super) fn call(object: &dyn Object, arguments: &Arguments<'_, '_>) -> Option<Result<Value, Error>> {
    let any = object.as_any();
    if let Some(delta) = any.downcast_ref::<TimeDelta>() {
        return Some(Ok(Value::Float(delta.total_seconds())));
    }
    if let Some(moment) = any.downcast_ref::<DateTime>() {
        return Some(of_moment(moment, arguments));
    }
    any.downcast_ref::<Date>().map(|day| of_day(*day, arguments))
}

fn of_moment(moment: &DateTime, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    Ok(match arguments.name {
        "date" => moment.date.into(),
        "timestamp" => {
            let local = match moment.offset {
                Some(_) => moment.instant(),
                None => crate::filters::local_instant(moment)?,
            };
            Value::Float(local as f64 / 1e6)
        }
        "isoformat" => {
            let separator = arguments.text(0, "sep")?.unwrap_or("T");
            let spec = arguments.text(1, "timespec")?.unwrap_or("auto");
            if separator.chars().count() != 1 {
                return Err(Error::operation("isoformat() argument 1 must be a unicode character, not str"));
            }
            format!("{}{separator}{}", moment.date, time_spec(moment, spec)?).into()
        }
        "time" => time_of(DateTime { offset: None, ..*moment }),
        "timetz" => time_of(*moment),
        "timetuple" => time_tuple(moment, -1),
        "utctimetuple" => {
            let utc = DateTime::from_instant(moment.instant(), None);
            time_tuple(&utc.ok_or_else(|| Error::operation("date value out of range"))?, 0)
        }
        "utcoffset" | "tzname" | "dst" => of_zone(moment, arguments.name),
        "astimezone" => {
            without_zone(arguments, 0, "tz")?;
            let instant = match moment.offset {
                Some(_) => moment.instant(),
                None => crate::filters::local_instant(moment)?,
            };
            crate::filters::in_local_zone(instant)?.into()
        }
        "strftime" => formatted_moment(moment, format(arguments)?)?.into(),
        "ctime" => formatted_moment(moment, "%a %b %e %H:%M:%S %Y")?.into(),
        "replace" => {
            let date = changed_day(moment.date, arguments)?;
            DateTime { date, ..clock(moment, arguments, 3)? }.into()
        }
        _ => of_day(moment.date, arguments)?,
    })
}

/// What a moment, or a time, says of its zone.
pub(super) fn of_zone(moment: &DateTime, method: &str) -> Value {
    match method {
        "utcoffset" => moment.offset.map(TimeDelta::of_seconds).into(),
        "tzname" => moment.zone_name().into(),
        _ => Value::Null,
    }
}

fn of_day(day: Date, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let midnight = DateTime { date: day, hour: 0, minute: 0, second: 0, microsecond: 0, offset: None };
    Ok(match arguments.name {
        "isoformat" => day.to_string().into(),
        "strftime" => formatted_moment(&midnight, format(arguments)?)?.into(),
        "ctime" => formatted_moment(&midnight, "%a %b %e %H:%M:%S %Y")?.into(),
        "weekday" => u32::from(day.weekday()).into(),
        "isoweekday" => u32::from(day.weekday() + 1).into(),
        // Python counts from 0001-01-01, which is 1.
        "toordinal" => Value::Int(day.days() + 719_163),
        "isocalendar" => {
            let part = |pattern: &str| {
                let text = formatted_moment(&midnight, pattern)?;
                text.parse().map(Value::Int).map_err(|_| Error::operation("date value out of range"))
            };
            Value::Tuple(Arc::new(vec![part("%G")?, part("%V")?, part("%u")?]))
        }
        "replace" => changed_day(day, arguments)?.into(),
        "timetuple" => time_tuple(&midnight, -1),
        other => return Err(Error::operation(format!("object of type 'date' has no method '{other}'"))),
    })
}

/// The moment with the hour, minute, second, microsecond and zone that the arguments from `first` on say.
pub(super) fn clock(moment: &DateTime, arguments: &Arguments<'_, '_>, first: usize) -> Result<DateTime, Error> {
    let field = |index: usize, name: &str, old: u32, limit: u32| match changed(arguments, first + index, name, old) {
        Ok(value) if value < limit => Ok(value),
        Ok(_) => Err(Error::operation(format!("{name} must be in 0..{}", limit - 1))),
        Err(error) => Err(error),
    };
    // It tells two moments apart that a clock shows alike, which no offset does.
    if !matches!(arguments.int(first + 5, "fold", 0)?, 0 | 1) {
        return Err(Error::operation("fold must be either 0 or 1"));
    }
    let offset = if without_zone(arguments, first + 4, "tzinfo")? { None } else { moment.offset };
    Ok(DateTime {
        offset,
        hour: field(0, "hour", moment.hour.into(), 24)? as u8,
        minute: field(1, "minute", moment.minute.into(), 60)? as u8,
        second: field(2, "second", moment.second.into(), 60)? as u8,
        microsecond: field(3, "microsecond", moment.microsecond, 1_000_000)?,
        ..*moment
    })
}

/// Whether an argument says that there is no zone: zones are no values here, so that it cannot say anything else.
fn without_zone(arguments: &Arguments<'_, '_>, index: usize, name: &str) -> Result<bool, Error> {
    match arguments.get(index, name) {
        None => Ok(false),
        Some(Value::Null) => Ok(true),
        Some(other) => Err(Error::operation(format!(
            "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
            other.type_name()
        ))),
    }
}

/// The time of a moment and its zone, as exact as `timespec` says.
pub(super) fn time_spec(moment: &DateTime, spec: &str) -> Result<String, Error> {
    let DateTime { hour, minute, second, microsecond, .. } = moment;
    let time = match spec {
        "auto" if *microsecond == 0 => format!("{hour:02}:{minute:02}:{second:02}"),
        "auto" | "microseconds" => format!("{hour:02}:{minute:02}:{second:02}.{microsecond:06}"),
        "milliseconds" => format!("{hour:02}:{minute:02}:{second:02}.{:03}", microsecond / 1000),
        "seconds" => format!("{hour:02}:{minute:02}:{second:02}"),
        "minutes" => format!("{hour:02}:{minute:02}"),
        "hours" => format!("{hour:02}"),
        _ => return Err(Error::operation("Unknown timespec value")),
    };
    Ok(time + &moment.zone())
}

pub(super) fn format<'a>(arguments: &'a Arguments<'_, '_>) -> Result<&'a str, Error> {
    arguments
        .text(0, "format")?
        .ok_or_else(|| Error::operation("strftime() missing required argument 'format' (pos 1)"))
}

fn changed(arguments: &Arguments<'_, '_>, index: usize, name: &str, old: u32) -> Result<u32, Error> {
    let new = arguments.int(index, name, old.into())?;
    u32::try_from(new).map_err(|_| Error::operation(format!("{name} is out of range")))
}

fn changed_day(day: Date, arguments: &Arguments<'_, '_>) -> Result<Date, Error> {
    let year = changed(arguments, 0, "year", day.year.into())?;
    let month = changed(arguments, 1, "month", day.month.into())?;
    let number = changed(arguments, 2, "day", day.day.into())?;
    let day = year.try_into().ok().zip(month.try_into().ok()).zip(number.try_into().ok());
    day.and_then(|((year, month), day)| Date::new(year, month, day))
        .ok_or_else(|| Error::operation("day is out of range for month"))
}
