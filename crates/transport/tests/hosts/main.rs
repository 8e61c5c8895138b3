//! Connections to this machine, directly and through a real sshd. The program is its own agent.

mod agent;
mod calls;
mod lab;
mod sshd;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) = ksplay_transport::askpass_if_asked() {
        return code;
    }
    if std::env::args().nth(1).as_deref() == Some("agent") {
        return agent::serve();
    }
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = calls::trials("a_local_agent", calls::Via::Local);
    trials.extend(sshd::trials());
    trials.extend(lab::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
