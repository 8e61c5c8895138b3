//! The clock of the target.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use ksplay_value::Map;

/// `date_time`.
pub(crate) fn collect() -> Map {
    let now = Zoned::now();
    Map::from([("date_time", at(&now))])
}

fn at(now: &Zoned) -> Map {
    let utc = now.timestamp().to_zoned(TimeZone::UTC);
    let fields = [
        ("year", "%Y"),
        ("month", "%m"),
        ("weekday", "%A"),
        ("weekday_number", "%w"),
        ("weeknumber", "%W"),
        ("day", "%d"),
        ("hour", "%H"),
        ("minute", "%M"),
        ("second", "%S"),
        ("date", "%Y-%m-%d"),
        ("time", "%H:%M:%S"),
        ("iso8601_basic", "%Y%m%dT%H%M%S%6f"),
        ("iso8601_basic_short", "%Y%m%dT%H%M%S"),
        ("tz", "%Z"),
        ("tz_offset", "%z"),
    ];
    let mut facts: Map = fields.into_iter().map(|(name, format)| (name, now.strftime(format).to_string())).collect();
    facts.insert("iso8601", utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    facts.insert("iso8601_micro", utc.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string());
    let epoch = now.timestamp().as_second().to_string();
    facts.insert("epoch", epoch.as_str());
    facts.insert("epoch_int", epoch);
    facts.insert("tz_dst", summer_name(now));
    facts
}

/// The abbreviation of the zone in summer, or of the zone when it has no summer time.
fn summer_name(now: &Zoned) -> String {
    let zone = now.time_zone();
    let start = now.timestamp().as_second();
    (0..12)
        .filter_map(|month| Timestamp::from_second(start + month * 30 * 86_400).ok())
        .map(|instant| zone.to_offset_info(instant))
        .find(|info| info.dst().is_dst())
        .map_or_else(|| now.strftime("%Z").to_string(), |info| info.abbreviation().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ksplay_value::Value;

    #[test]
    fn the_fields_are_those_of_the_reference() {
        // What ansible-core 2.19.14 said at this instant.
        let now = Timestamp::from_microsecond(1_795_303_364_810_898).unwrap().to_zoned(TimeZone::UTC);
        let facts = at(&now);
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
