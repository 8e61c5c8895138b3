//! Where the callbacks that write JSON write it, and what they all say at the end.

use std::io::Write;

use ksplay_engine::{Counts, Event};
use ksplay_value::text::JsonStyle;
use ksplay_value::{Map, Str, Value};

use crate::stats::CustomStats;
use crate::{recap, result};

/// An output for JSON objects, which knows what `set_stats` set.
pub(super) struct Output {
    writer: Box<dyn Write + Send>,
    style: JsonStyle,
    custom_stats: bool,
    stats: CustomStats,
}

impl Output {
    /// An output of objects that are indented by so many spaces, or else in this style, and with what `set_stats` set if
    /// wanted.
    pub(super) fn new(
        writer: Box<dyn Write + Send>,
        indent: usize,
        on_one_line: JsonStyle,
        custom_stats: bool,
    ) -> Self {
        let style = if indent > 0 { JsonStyle::indented(indent) } else { on_one_line };
        let style = JsonStyle { sort_keys: true, ..style };
        Self { writer, style, custom_stats, stats: CustomStats::default() }
    }

    /// Takes in what has happened.
    pub(super) fn note(&mut self, event: &Event) {
        self.stats.note(event);
    }

    /// What became of the hosts, and the statistics of the user's own, which are empty unless they are wanted.
    pub(super) fn end(&mut self, hosts: &[(Str, Counts)]) -> Map {
        let (of_hosts, of_run) = if self.custom_stats { self.stats.take() } else { Default::default() };
        let of_hosts: Map = of_hosts.into_iter().map(|(host, stats)| (Value::from(host), Value::from(stats))).collect();
        Map::from([
            ("stats", recap::data(hosts, "failures")),
            ("custom_stats", of_hosts),
            ("global_custom_stats", of_run),
        ])
    }

    /// Writes an object and a line's end.
    pub(super) fn write(&mut self, object: Map) {
        let text = result::written(object, &self.style);
        // A reader that has gone must not end the run.
        let _ = writeln!(self.writer, "{text}").and_then(|()| self.writer.flush());
    }
}
