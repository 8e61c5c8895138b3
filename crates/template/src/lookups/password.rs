//! The lookup `password`.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use super::find::inline_options;
use crate::filters::passwords::{Request, hashed};
use crate::filters::{paths::expand_home, random};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("password", password)];

/// A password that is kept in a file, made when there is none: `lookup('password', 'credentials/x length=15')`. Options:
/// `length` (20), `chars` (`ascii_letters,digits,.,:-_`), `encrypt` (a type of `password_hash`), `ident`, `seed`.
/// `/dev/null` keeps nothing.
fn password(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let given = std::mem::take(&mut call.kwargs);
    let mut found = Vec::new();
    for term in call.terms() {
        let (name, inline) = inline_options(&term.to_string());
        if let Some((name, _)) = inline.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(Error::operation(format!("Unrecognized parameter(s) given to password lookup: {name}")));
        }
        let mut options = given.clone();
        options.extend(inline.into_iter().map(|(name, value)| (name, Value::from(value))));
        found.push(Value::from(one(call, &name, &options)?));
    }
    Ok(found.into())
}

const KNOWN: [&str; 5] = ["length", "encrypt", "chars", "ident", "seed"];

fn one(call: &Call<'_, '_>, name: &str, options: &Map) -> Result<String, Error> {
    let text = |name: &str| options.get(name).filter(|value| !value.is_null()).map(Value::to_string);
    let length = match text("length") {
        None => 20,
        Some(length) => {
            length.parse().map_err(|_| Error::operation(format!(
                "Config 'length' for 'password' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': '{length}'"
            )))?
        }
    };
    let path = place(call, name);
    let stored = match path == Path::new("/dev/null") {
        true => None,
        false => std::fs::read_to_string(&path).ok().map(|text| Stored::parse(&text)),
    };
    let changed_from = stored.as_ref().map(|stored| (stored.salt.clone(), stored.ident.clone()));
    let mut stored = match stored {
        Some(stored) => stored,
        None => Stored { password: made(length, options.get("chars"), options.get("seed"))?, salt: None, ident: None },
    };
    let encrypt = text("encrypt").filter(|encrypt| !encrypt.is_empty());
    if let Some(kind) = &encrypt {
        if stored.salt.is_none() {
            let size = match kind.as_str() {
                "bcrypt" | "blowfish" => 22,
                "md5" | "md5_crypt" => 8,
                _ => 16,
            };
            // The last letter of a bcrypt salt holds only two bits.
            stored.salt = Some(match size {
                22 => random::letters(21, SALT) + &random::letters(1, b".Oeu"),
                size => random::letters(size, SALT),
            });
        }
        stored.ident = text("ident")
            .or(stored.ident)
            .or_else(|| matches!(kind.as_str(), "bcrypt" | "blowfish").then(|| "2b".to_owned()));
    }
    if path != Path::new("/dev/null") && changed_from != Some((stored.salt.clone(), stored.ident.clone())) {
        stored.write(&path).map_err(|error| Error::operation(format!("{}: {error}", path.display())))?;
    }
    match encrypt {
        None => Ok(stored.password),
        Some(kind) => {
            let request = Request { salt: stored.salt, ident: stored.ident, ..Request::default() };
            hashed(&stored.password, &kind, &request)
        }
    }
}

const SALT: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./";

/// Relative to the playbook, as the reference does, not to the role.
fn place(call: &Call<'_, '_>, name: &str) -> PathBuf {
    call.templar.environment().base_dir.join(expand_home(name))
}

/// A new password of the letters that `chars` names.
fn made(length: usize, chars: Option<&Value>, seed: Option<&Value>) -> Result<String, Error> {
    let names: Vec<String> = match chars {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        Some(text) => {
            let text = text.to_string();
            // Two commas together stand for a comma itself.
            let mut names: Vec<String> =
                text.replace(",,", ",").split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect();
            if text.contains(",,") || text == "," {
                names.push(",".to_owned());
            }
            names
        }
    };
    let names = if names.is_empty() { vec!["ascii_letters".into(), "digits".into(), ".,:-_".into()] } else { names };
    let lower = "abcdefghijklmnopqrstuvwxyz";
    let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let alphabet: String = names
        .iter()
        .map(|name| match name.as_str() {
            "ascii_letters" => format!("{lower}{upper}"),
            "ascii_lowercase" => lower.to_owned(),
            "ascii_uppercase" => upper.to_owned(),
            "digits" => "0123456789".to_owned(),
            "hexdigits" => "0123456789abcdefABCDEF".to_owned(),
            "octdigits" => "01234567".to_owned(),
            "punctuation" => "!#$%&()*+,-./:;<=>?@[]^_`{|}~".to_owned(),
            other => other.replace(['"', '\''], ""),
        })
        .collect();
    let letters: Vec<char> = alphabet.chars().collect();
    if letters.is_empty() {
        return Err(Error::operation("a password needs letters to choose from"));
    }
    match seed.filter(|seed| !seed.is_null()) {
        Some(seed) => {
            let mut generator = random::Generator::from_seed(Some(seed))?;
            Ok((0..length).map(|_| letters[generator.below(letters.len() as u64) as usize]).collect())
        }
        None if alphabet.is_ascii() && letters.len() <= 256 => Ok(random::letters(length, alphabet.as_bytes())),
        None => Ok((0..length).map(|_| letters[random::below(letters.len() as u64) as usize]).collect()),
    }
}

/// What the file holds: `PASSWORD`, `PASSWORD salt=SALT` or `PASSWORD salt=SALT ident=IDENT`.
struct Stored {
    password: String,
    salt: Option<String>,
    ident: Option<String>,
}

impl Stored {
    fn parse(text: &str) -> Self {
        let mut rest = text.trim_end_matches('\n');
        let mut take = |mark: &str| {
            let (before, value) = rest.rsplit_once(mark)?;
            rest = before;
            Some(value.to_owned())
        };
        let ident = take(" ident=");
        let salt = take(" salt=");
        Self { password: rest.to_owned(), salt, ident }
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut text = self.password.clone();
        if let Some(salt) = &self.salt {
            text += &format!(" salt={salt}");
            if let Some(ident) = &self.ident {
                text += &format!(" ident={ident}");
            }
        }
        let mut options = std::fs::OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?
            .write_all(format!("{text}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_password_is_read_as_it_was_written() {
        let folder = std::env::temp_dir().join(format!("password-lookup-{}", std::process::id()));
        let path = folder.join("deep/secret");
        let stored = Stored { password: "p w".into(), salt: Some("abc".into()), ident: Some("2b".into()) };
        stored.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "p w salt=abc ident=2b\n");
        let read = Stored::parse(&text);
        assert_eq!((read.password, read.salt, read.ident), (stored.password, stored.salt, stored.ident));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
