//! `file`: files, directories and links, their owners and modes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use super::attributes::{Change, Current, FileAttributes, describe, state_of};
use super::times::{Times, wanted_time};
use crate::arguments::Opt;
use crate::{Diff, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`FileArgs`].
pub struct File;

arguments! {
    /// Makes and removes files, directories and links, and sets owner and mode.
    pub struct FileArgs {
        /// The file.
        path: String = Opt::path().required().aliases(&["dest", "name"]),
        /// What it is to be: removed, a directory, there already, or a link; `touch` makes an empty file.
        state: Option<String> = Opt::str().choices(&["absent", "directory", "file", "hard", "link", "touch"]),
        /// What a link refers to.
        src: Option<String> = Opt::path(),
        /// Whether owner and mode are set of all that is in the directory.
        recurse: bool = Opt::bool().default("false"),
        /// Whether a link may point to nothing and may take the place of a file.
        force: bool = Opt::bool().default("false"),
        /// Whether owner and mode are those of what a link refers to.
        follow: bool = Opt::bool().default("true"),
        /// The time of the last change: `preserve`, `now`, or a time in the format.
        modification_time: Option<String> = Opt::str(),
        /// The format of that time.
        modification_time_format: String = Opt::str().default("%Y%m%d%H%M.%S"),
        /// The time of the last access: `preserve`, `now`, or a time in the format.
        access_time: Option<String> = Opt::str(),
        /// The format of that time.
        access_time_format: String = Opt::str().default("%Y%m%d%H%M.%S"),
        /// Only ask whether the file is binary; an internal matter.
        _diff_peek: Option<String> = Opt::str(),
        /// The name that a copied file has on the controller; an internal matter.
        _original_basename: Option<String> = Opt::str(),
    }
    includes { attributes: FileAttributes }
}

/// What is to be done, in this order.
#[derive(Debug, Default)]
pub struct Plan {
    steps: Vec<Step>,
    /// The file that owner, mode and times are of.
    path: PathBuf,
}

#[derive(Debug)]
enum Step {
    Remove(PathBuf),
    RemoveTree(PathBuf),
    /// Only if it is empty by then.
    RemoveDirectory(PathBuf),
    Directory(PathBuf),
    Touch(PathBuf),
    Symlink(PathBuf, PathBuf),
    HardLink(PathBuf, PathBuf),
    Change(PathBuf, Change),
    Attributes(PathBuf, Box<FileAttributes>),
    Times(PathBuf, Times, bool),
}

/// The two sides of the diff, and what is to be done.
struct Work<'a> {
    args: &'a FileArgs,
    system: &'a Probe,
    path: PathBuf,
    before: Map,
    after: Map,
    steps: Vec<Step>,
    warnings: Vec<String>,
}

/// The word for what a path is now.
fn state(system: &Probe, path: &Path) -> &'static str {
    system.link_metadata(path).map_or("absent", |found| state_of(&found))
}

/// What has a source and is to be at a directory goes into it, under the name of the source.
fn named_in_directory(path: PathBuf, args: &FileArgs, system: &Probe) -> PathBuf {
    let name = args._original_basename.as_deref().or(args.src.as_deref());
    // As in Python, what ends with a slash has no last name.
    let name = name.and_then(|src| src.rsplit('/').next()).filter(|name| !name.is_empty());
    match name {
        Some(name) if system.is_dir(&path) => path.join(name),
        _ => path,
    }
}

impl Module for File {
    type Args = FileArgs;
    type Plan = Plan;

