//! `htpasswd`: users and their passwords for web servers.

use std::path::PathBuf;

use super::FileAttributes;
use super::attributes::{ATTRIBUTES_CHANGED, Current};
use crate::arguments::Opt;
use crate::text::crypt::Scheme;
use crate::{Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`HtpasswdArgs`].
pub struct Htpasswd;

arguments! {
    /// Keeps users and the hashes of their passwords in a file that web servers read.
    pub struct HtpasswdArgs {
        /// Whether a missing file is made.
        create: bool = Opt::bool().default("true"),
        /// How the password is hashed: `apr_md5_crypt`, `md5_crypt`, `ldap_sha1` or `plaintext`.
        hash_scheme: String = Opt::str().default("apr_md5_crypt").aliases(&["crypt_scheme"]),
        /// The user.
        name: String = Opt::str().required().aliases(&["username"]),
        /// The password.
        password: Option<String> = Opt::str().no_log(),
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest", "destfile"]),
        /// Whether the user is in the file.
        state: String = Opt::str().default("present").choices(&["present", "absent"]),
    }
    includes { attributes: FileAttributes }
}

/// The new text, and owner and mode.
#[derive(Debug)]
pub struct HtpasswdPlan {
    path: PathBuf,
    text: Option<String>,
    attributes: FileAttributes,
    /// What is said when it is done.
    message: String,
}

impl Module for Htpasswd {
    type Args = HtpasswdArgs;
    type Plan = HtpasswdPlan;

    fn inspect(args: &HtpasswdArgs, system: &Probe) -> Result<Inspection<HtpasswdPlan>, Failure> {
        let path = args.path.display();
        let name = &args.name;
        if name.contains([':', '\n', '\r', '\t', '\0']) || name.is_empty() || name.len() > 255 {
            return Err(Failure::new(format!("user contains invalid characters: b'{name}'")));
        }
        let present = args.state == "present";
        let exists = system.exists(&args.path);
        let mut outcome = Outcome::default();
        let (text, message, done) = if present {
            let (scheme, password) = wanted(args)?;
            if !exists && !args.create {
                return Err(Failure::new(format!("Destination {path} does not exist")).missing());
            }
            let before = read(args, system)?;
            if let Some(hash) = hash_of(&before, name)
                && Scheme::of(hash).is_some_and(|known| known.verifies(password, hash))
            {
                (None, format!("{name} already present"), String::new())
            } else {
                let text = with_user(&before, name, Some(&scheme.hash(password, &salt(system)?)));
                match exists {
                    true => (Some(text), format!("Add/update {name}"), format!("Add/update {name}")),
                    false => (Some(text), format!("Create {path}"), format!("Created {path} and added {name}")),
                }
            }
        } else {
            if !exists {
                outcome.warnings.push(format!("{path} does not exist"));
            }
            let before = read(args, system)?;
            match hash_of(&before, name) {
                Some(_) => (Some(with_user(&before, name, None)), format!("Remove {name}"), format!("Remove {name}")),
                None => (None, format!("{name} not present"), String::new()),
            }
        };
        let change = match system.metadata(&args.path) {
            Ok(found) => !args.attributes.change(&args.path, &Current::of(&found), system)?.is_empty(),
            Err(_) => false,
        };
        let message = if change { format!("{message} and {ATTRIBUTES_CHANGED}") } else { message };
        outcome.values.insert("msg", message.as_str());
        if text.is_none() && !change {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let message = if text.is_some() && !exists { done } else { message };
        let plan = HtpasswdPlan { path: args.path.clone(), text, attributes: args.attributes.clone(), message };
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: HtpasswdPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", plan.path.display()));
        let is_new = !system.exists(&plan.path);
        if let Some(text) = &plan.text {
            let missing: Vec<_> = plan.path.ancestors().skip(1).take_while(|folder| !system.exists(folder)).collect();
            for folder in missing.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
                system.create_dir(folder).map_err(failed)?;
            }
            system.write_atomic(&plan.path, &mut text.as_bytes(), &NewFile::default()).map_err(failed)?;
        }
        let changed = plan.attributes.ensure(&plan.path, system)?;
        let message =
            if changed && is_new { format!("{} and {ATTRIBUTES_CHANGED}", plan.message) } else { plan.message };
        predicted.values.insert("msg", message);
        Ok(predicted)
    }
}

