//! Answering ssh's questions: ssh runs this very program to ask for a password.

use std::process::ExitCode;

/// Answers the question if ssh has started this program to ask one; the first thing that `main` calls.
pub fn askpass_if_asked() -> Option<ExitCode> {
    None
}
