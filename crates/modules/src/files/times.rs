//! The times of a file as the user writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Failure;
use crate::system::parsed_time;

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
            let seconds = parsed_time(text, format).ok_or_else(|| {
                Failure::new(format!(
                    "Error while obtaining timestamp for time {text} using format {format}: time data '{text}' does not match format '{format}'"
                ))
            })?;
            Ok(Some(i128::from(seconds) * 1_000_000_000))
        }
    }
}
