//! `openssh_keypair`: keys for SSH, made by `ssh-keygen`.

use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::files::Current;
use crate::{
    CommandSpec, Diff, Failure, FileAttributes, Inspection, Module, NewFile, Outcome, Probe, System, arguments,
};

/// See [`OpensshKeypairArgs`].
pub struct OpensshKeypair;

arguments! {
    /// Makes a private and a public key for SSH, or removes them.
    pub struct OpensshKeypairArgs {
        /// What makes them; only `ssh-keygen` is there.
        backend: String = Opt::str().default("auto").choices(&["auto", "cryptography", "opensshbin"]),
        /// The comment of the public key.
        comment: Option<String> = Opt::str(),
        /// Whether the keys are made anew whatever is there.
        force: bool = Opt::bool().default("false"),
        /// The passphrase of the private key; refused, since `ssh-keygen` would show it to all users.
        passphrase: Option<String> = Opt::str().no_log(),
        /// The file of the private key; the public key is `.pub` beside it.
        path: PathBuf = Opt::path().required(),
        /// The format of the private key; always that of OpenSSH.
        private_key_format: String = Opt::str().default("auto").choices(&["auto", "pkcs1", "pkcs8", "ssh"]),
        /// When keys that are there are made anew.
        regenerate: String = Opt::str()
            .default("partial_idempotence")
            .choices(&["never", "fail", "partial_idempotence", "full_idempotence", "always"]),
        /// The bits of the private key.
        size: Option<i64> = Opt::int(),
        /// Whether the keys are there.
        state: String = Opt::str().default("present").choices(&["present", "absent"]),
        /// The algorithm.
        r#type: String = Opt::str().default("rsa").choices(&["rsa", "dsa", "rsa1", "ecdsa", "ed25519"]),
    }
    includes { attributes: FileAttributes }
}

/// What is to be done.
#[derive(Debug)]
pub struct KeypairPlan {
    args: OpensshKeypairArgs,
    size: i64,
    before: Map,
    step: Step,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Remove,
    Generate,
    /// The comment, the public key and what belongs to the files.
    Adjust {
        comment: bool,
        public: bool,
    },
}

/// What is there.
#[derive(Debug, Default)]
struct Found {
    size: i64,
    kind: String,
    fingerprint: String,
    /// The words of the file: algorithm, key, comment.
    public: Vec<String>,
    /// The public key that the private one has, when it can be read.
    own: Option<Vec<String>>,
}

impl Module for OpensshKeypair {
    type Args = OpensshKeypairArgs;
    type Plan = KeypairPlan;

    fn inspect(args: &OpensshKeypairArgs, system: &Probe) -> Result<Inspection<KeypairPlan>, Failure> {
        let size = check(args, system)?;
        let found = Found::at(&args.path, system)?;
        let exists = system.exists(&args.path);
        let public = public_path(&args.path);
        let step = match args.state.as_str() {
            "absent" => (exists || system.exists(&public)).then_some(Step::Remove),
            _ if !exists => Some(Step::Generate),
            _ => wanted(args, size, &found)?,
        };
        let step = match step {
            None | Some(Step::Adjust { .. }) if args.state == "present" => {
                let mut change = step.is_some();
                for path in [&args.path, &public] {
                    if let Ok(metadata) = system.metadata(path) {
                        change |= !args.attributes.change(path, &Current::of(&metadata), system)?.is_empty();
                    }
                }
                change.then(|| step.unwrap_or(Step::Adjust { comment: false, public: false }))
            }
            step => step,
        };
        let before = found.shown();
        let after = if step == Some(Step::Remove) { Map::new() } else { before.clone() };
        let mut outcome = found.outcome(args, size);
        outcome.diff = Diff { before: before.clone().into(), after: after.into(), ..Diff::default() }.into();
        let Some(step) = step else { return Ok(Inspection::nothing_to_do(outcome)) };
        Ok(Inspection::change(outcome, KeypairPlan { args: args.clone(), size, before, step }))
    }

