//! The agent as a program of its own: the small file that is sent to targets.

use std::process::ExitCode;

fn main() -> ExitCode {
    ksplay_agent::serve_small()
}
