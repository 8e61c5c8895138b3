//! Spans of time in one unit: `'1h 30m' | to_seconds`.

use ksplay_value::Value;

use super::args::number;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("to_days", to_days),
    ("to_hours", to_hours),
    ("to_milliseconds", to_milliseconds),
    ("to_minutes", to_minutes),
    ("to_months", to_months),
    ("to_seconds", to_seconds),
    ("to_time_unit", to_time_unit),
    ("to_weeks", to_weeks),
    ("to_years", to_years),
];

/// The milliseconds of a unit, of which the years and months are as long as they are said to be.
fn milliseconds(unit: &str, year: f64, month: f64) -> Option<f64> {
    const DAY: f64 = 86_400_000.0;
    Some(match unit.strip_suffix('s').filter(|unit| unit.len() > 1 && *unit != "m").unwrap_or(unit) {
        "ms" | "msec" | "msecond" | "millisecond" => 1.0,
        "s" | "sec" | "second" => 1000.0,
        "m" | "min" | "minute" => 60_000.0,
        "h" | "hour" => 3_600_000.0,
        "d" | "day" => DAY,
        "w" | "week" => 7.0 * DAY,
        "mo" | "month" => month * DAY,
        "y" | "year" => year * DAY,
        _ => return None,
    })
}

fn converted(call: &mut Call<'_, '_>, unit: &str) -> Result<Value, Error> {
    let (text, [year, month]) = call.bind(["year", "month"])?;
    in_unit(&text, unit, year.value().as_ref(), month.value().as_ref())
}

fn in_unit(text: &Value, unit: &str, year: Option<&Value>, month: Option<&Value>) -> Result<Value, Error> {
    let Some(text) = text.as_str() else {
        return Err(Error::operation(format!("'{}' object has no attribute 'split'", text.type_name())));
    };
    let days = |value: Option<&Value>, usual: f64| value.map_or(Some(usual), number).unwrap_or(usual);
    let (year, month) = (days(year, 365.0), days(month, 30.0));
    let Some(target) = milliseconds(unit, year, month) else {
        return Err(Error::operation(format!(
            "to_time_unit() can not convert to the following unit: {unit}. Available units (singular or plural): \
             millisecond, msec, msecond, sec, second, hour, min, minute, day, week, month, year."
        )));
    };
    let unknown = || Error::operation(format!("to_time_unit() can not interpret following string: {text}"));
    let mut sum = 0.0;
    for word in text.split_whitespace() {
        let end = word.find(|letter: char| letter.is_ascii_lowercase()).ok_or_else(unknown)?;
        let (count, unit) = word.split_at(end);
        let count: i64 = count.parse().map_err(|_| unknown())?;
        sum += count as f64 * milliseconds(unit, year, month).ok_or_else(unknown)?;
    }
    // As Python's `round(…, 12)`.
    let rounded: f64 = format!("{:.12}", sum / target).parse().unwrap_or(sum / target);
    Ok(Value::Float(rounded))
}

/// A span in the unit that is named, milliseconds without one: `'1h' | to_time_unit('minutes')` is `60.0`. `year` and
/// `month` are how many days those have.
fn to_time_unit(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [unit, year, month]) = call.bind(["unit", "year", "month"])?;
    in_unit(&text, &unit.text_or("ms"), year.value().as_ref(), month.value().as_ref())
}

/// A span in milliseconds: `'2s' | to_milliseconds` is `2000.0`. `year` and `month` are how many days those have.
fn to_milliseconds(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "millisecond")
}

/// A span in seconds: `'1h 30m' | to_seconds` is `5400.0`. `year` and `month` are how many days those have.
fn to_seconds(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "second")
}

/// A span in minutes: `'1h' | to_minutes` is `60.0`. `year` and `month` are how many days those have.
fn to_minutes(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "minute")
}

/// A span in hours: `'90m' | to_hours` is `1.5`. `year` and `month` are how many days those have.
fn to_hours(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "hour")
}

/// A span in days: `'36h' | to_days` is `1.5`. `year` and `month` are how many days those have.
fn to_days(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "day")
}

/// A span in weeks: `'14d' | to_weeks` is `2.0`. `year` and `month` are how many days those have.
fn to_weeks(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "week")
}

/// A span in months: `'60d' | to_months` is `2.0`. `year` and `month` are how many days those have.
fn to_months(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "month")
}

/// A span in years: `'730d' | to_years` is `2.0`. `year` and `month` are how many days those have.
fn to_years(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    converted(call, "year")
}
