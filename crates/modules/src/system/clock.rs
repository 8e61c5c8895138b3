//! Calendar and clock of this machine, by its C library: a library for dates of our own would be a fiftieth of the agent.

use std::ffi::{CStr, CString};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time as a calendar shows it, in one zone.
pub(crate) struct Calendar {
    fields: libc::tm,
    microseconds: u32,
}

impl Calendar {
    /// This moment, in the machine's zone.
    pub(crate) fn now() -> Self {
        Self::local(SystemTime::now())
    }

    /// In the machine's zone.
    pub(crate) fn local(time: SystemTime) -> Self {
        Self::with(time, libc::localtime_r)
    }

    /// In universal time.
    pub(crate) fn utc(time: SystemTime) -> Self {
        Self::with(time, libc::gmtime_r)
    }

    fn with(
        time: SystemTime,
        shown: unsafe extern "C" fn(*const libc::time_t, *mut libc::tm) -> *mut libc::tm,
    ) -> Self {
        let (seconds, microseconds) = since_1970(time);
        let mut fields = blank();
        // SAFETY: both pointers are valid for the call. A year that does not fit leaves the fields as they were.
        unsafe { shown(&raw const seconds, &raw mut fields) };
        Self { fields, microseconds }
    }

    /// The text in a format of `strftime`, in English; empty when it is longer than any sensible one.
    pub(crate) fn text(&self, format: &CStr) -> String {
        let mut buffer = [0_u8; 256];
        // SAFETY: the buffer is as long as said; both other pointers are valid.
        let length = unsafe {
            libc::strftime(buffer.as_mut_ptr().cast(), buffer.len(), format.as_ptr(), &raw const self.fields)
        };
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// The microseconds after the second, in six digits.
    pub(crate) fn fraction(&self) -> String {
        format!("{:06}", self.microseconds)
    }

    /// Whether it is summer time.
    pub(crate) fn is_summer(&self) -> bool {
        self.fields.tm_isdst > 0
    }
}

/// The seconds since 1970 that a text in a format of `strptime` means in the machine's zone; `None` when it does not fit.
/// What the format leaves out is taken from the beginning of 1900.
pub(crate) fn parsed_time(text: &str, format: &str) -> Option<i64> {
    let (text, format) = (CString::new(text).ok()?, CString::new(format).ok()?);
    let mut fields = blank();
    // SAFETY: all three are valid; the result points into `text`.
    let rest = unsafe { libc::strptime(text.as_ptr(), format.as_ptr(), &raw mut fields) };
    // SAFETY: not null, hence the end of what was read in `text`, which is terminated.
    if rest.is_null() || unsafe { *rest } != 0 {
        return None;
    }
    fields.tm_isdst = -1;
    // SAFETY: `fields` is valid.
    let seconds = unsafe { libc::mktime(&raw mut fields) };
    // -1 is an error, and a second of 1969.
    (seconds != -1).then_some(seconds)
}

/// The point in time that many seconds after 1970, or before.
pub(crate) fn seconds_after_1970(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

/// Seconds and microseconds.
fn since_1970(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (after.as_secs().cast_signed(), after.subsec_micros()),
        Err(before) => (-before.duration().as_secs().cast_signed(), 0),
    }
}

fn blank() -> libc::tm {
    // SAFETY: all of its fields are numbers and a pointer that may be null.
    let mut fields: libc::tm = unsafe { std::mem::zeroed() };
    fields.tm_mday = 1;
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_is_shown_as_the_format_says() {
        let time = Calendar::utc(UNIX_EPOCH + Duration::from_micros(1_795_303_364_810_898));
        assert_eq!(time.text(c"%a, %d %b %Y %H:%M:%S GMT"), "Sat, 21 Nov 2026 23:22:44 GMT");
        assert_eq!(time.fraction(), "810898");
        assert_eq!(Calendar::utc(seconds_after_1970(-86_400)).text(c"%F"), "1969-12-31");
    }

    #[test]
    fn a_text_is_read_in_its_format_and_to_its_end() {
        let text = "202611212322.44";
        let seconds = parsed_time(text, "%Y%m%d%H%M.%S").unwrap();
        assert_eq!(Calendar::local(seconds_after_1970(seconds)).text(c"%Y%m%d%H%M.%S"), text);
        assert_eq!(parsed_time("202611212322.44x", "%Y%m%d%H%M.%S"), None);
        assert_eq!(parsed_time("noon", "%Y"), None);
    }
}
