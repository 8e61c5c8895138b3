//! ksplay: runs Ansible playbooks without Python.
//!
//! Arguments and settings become the parts of a run; the run tells what happens to the terminal.

mod adhoc;
mod args;
mod assemble;
mod bug;
mod callbacks;
mod called;
mod cases;
mod config;
mod doc;
mod eval;
mod failure;
mod files;
mod installer;
mod inventory;
mod links;
mod list;
mod output;
mod outside;
mod plan;
mod playbooks;
mod preflight;
mod prompter;
mod refused;
mod retries;
mod role;
mod secrets;
mod settings;
mod signals;
mod sources;
mod variables;
mod vars;
mod vault;
mod version;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use ksplay_engine::Sink;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::say;

fn main() -> ExitCode {
    if let Some(code) = ksplay_transport::askpass_if_asked() {
        return code;
    }
    if let Some(name) = called::name() {
        return match called::parse(name, std::env::args_os()) {
            Ok(cli) => bug::guarded(|| command(cli)),
            Err(failure) => failure.exit(),
        };
    }
    match Cli::try_parse() {
        Ok(Cli { command: Some(Command::Agent { .. }), .. }) => ksplay_agent::serve(),
        Ok(cli) => bug::guarded(|| command(cli)),
        Err(error) => bad_options(&error),
    }
}

fn command(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Some(Command::Agent { .. }) => return ksplay_agent::serve(),
        Some(Command::Init(args)) => installer::init::run(&args),
        Some(Command::Install(args)) => installer::install::run(args),
        Some(Command::Uninstall(args)) => installer::uninstall::run(args),
        Some(Command::SshCopyId(args)) => installer::ssh_copy_id::run(args),
        Some(Command::Bundle(command)) => installer::bundle::run(&command),
        Some(Command::Plan(args)) => plan::make(*args),
        Some(Command::Apply(args)) => plan::apply(&args),
        Some(Command::Show(args)) => plan::show(&args),
        Some(Command::Adhoc(args)) => adhoc::run(&args),
        Some(Command::Doc(args)) => doc::show(&args),
        Some(Command::Vars(args)) => vars::show(&args),
        Some(Command::Config(command)) => config::show(&command),
        Some(Command::Role(command)) => role::run(&command),
        Some(Command::Links { dir }) => links::make(&dir),
        Some(Command::Inventory(args)) => inventory::show(&args),
        Some(Command::Eval(args)) => eval::run(&args),
        Some(Command::Vault(command)) => vault::run(&command),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "ksplay", &mut std::io::stdout());
            Ok(0)
        }
        None if cli.version => version::show(),
        None => run(cli.run),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.exit(),
    }
}

fn bad_options(error: &clap::Error) -> ExitCode {
    match refused::failure(error) {
        Some(failure) => failure.exit(),
        None => {
            // A closed pipe behind `--help | head` is nobody's error.
            let _ = error.print();
            ExitCode::SUCCESS
        }
    }
}

/// Reads everything. Playbooks of ksplay's own are unpacked, and their names become those of files.
fn read(args: &mut args::RunArgs) -> Result<assemble::Assembled, Failure> {
    for playbook in &mut args.playbooks {
        *playbook = installer::content::playbook(playbook)?;
    }
    assemble::read(args)
}

/// Reads everything, then lists or runs.
fn run(mut args: args::RunArgs) -> Result<u8, Failure> {
    let assembled = read(&mut args)?;
    if !args.looks_only() {
        return assemble::carry_out(assembled);
    }
    for warning in assembled.loader.take_warnings() {
        assembled.terminal.event(&warning.into());
    }
    if !args.syntax_check {
        return list::show(&args, &assembled);
    }
    for playbook in &args.playbooks {
        say!("\nplaybook: {}", playbook.display());
    }
    Ok(0)
}
