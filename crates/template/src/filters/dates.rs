//! Filters over dates and times.

use std::sync::Arc;

use jiff::civil;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use ksplay_value::{Date, DateTime, Value};

use super::args::{number, string};
use super::numbers::parse_float;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("now", now), ("strftime", strftime), ("to_datetime", to_datetime)];

/// The global function `now(utc=false, fmt=none)`: this moment, as text when a format is given.
fn now(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    // A function has no subject: its first argument stands where a filter's subject does.
    call.args.insert(0, Value::Null);
    let (_, [utc, fmt]) = call.bind(["utc", "fmt"])?;
    let zone = if utc.flag_or(false) { TimeZone::UTC } else { TimeZone::system() };
    let moment = Timestamp::now().to_zoned(zone);
    if let Some(format) = fmt.text().filter(|format| !format.is_empty()) {
        return Ok(formatted(&moment, &format)?.into());
    }
    Ok(Value::Object(Arc::new(moment_of(&moment)?)))
}

/// The date and time that a clock shows, as Python's `datetime` without a zone.
pub(crate) fn moment_of(moment: &Zoned) -> Result<DateTime, Error> {
    let day = (u16::try_from(moment.year()), u8::try_from(moment.month()), u8::try_from(moment.day()));
    let (Ok(year), Ok(month), Ok(day)) = day else { return Err(Error::operation("the clock is out of range")) };
    let date = Date::new(year, month, day).ok_or_else(|| Error::operation("the clock is out of range"))?;
    let part = |value: i8| u8::try_from(value).unwrap_or(0);
    Ok(DateTime {
        date,
        hour: part(moment.hour()),
        minute: part(moment.minute()),
        second: part(moment.second()),
        microsecond: u32::try_from(moment.subsec_nanosecond() / 1000).unwrap_or(0),
        offset: None,
    })
}

/// A moment (seconds since 1970, or now) in a format: `'%Y-%m-%d' | strftime(0, utc=true)` is `1970-01-01`.
fn strftime(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (format, [second, utc]) = call.bind(["second", "utc"])?;
    let moment = match second.value() {
        None => Timestamp::now(),
        Some(second) => {
            let seconds = match &second {
                Value::String(text) => parse_float(text),
                other => number(other),
            };
            let seconds = seconds.filter(|seconds| seconds.is_finite());
            let seconds =
                seconds.ok_or_else(|| Error::operation(format!("Invalid value for epoch value ({second})")))?;
            Timestamp::from_second(seconds.floor() as i64).map_err(|error| Error::operation(error.to_string()))?
        }
    };
    let zone = if utc.flag_or(false) { TimeZone::UTC } else { TimeZone::system() };
    Ok(formatted(&moment.to_zoned(zone), string(&format)?)?.into())
}

/// The moment as C's `strftime` in its plain locale writes it.
fn formatted(moment: &Zoned, format: &str) -> Result<String, Error> {
    // Those that the library does not know or writes in another way than C does.
    let format = format.replace("%c", "%a %b %e %H:%M:%S %Y").replace("%x", "%m/%d/%y").replace("%X", "%H:%M:%S");
    strtime::format(&format, moment).map_err(|error| Error::operation(error.to_string()))
}

/// Python's `moment.strftime(format)`.
pub(crate) fn formatted_moment(moment: &DateTime, format: &str) -> Result<String, Error> {
    let out_of_range = |error: jiff::Error| Error::operation(error.to_string());
    let format = format.replace("%Z", &moment.zone_name().unwrap_or_default());
    match moment.offset {
        Some(seconds) => {
            let zone = Offset::from_seconds(seconds).map_err(out_of_range)?.to_time_zone();
            formatted(&civil_of(moment)?.to_zoned(zone).map_err(out_of_range)?, &format)
        }
        None => {
            let format = format.replace("%z", "");
            formatted(&civil_of(moment)?.to_zoned(TimeZone::UTC).map_err(out_of_range)?, &format)
        }
    }
}

/// Microseconds since 1970 of a moment that is meant in the zone of this machine.
pub(crate) fn local_instant(moment: &DateTime) -> Result<i64, Error> {
    let zoned = civil_of(moment)?.to_zoned(TimeZone::system());
    zoned.map(|zoned| zoned.timestamp().as_microsecond()).map_err(|error| Error::operation(error.to_string()))
}

/// A moment in the zone of this machine.
pub(crate) fn in_local_zone(microseconds: i64) -> Result<DateTime, Error> {
    let instant = jiff::Timestamp::from_microsecond(microseconds);
    let instant = instant.map_err(|_| Error::operation("date value out of range"))?;
    let zoned = instant.to_zoned(TimeZone::system());
    Ok(DateTime { offset: Some(zoned.offset().seconds()), ..moment_of(&zoned)? })
}

fn civil_of(moment: &DateTime) -> Result<civil::DateTime, Error> {
    let Date { year, month, day } = moment.date;
    let part = |value: u8| value.try_into().unwrap_or(i8::MAX);
    civil::DateTime::new(
        year.try_into().unwrap_or(i16::MAX),
        part(month),
        part(day),
        part(moment.hour),
        part(moment.minute),
        part(moment.second),
        moment.microsecond.try_into().unwrap_or(0) * 1000,
    )
    .map_err(|error| Error::operation(error.to_string()))
}

/// The date and time that a text means in a format: `'2016-08-14 20:00:12' | to_datetime`.
fn to_datetime(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [format]) = call.bind(["format"])?;
    let format = format.text_or("%Y-%m-%d %H:%M:%S");
    let text = text
        .as_str()
        .ok_or_else(|| Error::operation(format!("strptime() argument 1 must be str, not {}", text.type_name())))?;
    let refuse = || Error::operation(format!("time data '{text}' does not match format '{format}'"));
    let pattern = format.replace("%S.%f", "%S%.f");
    let broken = strtime::parse(&pattern, text).map_err(|_| refuse())?;
    let day = civil::Date::new(broken.year().unwrap_or(1900), broken.month().unwrap_or(1), broken.day().unwrap_or(1))
        .map_err(|_| refuse())?;
    let field = |value: Option<i8>| value.and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
    let year = u16::try_from(day.year()).map_err(|_| refuse())?;
    let date = Date::new(year, field(Some(day.month())), field(Some(day.day()))).ok_or_else(refuse)?;
    let moment = DateTime {
        date,
        hour: field(broken.hour()),
        minute: field(broken.minute()),
        second: field(broken.second()),
        microsecond: broken.subsec_nanosecond().and_then(|nanos| u32::try_from(nanos / 1000).ok()).unwrap_or(0),
        offset: broken.offset().map(|offset| offset.seconds()),
    };
    Ok(Value::Object(Arc::new(moment)))
}
