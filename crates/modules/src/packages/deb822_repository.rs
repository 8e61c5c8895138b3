//! `deb822_repository`: repositories of apt, each in a file of its own.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ksplay_value::Value;

use super::settings::{joined, settings};
use crate::accounts::text_file;
use crate::arguments::{Opt, OptType};
use crate::files::attributes::{mode_of, octal};
use crate::files::describe;
use crate::system::HttpGet;
use crate::{Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`Deb822Args`].
pub struct Deb822Repository;

arguments! {
    /// Keeps a repository of apt in `/etc/apt/sources.list.d/NAME.sources`.
    pub struct Deb822Args {
        /// The name of the repository, of its file and of its key.
        name: String = Opt::str().required(),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The permissions of the file.
        mode: Value = Opt::raw().default("0644"),
    }
    includes { settings: Deb822Settings }
}

settings! {
    /// What the file says of the repository.
    pub struct Deb822Settings;
    /// Whether packages may lose the signature that they had.
    "allow_downgrade_to_insecure" = Opt::bool();
    /// Whether the repository may be without a signature.
    "allow_insecure" = Opt::bool();
    /// Whether the signature may be of a weak kind.
    "allow_weak" = Opt::bool();
    /// The architectures.
    "architectures" = Opt::list(OptType::Str);
    /// Whether lists are asked for by their checksums.
    "by_hash" = Opt::bool();
    /// Whether the clock of the machine is taken to be right.
    "check_date" = Opt::bool();
    /// Whether the repository may be out of date.
    "check_valid_until" = Opt::bool();
    /// The parts of the suites, such as `main`.
    "components" = Opt::list(OptType::Str);
    /// How many seconds in the future the repository may be made.
    "date_max_future" = Opt::int();
    /// Whether apt uses it.
    "enabled" = Opt::bool();
    /// Where the `InRelease` file is.
    "inrelease_path" = Opt::str();
    /// The languages of descriptions.
    "languages" = Opt::list(OptType::Str);
    /// Whether lists are brought up to date by their differences.
    "pdiffs" = Opt::bool();
    /// The key: an address that it is loaded from, a path, fingerprints, or its text.
    "signed_by" = Opt::str();
    /// The distributions, such as `bookworm`.
    "suites" = Opt::list(OptType::Str);
    /// What of the repository is loaded.
    "targets" = Opt::list(OptType::Str);
    /// Whether the repository counts as genuine, whatever its signature.
    "trusted" = Opt::bool();
    /// What it has: packages, sources, or both.
    "types" = Opt::list(OptType::Str).default("[deb]").choices(&["deb", "deb-src"]);
    /// Where it is.
    "uris" = Opt::list(OptType::Str);
}

/// Files to be written, with their permissions, and files to be removed.
#[derive(Debug, Default)]
pub struct Deb822Plan {
    write: Vec<(PathBuf, Vec<u8>, Option<u32>)>,
    remove: Vec<PathBuf>,
}

const SOURCES: &str = "/etc/apt/sources.list.d";
const KEYS: &str = "/etc/apt/keyrings";

impl Module for Deb822Repository {
    type Args = Deb822Args;
    type Plan = Deb822Plan;

