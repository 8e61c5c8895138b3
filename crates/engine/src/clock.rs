//! What the controller knows about itself: the time, its name, its users.

use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};

/// A time of the controller as Python's `str(datetime)` gives it.
pub(crate) fn local_text(time: SystemTime) -> String {
    let zoned = Timestamp::try_from(time).unwrap_or_default().to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// The name of a user of this machine, or its number.
pub(crate) fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| uid.to_string())
}
