//! `ksplay vault`: files and values in the format of ansible-vault.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use ksplay_value::Diagnostic;
use ksplay_vault::{Secrets, is_encrypted};

use crate::args::{EncryptStringArgs, Encryption, VaultCommand, VaultFiles};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{files, secrets, sources};

/// Carries a vault command out.
///
/// # Errors
///
/// If a file cannot be read or written, or no password fits.
pub fn run(command: &VaultCommand) -> Result<u8, Failure> {
    match command {
        VaultCommand::Encrypt(args) => {
            let key = Key::new(&args.encryption)?;
            convert(args, files::replace_private, |name, content| key.encrypt(name, content))?;
            Ok(done("Encryption successful"))
        }
        VaultCommand::Decrypt(args) => {
            let passwords = passwords(&args.encryption)?;
            convert(args, files::replace_private, |name, content| decrypt(&passwords, name, content))?;
            Ok(done("Decryption successful"))
        }
        VaultCommand::View(args) => {
            let passwords = passwords(&args.encryption)?;
            for file in inputs(&args.files) {
                let plain = decrypt(&passwords, &shown(&file), &read(&file)?)?;
                write(Path::new("-"), &plain)?;
            }
            Ok(0)
        }
        VaultCommand::Create { files: args, skip_tty_check } => {
            if !skip_tty_check && !std::io::stdout().is_terminal() {
                let failure = Failure::options("not a tty, editor cannot be opened");
                return Err(failure.help("`--skip-tty-check` opens it all the same"));
            }
            let key = Key::new(&args.encryption)?;
            for file in &args.files {
                if file.exists() {
                    let message = format!("{} exists already", file.display());
                    return Err(Failure::error(message).help("`ksplay vault edit` changes it"));
                }
                let plain = edited(b"", file)?;
                write(file, &key.encrypt(&shown(file), &plain)?)?;
            }
            needs_files(&args.files)
        }
        VaultCommand::Edit(args) => {
            let passwords = passwords(&args.encryption)?;
            for file in &args.files {
                let content = read(file)?;
                let plain = decrypt(&passwords, &shown(file), &content)?;
                let changed = edited(&plain, file)?;
                if changed != plain {
                    write(file, &same_key(&passwords, &content, &args.encryption)?.encrypt(&shown(file), &changed)?)?;
                }
            }
            needs_files(&args.files)
        }
        VaultCommand::Rekey { files, new_vault_password_file, new_vault_id } => {
            needs_files(&files.files)?;
            let passwords = passwords(&files.encryption)?;
            let key = Key::replacing(new_vault_password_file.as_deref(), new_vault_id.as_deref(), &passwords)?;
            let anew = |name: &str, content: &[u8]| key.encrypt(name, &decrypt(&passwords, name, content)?);
            convert(files, files::replace, anew)?;
            eprintln!("Rekey successful");
            Ok(0)
        }
        VaultCommand::EncryptString(args) => encrypt_strings(args, &Key::new(&args.encryption)?),
    }
}

/// The password to encrypt with, the id that the text is labelled with, and a salt where it is not to be by chance.
struct Key {
    id: Option<String>,
    password: ksplay_engine::Secret,
    salt: Option<String>,
}

impl Key {
    /// The password of the options; asked for when there is none.
    fn new(args: &Encryption) -> Result<Self, Failure> {
        let settings = Settings::load()?;
        let known = sources::new_vault_secrets(&args.vault, &settings)?;
        if known.is_empty() {
            return Self::asked(&settings.vault_identity);
        }
        let wanted = args.encrypt_vault_id.as_deref().or(settings.vault_encrypt_identity.as_deref());
        Self::of(&known, wanted)
    }

    fn of(known: &Secrets, wanted: Option<&str>) -> Result<Self, Failure> {
        let ids: Vec<&str> = known.ids().collect();
        let id = match (wanted, ids.as_slice()) {
            (Some(wanted), _) => wanted,
            (None, [only]) => only,
            (None, several) => {
                let message = format!("there are passwords of several vault ids: {}", several.join(", "));
                return Err(Failure::options(message).help("say which one to encrypt with: `--encrypt-vault-id ID`"));
            }
        };
        let password = known.password(Some(id)).ok_or_else(|| {
            Failure::error(format!("there is no password of the vault id `{id}`; known: {}", ids.join(", ")))
        })?;
        Self::labelled(id, password)
    }