    fn inspect(args: &FileArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        let trimmed = args.path.trim_end_matches('/');
        let path = match args.state.as_deref() {
            Some("absent") if !trimmed.is_empty() => PathBuf::from(trimmed),
            _ => PathBuf::from(&args.path),
        };
        let path = match args.state.as_deref() {
            Some("link" | "absent") => path,
            _ => named_in_directory(path, args, system),
        };
        let previous = state(system, &path);
        let wanted = match &args.state {
            Some(state) => state.as_str(),
            None if previous == "directory" || args.recurse => "directory",
            None if previous == "absent" => "file",
            None => previous,
        };
        if args.recurse && wanted != "directory" {
            return Err(at(&path, "recurse option requires state to be 'directory'"));
        }
        if args.src.is_some() && !matches!(wanted, "link" | "hard") {
            return Err(at(&path, "src option requires state to be 'link' or 'hard'"));
        }
        let shown = path.display().to_string();
        let side = || Map::from([("path", shown.as_str())]);
        let mut work =
            Work { args, system, path, before: side(), after: side(), steps: Vec::new(), warnings: Vec::new() };
        let planned = match wanted {
            "absent" => work.absent(),
            "directory" => work.directory(),
            "touch" => work.touch(),
            "link" => work.link(previous == "link" && args.state.is_none()),
            "hard" => work.hard(args.state.is_none()),
            _ => work.existing(),
        };
        planned.map_err(|failure| with_file(failure, &work.path, system))?;
        Ok(work.finish(wanted))
    }

    fn apply(plan: Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        // What is removed is no longer what it was.
        for name in ["uid", "gid", "owner", "group", "mode", "size", "state"] {
            predicted.values.remove(name);
        }
        for step in &plan.steps {
            step.carry_out(system).map_err(|(error, path)| {
                Failure::new(super::python_error(&error, &path)).with("path", path.display().to_string())
            })??;
        }
        describe(system, &plan.path, &mut predicted.values);
        Ok(predicted)
    }
}

impl Step {
    /// The outer error is the operating system's.
    fn carry_out(&self, system: &mut System) -> Result<Result<(), Failure>, (std::io::Error, PathBuf)> {
        let done = match self {
            Self::Remove(path) => (system.remove_file(path), path),
            Self::RemoveTree(path) => (system.remove_tree(path), path),
            Self::RemoveDirectory(path) => (system.remove_dir(path), path),
            Self::Directory(path) => (system.create_dir(path), path),
            Self::Touch(path) => (system.create_file(path), path),
            Self::Symlink(target, path) => (system.symlink(target, path), path),
            Self::HardLink(target, path) => (system.hard_link(target, path), path),
            Self::Times(path, times, follow) => {
                (system.set_times(path, times.access, times.modification, *follow), path)
            }
            Self::Change(path, change) => return Ok(change.apply(path, system)),
            Self::Attributes(path, attributes) => return Ok(attributes.ensure(path, system).map(drop)),
        };
        done.0.map_err(|error| (error, done.1.clone()))?;
        Ok(Ok(()))
    }
}

fn at(path: &Path, message: impl Into<String>) -> Failure {
    Failure::new(message).with("path", path.display().to_string())
}

/// A failure that names the file says what it is, too.
fn with_file(mut failure: Failure, path: &Path, system: &Probe) -> Failure {
    let names_it = failure.values.contains_key("path") || failure.values.contains_key("dest");
    if names_it && system.lexists(path) {
        describe(system, path, &mut failure.values);
    }
    failure
}

