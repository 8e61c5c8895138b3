//! Methods of `datetime`, `date` and `timedelta`.

use std::sync::Arc;

use ksplay_value::{Date, DateTime, Object, Value};

use super::Arguments;
use crate::Error;
use crate::eval::moments::TimeDelta;
use crate::filters::formatted_moment;

const DAY_METHODS: &[&str] =
    &["strftime", "isoformat", "weekday", "isoweekday", "toordinal", "isocalendar", "ctime", "replace"];

/// Whether the object has a method of this name.
pub(super) fn has(object: &dyn Object, name: &str) -> bool {
    let any = object.as_any();
    if any.is::<TimeDelta>() {
        return name == "total_seconds";
    }
    any.is::<Date>() && DAY_METHODS.contains(&name)
        || any.is::<DateTime>() && (DAY_METHODS.contains(&name) || matches!(name, "timestamp" | "date" | "utcoffset"))
}

/// Calls a method; `None` when the object is none of these.
pub(super) fn call(object: &dyn Object, arguments: &Arguments<'_, '_>) -> Option<Result<Value, Error>> {
    let any = object.as_any();
    if let Some(delta) = any.downcast_ref::<TimeDelta>() {
        return Some(arguments.at_most(0).map(|()| Value::Float(delta.total_seconds())));
    }
    if let Some(moment) = any.downcast_ref::<DateTime>() {
        return Some(of_moment(moment, arguments));
    }
    any.downcast_ref::<Date>().map(|day| of_day(*day, arguments))
}

fn of_moment(moment: &DateTime, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    Ok(match arguments.name {
        "date" => moment.date.into(),
        "utcoffset" => moment.offset.map(TimeDelta::of_seconds).into(),
        "timestamp" => {
            let local = match moment.offset {
                Some(_) => moment.instant(),
                None => crate::filters::local_instant(moment)?,
            };
            Value::Float(local as f64 / 1e6)
        }
        "isoformat" => {
            let separator = arguments.text(0, "sep")?.unwrap_or("T");
            let mut letters = separator.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => moment.with_separator(letter).into(),
                _ => return Err(Error::operation("isoformat() argument 1 must be a unicode character")),
            }
        }
        "strftime" => formatted_moment(moment, format(arguments)?)?.into(),
        "ctime" => formatted_moment(moment, "%a %b %e %H:%M:%S %Y")?.into(),
        "replace" => {
            let field = |index, name, old: u32| changed(arguments, index, name, old);
            let date = changed_day(moment.date, arguments)?;
            let (hour, minute) = (field(3, "hour", moment.hour.into())?, field(4, "minute", moment.minute.into())?);
            let second = field(5, "second", moment.second.into())?;
            let microsecond = field(6, "microsecond", moment.microsecond)?;
            for (name, value, limit) in [
                ("hour", hour, 24),
                ("minute", minute, 60),
                ("second", second, 60),
                ("microsecond", microsecond, 1_000_000),
            ] {
                if value >= limit {
                    return Err(Error::operation(format!("{name} must be in 0..{}", limit - 1)));
                }
            }
            let time =
                DateTime { date, hour: hour as u8, minute: minute as u8, second: second as u8, microsecond, ..*moment };
            time.into()
        }
        _ => of_day(moment.date, arguments)?,
    })
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
        other => return Err(Error::operation(format!("object of type 'date' has no method '{other}'"))),
    })
}

fn format<'a>(arguments: &'a Arguments<'_, '_>) -> Result<&'a str, Error> {
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
