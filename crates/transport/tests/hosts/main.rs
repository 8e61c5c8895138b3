//! Connections to this machine, directly and through a real sshd. The program is its own agent.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

mod agent;
mod calls;
mod lab;
mod sshd;

use std::process::ExitCode;

use std::sync::Arc;

use calls::Via;
use libtest_mimic::{Arguments, Trial};
use sshd::Sshd;

fn main() -> ExitCode {
    if let Some(code) = ksplay_transport::askpass_if_asked() {
        return code;
    }
    if std::env::args().nth(1).as_deref() == Some("agent") {
        return agent::serve();
    }
    let arguments = Arguments::from_args();
    // Stopped when this is dropped, after the tests.
    let sshd = Arc::new(Sshd::default());
    let mut trials: Vec<Trial> = calls::trials("a_local_agent", Via::Local);
    trials.extend(sshd::trials(&sshd));
    trials.extend(lab::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
