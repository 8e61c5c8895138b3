//! `find`: lists files by name, age, size and content.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fancy_regex::Regex;
use ksplay_value::{Map, Value};

use super::attributes::mode_of;
use super::stat::basics;
use crate::arguments::{Opt, OptType};
use crate::text::{bytes, glob, regex};
use crate::{Digest, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`FindArgs`].
pub struct Find;

arguments! {
    /// Lists files by name, kind, age, size and content.
    pub struct FindArgs {
        /// The directories to look in.
        paths: Vec<PathBuf> = Opt::list(OptType::Path).required().aliases(&["name", "path"]),
        /// The patterns, one of which the name must fit.
        patterns: Vec<String> = Opt::list(OptType::Str).default("[]").aliases(&["pattern"]),
        /// The patterns, none of which the name may fit.
        excludes: Option<Vec<String>> = Opt::list(OptType::Str).aliases(&["exclude"]),
        /// A pattern that a line of the file must fit.
        contains: Option<String> = Opt::str(),
        /// Whether `contains` looks at the file as a whole.
        read_whole_file: bool = Opt::bool().default("false"),
        /// What kind of file.
        file_type: String = Opt::str().default("file").choices(&["any", "directory", "file", "link"]),
        /// At least this old, with a unit (`s m h d w`); at most, when negative.
        age: Option<String> = Opt::str(),
        /// Which time the age is counted from.
        age_stamp: String = Opt::str().default("mtime").choices(&["atime", "ctime", "mtime"]),
        /// At least this large, with a unit (`b k m g t`); at most, when negative.
        size: Option<String> = Opt::str(),
        /// Whether directories in the directories are looked through.
        recurse: bool = Opt::bool().default("false"),
        /// Whether names that begin with a dot count.
        hidden: bool = Opt::bool().default("false"),
        /// The permissions that the file must have.
        mode: Value = Opt::raw(),
        /// Whether these must be all of its permissions.
        exact_mode: bool = Opt::bool().default("true"),
        /// Whether links to directories are followed.
        follow: bool = Opt::bool().default("false"),
        /// Whether checksums are given.
        get_checksum: bool = Opt::bool().default("false"),
        /// How the checksum is made.
        checksum_algorithm: String = Opt::str().default("sha1")
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
        /// Whether the patterns are regular expressions.
        use_regex: bool = Opt::bool().default("false"),
        /// How many directories deep to look.
        depth: Option<i64> = Opt::int(),
        /// How many files at most.
        limit: Option<i64> = Opt::int(),
        /// The character set for `contains`; bytes that do not fit are no obstacle.
        encoding: Option<String> = Opt::str(),
    }
}

impl Module for Find {
    type Args = FindArgs;
    type Plan = ();

    fn inspect(args: &FindArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let mut search = Search::new(args, system)?;
        let mut outcome = Outcome::default();
        let mut skipped = Map::new();
        for root in &args.paths {
            if system.is_dir(root) {
                search.look(root, 1, &mut skipped);
            } else {
                let shown = root.display().to_string();
                skipped.insert(shown.as_str(), format!("'{shown}' is not a directory"));
            }
        }
        let message = if search.is_full() {
            "Limit of matches reached"
        } else if skipped.is_empty() {
            "All paths examined"
        } else {
            "Not all paths examined, check warnings for details"
        };
        for (path, why) in skipped.iter() {
            outcome.warnings.push(format!("Skipped '{}' path due to this access issue: {why}\n", path.as_value()));
        }
        outcome.values.insert("matched", search.found.len());
        outcome.values.insert("files", search.found.into_iter().collect::<Value>());
        outcome.values.insert("examined", search.examined);
        outcome.values.insert("skipped_paths", skipped);
        outcome.values.insert("msg", message);
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

enum Name {
    Glob(String),
    Regex(Regex),
}

impl Name {
    fn all(patterns: &[String], regexes: bool) -> Result<Vec<Self>, Failure> {
        let one = |pattern: &String| match regexes {
            // Python's `match` is bound to the beginning.
            true => regex::compile(&format!("^(?:{pattern})"), "").map(Self::Regex),
            false => Ok(Self::Glob(pattern.clone())),
        };
        patterns.iter().map(one).collect()
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Glob(pattern) => glob::matches(pattern, name),
            Self::Regex(pattern) => regex::occurs(pattern, name),
        }
    }
}

struct Search<'a> {
    args: &'a FindArgs,
    system: &'a Probe,
    names: Vec<Name>,
    excluded: Vec<Name>,
    age: Option<i64>,
    size: Option<i64>,
    contains: Option<Regex>,
    now: f64,
    found: Vec<Map>,
    examined: usize,
}

