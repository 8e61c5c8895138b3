//! `--version`, and what `-v` says at the start.

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;

/// Prints the version and where things are found.
///
/// # Errors
///
/// If the settings cannot be read.
pub fn show() -> Result<u8, Failure> {
    about(&Settings::load()?).iter().for_each(|line| say!("{line}"));
    Ok(0)
}

/// Says which configuration file counts (`-v`), and all that `--version` says (`-vv`).
pub fn introduce(verbosity: u8, settings: &Settings) {
    let mut lines = if verbosity >= 2 { about(settings) } else { Vec::new() };
    if verbosity >= 1 {
        lines.push(match &settings.file {
            Some(file) => format!("Using {} as config file", file.display()),
            None => "No config file found; using defaults".to_owned(),
        });
    }
    let palette = settings.palette();
    for line in lines {
        say!("{}", palette.as_ref().map_or_else(|| line.clone(), |palette| palette.verbose.paint(&line)));
    }
}

fn about(settings: &Settings) -> Vec<String> {
    let joined = |paths: &[std::path::PathBuf]| {
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
    };
    let mut lines = vec![match crate::called::name() {
        // Scripts read the first line.
        Some(name) => format!("{name} [core {}]", ksplay_engine::ANSIBLE_VERSION),
        None => format!("ksplay {} (behaves as ansible-core 2.19)", env!("CARGO_PKG_VERSION")),
    }];
    let file = settings.file.as_ref().map_or_else(|| "None".to_owned(), |file| file.display().to_string());
    lines.push(format!("  config file = {file}"));
    lines.push(format!("  roles path = {}", joined(&settings.roles_path)));
    lines.push(format!("  collection location = {}", joined(&settings.collections_path)));
    if let Ok(executable) = std::env::current_exe() {
        lines.push(format!("  executable location = {}", executable.display()));
    }
    if crate::called::name().is_some() {
        lines.push(format!("  engine = ksplay {}", env!("CARGO_PKG_VERSION")));
    }
    lines
}