impl Work<'_> {
    fn state(&mut self, before: &str, after: &str) {
        if before != after {
            self.before.insert("state", before);
            self.after.insert("state", after);
        }
    }

    fn fail(&self, message: impl Into<String>) -> Failure {
        at(&self.path, message)
    }

    /// Plans owner and mode of something that is there.
    fn attributes(&mut self, path: &Path) -> Result<(), Failure> {
        if self.args.attributes.is_empty() {
            return Ok(());
        }
        let Ok(found) = self.system.link_metadata(path) else { return Ok(()) };
        let current = Current::of(&found);
        let change = self.args.attributes.change(path, &current, self.system)?;
        if !change.is_empty() {
            change.diff(&current, &mut self.before, &mut self.after);
            self.steps.push(Step::Change(path.to_owned(), change));
        }
        Ok(())
    }

    /// Plans owner and mode of something that will have been made.
    fn new_attributes(&mut self, path: &Path, current: &Current) -> Result<(), Failure> {
        if self.args.attributes.is_empty() {
            return Ok(());
        }
        let change = self.args.attributes.change(path, current, self.system)?;
        if !self.system.check {
            change.diff(current, &mut self.before, &mut self.after);
        }
        self.steps.push(Step::Attributes(path.to_owned(), Box::new(self.args.attributes.clone())));
        Ok(())
    }

    fn times(&mut self, path: &Path) -> Result<(), Failure> {
        let Ok(found) = self.system.link_metadata(path) else { return Ok(()) };
        let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let args = self.args;
        let differing = |given: Option<&str>, format: &str, now: i128| -> Result<Option<i128>, Failure> {
            Ok(wanted_time(given, format)?.filter(|wanted| *wanted != now))
        };
        let times = Times {
            access: differing(
                args.access_time.as_deref(),
                &args.access_time_format,
                time(found.atime(), found.atime_nsec()),
            )?,
            modification: differing(
                args.modification_time.as_deref(),
                &args.modification_time_format,
                time(found.mtime(), found.mtime_nsec()),
            )?,
        };
        if let Some(wanted) = times.modification {
            self.before.insert("mtime", time(found.mtime(), found.mtime_nsec()) as f64 / 1e9);
            self.after.insert("mtime", wanted as f64 / 1e9);
        }
        if let Some(wanted) = times.access {
            self.before.insert("atime", time(found.atime(), found.atime_nsec()) as f64 / 1e9);
            self.after.insert("atime", wanted as f64 / 1e9);
        }
        if times.access.is_some() || times.modification.is_some() {
            self.steps.push(Step::Times(path.to_owned(), times, true));
        }
        Ok(())
    }

    fn absent(&mut self) -> Result<(), Failure> {
        let before = state(self.system, &self.path);
        self.state(before, "absent");
        match before {
            "absent" => {}
            "directory" => {
                if self.system.diff {
                    let content = listing(self.system, &self.path);
                    self.before.insert("path_content", content);
                }
                self.steps.push(Step::RemoveTree(self.path.clone()));
            }
            _ => self.steps.push(Step::Remove(self.path.clone())),
        }
        Ok(())
    }

    /// The path, or what it refers to where links are followed.
    fn followed(&self) -> PathBuf {
        match self.args.follow {
            true => self.system.canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()),
            false => self.path.clone(),
        }
    }

    fn directory(&mut self) -> Result<(), Failure> {
        if self.args.follow && state(self.system, &self.path) == "link" {
            self.path = self.followed();
            let shown = self.path.display().to_string();
            self.before.insert("path", shown.as_str());
            self.after.insert("path", shown);
        }
        let path = self.path.clone();
        match state(self.system, &path) {
            "absent" => {
                self.state("absent", "directory");
                let missing: Vec<PathBuf> = path
                    .ancestors()
                    .take_while(|path| !path.as_os_str().is_empty() && !self.system.lexists(path))
                    .map(Path::to_owned)
                    .collect();
                if let Some(above) = missing.last().and_then(|path| path.parent())
                    && !above.as_os_str().is_empty()
                    && !self.system.is_dir(above)
                {
                    let first = missing.last().map(|path| path.display().to_string()).unwrap_or_default();
                    return Err(self.fail(format!(
                        "There was an issue creating {first} as requested: [Errno 20] Not a directory: b'{first}'"
                    )));
                }
                let mode_of_new = Current::new_dir(self.system);
                for (index, folder) in missing.iter().rev().enumerate() {
                    self.steps.push(Step::Directory(folder.clone()));
                    if index + 1 < missing.len() && !self.args.attributes.is_empty() {
                        self.steps.push(Step::Attributes(folder.clone(), Box::new(self.args.attributes.clone())));
                    }
                }
                self.new_attributes(&path, &mode_of_new)?;
            }
            "directory" => {
                self.attributes(&path)?;
                self.times(&path)?;
                if self.args.recurse {
                    self.recurse(&path)?;
                }
            }
            _ => {
                return Err(self.fail(format!("{} already exists as a {}", path.display(), state(self.system, &path))));
            }
        }
        Ok(())
    }

    fn recurse(&mut self, folder: &Path) -> Result<(), Failure> {
        let inside = self.system.list_dir(folder).map_err(|error| self.fail(super::python_error(&error, folder)))?;
        for path in inside {
            let Ok(found) = self.system.link_metadata(&path) else { continue };
            let followed =
                if found.is_symlink() && self.args.follow { self.system.canonicalize(&path).ok() } else { None };
            let target = followed.unwrap_or_else(|| path.clone());
            let (before, after) = (self.before.clone(), self.after.clone());
            self.attributes(&target)?;
            (self.before, self.after) = (before, after);
            if found.is_dir() {
                self.recurse(&path)?;
            }
        }
        Ok(())
    }

    fn existing(&mut self) -> Result<(), Failure> {
        let path = self.followed();
        match state(self.system, &path) {
            "absent" => Err(self
                .fail(format!("file ({}) is absent, cannot continue", self.path.display()))
                .with("state", "absent")
                .missing()),
            kind @ ("directory" | "link") => {
                Err(self.fail(format!("file ({}) is {kind}, cannot continue", self.path.display())).with("state", kind))
            }
            _ => {
                self.attributes(&path)?;
                self.times(&path)
            }
        }
    }

    fn touch(&mut self) -> Result<(), Failure> {
        let path = if self.args.follow && state(self.system, &self.path) == "link" {
            self.followed()
        } else {
            self.path.clone()
        };
        let before = state(self.system, &path);
        if before == "absent" {
            self.state("absent", "touch");
            self.steps.push(Step::Touch(path.clone()));
            self.new_attributes(&path, &Current::new_file(self.system))?;
            let times = Times {
                access: wanted_time(self.args.access_time.as_deref(), &self.args.access_time_format)?,
                modification: wanted_time(self.args.modification_time.as_deref(), &self.args.modification_time_format)?,
            };
            if times.access.is_some() || times.modification.is_some() {
                self.steps.push(Step::Times(path, times, true));
            }
            return Ok(());
        }
        let shown = state(self.system, &self.path);
        self.state(shown, "touch");
        self.attributes(&path)?;
        let now = |given: &Option<String>, format: &str| wanted_time(given.as_deref().or(Some("now")), format);
        let times = Times {
            access: now(&self.args.access_time, &self.args.access_time_format)?,
            modification: now(&self.args.modification_time, &self.args.modification_time_format)?,
        };
        let Ok(found) = self.system.metadata(&path) else { return Ok(()) };
        let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let times = Times {
            access: times.access.filter(|wanted| *wanted != time(found.atime(), found.atime_nsec())),
            modification: times.modification.filter(|wanted| *wanted != time(found.mtime(), found.mtime_nsec())),
        };
        for (name, wanted, now) in [
            ("mtime", times.modification, time(found.mtime(), found.mtime_nsec())),
            ("atime", times.access, time(found.atime(), found.atime_nsec())),
        ] {
            if let Some(wanted) = wanted {
                self.before.insert(name, now as f64 / 1e9);
                self.after.insert(name, wanted as f64 / 1e9);
            }
        }
        if times.access.is_some() || times.modification.is_some() {
            self.steps.push(Step::Times(path, times, true));
        }
        Ok(())
    }

    fn link(&mut self, keep: bool) -> Result<(), Failure> {
        let path = self.path.clone();
        let before = state(self.system, &path);
        let target = match &self.args.src {
            Some(src) => PathBuf::from(src),
            None if before == "link" && (keep || self.args.follow) => {
                self.system.read_link(&path).map_err(|error| self.fail(super::python_error(&error, &path)))?
            }
            None => {
                return Err(Failure::new("src is required for creating new symlinks"));
            }
        };
        let beside = if before == "directory" { &path } else { path.parent().unwrap_or(Path::new("/")) };
        let absolute = beside.join(&target);
        if !self.args.force && !self.system.exists(&absolute) && !keep {
            return Err(self
                .fail(
                    "src file does not exist, use 'force=yes' if you really want to create the link: ".to_owned()
                        + &absolute.display().to_string(),
                )
                .with("src", target.display().to_string())
                .missing());
        }
        self.state(before, "link");
        match before {
            "link" => {
                let now = self.system.read_link(&path).unwrap_or_default();
                if now != target {
                    self.before.insert("src", now.display().to_string());
                    self.after.insert("src", target.display().to_string());
                    self.steps.push(Step::Symlink(target.clone(), path.clone()));
                }
            }
            "absent" => self.steps.push(Step::Symlink(target.clone(), path.clone())),
            "directory" => {
                if !self.args.force {
                    return Err(
                        self.fail(format!("refusing to convert from directory to symlink for {}", path.display()))
                    );
                }
                if self.system.list_dir(&path).is_ok_and(|inside| !inside.is_empty()) {
                    return Err(
                        self.fail(format!("the directory {} is not empty, refusing to convert it", path.display()))
                    );
                }
                self.steps.push(Step::RemoveDirectory(path.clone()));
                self.steps.push(Step::Symlink(target.clone(), path.clone()));
            }
            _ => {
                if !self.args.force {
                    return Err(
                        self.fail(format!("refusing to convert from {before} to symlink for {}", path.display()))
                    );
                }
                self.steps.push(Step::Symlink(target.clone(), path.clone()));
            }
        }
        let is_made = self.steps.iter().any(|step| matches!(step, Step::Symlink(..)));
        if is_made && !self.args.follow {
            let new = Current { is_link: true, ..Current::new_file(self.system) };
            return self.new_attributes(&path, &new);
        }
        let of = if self.args.follow { self.system.canonicalize(&absolute).unwrap_or(absolute.clone()) } else { path };
        if self.args.follow && !self.system.exists(&of) {
            if !self.args.attributes.is_empty() {
                self.warnings.push(
                    "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.".into(),
                );
            }
            return Ok(());
        }
        self.attributes_of_link(&of)
    }

    fn hard(&mut self, keep: bool) -> Result<(), Failure> {
        let path = self.path.clone();
        let before = state(self.system, &path);
        let Some(src) = &self.args.src else {
            if keep && before != "absent" {
                return self.attributes(&path);
            }
            return Err(Failure::new("src is required for creating new hardlinks"));
        };
        let target = PathBuf::from(src);
        let Ok(origin) = self.system.link_metadata(&target) else {
            return Err(Failure::new("src does not exist")
                .with("dest", path.display().to_string())
                .with("src", src)
                .missing());
        };
        self.state(before, "hard");
        match self.system.link_metadata(&path) {
            Ok(found) if found.ino() == origin.ino() && found.dev() == origin.dev() => {
                self.before.remove("state");
                self.after.remove("state");
            }
            Err(_) => self.steps.push(Step::HardLink(target, path.clone())),
            Ok(_) if !self.args.force => {
                let what = if before == "hard" { "different hard link" } else { before };
                return Err(Failure::new(format!("Cannot link, {what} exists at destination"))
                    .with("dest", path.display().to_string())
                    .with("src", src));
            }
            // A directory here makes the step fail: a file cannot take its place.
            Ok(_) => self.steps.push(Step::HardLink(target, path.clone())),
        }
        self.attributes_of_link(&path)
    }

    /// Plans owner and mode of a link, or of what it refers to; of a new link, check mode shows none.
    fn attributes_of_link(&mut self, path: &Path) -> Result<(), Failure> {
        let sides = (self.before.clone(), self.after.clone());
        let is_new = !self.steps.is_empty();
        self.attributes(path)?;
        if is_new && self.system.check {
            (self.before, self.after) = sides;
        }
        Ok(())
    }

    /// What a link says that stays as it is.
    fn link_target(&self, wanted: &str) -> Option<String> {
        let says = (wanted == "link" && self.args.follow).then(|| self.system.read_link(&self.path).ok())?;
        says.map(|says| says.display().to_string())
    }

    fn finish(self, wanted: &str) -> Inspection<Plan> {
        let shown_as = if matches!(wanted, "link" | "hard" | "touch") { "dest" } else { "path" };
        let mut outcome = Outcome::default();
        outcome.values.insert(shown_as, self.path.display().to_string());
        if matches!(wanted, "link" | "hard")
            && let Some(src) = self.args.src.clone().or_else(|| self.link_target(wanted))
        {
            outcome.values.insert("src", src);
        }
        if self.system.lexists(&self.path) || wanted == "absent" {
            describe(self.system, &self.path, &mut outcome.values);
        }
        outcome.warnings = self.warnings;
        // As in Ansible, what is not there has no difference from what is not there, and of a file that check mode would
        // make nothing is known.
        let shown = match wanted {
            "absent" => !self.steps.is_empty(),
            "touch" => self.before.get("state") != Some(&"absent".into()) || !self.system.check,
            _ => true,
        };
        if shown {
            outcome.diff =
                Diff { before: Value::from(self.before), after: Value::from(self.after), ..Diff::default() }.into();
        }
        if self.steps.is_empty() {
            return Inspection::nothing_to_do(outcome);
        }
        Inspection::change(outcome, Plan { steps: self.steps, path: self.path })
    }
}

