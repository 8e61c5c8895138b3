//! The times of a file as the user writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Failure;

/// Times of access and modification to be set, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub access: Option<i128>,
    pub modification: Option<i128>,
}

/// The time that `now` or a text in this format means; nothing for `preserve`.
pub(super) fn wanted_time(given: Option<&str>, format: &str) -> Result<Option<i128>, Failure> {
    match given {
        None | Some("preserve") => Ok(None),
        Some("now") => Ok(SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|now| now.as_nanos().cast_signed())),
        Some(text) => {
            let parsed = DateTime::strptime(format, text).and_then(|time| time.to_zoned(TimeZone::system()));
            let time = parsed.map_err(|error| {
                Failure::new(format!("Error while obtaining timestamp for time {text} using format {format}: {error}"))
            })?;
            Ok(Some(time.timestamp().as_nanosecond()))
        }
    }
}