/// How the password is hashed, and the password.
fn wanted(args: &HtpasswdArgs) -> Result<(Scheme, &str), Failure> {
    let scheme = Scheme::named(&args.hash_scheme).ok_or_else(|| {
        Failure::new(format!(
            "hash_scheme `{}` is not supported; there are apr_md5_crypt, md5_crypt, ldap_sha1 and plaintext",
            args.hash_scheme
        ))
    })?;
    let password = args.password.as_deref();
    let password =
        password.ok_or_else(|| Failure::new(format!("a password is needed to add or check {}", args.name)))?;
    Ok((scheme, password))
}

/// The lines without empty ones.
fn read(args: &HtpasswdArgs, system: &Probe) -> Result<Vec<String>, Failure> {
    let text = match system.read_text(&args.path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::new(super::python_error(&error, &args.path))),
    };
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    match lines.iter().position(|line| !line.starts_with('#') && !line.contains(':')) {
        Some(index) => Err(Failure::new(format!("malformed htpasswd file (error reading line {})", index + 1))),
        None => Ok(lines),
    }
}

fn user_of(line: &str) -> Option<(&str, &str)> {
    if line.starts_with('#') { None } else { line.trim_end().split_once(':') }
}

fn hash_of<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    lines.iter().filter_map(|line| user_of(line)).find(|(user, _)| *user == name).map(|(_, hash)| hash)
}

/// The text with this hash of the user, or without the user.
fn with_user(lines: &[String], name: &str, hash: Option<&str>) -> String {
    let mut left = hash.map(|hash| format!("{name}:{hash}\n"));
    let mut text = String::new();
    for line in lines {
        if user_of(line).is_some_and(|(user, _)| user == name) {
            text += &left.take().unwrap_or_default();
        } else {
            text += line;
            text.push('\n');
        }
    }
    text + &left.unwrap_or_default()
}

/// Eight random letters.
fn salt(system: &Probe) -> Result<String, Failure> {
    use std::io::Read;
    let mut bytes = [0; 8];
    let mut random = system.open("/dev/urandom".as_ref()).map_err(|error| Failure::new(error.to_string()))?;
    random.read_exact(&mut bytes).map_err(|error| Failure::new(error.to_string()))?;
    Ok(bytes.iter().map(|byte| crate::text::crypt::LETTERS[usize::from(byte % 64)] as char).collect())
}

#[cfg(test)]
mod tests {
    use ksplay_value::Map;

    use super::*;
    use crate::{RunOptions, run};

    #[test]
    fn a_user_is_added_changed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("users");
        let call = |fields: &[(&str, &str)], check: bool| {
            let mut args = Map::from([("path", path.to_str().unwrap()), ("name", "ann")]);
            args.extend(fields.iter().map(|(name, value)| (*name, *value)).collect::<Map>());
            let options = RunOptions { check, ..RunOptions::default() };
            let result = run("community.general.htpasswd", &args, &options, Probe::default());
            ["changed", "msg"].map(|name| result.get(name).unwrap().to_string())
        };
        let password = |text| [("password", text)];
        let shown = path.display();
        assert_eq!(call(&password("pw"), true), ["True".to_owned(), format!("Create {shown}")]);
        assert!(!path.exists());
        assert_eq!(call(&password("pw"), false), ["True".to_owned(), format!("Created {shown} and added ann")]);
        assert_eq!(call(&password("pw"), false), ["False", "ann already present"]);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("ann:$apr1$"));
        assert_eq!(call(&[("password", "other"), ("hash_scheme", "plaintext")], false), ["True", "Add/update ann"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "ann:other\n");
        assert_eq!(call(&[("password", "x"), ("hash_scheme", "bcrypt")], false)[0], "False");
        assert_eq!(call(&[("state", "absent")], true), ["True", "Remove ann"]);
        assert_eq!(call(&[("state", "absent")], false), ["True", "Remove ann"]);
        assert_eq!(call(&[("state", "absent")], false), ["False", "ann not present"]);
    }

    #[test]
    fn other_lines_stay_and_one_that_is_no_user_is_told() {
        let lines = ["# c", "zed:x", "yo:y"].map(str::to_owned);
        assert_eq!(with_user(&lines, "zed", Some("z")), "# c\nzed:z\nyo:y\n");
        assert_eq!(with_user(&lines, "new", Some("n")), "# c\nzed:x\nyo:y\nnew:n\n");
        assert_eq!(with_user(&lines, "yo", None), "# c\nzed:x\n");
    }
}
