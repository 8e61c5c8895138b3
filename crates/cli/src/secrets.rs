//! Passwords: asked for on the terminal, or read from files that hold or print them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use ksplay_engine::Secret;
use ksplay_vault::Secrets;

use crate::args::VaultArgs;

/// Asks for a password without showing it.
///
/// # Errors
///
/// If there is no terminal to ask on.
pub fn ask(prompt: &str) -> Result<Secret, String> {
    rpassword::prompt_password(prompt).map(Secret::new).map_err(|error| format!("cannot ask for a password: {error}"))
}

/// The password in a file, or the one that an executable file prints.
///
/// # Errors
///
/// If the file cannot be read or run.
pub fn from_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("the password file {shown} cannot be read: {error}");
    let executable = std::fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o111 != 0;
    let text = if executable {
        let absolute = std::path::absolute(path).map_err(unreadable)?;
        let output = Command::new(absolute).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| format!("the password script {shown} cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(format!("the password script {shown} ended with {}", output.status));
        }
        String::from_utf8(output.stdout).map_err(|_| format!("the password script {shown} does not print text"))?
    } else {
        std::fs::read_to_string(path).map_err(unreadable)?
    };
    Ok(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The vault passwords that the options name; those without an id have this label.
///
/// # Errors
///
/// If one cannot be read or asked for.
pub fn vault(args: &VaultArgs, files: &[String], identities: &[String], label: &str) -> Result<Secrets, String> {
    let mut secrets = Secrets::new();
    for source in identities.iter().chain(&args.vault_id) {
        let (id, source) = source.split_once('@').unwrap_or((label, source));
        let secret = match source {
            "prompt" | "prompt_ask_vault_pass" => ask(&format!("Vault password ({id}): "))?,
            file => from_file(Path::new(&ksplay_engine::expand_home(file)))?,
        };
        secrets.add(id, secret.expose().as_bytes());
    }
    let named = files.iter().map(|file| Path::new(file).to_path_buf()).chain(args.vault_password_file.iter().cloned());
    for file in named {
        let file = ksplay_engine::expand_home(&file.to_string_lossy());
        secrets.add(label, from_file(Path::new(&file))?.expose().as_bytes());
    }
    if args.ask_vault_pass {
        secrets.add(label, ask("Vault password: ")?.expose().as_bytes());
    }
    Ok(secrets)
}
