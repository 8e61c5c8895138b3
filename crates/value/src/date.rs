//! The types that YAML has and JSON has not: dates, times and bytes.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::{Key, Object, ObjectError, Value};

/// A day, as Python's `datetime.date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A day and a time, as Python's `datetime.datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub microsecond: u32,
    /// Seconds east of UTC, when the zone is known.
    pub offset: Option<i32>,
}

/// Bytes that are no text, as Python's `bytes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Date {
    /// The day, when there is such a day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// Days since 1970-01-01 in the Gregorian calendar.
    pub fn days(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The day that is this many days after 1970-01-01, when it is in the years 1 to 9999.
    pub fn from_days(days: i64) -> Option<Self> {
        let days = days.checked_add(719_468)?;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        Self::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
    }

    /// The day of the week, Monday being 0.
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        (self.days() + 3).rem_euclid(7) as u8
    }

    fn part(self, name: &str) -> Option<Value> {
        Some(match name {
            "year" => u32::from(self.year).into(),
            "month" => u32::from(self.month).into(),
            "day" => u32::from(self.day).into(),
            _ => return None,
        })
    }
}

impl DateTime {
    /// ISO 8601 with this between day and time.
    pub fn with_separator(&self, separator: char) -> String {
        let Self { date, hour, minute, second, microsecond, .. } = self;
        let mut text = format!("{date}{separator}{hour:02}:{minute:02}:{second:02}");
        if *microsecond != 0 {
            text += &format!(".{microsecond:06}");
        }
        text + &self.zone()
    }

    /// The offset from UTC as ISO 8601 writes it, `+02:00`; nothing when there is none.
    pub fn zone(&self) -> String {
        let Some(offset) = self.offset else { return String::new() };
        let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        let mut text = format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60);
        if size % 60 != 0 {
            text += &format!(":{:02}", size % 60);
        }
        text
    }

    /// Python's name of the offset from UTC: `UTC`, `UTC+02:00`.
    pub fn zone_name(&self) -> Option<String> {
        self.offset.map(|offset| if offset == 0 { "UTC".to_owned() } else { format!("UTC{}", self.zone()) })
    }

    /// Python's `isoformat()`, which is also what JSON gets.
    pub fn iso(&self) -> String {
        self.with_separator('T')
    }

    /// Microseconds since 1970-01-01, a missing zone being UTC.
    pub fn instant(&self) -> i64 {
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
            - i64::from(self.offset.unwrap_or(0));
        (self.date.days() * 86_400 + seconds) * 1_000_000 + i64::from(self.microsecond)
    }

    /// The moment that is this many microseconds after 1970-01-01, as it is called at an offset from UTC.
    pub fn from_instant(microseconds: i64, offset: Option<i32>) -> Option<Self> {
        let local = microseconds.checked_add(i64::from(offset.unwrap_or(0)) * 1_000_000)?;
        let seconds = local.div_euclid(1_000_000);
        let of_day = seconds.rem_euclid(86_400);
        Some(Self {
            date: Date::from_days(seconds.div_euclid(86_400))?,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            microsecond: local.rem_euclid(1_000_000) as u32,
            offset,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_separator(' '))
    }
}

impl Object for Date {
    fn type_name(&self) -> &str {
        "date"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(key.as_str().and_then(|name| self.part(name)))
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.year, self.month, self.day)
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        Some(self.cmp(other.as_any().downcast_ref()?))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for DateTime {
    fn type_name(&self) -> &str {
        "datetime"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(match key.as_str().unwrap_or_default() {
            "hour" => Some(u32::from(self.hour).into()),
            "minute" => Some(u32::from(self.minute).into()),
            "second" => Some(u32::from(self.second).into()),
            "microsecond" => Some(self.microsecond.into()),
            "fold" => Some(Value::Int(0)),
            "tzinfo" if self.offset.is_none() => Some(Value::Null),
            name => self.date.part(name),
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn repr(&self) -> String {
        let Self { date: Date { year, month, day }, hour, minute, second, microsecond, offset } = self;
        let mut text = format!("datetime.datetime({year}, {month}, {day}, {hour}, {minute}");
        if *second != 0 || *microsecond != 0 {
            text += &format!(", {second}");
        }
        if *microsecond != 0 {
            text += &format!(", {microsecond}");
        }
        match offset {
            None => {}
            Some(0) => text += ", tzinfo=datetime.timezone.utc",
            Some(east) if *east > 0 => {
                text += &format!(", tzinfo=datetime.timezone(datetime.timedelta(seconds={east}))");
            }
            Some(west) => {
                let seconds = west + 86_400;
                text += &format!(", tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds={seconds}))");
            }
        }
        text + ")"
    }

    fn json(&self) -> String {
        self.iso()
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        let other: &Self = other.as_any().downcast_ref()?;
        (self.offset.is_some() == other.offset.is_some()).then(|| self.instant().cmp(&other.instant()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Bytes {
    fn type_name(&self) -> &str {
        "bytes"
    }

    /// As Ansible shows bytes: the text that they are.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    fn repr(&self) -> String {
        let quote = if self.0.contains(&b'\'') && !self.0.contains(&b'"') { '"' } else { '\'' };
        let mut text = format!("b{quote}");
        for byte in &self.0 {
            match *byte {
                b'\t' => text += "\\t",
                b'\n' => text += "\\n",
                b'\r' => text += "\\r",
                b'\\' => text += "\\\\",
                byte if char::from(byte) == quote => text.extend(['\\', quote]),
                byte @ b' '..=b'~' => text.push(byte.into()),
                byte => text += &format!("\\x{byte:02x}"),
            }
        }
        text.push(quote);
        text
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        Some(self.0.cmp(&other.as_any().downcast_ref::<Self>()?.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

macro_rules! into_value {
    ($($object:ty)*) => {$(
        impl From<$object> for Value {
            fn from(object: $object) -> Self {
                Self::Object(Arc::new(object))
            }
        }
    )*};
}

into_value! { Date DateTime Bytes }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_there_and_back() {
        for days in (-719_162..=2_932_896).step_by(17) {
            assert_eq!(Date::from_days(days).map(Date::days), Some(days));
        }
        assert_eq!(Date::from_days(-719_163), None);
        assert_eq!(Date::from_days(2_932_897), None);
        assert_eq!(Date::new(2024, 2, 29).map(Date::weekday), Some(3));
    }

    #[test]
    fn an_instant_is_the_same_moment_at_any_offset() {
        for offset in [None, Some(0), Some(7200), Some(-19_800)] {
            let moment = DateTime::from_instant(-1_234_567_890_123, offset);
            assert_eq!(moment.as_ref().map(DateTime::instant), Some(-1_234_567_890_123));
        }
    }
}
