//! The clock of the controller.

use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};

/// A time of the controller as Python's `str(datetime)` gives it.
pub(crate) fn local_text(time: SystemTime) -> String {
    let zoned = Timestamp::try_from(time).unwrap_or_default().to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
