//! The last lines of a run: what became of each host.

use ksplay_engine::Counts;
use ksplay_value::{Map, Str};

use crate::paint::{Palette, Tone, painted};

/// The columns that a host's name fills.
const NAME: usize = 26;

/// The length of the codes around a name in one of Ansible's usual colours; as there, longer ones leave less room.
const CODES: usize = 11;

/// What became of each host, as data; readers differ in what they call those that failed.
pub(crate) fn data(hosts: &[(Str, Counts)], failed: &str) -> Map {
    let mut all = Map::new();
    for (host, counts) in hosts {
        let counts = [
            ("ok", counts.ok),
            ("changed", counts.changed),
            ("unreachable", counts.unreachable),
            (failed, counts.failed),
            ("skipped", counts.skipped),
            ("rescued", counts.rescued),
            ("ignored", counts.ignored),
        ];
        all.insert(&**host, Map::from(counts.map(|(name, number)| (name, i64::from(number)))));
    }
    all
}

/// The line of one host.
pub(crate) fn line(host: &str, counts: &Counts, palette: Option<&Palette>) -> String {
    let paint = |tone: Tone, text: &str| painted(palette, tone, text);
    let tone = if counts.failed > 0 || counts.unreachable > 0 {
        Tone::Failed
    } else if counts.changed > 0 {
        Tone::Changed
    } else {
        Tone::Ok
    };
    let cells = [
        ("ok", counts.ok, Tone::Ok),
        ("changed", counts.changed, Tone::Changed),
        ("unreachable", counts.unreachable, Tone::Unreachable),
        ("failed", counts.failed, Tone::Failed),
        ("skipped", counts.skipped, Tone::Skipped),
        ("rescued", counts.rescued, Tone::Ok),
        ("ignored", counts.ignored, Tone::Warning),
    ]
    .map(|(name, count, tone)| {
        let cell = format!("{name}={count:<4}");
        if count > 0 { paint(tone, &cell) } else { cell }
    });
    let (name, width) = (paint(tone, host), NAME + if palette.is_some() { CODES } else { 0 });
    format!("{name:width$} : {}", cells.join(" "))
}
