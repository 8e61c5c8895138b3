//! `ksplay role init`: the skeleton of a role, which runs as it is, here and under ansible-playbook.

use std::path::Path;

use ksplay_value::Diagnostic;

use crate::args::RoleCommand;
use crate::failure::Failure;
use crate::output::say;

/// The files of a role; `ROLE` stands for its name, `PREFIX` for what its variables begin with.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("role/README.md")),
    ("defaults/main.yml", include_str!("role/defaults.yml")),
    ("handlers/main.yml", include_str!("role/handlers.yml")),
    ("meta/argument_specs.yml", include_str!("role/argument_specs.yml")),
    ("meta/main.yml", include_str!("role/meta.yml")),
    ("tasks/main.yml", include_str!("role/tasks.yml")),
    ("templates/greeting.j2", include_str!("role/greeting.j2")),
];

/// Carries a command for roles out.
///
/// # Errors
///
/// If the name is none, or the folder is there already or cannot be written.
pub fn run(command: &RoleCommand) -> Result<u8, Failure> {
    let RoleCommand::Init { name, init_path } = command;
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if !name.starts_with(|char: char| char.is_ascii_alphabetic()) || !name.chars().all(fits) {
        let help = "a role's name begins with a letter; letters, digits, `_` and `-` follow";
        let message = format!("`{name}` cannot be the name of a role");
        return Err(Failure::of(5, &Diagnostic::new(message).help(Some(help.to_owned()))));
    }
    let folder = init_path.join(name);
    if folder.exists() {
        return Err(Failure::error(format!("{} is there already", folder.display())));
    }
    write(&folder, init_path, name)
        .map_err(|error| Failure::error(format!("cannot write {}: {error}", folder.display())))?;
    say!("{} is there; `roles: [{name}]` in a play runs it", folder.display());
    Ok(0)
}

/// Writes all of it beside its place, and then moves it there: there is a whole role or none.
fn write(folder: &Path, beside: &Path, name: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(beside)?;
    let scratch = tempfile::Builder::new().prefix(".role-").tempdir_in(beside)?;
    let role = scratch.path().join(name);
    for (file, text) in FILES {
        let path = role.join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(&role))?;
        std::fs::write(path, text.replace("PREFIX", &name.replace('-', "_")).replace("ROLE", name))?;
    }
    std::fs::rename(&role, folder)
}
