//! The loop that runs on the target.
//!
//! [`serve`] reads requests from standard input and answers on standard output (see `ksplay-protocol`), each on a thread
//! of its own, until the input ends. Tasks of other users go to a child agent, started once per user through `sudo`,
//! `su` or `doas`. When the loop ends, so does all that it started, but for jobs (`async`).

mod accessible;
mod broken;
mod children;
mod host;
mod job;
mod locale;
mod outbox;
mod payload;
mod prompt;
mod server;
mod shutdown;
mod stdio;
mod su;
mod sudo;
mod terminal;

use std::process::ExitCode;
use std::sync::Arc;

use ksplay_modules::{Probe, RunOptions, registry};
use ksplay_protocol::Run;
use ksplay_value::Map;

/// Runs one module; the answer is its result.
pub type Execute = Arc<dyn Fn(&Run, Probe) -> Map + Send + Sync>;

/// Serves all native modules on standard input and output until the controller goes away.
pub fn serve() -> ExitCode {
    serve_modules(registry::MODULES)
}

/// As [`serve`], those of the small agent: a program that calls nothing else holds no others.
pub fn serve_small() -> ExitCode {
    serve_modules(registry::SMALL)
}

fn serve_modules(modules: &'static [registry::Entry]) -> ExitCode {
    serve_with(Arc::new(move |run, probe| {
        let options = RunOptions {
            check: run.options.check,
            diff: run.options.diff,
            environment: run.options.environment.clone(),
        };
        ksplay_modules::run_among(modules, &run.module, &run.args, &options, probe)
    }))
}

/// As [`serve`], with other modules.
pub fn serve_with(execute: Execute) -> ExitCode {
    locale::take();
    match stdio::claim() {
        Ok((input, output)) if std::env::args().nth(2).as_deref() == Some(job::ARGUMENT) => {
            job::serve(input, output, &execute)
        }
        Ok((input, output)) => server::run(input, output, execute),
        Err(error) => {
            eprintln!("ksplay-agent: standard input and output: {error}");
            ExitCode::FAILURE
        }
    }
}