impl<'a> Search<'a> {
    fn new(args: &'a FindArgs, system: &'a Probe) -> Result<Self, Failure> {
        let contains = args.contains.as_ref().map(|pattern| match args.read_whole_file {
            true => regex::compile(pattern, ""),
            false => regex::compile(&format!("^(?:{pattern})"), ""),
        });
        Ok(Self {
            args,
            system,
            names: Name::all(&args.patterns, args.use_regex)?,
            excluded: Name::all(args.excludes.as_deref().unwrap_or_default(), args.use_regex)?,
            age: args.age.as_deref().map(|age| quantity(age, "age", AGES)).transpose()?,
            size: args.size.as_deref().map(|size| quantity(size, "size", SIZES)).transpose()?,
            contains: contains.transpose()?,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64()),
            found: Vec::new(),
            examined: 0,
        })
    }

    fn is_full(&self) -> bool {
        self.args.limit.is_some_and(|limit| self.found.len() as i64 >= limit)
    }

    fn look(&mut self, folder: &Path, depth: i64, skipped: &mut Map) {
        let inside = match self.system.list_dir(folder) {
            Ok(inside) => inside,
            Err(error) => {
                skipped.insert(folder.display().to_string(), super::python_error(&error, folder));
                return;
            }
        };
        self.examined += inside.len();
        if self.args.depth.is_some_and(|limit| depth > limit) {
            return;
        }
        let mut deeper = Vec::new();
        for path in inside {
            let Ok(found) = self.system.link_metadata(&path) else { continue };
            if found.is_dir() || (self.args.follow && found.is_symlink() && self.system.is_dir(&path)) {
                deeper.push(path.clone());
            }
            if !self.is_full() && self.fits(&path, &found) {
                self.add(&path, &found);
            }
        }
        if self.args.recurse && !self.is_full() {
            for path in deeper {
                self.look(&path, depth + 1, skipped);
            }
        }
    }

    fn fits(&self, path: &Path, found: &std::fs::Metadata) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kind = match self.args.file_type.as_str() {
            "any" => true,
            "directory" => found.is_dir(),
            "link" => found.is_symlink(),
            _ => found.is_file(),
        };
        kind && (self.args.hidden || !name.starts_with('.'))
            && (self.names.is_empty() || self.names.iter().any(|pattern| pattern.fits(&name)))
            && !self.excluded.iter().any(|pattern| pattern.fits(&name))
            && self.fits_age(found)
            && (self.args.file_type != "file" && self.args.file_type != "any" || self.fits_size(found))
            && self.fits_mode(found)
            && self.fits_content(path, found)
    }

    fn fits_age(&self, found: &std::fs::Metadata) -> bool {
        let Some(age) = self.age else { return true };
        let stamp = match self.args.age_stamp.as_str() {
            "atime" => found.atime(),
            "ctime" => found.ctime(),
            _ => found.mtime(),
        };
        let old = self.now - stamp as f64;
        if age >= 0 { old >= age as f64 } else { old <= -age as f64 }
    }

    fn fits_size(&self, found: &std::fs::Metadata) -> bool {
        let Some(size) = self.size else { return true };
        let has = found.size() as i64;
        if size >= 0 { has >= size } else { has <= -size }
    }

    fn fits_mode(&self, found: &std::fs::Metadata) -> bool {
        let mode = found.mode() & 0o7777;
        match mode_of(&self.args.mode, 0, found.is_dir()) {
            Ok(Some(wanted)) if self.args.exact_mode => mode == wanted,
            Ok(Some(wanted)) => mode & wanted != 0,
            _ => true,
        }
    }

    fn fits_content(&self, path: &Path, found: &std::fs::Metadata) -> bool {
        let Some(pattern) = &self.contains else { return true };
        if !found.is_file() {
            return self.args.file_type != "file";
        }
        let text = bytes::decode(&self.system.read(path).unwrap_or_default());
        match self.args.read_whole_file {
            true => regex::occurs(pattern, &text),
            false => text.split_inclusive('\n').any(|line| regex::occurs(pattern, line)),
        }
    }

    fn add(&mut self, path: &Path, found: &std::fs::Metadata) {
        let mut file = basics(path, found, self.system);
        file.remove("exists");
        if self.args.get_checksum
            && found.is_file()
            && let Some(digest) = Digest::named(&self.args.checksum_algorithm)
        {
            file.insert("checksum", self.system.digest(path, digest).ok());
        }
        self.found.push(file);
    }
}

const AGES: &[(char, i64)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
const SIZES: &[(char, i64)] = &[('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)];

/// A number with a unit.
fn quantity(text: &str, what: &str, units: &[(char, i64)]) -> Result<i64, Failure> {
    let lower = text.to_ascii_lowercase();
    let unit = lower.chars().last().and_then(|last| units.iter().find(|(unit, _)| *unit == last));
    let number = lower.trim_end_matches(|c: char| unit.is_some_and(|(unit, _)| *unit == c));
    let number: Option<i64> = number.parse().ok();
    number
        .map(|number| number * unit.map_or(1, |(_, size)| *size))
        .ok_or_else(|| Failure::new(format!("failed to process {what}")).with(what, text))
}
