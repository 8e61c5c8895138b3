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
    print(&Settings::load()?);
    Ok(0)
}

/// Says which configuration file counts (`-v`), and all that `--version` says (`-vv`).
pub fn introduce(verbosity: u8, settings: &Settings) {
    if verbosity >= 2 {
        print(settings);
    }
    if verbosity >= 1 {
        match &settings.file {
            Some(file) => say!("Using {} as config file", file.display()),
            None => say!("No config file found; using defaults"),
        }
    }
}

fn print(settings: &Settings) {
    let joined = |paths: &[std::path::PathBuf]| {
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
    };
    match crate::called::name() {
        // Scripts read the first line.
        Some(name) => say!("{name} [core {}]", ksplay_engine::ANSIBLE_VERSION),
        None => say!("ksplay {} (behaves as ansible-core 2.19)", env!("CARGO_PKG_VERSION")),
    }
    let file = settings.file.as_ref().map_or_else(|| "None".to_owned(), |file| file.display().to_string());
    say!("  config file = {file}");
    say!("  roles path = {}", joined(&settings.roles_path));
    say!("  collection location = {}", joined(&settings.collections_path));
    if let Ok(executable) = std::env::current_exe() {
        say!("  executable location = {}", executable.display());
    }
    if crate::called::name().is_some() {
        say!("  engine = ksplay {}", env!("CARGO_PKG_VERSION"));
    }
}