    fn apply(plan: KeypairPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let KeypairPlan { args, size, before, step } = plan;
        let public = public_path(&args.path);
        match step {
            Step::Remove => {
                for path in [&args.path, &public] {
                    if system.exists(path) {
                        system.remove_file(path).map_err(|error| failed("remove", path, &error))?;
                    }
                }
                return Ok(predicted);
            }
            Step::Generate => generate(&args, size, system)?,
            Step::Adjust { comment, public: rewrite } => {
                if comment {
                    let path = args.path.display().to_string();
                    let text = args.comment.clone().unwrap_or_default();
                    let words = ["ssh-keygen", "-q", "-o", "-c", "-P", "", "-C", &text, "-f", &path];
                    let command = CommandSpec::new(words).parsable();
                    system.run(&command)?.or_stderr(&command)?;
                }
                if rewrite {
                    let found = Found::at(&args.path, system)?;
                    let comment = args.comment.clone().or_else(|| found.public.get(2).cloned()).unwrap_or_default();
                    let key = found.own.unwrap_or_default().into_iter().take(2).collect::<Vec<_>>().join(" ");
                    let text = format!("{key} {comment}").trim_end().to_owned() + "\n";
                    put(&public, text.as_bytes(), None, system)?;
                }
            }
        }
        for path in [&args.path, &public] {
            args.attributes.ensure(path, system)?;
        }
        let found = Found::at(&args.path, system)?;
        let mut outcome = found.outcome(&args, size);
        outcome.changed = true;
        outcome.diff = Diff { before: before.into(), after: found.shown().into(), ..Diff::default() }.into();
        Ok(outcome)
    }
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

fn put(path: &Path, content: &[u8], mode: Option<u32>, system: &mut System) -> Result<(), Failure> {
    let wanted = NewFile { mode: mode.or((!system.exists(path)).then_some(0o644)), ..NewFile::default() };
    system.write_atomic(path, &mut &content[..], &wanted).map_err(|error| failed("write", path, &error))
}

/// Makes both keys where nobody else looks, and then puts them in place.
fn generate(args: &OpensshKeypairArgs, size: i64, system: &mut System) -> Result<(), Failure> {
    let folder = system.temp_dir().map_err(|error| Failure::new(format!("cannot make a directory: {error}")))?;
    let path = folder.path().join("key");
    let (name, size) = (path.display().to_string(), size.to_string());
    let comment = args.comment.as_deref().unwrap_or_default();
    let words = ["ssh-keygen", "-q", "-N", "", "-b", &size, "-t", &args.r#type, "-f", &name, "-C", comment];
    let command = CommandSpec::new(words).parsable();
    system.run(&command)?.or_stderr(&command)?;
    for (from, to, mode) in
        [(path.clone(), args.path.clone(), 0o600), (public_path(&path), public_path(&args.path), 0o644)]
    {
        let content = system.read(&from).map_err(|error| failed("read", &from, &error))?;
        put(&to, &content, Some(mode), system)?;
    }
    Ok(())
}

/// Whether this can be made at all; says the size that it has.
fn check(args: &OpensshKeypairArgs, system: &Probe) -> Result<i64, Failure> {
    if args.passphrase.is_some() {
        return Err(Failure::new(
            "a passphrase is not supported: `ssh-keygen` takes it as an argument, which all users of the machine can read",
        ));
    }
    if args.backend == "cryptography" {
        return Err(Failure::new("the backend `cryptography` is not supported; `opensshbin` is"));
    }
    let size = match (args.r#type.as_str(), args.size) {
        ("rsa" | "rsa1", Some(size)) if size < 1024 => {
            return Err(Failure::new(
                "For RSA keys, the minimum size is 1024 bits and the default is 4096 bits. Attempting to use bit lengths \
                 under 1024 will cause the module to fail.",
            ));
        }
        ("dsa", Some(size)) if size != 1024 => {
            return Err(Failure::new("DSA keys must be exactly 1024 bits as specified by FIPS 186-2."));
        }
        ("ecdsa", Some(size)) if !matches!(size, 256 | 384 | 521) => {
            return Err(Failure::new(
                "For ECDSA keys, size determines the key length by selecting from one of three elliptic curve sizes: 256, \
                 384 or 521 bits. Attempting to use bit lengths other than these three values for ECDSA keys will cause \
                 this module to fail.",
            ));
        }
        ("ed25519", _) => 256,
        (_, Some(size)) => size,
        ("dsa", None) => 1024,
        ("ecdsa", None) => 256,
        _ => 4096,
    };
    if system.is_dir(&args.path) {
        let path = args.path.display();
        return Err(Failure::new(format!("{path} is a directory. Please specify a path to a file.")));
    }
    let folder = args.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !system.is_dir(folder) {
        let folder = folder.display().to_string();
        let message = format!("The directory {folder} does not exist or the file is not a directory");
        return Err(Failure::new(message).with("name", folder).missing());
    }
    system.required("ssh-keygen")?;
    Ok(size)
}

/// What is to be done with keys that are there.
fn wanted(args: &OpensshKeypairArgs, size: i64, found: &Found) -> Result<Option<Step>, Failure> {
    if args.force || args.regenerate == "always" {
        return Ok(Some(Step::Generate));
    }
    let Some(own) = &found.own else {
        if args.regenerate == "full_idempotence" {
            return Ok(Some(Step::Generate));
        }
        return Err(Failure::new(
            "Unable to read the key. The key is protected with a passphrase or broken. Will not proceed. To force \
             regeneration, call the module with `generate` set to `full_idempotence` or `always`, or with `force=true`.",
        ));
    };
    if found.kind != args.r#type || found.size != size {
        match args.regenerate.as_str() {
            "never" => {}
            "fail" => {
                return Err(Failure::new(
                    "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with \
                     `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`.",
                ));
            }
            _ => return Ok(Some(Step::Generate)),
        }
    }
    let public = found.public.get(..2) != own.get(..2);
    let comment = found.public.get(2).map_or("", String::as_str);
    let comment = args.comment.as_deref().is_some_and(|wanted| wanted != comment);
    Ok((public || comment).then_some(Step::Adjust { comment, public: public || comment }))
}

impl Found {
    fn at(path: &Path, system: &Probe) -> Result<Self, Failure> {
        let mut found = Self::default();
        let words = |text: &str| text.trim_end().splitn(3, ' ').map(str::to_owned).collect::<Vec<_>>();
        if let Ok(text) = system.read_text(&public_path(path)) {
            found.public = words(&text);
        }
        if !system.exists(path) {
            return Ok(found);
        }
        let name = path.display().to_string();
        let ask = |words: &[&str]| {
            let output = system.query(&CommandSpec::new(words.iter().copied()).parsable())?;
            Ok::<_, Failure>(output.ok().then(|| output.stdout_text()))
        };
        found.own = ask(&["ssh-keygen", "-P", "", "-y", "-f", &name])?.map(|text| words(&text));
        if let Some(line) = ask(&["ssh-keygen", "-l", "-f", &name])? {
            // 256 SHA256:… comment (ED25519)
            let parts: Vec<&str> = line.split_whitespace().collect();
            found.size = parts.first().and_then(|size| size.parse().ok()).unwrap_or(0);
            found.fingerprint = parts.get(1).copied().unwrap_or_default().into();
            let kind = parts.last().copied().unwrap_or_default();
            found.kind = kind.trim_matches(['(', ')']).to_ascii_lowercase();
        }
        Ok(found)
    }

