//! `authorized_key`: the SSH keys that may log in to an account.

use std::path::PathBuf;

use ksplay_value::Map;

use super::text_file;
use crate::arguments::Opt;
use crate::{Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`AuthorizedKeyArgs`].
pub struct AuthorizedKey;

arguments! {
    /// Adds and removes SSH keys that may log in to an account.
    pub struct AuthorizedKeyArgs {
        /// The account.
        user: String = Opt::str().required(),
        /// The public keys, one a line.
        key: String = Opt::str().required(),
        /// Whether they are there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The file, instead of the account's `~/.ssh/authorized_keys`.
        path: Option<PathBuf> = Opt::path(),
        /// Whether the directory of the file is made and owned by the account.
        manage_dir: bool = Opt::bool().default("true"),
        /// Options before each key.
        key_options: Option<String> = Opt::str(),
        /// The remark after each key, instead of its own.
        comment: Option<String> = Opt::str(),
        /// Whether all other keys are removed.
        exclusive: bool = Opt::bool().default("false"),
        /// Whether links are followed.
        follow: bool = Opt::bool().default("false"),
        /// Accepted for compatibility: nothing is fetched here.
        validate_certs: bool = Opt::bool().default("true"),
    }
}

/// The file and its new text.
#[derive(Debug)]
pub struct AuthorizedKeyPlan {
    file: PathBuf,
    text: String,
    owner: Option<(u32, u32)>,
    manage_dir: bool,
}

impl Module for AuthorizedKey {
    type Args = AuthorizedKeyArgs;
    type Plan = AuthorizedKeyPlan;

    fn inspect(args: &AuthorizedKeyArgs, system: &Probe) -> Result<Inspection<AuthorizedKeyPlan>, Failure> {
        if args.key.starts_with("http://") || args.key.starts_with("https://") {
            return Err(Failure::new("keys are not fetched here: give `key` the text, with the lookup `url` for one"));
        }
        let user = system.user_named(&args.user);
        let file = match (&args.path, &user) {
            (Some(path), _) => path.clone(),
            (None, Some(user)) => PathBuf::from(&user.home).join(".ssh/authorized_keys"),
            (None, None) => {
                let name = &args.user;
                return Err(Failure::new(format!(
                    "Failed to lookup user {name}: 'getpwnam(): name not found: {name}'"
                ))
                .missing());
            }
        };
        let file = if args.follow { system.canonicalize(&file).unwrap_or(file) } else { file };
        let before = text_file::read(&file, system)?;
        let after = rewritten(&before, args)?;
        let values = Map::from([("user", args.user.as_str()), ("state", &args.state), ("key", &args.key)]);
        let mut outcome = Outcome { values, ..Outcome::default() };
        outcome.values.insert("keyfile", file.display().to_string());
        if after == before {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        if system.diff {
            outcome.diff = text_file::diff(&file, &before, &after).into();
        }
        let owner = user.map(|user| (user.uid, user.gid));
        Ok(Inspection::change(outcome, AuthorizedKeyPlan { file, text: after, owner, manage_dir: args.manage_dir }))
    }

    fn apply(plan: AuthorizedKeyPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let AuthorizedKeyPlan { file, text, owner, manage_dir } = plan;
        let failed = |error: std::io::Error| Failure::new(format!("cannot prepare {}: {error}", file.display()));
        let (uid, gid) = owner.unzip();
        if let Some(folder) = file.parent().filter(|_| manage_dir) {
            if !system.exists(folder) {
                system.create_dir(folder).map_err(failed)?;
            }
            system.set_mode(folder, 0o700).map_err(failed)?;
            system.set_owner(folder, uid, gid).map_err(failed)?;
        }
        let mode = (!system.exists(&file)).then_some(0o600);
        text_file::write(&file, &text, &NewFile { mode, uid, gid, ..NewFile::default() }, system)?;
        Ok(predicted)
    }
}

/// A line of the file taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    options: String,
    kind: String,
    data: String,
    comment: String,
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let is_kind =
            |word: &str| ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start));
        let words = words(line.trim());
        let at = words.iter().position(|word| is_kind(word))?;
        if at > 1 {
            return None;
        }
        let options = if at == 1 { words[0].to_owned() } else { String::new() };
        let rest = line.trim()[options.len()..].trim_start();
        let mut parts = rest.splitn(3, char::is_whitespace);
        let (kind, data) = (parts.next()?, parts.next()?);
        let comment = parts.next().unwrap_or_default().trim();
        Some(Self { options, kind: kind.into(), data: data.into(), comment: comment.into() })
    }

    fn line(&self) -> String {
        let parts = [&self.options, &self.kind, &self.data, &self.comment];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Words between blanks, blanks inside double quotes not counting.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut quoted) = (Vec::new(), 0, false);
    for (index, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                words.push(&line[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    words.push(&line[start..]);
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

fn rewritten(before: &str, args: &AuthorizedKeyArgs) -> Result<String, Failure> {
    let mut wanted = Vec::new();
    for line in args.key.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut key = Key::parse(line).ok_or_else(|| Failure::new(format!("invalid key specified: {line}")))?;
        if let Some(options) = &args.key_options {
            key.options.clone_from(options);
        }
        if let Some(comment) = &args.comment {
            key.comment.clone_from(comment);
        }
        wanted.push(key);
    }
    let mut lines = Vec::new();
    let mut written = vec![false; wanted.len()];
    for line in before.lines() {
        let Some(key) = Key::parse(line).filter(|_| !line.trim_start().starts_with('#')) else {
            lines.push(line.to_owned());
            continue;
        };
        match wanted.iter().position(|other| other.data == key.data) {
            Some(_) if args.state == "absent" => {}
            Some(index) if !written[index] => {
                written[index] = true;
                lines.push(if key == wanted[index] { line.to_owned() } else { wanted[index].line() });
            }
            Some(_) => {}
            None if args.exclusive && args.state == "present" => {}
            None => lines.push(line.to_owned()),
        }
    }
    if args.state == "present" {
        lines.extend(wanted.iter().zip(written).filter(|(_, written)| !written).map(|(key, _)| key.line()));
    }
    let text: String = lines.into_iter().flat_map(|line| [line, "\n".into()]).collect();
    Ok(if text.strip_suffix('\n') == Some(before) { before.to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arguments, Given};
    use ksplay_value::Value;

    fn after(before: &str, fields: &[(&str, &str)]) -> String {
        let given: Map =
            fields.iter().chain(&[("user", "root")]).map(|(name, value)| (*name, Value::from(*value))).collect();
        let mut given = Given::check("authorized_key", AuthorizedKeyArgs::SPEC_REF, &given).unwrap();
        rewritten(before, &given.typed::<AuthorizedKeyArgs>().unwrap()).unwrap()
    }

    #[test]
    fn keys_are_told_apart_by_their_data() {
        let before = "# mine\nssh-rsa AAA one\n";
        assert_eq!(after(before, &[("key", "ssh-rsa AAA one")]), before);
        assert_eq!(after(before, &[("key", "ssh-ed25519 BBB two")]), format!("{before}ssh-ed25519 BBB two\n"));
        assert_eq!(after(before, &[("key", "ssh-rsa AAA"), ("state", "absent")]), "# mine\n");
        assert_eq!(after(before, &[("key", "ssh-rsa CCC c"), ("exclusive", "yes")]), "# mine\nssh-rsa CCC c\n");
        let options = "command=\"a b\",no-pty";
        assert_eq!(
            after(before, &[("key", "ssh-rsa AAA one"), ("key_options", options)]),
            format!("# mine\n{options} ssh-rsa AAA one\n")
        );
    }
}