    /// The new password of a file that gets one.
    fn replacing(file: Option<&Path>, id: Option<&str>, known: &Secrets) -> Result<Self, Failure> {
        match (file, id.map(|id| id.split_once('@').unwrap_or(("default", id)))) {
            (Some(file), _) => Self::from_file("default", file, known),
            (None, Some((id, "prompt"))) => Self::asked(id),
            (None, Some((id, file))) => Self::from_file(id, Path::new(file), known),
            (None, None) => Self::asked("default"),
        }
    }

    fn from_file(id: &str, file: &Path, known: &Secrets) -> Result<Self, Failure> {
        let file = PathBuf::from(ksplay_engine::expand_home(&file.to_string_lossy()));
        let secret = secrets::of_vault(&file, id, known).map_err(Failure::error)?;
        Self::labelled(id, secret.expose().as_bytes())
    }

    fn asked(id: &str) -> Result<Self, Failure> {
        let secret = secrets::ask_for_new(id).map_err(Failure::error)?;
        Self::labelled(id, secret.expose().as_bytes())
    }

    fn labelled(id: &str, password: &[u8]) -> Result<Self, Failure> {
        let password = String::from_utf8(password.to_vec()).map_err(|_| Failure::error("the password is not text"))?;
        if password.is_empty() {
            return Err(Failure::error("an empty password protects nothing"));
        }
        let id = Some(id.to_owned()).filter(|id| id != "default");
        let salt = Settings::load()?.vault_encrypt_salt.value;
        Ok(Self { id, password: ksplay_engine::Secret::new(password), salt })
    }

    fn encrypt(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, Failure> {
        if is_encrypted(plain) {
            return Err(Failure::error(format!("{name} is encrypted already")));
        }
        let (id, password) = (self.id.as_deref(), self.password.expose().as_bytes());
        let text = match &self.salt {
            Some(salt) => ksplay_vault::encrypt_with_salt(plain, id, password, salt.as_bytes()),
            None => ksplay_vault::encrypt(plain, id, password),
        };
        text.map(String::into_bytes).map_err(Failure::error)
    }
}

/// The passwords that open files; asked for when the options name none.
fn passwords(args: &Encryption) -> Result<Secrets, Failure> {
    let known = sources::vault_secrets(&args.vault, &Settings::load()?)?;
    if !known.is_empty() {
        return Ok((*known).clone());
    }
    let mut asked = Secrets::new();
    asked.add("default", secrets::ask_for("default").map_err(Failure::error)?.expose().as_bytes());
    Ok(asked)
}

/// The key that keeps the label of an encrypted text.
fn same_key(known: &Secrets, content: &[u8], args: &Encryption) -> Result<Key, Failure> {
    let text = String::from_utf8_lossy(content);
    let label = ksplay_vault::Header::read(&text).ok().and_then(|header| header.id);
    match args.encrypt_vault_id.clone().or(label) {
        Some(id) if known.password(Some(&id)).is_some() => Key::of(known, Some(&id)),
        _ => Key::of(known, args.encrypt_vault_id.as_deref()),
    }
}

fn decrypt(passwords: &Secrets, name: &str, content: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| Failure::of(1, &Diagnostic::new(format!("{name} cannot be decrypted: {why}")));
    let text = std::str::from_utf8(content).map_err(|_| failed("it is not text".to_owned()))?;
    passwords.decrypt(text).map_err(|error| failed(error.to_string()))
}

/// Reads each input, converts it, and writes it back or to `--output`, a file with `replace`.
fn convert(
    args: &VaultFiles,
    replace: fn(&Path, &[u8]) -> std::io::Result<()>,
    change: impl Fn(&str, &[u8]) -> Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    let inputs = inputs(&args.files);
    if args.output.is_some() && inputs.len() > 1 {
        return Err(Failure::options("`--output` takes one input, not several"));
    }
    for input in &inputs {
        let changed = change(&shown(input), &read(input)?)?;
        write_with(replace, args.output.as_deref().unwrap_or(input), &changed)?;
    }
    Ok(())
}

/// Says so to somebody who sits there; the answer is the exit code.
fn done(what: &str) -> u8 {
    if std::io::stdout().is_terminal() {
        eprintln!("{what}");
    }
    0
}

fn needs_files(files: &[PathBuf]) -> Result<u8, Failure> {
    if files.is_empty() { Err(Failure::options("no file is named")) } else { Ok(0) }
}

fn inputs(files: &[PathBuf]) -> Vec<PathBuf> {
    if files.is_empty() { vec![PathBuf::from("-")] } else { files.to_vec() }
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let result = match file == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut content).map(drop),
        false => std::fs::read(file).map(|read| content = read),
    };
    result.map(|()| content).map_err(|error| Failure::error(format!("cannot read {}: {error}", shown(file))))
}

