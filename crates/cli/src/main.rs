//! ksplay: runs Ansible playbooks without Python.
//!
//! Arguments and settings become the parts of a run; the run tells what happens to the terminal.

mod args;
mod assemble;
mod doc;
mod failure;
mod list;
mod secrets;
mod settings;
mod variables;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    if let Some(code) = ksplay_transport::askpass_if_asked() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::bad_options(&error),
    };
    let result = match cli.command {
        Some(Command::Agent { .. }) => return ksplay_agent::serve(),
        Some(Command::Doc { modules }) => doc::show(&modules),
        None if cli.version => version(),
        None => run(&cli.run),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.exit(),
    }
}

fn version() -> Result<u8, Failure> {
    println!("ksplay {} (behaves as ansible-core 2.19)", env!("CARGO_PKG_VERSION"));
    Ok(0)
}

/// Reads everything, then lists or runs.
fn run(args: &args::RunArgs) -> Result<u8, Failure> {
    let assembled = assemble::read(args)?;
    if args.list_hosts || args.list_tasks || args.list_tags {
        return list::show(args, &assembled);
    }
    if args.syntax_check {
        for playbook in &assembled.playbooks {
            println!("\nplaybook: {}", playbook.file.display());
        }
        return Ok(0);
    }
    assemble::carry_out(assembled)
}