/// What is in a directory, at any depth, for the diff of its removal.
fn listing(system: &Probe, root: &Path) -> Value {
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in system.list_dir(&folder).unwrap_or_default() {
            let is_dir = system.link_metadata(&path).is_ok_and(|found| found.is_dir());
            if is_dir {
                directories.push(path.display().to_string());
                folders.push(path);
            } else {
                files.push(path.display().to_string());
            }
        }
    }
    Value::from(Map::from([
        ("files", files.into_iter().collect::<Value>()),
        ("directories", directories.into_iter().collect::<Value>()),
    ]))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{RunOptions, run};

    fn file(args: &[(&str, &str)]) -> Map {
        let args: Map = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        run("file", &args, &RunOptions::default(), Probe::default())
    }

    #[test]
    fn a_hard_link_goes_into_the_directory_at_its_path_even_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("src"), "x").unwrap();
        fs::create_dir(at("dir")).unwrap();
        fs::write(at("dir/kept"), "kept").unwrap();
        for changed in [true, false] {
            let result = file(&[("path", &at("dir")), ("src", &at("src")), ("state", "hard"), ("force", "true")]);
            assert_eq!(result.get("changed"), Some(&changed.into()), "{result:?}");
            assert_eq!(result.get("dest"), Some(&at("dir/src").into()));
        }
        assert_eq!(fs::read_to_string(at("dir/kept")).unwrap(), "kept");
        assert_eq!(fs::metadata(at("dir/src")).unwrap().ino(), fs::metadata(at("src")).unwrap().ino());
    }

    #[test]
    fn a_directory_with_the_name_of_the_link_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("src"), "x").unwrap();
        fs::create_dir_all(at("dir/src/kept")).unwrap();
        let result = file(&[("path", &at("dir")), ("src", &at("src")), ("state", "hard"), ("force", "true")]);
        assert_eq!(result.get("failed"), Some(&true.into()), "{result:?}");
        assert!(Path::new(&at("dir/src/kept")).is_dir());
    }

    #[test]
    fn a_directory_that_is_filled_before_a_link_takes_its_place_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        fs::create_dir(&path).unwrap();
        let given = Map::from([("path", path.display().to_string()), ("src", "/".into()), ("state", "link".into())]);
        let given: Map = given.into_iter().chain(Map::from([("force", Value::Bool(true))])).collect();
        let mut given = crate::Given::check("file", <FileArgs as crate::Arguments>::SPEC_REF, &given).unwrap();
        let found = File::inspect(&given.typed().unwrap(), &Probe::default()).unwrap();
        fs::write(path.join("late"), "x").unwrap();
        let done = File::apply(found.plan.unwrap(), found.predicted, &mut System::new(Probe::default()));
        assert!(done.is_err() && path.join("late").exists());
    }
}
