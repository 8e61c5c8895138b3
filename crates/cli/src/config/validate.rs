//! Whether every setting that is made is one.

use ksplay_value::Diagnostic;

use crate::args::{ConfigValidate, InitFormat};
use crate::failure::Failure;
use crate::output::say;
use crate::settings::{self, Settings};

/// Says what is wrong with the settings; the answer is the exit code.
pub(super) fn show(args: &ConfigValidate) -> Result<u8, Failure> {
    let config = args.plugins.config.as_deref();
    super::is_there(config)?;
    let found = match args.format {
        InitFormat::Ini => settings::unknown_entries(config)?.iter().map(settings::Error::diagnostic).collect(),
        InitFormat::Env => unknown_variables(),
    };
    for diagnostic in &found {
        eprintln!("{}", diagnostic.render().trim_end());
    }
    // Of settings that are there a value may be wrong.
    Settings::load_with(config)?;
    if !found.is_empty() {
        return Ok(1);
    }
    say!("All configurations seem valid!");
    Ok(0)
}

fn unknown_variables() -> Vec<Diagnostic> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with("ANSIBLE_") && !settings::is_variable(name)).collect();
    names.sort();
    let told = |name: String| Diagnostic::new(format!("no setting is made by the environment variable {name}"));
    names.into_iter().map(told).collect()
}
