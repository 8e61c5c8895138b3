//! Lines on standard output, and warnings beside them.

use std::fmt::Arguments;
use std::io::{ErrorKind, IsTerminal, Write};

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

/// Whether standard output is a terminal that knows colours and lines that are drawn anew.
pub fn is_screen() -> bool {
    let dumb = |term: std::ffi::OsString| term.is_empty() || term == "dumb";
    std::io::stdout().is_terminal() && !std::env::var_os("TERM").is_none_or(dumb)
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
