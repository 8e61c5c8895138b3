//! `ksplay config`: what can be set, what is, and where it was, as `ansible-config` shows it.

mod dump;
mod init;
mod list;
mod validate;

use std::path::Path;

use crate::args::{ConfigCommand, ConfigPlugins};
use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;

/// Shows what is asked for; the answer is the exit code.
///
/// # Errors
///
/// If the settings cannot be read, or there is no file to be shown.
pub fn show(command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Dump(args) => dump::show(args)?,
        ConfigCommand::View { config, .. } => view(config.as_deref())?,
        ConfigCommand::List(args) => list::show(args)?,
        ConfigCommand::Init(args) => init::show(args)?,
        ConfigCommand::Validate(args) => return validate::show(args),
    }
    Ok(0)
}

fn view(config: Option<&Path>) -> Result<(), Failure> {
    let settings = load(config)?;
    let file = settings.file.as_deref().ok_or_else(|| Failure::error("no configuration file is in use"))?;
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::error(format!("cannot read {}: {error}", file.display())))?;
    say!("{}", text.trim_end_matches('\n'));
    Ok(())
}

/// The settings, by this file if one is named.
fn load(config: Option<&Path>) -> Result<Settings, Failure> {
    is_there(config)?;
    Ok(Settings::load_with(config)?)
}

fn is_there(config: Option<&Path>) -> Result<(), Failure> {
    match config.filter(|file| !file.is_file()) {
        Some(file) => Err(Failure::options(format!("the configuration file {} cannot be read", file.display()))),
        None => Ok(()),
    }
}

/// A setting's name as it is shown: that of an option of a plugin has the plugin before it.
enum Name<'n> {
    Base(&'n str),
    Plugin { kind: &'n str, plugin: &'n str, option: &'n str },
}

impl<'n> Name<'n> {
    fn of(name: &'n str) -> Self {
        match name.split(' ').collect::<Vec<_>>()[..] {
            [kind, plugin, option] => Self::Plugin { kind, plugin, option },
            _ => Self::Base(name),
        }
    }

    /// Whether the user asks for it.
    fn is_wanted(&self, of: &ConfigPlugins) -> bool {
        match self {
            Self::Base(_) => matches!(&*of.kind, "base" | "all"),
            Self::Plugin { kind, plugin, .. } => {
                let named = of.names.is_empty() || of.names.iter().any(|name| name == plugin);
                *kind == of.kind && named || of.kind == "all"
            }
        }
    }
}