    fn inspect(args: &Deb822Args, system: &Probe) -> Result<Inspection<Deb822Plan>, Failure> {
        let slug = slug(&args.name);
        let dest = PathBuf::from(format!("{SOURCES}/{slug}.sources"));
        let mut plan = Deb822Plan::default();
        let mut outcome = Outcome::default();
        outcome.values.insert("dest", dest.display().to_string());
        if args.state == "absent" {
            let keys = ["gpg", "asc"].map(|end| PathBuf::from(format!("{KEYS}/{slug}.{end}")));
            outcome.values.insert("key_filename", keys[0].display().to_string());
            outcome.values.insert("repo", Value::Null);
            plan.remove = keys.into_iter().chain([dest.clone()]).filter(|path| system.lexists(path)).collect();
        } else {
            let mut settings = args.settings.0.clone();
            settings.push(("name", Value::from(args.name.as_str())));
            settings.sort_unstable_by_key(|(name, _)| *name);
            let address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
            let mut key_filename = Value::Null;
            for (_, value) in settings.iter_mut().filter(|(name, _)| *name == "signed_by") {
                if let Some(url) = value.as_str().filter(|text| address(text)) {
                    let key = loaded(url, system)?;
                    let end = if key.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----") { "asc" } else { "gpg" };
                    let path = PathBuf::from(format!("{KEYS}/{slug}.{end}"));
                    key_filename = Value::from(path.display().to_string());
                    *value = key_filename.clone();
                    plan.file(path, key, Some(0o644), system);
                }
            }
            let text: String = settings.iter().map(|(name, value)| field(name, value)).collect();
            outcome.values.insert("key_filename", key_filename);
            outcome.values.insert("repo", text.as_str());
            let mode = mode_of(&args.mode, 0o644, false)
                .map_err(|details| Failure::new("mode must be in octal or symbolic form").with("details", details))?;
            plan.file(dest.clone(), text.into_bytes(), mode, system);
        }
        let is_settled = plan.write.is_empty() && plan.remove.is_empty();
        if (is_settled || system.check) && system.exists(&dest) {
            describe(system, &dest, &mut outcome.values);
        }
        if is_settled {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: Deb822Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for (path, content, mode) in plan.write {
            if path.starts_with(KEYS) && !system.is_dir(Path::new(KEYS)) {
                let made = system.create_dir(Path::new(KEYS)).and_then(|()| system.set_mode(Path::new(KEYS), 0o755));
                made.map_err(|error| Failure::new(format!("cannot make {KEYS}: {error}")))?;
            }
            text_file::write_bytes(&path, &content, &NewFile { mode, ..NewFile::default() }, system)?;
            if path.starts_with(SOURCES) {
                describe(system, &path, &mut predicted.values);
            }
        }
        for path in plan.remove {
            system
                .remove_file(&path)
                .map_err(|error| Failure::new(format!("cannot remove {}: {error}", path.display())))?;
        }
        Ok(predicted)
    }
}

impl Deb822Plan {
    /// Has the file written, unless it is as it should be.
    fn file(&mut self, path: PathBuf, content: Vec<u8>, mode: Option<u32>, system: &Probe) {
        let is = system.metadata(&path).ok().map(|found| octal(std::os::unix::fs::MetadataExt::mode(&found) & 0o7777));
        let same = mode.is_none_or(|mode| is == Some(octal(mode)));
        if !same || system.read(&path).ok().as_ref() != Some(&content) {
            self.write.push((path, content, mode));
        }
    }
}

/// The name as a part of a file's name.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .to_lowercase()
        .split(|c: char| c == '_' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect())
        .collect();
    words.join("-")
}

/// A field as the file has it.
fn field(name: &str, value: &Value) -> String {
    let label = match name {
        "name" => "X-Repolib-Name".to_owned(),
        "uris" => "URIs".to_owned(),
        _ => {
            let words = name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
            words.collect::<Vec<_>>().join("-")
        }
    };
    let text = match value {
        Value::Bool(on) => if *on { "yes" } else { "no" }.to_owned(),
        other => joined(other, " "),
    };
    let text = text.trim_end();
    if !text.contains('\n') {
        return format!("{label}: {text}").trim_end().to_owned() + "\n";
    }
    let lines = text.lines().map(|line| format!("\n    {}", if line.trim().is_empty() { "." } else { line }));
    format!("{label}:{}\n", lines.collect::<String>())
}

/// The key at an address.
fn loaded(url: &str, system: &Probe) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| Failure::new(format!("Could not fetch signed_by key: {why}"));
    let request = HttpGet {
        url: url.to_owned(),
        timeout: Duration::from_secs(10),
        validate_certs: true,
        use_proxy: true,
        ..HttpGet::default()
    };
    let answer = system.http_get(&request).map_err(|error| failed(error.to_string()))?;
    if answer.status != 200 {
        return Err(failed(format!("HTTP Error {}: {}", answer.status, answer.reason)));
    }
    let mut key = Vec::new();
    answer.body.take(16 << 20).read_to_end(&mut key).map_err(|error| failed(error.to_string()))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_apt_reads_them() {
        let list = |items: &[&str]| items.iter().map(|item| Value::from(*item)).collect::<Value>();
        for (name, value, wanted) in [
            ("components", list(&["main", "contrib"]), "Components: main contrib\n"),
            ("components", list(&[]), "Components:\n"),
            ("allow_downgrade_to_insecure", Value::Bool(true), "Allow-Downgrade-To-Insecure: yes\n"),
            ("uris", list(&["http://x"]), "URIs: http://x\n"),
            ("name", Value::from("n"), "X-Repolib-Name: n\n"),
            ("signed_by", Value::from("A\n\nB\n"), "Signed-By:\n    A\n    .\n    B\n"),
        ] {
            assert_eq!(field(name, &value), wanted);
        }
    }

    #[test]
    fn the_file_is_named_after_the_repository() {
        assert_eq!(slug("my Repo/x.y_z-1"), "my-repoxy-z-1");
    }
}