    fn shown(&self) -> Map {
        let mut shown = Map::new();
        if !self.fingerprint.is_empty() {
            shown.insert("size", self.size);
            shown.insert("type", self.kind.as_str());
            shown.insert("fingerprint", self.fingerprint.as_str());
            shown.insert("format", "");
        }
        if let Some(key) = self.public.get(1) {
            shown.insert("public_key", key.as_str());
            shown.insert("comment", self.public.get(2).map_or("", String::as_str));
        }
        shown
    }

    fn outcome(&self, args: &OpensshKeypairArgs, size: i64) -> Outcome {
        let key = self.public.iter().take(2).cloned().collect::<Vec<_>>().join(" ");
        let mut outcome = Outcome::default();
        for (name, value) in [
            ("size", Value::from(size)),
            ("type", args.r#type.as_str().into()),
            ("filename", args.path.display().to_string().into()),
            ("fingerprint", self.fingerprint.as_str().into()),
            ("public_key", key.into()),
            ("comment", self.public.get(2).map_or("", String::as_str).into()),
        ] {
            outcome.values.insert(name, value);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    #[test]
    fn keys_are_made_once_and_their_comment_can_change() {
        if Probe::default().which("ssh-keygen").is_none() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let call = |fields: &[(&str, &str)], check: bool| {
            let mut args = Map::from([("path", path.to_str().unwrap()), ("type", "ed25519")]);
            args.extend(fields.iter().map(|(name, value)| (*name, *value)).collect::<Map>());
            let options = RunOptions { check, ..RunOptions::default() };
            run("community.crypto.openssh_keypair", &args, &options, Probe::default())
        };
        let text = |result: &Map, name: &str| result.get(name).unwrap().to_string();
        assert_eq!(text(&call(&[("comment", "a@b")], true), "changed"), "True");
        assert!(!path.exists());
        let made = call(&[("comment", "a@b")], false);
        assert_eq!((text(&made, "changed"), text(&made, "comment")), ("True".into(), "a@b".into()));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&public_path(&path))), (0o600, 0o644));
        assert_eq!(text(&call(&[("comment", "a@b")], false), "changed"), "False");
        let renamed = call(&[("comment", "new")], false);
        assert_eq!(text(&renamed, "fingerprint"), text(&made, "fingerprint"));
        assert_eq!((text(&renamed, "changed"), text(&renamed, "comment")), ("True".into(), "new".into()));
        std::fs::remove_file(public_path(&path)).unwrap();
        assert_eq!(text(&call(&[], false), "public_key"), text(&made, "public_key"));
        let other = call(&[("type", "ecdsa"), ("regenerate", "fail")], false);
        assert!(text(&other, "msg").starts_with("Key has wrong type and/or size."));
        assert_ne!(text(&call(&[("type", "ecdsa")], false), "fingerprint"), text(&made, "fingerprint"));
        assert_eq!(text(&call(&[("state", "absent")], false), "changed"), "True");
        assert!(!path.exists() && !public_path(&path).exists());
    }

    #[test]
    fn what_cannot_be_made_is_told_before_anything() {
        let say = |fields: &[(&str, &str)]| {
            let mut args = Map::from([("path", "/tmp/no-such-folder/key")]);
            args.extend(fields.iter().map(|(name, value)| (*name, *value)).collect::<Map>());
            run("openssh_keypair", &args, &RunOptions::default(), Probe::default()).get("msg").unwrap().to_string()
        };
        assert!(say(&[("size", "100")]).starts_with("For RSA keys, the minimum size is 1024 bits"));
        assert!(say(&[("passphrase", "secret")]).starts_with("a passphrase is not supported"));
        assert!(say(&[]).starts_with("The directory /tmp/no-such-folder does not exist"));
    }
}
