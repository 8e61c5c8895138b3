//! How long tasks took, as the callbacks that measure them write it.

use std::time::{Duration, Instant};

use jiff::Zoned;
use ksplay_value::Str;

/// The columns that a line is filled up to.
const WIDTH: usize = 79;

/// Measures the tasks of a run, one after the other.
#[derive(Debug)]
pub(super) struct Clock {
    begun: Instant,
    last: Instant,
    /// The number of the task that runs, what it counts for, and since when.
    running: Option<(u64, Str, Instant)>,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, running: None }
    }

    /// Whether this task runs already: under `free` one starts once for each of its hosts.
    pub(super) fn runs(&self, number: u64) -> bool {
        self.running.as_ref().is_some_and(|(running, ..)| *running == number)
    }

    /// A task begins, which counts for this name; the answer is its line.
    pub(super) fn begin(&mut self, number: u64, name: Str) -> String {
        self.running = Some((number, name, Instant::now()));
        self.line()
    }

    /// The task that ran, and how long it took.
    pub(super) fn end(&mut self) -> Option<(Str, Duration)> {
        self.running.take().map(|(_, name, since)| (name, since.elapsed()))
    }

    /// The line of a new task: what time it is, how long the last one took, how long it has been in all.
    pub(super) fn line(&mut self) -> String {
        let now = Instant::now();
        let lap = time(now.duration_since(std::mem::replace(&mut self.last, now)));
        let total = time(now.duration_since(self.begun));
        filled(&format!("{} ({lap})       {total}", Zoned::now().strftime("%A %d %B %Y  %H:%M:%S %z")), '*')
    }
}

/// `H:MM:SS.mmm`
fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}.{:03}", seconds % 60, duration.subsec_millis())
}

/// The text, and this character up to the end of the line.
pub(super) fn filled(text: &str, with: char) -> String {
    let text = if text.is_empty() { String::new() } else { format!("{text} ") };
    let rest = WIDTH.saturating_sub(text.chars().count());
    format!("{text}{} ", with.to_string().repeat(rest))
}

/// A name and how long it took, in columns.
pub(super) fn row(name: &str, took: Duration) -> String {
    let seconds = format!(" {:.2}s", took.as_secs_f64());
    format!("{:-<70}{seconds:->9}", format!("{name} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_to_the_width_that_ansible_has() {
        assert_eq!(time(Duration::from_millis(3_725_042)), "1:02:05.042");
        assert_eq!(filled("", '='), format!("{} ", "=".repeat(79)));
        assert_eq!(filled("x", '*'), format!("x {} ", "*".repeat(77)));
        let row = row("sleep", Duration::from_millis(2920));
        assert!(row.starts_with("sleep ---") && row.ends_with("--- 2.92s") && row.len() == 79, "{row}");
    }
}
