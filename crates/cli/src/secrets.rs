//! Passwords: asked for on the terminal, or read from files that hold or print them.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use ksplay_engine::Secret;
use ksplay_vault::Secrets;

use crate::args::VaultArgs;

/// What was answered, by the question, when it is kept.
static ANSWERS: Mutex<Option<HashMap<String, Secret>>> = Mutex::new(None);

/// From now on each question is asked once: for who reads everything twice.
pub fn ask_once() {
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
}

/// Asks for a password without showing it.
///
/// # Errors
///
/// If there is no terminal to ask on.
pub fn ask(prompt: &str) -> Result<Secret, String> {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = answers.as_ref().and_then(|answers| answers.get(prompt)) {
        return Ok(known.clone());
    }
    let answer = rpassword::prompt_password(prompt).map_err(|error| format!("cannot ask for a password: {error}"))?;
    let secret = Secret::new(answer);
    if let Some(answers) = &mut *answers {
        answers.insert(prompt.to_owned(), secret.clone());
    }
    Ok(secret)
}

/// The password in a file, or the one that an executable file prints.
///
/// # Errors
///
/// If the file cannot be read or run.
pub fn from_file(path: &Path) -> Result<Secret, String> {
    read(path, &[])
}

/// The vault password under an id in a file, or the one that an executable file prints. One whose name ends in `-client`,
/// before its extension, keeps several passwords and is told the id. A file that is encrypted itself is opened with the
/// passwords that are known.
///
/// # Errors
///
/// If the file cannot be read, run or opened, or holds nothing.
pub fn of_vault(path: &Path, id: &str, known: &Secrets) -> Result<Secret, String> {
    let is_client = path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("-client"));
    let arguments = ["--vault-id", id];
    let mut secret = read(path, if is_client { &arguments } else { &[] })?;
    if ksplay_vault::is_encrypted(secret.expose().as_bytes()) {
        let unopened = |why: String| format!("{} is encrypted itself: {why}", path.display());
        let plain = known.decrypt(secret.expose()).map_err(|error| unopened(error.to_string()))?;
        secret = Secret::new(String::from_utf8(plain).map_err(|_| unopened("what it holds is not text".to_owned()))?);
    }
    if secret.expose().trim().is_empty() {
        return Err(format!("{} gives an empty vault password for the id `{id}`", path.display()));
    }
    Ok(secret)
}

fn read(path: &Path, arguments: &[&str]) -> Result<Secret, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("the password file {shown} cannot be read: {error}");
    let executable = std::fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o111 != 0;
    let text = if executable {
        let absolute = std::path::absolute(path).map_err(unreadable)?;
        let output = Command::new(absolute).args(arguments).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
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

/// Asks for the vault password of an id.
///
/// # Errors
///
/// As [`ask`].
pub fn ask_for(id: &str) -> Result<Secret, String> {
    ask(&format!("Vault password ({id}): "))
}

/// Asks twice for a new vault password of an id.
///
/// # Errors
///
/// As [`ask`], and if the answers differ.
pub fn ask_for_new(id: &str) -> Result<Secret, String> {
    let first = ask(&format!("New vault password ({id}): "))?;
    let second = ask(&format!("Confirm new vault password ({id}): "))?;
    if first.expose() == second.expose() { Ok(first) } else { Err("the passwords do not match".to_owned()) }
}

/// Where vault passwords come from beside the options.
pub struct VaultSettings<'s> {
    /// Password files.
    pub files: &'s [String],
    /// Identities, as `--vault-id` takes them.
    pub identities: &'s [String],
    /// The label of those that have none.
    pub label: &'s str,
}

/// The vault passwords that options and settings name, those that are to be asked for by `ask`. Files that give none are
/// passed over with a warning, as long as there is another password.
///
/// # Errors
///
/// If one cannot be asked for, an id is none, or no file gives a password.
pub fn vault(
    args: &VaultArgs,
    settings: &VaultSettings<'_>,
    ask: fn(&str) -> Result<Secret, String>,
) -> Result<Secrets, String> {
    let VaultSettings { files, identities, label } = *settings;
    let mut secrets = Secrets::new();
    let mut failures = Vec::new();
    let mut read = |secrets: &mut Secrets, id: &str, file: &str| match of_vault(
        Path::new(&ksplay_engine::expand_home(file)),
        id,
        secrets,
    ) {
        Ok(secret) => secrets.add(id, secret.expose().as_bytes()),
        Err(why) => failures.push((id.to_owned(), why)),
    };
    for identity in identities.iter().chain(&args.vault_id) {
        let (id, source) = identity.split_once('@').unwrap_or((label, identity));
        if id.contains(';') {
            return Err(format!("`{identity}` is not a valid vault id: it holds a `;`"));
        }
        let id = if id.is_empty() { label } else { id };
        match source {
            "prompt" | "prompt_ask_vault_pass" => secrets.add(id, ask(id)?.expose().as_bytes()),
            file => read(&mut secrets, id, file),
        }
    }
    let named = args.vault_password_file.iter().map(|file| file.to_string_lossy());
    for file in files.iter().map(|file| file.as_str().into()).chain(named) {
        read(&mut secrets, label, &file);
    }
    if args.ask_vault_pass {
        secrets.add(label, ask(label)?.expose().as_bytes());
    }
    if secrets.is_empty()
        && let Some((_, why)) = failures.pop()
    {
        return Err(why);
    }
    for (id, why) in failures {
        eprintln!("[WARNING]: Error in vault password file loading ({id}): {why}");
    }
    Ok(secrets)
}
