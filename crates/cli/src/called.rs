//! The names under which ksplay answers as the programs of Ansible do, so that scripts that call those run unchanged.

use std::ffi::OsString;
use std::path::Path;

use clap::{ArgAction, Args, FromArgMatches, Subcommand};
use ksplay_value::Diagnostic;

use crate::args::{AdhocArgs, Cli, Command, ConfigCommand, DocArgs, InventoryArgs, RunArgs, VaultCommand};
use crate::failure::Failure;
use crate::refused;

/// The exit code of Ansible's programs for options that they do not know.
const BAD_OPTIONS: u8 = 2;

/// The programs of Ansible that ksplay stands in for.
pub const PROGRAMS: &[&str] =
    &["ansible", "ansible-playbook", "ansible-inventory", "ansible-vault", "ansible-doc", "ansible-config"];

/// Those that it does not stand in for, and what does the work instead.
const OTHERS: &[(&str, &str)] = &[
    (
        "ansible-galaxy",
        "`ksplay role init NAME` makes a role; roles and collections are found below `roles_path` and `collections_path`",
    ),
    ("ansible-pull", "run `git pull`, then `ksplay -c local -i localhost, PLAYBOOK`"),
    ("ansible-console", "`ksplay adhoc PATTERN -m MODULE -a ARGS` runs one module"),
];

/// The name of a program of Ansible that this is called by.
pub fn name() -> Option<&'static str> {
    let called = std::env::args_os().next()?;
    let name = Path::new(&called).file_name()?;
    PROGRAMS.iter().copied().chain(OTHERS.iter().map(|(other, _)| *other)).find(|known| name == *known)
}

/// What is asked of the program of this name.
///
/// # Errors
///
/// If it is one that ksplay does not stand in for, or does not know such options.
pub fn parse(name: &'static str, arguments: impl Iterator<Item = OsString>) -> Result<Cli, Failure> {
    if let Some((other, instead)) = OTHERS.iter().find(|(other, _)| *other == name) {
        let message = format!("ksplay does not do the work of `{other}`");
        return Err(Failure::of(5, &Diagnostic::new(message).help(Some((*instead).to_owned()))));
    }
    let program = clap::Command::new(name).disable_version_flag(true).infer_long_args(true).max_term_width(100).arg(
        clap::Arg::new("version").long("version").action(ArgAction::SetTrue).exclusive(true).help("Print the version"),
    );
    let verbose = clap::Arg::new("louder").short('v').long("verbose").action(ArgAction::Count).hide(true);
    let mut program = match name {
        "ansible-playbook" => RunArgs::augment_args(program)
            .mut_arg("playbooks", |arg| arg.required(false).required_unless_present("version")),
        "ansible-inventory" => InventoryArgs::augment_args(program),
        "ansible-vault" => VaultCommand::augment_subcommands(program.arg(verbose)),
        "ansible-doc" => DocArgs::augment_args(program),
        "ansible-config" => ConfigCommand::augment_subcommands(program.arg(verbose)),
        _ => AdhocArgs::augment_args(program),
    }
    .subcommand_negates_reqs(true);
    let cli = program.try_get_matches_from_mut(arguments).and_then(|matches| {
        if matches.get_flag("version") {
            return Ok(Cli { command: None, run: RunArgs::default(), version: true });
        }
        let command = match name {
            "ansible-playbook" => {
                return Ok(Cli { command: None, run: RunArgs::from_arg_matches(&matches)?, version: false });
            }
            "ansible-inventory" => Command::Inventory(InventoryArgs::from_arg_matches(&matches)?),
            "ansible-vault" => Command::Vault(VaultCommand::from_arg_matches(&matches)?),
            "ansible-doc" => Command::Doc(DocArgs::from_arg_matches(&matches)?),
            "ansible-config" => Command::Config(ConfigCommand::from_arg_matches(&matches)?),
            _ => Command::Adhoc(Box::new(AdhocArgs::from_arg_matches(&matches)?)),
        };
        Ok(Cli { command: Some(command), run: RunArgs::default(), version: false })
    });
    cli.map_err(|error| match refused::failure(&error) {
        Some(failure) => Failure { code: BAD_OPTIONS, ..failure },
        None => {
            // Help goes to whoever asked for it.
            let _ = error.print();
            std::process::exit(0)
        }
    })
}
