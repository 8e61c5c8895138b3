//! Lines on standard output.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

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
