//! Lines on standard output, and warnings beside them.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use ksplay_engine::{Event, Sink};
use ksplay_report::{Options, Terminal};

/// Prints a line, as `println!` does; that the reader has gone (`ksplay doc | head`) is nobody's error.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// See [`say!`].
pub fn line(text: Arguments<'_>) {
    let result = std::io::stdout().lock().write_fmt(format_args!("{text}\n"));
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("error: cannot write to standard output: {error}");
    }
}

/// Tells warnings on standard error, and nothing else.
pub struct Warnings;

impl Sink for Warnings {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Warning(_) | Event::WarningAt { .. }) {
            let (out, err) = (std::io::stdout(), std::io::stderr());
            Terminal::new(Options::default(), Box::new(out), Box::new(err)).event(event);
        }
    }
}
