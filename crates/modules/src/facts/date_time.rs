//! The clock of the target.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ksplay_value::Map;

use crate::system::Calendar;

/// `date_time`.
pub(crate) fn collect() -> Map {
    Map::from([("date_time", at(SystemTime::now()))])
}

fn at(time: SystemTime) -> Map {
    let (now, utc) = (Calendar::local(time), Calendar::utc(time));
    let fields = [
        ("year", c"%Y"),
        ("month", c"%m"),
        ("weekday", c"%A"),
        ("weekday_number", c"%w"),
        ("weeknumber", c"%W"),
        ("day", c"%d"),
        ("hour", c"%H"),
        ("minute", c"%M"),
        ("second", c"%S"),
        ("date", c"%Y-%m-%d"),
        ("time", c"%H:%M:%S"),
        ("iso8601_basic_short", c"%Y%m%dT%H%M%S"),
        ("tz", c"%Z"),
        ("tz_offset", c"%z"),
    ];
    let mut facts: Map = fields.into_iter().map(|(name, format)| (name, now.text(format))).collect();
    facts.insert("iso8601_basic", now.text(c"%Y%m%dT%H%M%S") + &now.fraction());
    facts.insert("iso8601", utc.text(c"%Y-%m-%dT%H:%M:%SZ"));
    facts.insert("iso8601_micro", format!("{}.{}Z", utc.text(c"%Y-%m-%dT%H:%M:%S"), utc.fraction()));
    let epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    facts.insert("epoch", epoch.as_str());
    facts.insert("epoch_int", epoch);
    facts.insert("tz_dst", summer_name(time));
    facts
}

/// The abbreviation of the zone in summer, or of the zone when it has no summer time.
fn summer_name(now: SystemTime) -> String {
    let month = Duration::from_secs(30 * 86_400);
    let summer = (0..12).map(|months| Calendar::local(now + month * months)).find(Calendar::is_summer);
    summer.unwrap_or_else(|| Calendar::local(now)).text(c"%Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ksplay_value::Value;

    #[test]
    fn the_fields_are_those_of_the_reference() {
        // What ansible-core 2.19.14 said at this instant.
        let facts = at(UNIX_EPOCH + Duration::from_micros(1_795_303_364_810_898));
        for (name, expected) in [
            ("date", "2026-11-21"),
            ("day", "21"),
            ("epoch", "1795303364"),
            ("epoch_int", "1795303364"),
            ("hour", "23"),
            ("iso8601", "2026-11-21T23:22:44Z"),
            ("iso8601_basic", "20261121T232244810898"),
            ("iso8601_basic_short", "20261121T232244"),
            ("iso8601_micro", "2026-11-21T23:22:44.810898Z"),
            ("minute", "22"),
            ("month", "11"),
            ("second", "44"),
            ("time", "23:22:44"),
            ("tz", "UTC"),
            ("tz_dst", "UTC"),
            ("tz_offset", "+0000"),
            ("weekday", "Saturday"),
            ("weekday_number", "6"),
            ("weeknumber", "46"),
            ("year", "2026"),
        ] {
            assert_eq!(facts.get(name), Some(&Value::from(expected)), "{name}");
        }
        assert_eq!(facts.len(), 20);
    }
}