fn write(file: &Path, content: &[u8]) -> Result<(), Failure> {
    write_with(files::replace, file, content)
}

fn write_with(replace: fn(&Path, &[u8]) -> std::io::Result<()>, file: &Path, content: &[u8]) -> Result<(), Failure> {
    let result = match file == Path::new("-") {
        true => std::io::stdout().write_all(content).and_then(|()| std::io::stdout().flush()),
        false => replace(file, content),
    };
    result.map_err(|error| Failure::error(format!("cannot write {}: {error}", file.display())))
}

/// What the user makes of a text in `$EDITOR`. The file that the editor works on is readable for the user alone and is
/// gone afterwards; its ending is that of the real one, so that the editor knows the language.
fn edited(plain: &[u8], file: &Path) -> Result<Vec<u8>, Failure> {
    let ending = file.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let mut scratch = tempfile::Builder::new().suffix(&ending).tempfile().map_err(Failure::error)?;
    scratch.write_all(plain).map_err(Failure::error)?;
    let editor = Some(Settings::load()?.editor.value).filter(|editor| !editor.trim().is_empty());
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let words = ksplay_engine::split_words(&editor).unwrap_or_else(|| vec![editor.clone()]);
    let (program, arguments) = words.split_first().ok_or_else(|| Failure::error("EDITOR names no program"))?;
    let status = Command::new(program).args(arguments).arg(scratch.path()).status();
    let status = status.map_err(|error| Failure::error(format!("the editor `{editor}` cannot be run: {error}")))?;
    if !status.success() {
        return Err(Failure::error(format!("the editor `{editor}` ended with {status}; nothing was changed")));
    }
    std::fs::read(scratch.path()).map_err(Failure::error)
}

fn encrypt_strings(args: &EncryptStringArgs, key: &Key) -> Result<u8, Failure> {
    let mut values: Vec<(Option<&str>, &str, Vec<u8>)> = Vec::new();
    let mut names = args.name.iter().map(String::as_str);
    if args.prompt {
        let asked = if args.show_input {
            asked_openly()?
        } else {
            secrets::ask("Text to encrypt: ").map_err(Failure::error)?
        };
        values.push((names.next(), "the interactive prompt", asked.expose().as_bytes().to_vec()));
    }
    if args.texts.iter().any(|text| text == "-") || args.texts.is_empty() && !args.prompt {
        values.push((args.stdin_name.as_deref(), "stdin", read(Path::new("-"))?));
    }
    for text in args.texts.iter().filter(|text| *text != "-") {
        values.push((names.next(), "the command line args", text.clone().into_bytes()));
    }
    let mut blocks = String::new();
    let several = values.len() > 1;
    for (number, (name, from, plain)) in (1..).zip(values) {
        if plain.is_empty() {
            return Err(Failure::options("there is nothing to encrypt: the value is empty"));
        }
        if several {
            eprintln!("{}", which(name, number, from));
        }
        let encrypted = key.encrypt("the value", &plain)?;
        blocks += &block(name, &String::from_utf8_lossy(&encrypted));
        blocks.push('\n');
    }
    write(args.output.as_deref().unwrap_or(Path::new("-")), blocks.as_bytes())?;
    Ok(0)
}

/// Which of several values follows, in Ansible's words.
fn which(name: Option<&str>, number: usize, from: &str) -> String {
    match name {
        Some(name) => format!("# The encrypted version of variable (\"{name}\", the string #{number} from {from})."),
        None => format!("# The encrypted version of the string #{number} from {from}.)"),
    }
}

/// A text that is seen while it is written.
fn asked_openly() -> Result<ksplay_engine::Secret, Failure> {
    eprint!("Text to encrypt: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Failure::error)?;
    Ok(ksplay_engine::Secret::new(line.trim_end_matches('\n').to_owned()))
}

/// An encrypted value as it stands in a YAML file.
fn block(name: Option<&str>, encrypted: &str) -> String {
    let head = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let lines: Vec<String> = encrypted.lines().map(|line| format!("          {line}")).collect();
    format!("{head}!vault |\n{}", lines.join("\n"))
}
