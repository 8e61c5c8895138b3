//! `copy`, the half on the target: content from the controller, or a file or tree that is here already.

use std::io::{Cursor, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Map, Value};

use super::attributes::{Current, FileAttributes, describe, octal};
use super::rewrite::Rewrite;
use crate::arguments::Opt;
use crate::{Diff, Digest, Failure, Inspection, Module, Outcome, Payload, Probe, System, arguments};

/// See [`CopyArgs`].
pub struct Copy;

arguments! {
    /// Copies a file to the target, or from one place of the target to another.
    ///
    /// Content from the controller comes as the payload, one file a call; the controller walks through directories.
    pub struct CopyArgs {
        /// The file or directory, on the controller or, with `remote_src`, on the target.
        src: Option<String> = Opt::path(),
        /// The text that the file is to have; the controller turns it into the payload.
        content: Option<Value> = Opt::raw().no_log(),
        /// Where the file goes.
        dest: String = Opt::path().required(),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// Whether a file with another content is replaced.
        force: bool = Opt::bool().default("true"),
        /// A command that must accept the new content, with `%s` for its place.
        validate: Option<String> = Opt::str(),
        /// The mode of directories that are made.
        directory_mode: Value = Opt::raw(),
        /// Whether `src` is on the target.
        remote_src: bool = Opt::bool().default("false"),
        /// Whether a link at the destination is followed.
        follow: bool = Opt::bool().default("false"),
        /// Whether links in the source are followed.
        local_follow: Option<bool> = Opt::bool(),
        /// The SHA-1 that the content must have.
        checksum: Option<String> = Opt::str(),
        /// Whether a vaulted source is decrypted; a matter of the controller.
        decrypt: bool = Opt::bool().default("true"),
        /// The name of the source, for a destination that is a directory.
        _original_basename: Option<String> = Opt::str(),
        /// The SHA-1 of the payload, which spares its transfer where the file is already there.
        _ksplay_sha1: Option<String> = Opt::str(),
        /// The permission bits of the source on the controller, for `mode: preserve`.
        _ksplay_source_mode: Option<i64> = Opt::int(),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["src", "content"]] }
}

/// Where the content is.
#[derive(Clone)]
enum Source {
    Payload(Arc<dyn Payload>),
    File(PathBuf),
}

impl Source {
    fn open(&self, system: &Probe) -> std::io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Payload(payload) => payload.open(),
            Self::File(path) => system.open(path).map(|file| Box::new(file) as _),
        }
    }

    fn size(&self, system: &Probe) -> u64 {
        match self {
            Self::Payload(payload) => payload.size(),
            Self::File(path) => system.metadata(path).map_or(0, |found| found.size()),
        }
    }
}

/// What is to be done.
pub struct Plan {
    /// Directories that are missing, the outermost first.
    directories: Vec<PathBuf>,
    /// Owner and mode of directories that are made on the way to a file.
    directory_attributes: FileAttributes,
    /// Files to be written.
    files: Vec<FileCopy>,
    /// Symbolic links to be made, with what they say.
    links: Vec<(PathBuf, PathBuf)>,
    /// The file or directory that the result is about.
    dest: PathBuf,
    /// Owner and mode of that directory, when it is one.
    attributes: Option<FileAttributes>,
}

/// One file to be written, or only to be changed.
struct FileCopy {
    /// `None` when the content is there already.
    source: Option<Source>,
    rewrite: Rewrite,
    sha1: String,
    /// The result gets the MD5 as well, as a single copied file does.
    main: bool,
}

fn failed_at(dest: &Path, message: impl Into<String>) -> Failure {
    Failure::new(message).with("dest", dest.display().to_string())
}

impl Module for Copy {
    type Args = CopyArgs;
    type Plan = Plan;

    fn inspect(args: &CopyArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        let mut plan = Plan {
            directories: Vec::new(),
            directory_attributes: FileAttributes { mode: args.directory_mode.clone(), ..args.attributes.clone() },
            files: Vec::new(),
            links: Vec::new(),
            dest: PathBuf::from(&args.dest),
            attributes: None,
        };
        let source = source_of(args, system)?;
        if let Source::File(path) = &source
            && system.is_dir(path)
        {
            return copy_tree(args, path, plan, system);
        }
        let mut dest = plan.dest.clone();
        let name = args._original_basename.clone().or_else(|| basename(args.src.as_deref()));
        if args.dest.ends_with('/') || system.is_dir(&dest) {
            let is_dir = system.is_dir(&dest);
            if !is_dir {
                plan.directories = missing(&dest, system);
            }
            dest.push(name.ok_or_else(|| failed_at(&plan.dest, "can not use content with a dir as dest"))?);
            // Without a folder to be made, a file has the folder's name.
            if !is_dir && plan.directories.is_empty() {
                let shown = dest.display();
                return Err(Failure::new(format!(
                    "Failed to get information on remote file ({shown}): Not a directory"
                )));
            }
        } else if let Some(folder) = dest.parent()
            && !folder.as_os_str().is_empty()
            && !system.is_dir(folder)
        {
            let message = format!("Destination directory {} does not exist", folder.display());
            let diff = match system.check && system.diff {
                true => content_diff(args, &dest, &source, system).ok(),
                false => None,
            };
            return Err(failed_at(&dest, message).without_dest().missing_before(diff.into_iter().collect()));
        }
        let mut outcome = Outcome::default();
        outcome.values.insert("dest", dest.display().to_string());
        if let Some(src) = &args.src {
            outcome.values.insert("src", src.as_str());
        }
        if !args.force && system.exists(&dest) {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let copy = file_copy(args, source, &dest, true, &mut outcome, system)?;
        outcome.values.insert("checksum", copy.0.sha1.as_str());
        if let Some(src) = args.src.as_ref().filter(|_| args.remote_src) {
            outcome.values.insert("md5sum", system.digest(Path::new(src), Digest::Md5).ok());
        }
        plan.dest.clone_from(&copy.0.rewrite.path);
        let shown = plan.dest.display().to_string();
        outcome.values.insert("dest", shown.as_str());
        if copy.0.source.is_none() {
            if !args.remote_src {
                outcome.values.insert("path", shown);
            }
            describe(system, &plan.dest, &mut outcome.values);
        }
        if !copy.1 && plan.directories.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        plan.files.push(copy.0);
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for folder in &plan.directories {
            let made = system.create_dir(folder);
            made.map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
            if plan.attributes.is_some() {
                continue;
            }
            plan.directory_attributes.ensure(folder, system)?;
        }
        for (path, target) in &plan.links {
            let made = system.symlink(target, path);
            made.map_err(|error| Failure::new(format!("cannot make the link {}: {error}", path.display())))?;
        }
        for file in &plan.files {
            if let Some(backup) = file.write(system)? {
                predicted.values.insert("backup_file", backup);
            }
            if file.main && file.source.is_some() {
                predicted.values.insert("md5sum", system.digest(&file.rewrite.path, Digest::Md5).ok());
            }
        }
        if let Some(attributes) = &plan.attributes {
            attributes.ensure(&plan.dest, system)?;
        }
        describe(system, &plan.dest, &mut predicted.values);
        Ok(predicted)
    }
}

impl Failure {
    fn without_dest(mut self) -> Self {
        self.values.remove("dest");
        self
    }
}

fn basename(src: Option<&str>) -> Option<String> {
    Path::new(src?).file_name().map(|name| name.to_string_lossy().into_owned())
}

fn source_of(args: &CopyArgs, system: &Probe) -> Result<Source, Failure> {
    if args.remote_src {
        let src = args.src.as_ref().ok_or_else(|| Failure::new("src (or content) is required"))?;
        let path = PathBuf::from(src);
        if !system.exists(&path) {
            return Err(Failure::new(format!("Source {src} not found")).missing());
        }
        if !system.may(&path, libc::R_OK) {
            return Err(Failure::new(format!("Source {src} not readable")));
        }
        return Ok(Source::File(path));
    }
    let payload = system.payload.clone();
    payload.map(Source::Payload).ok_or_else(|| Failure::new("src (or content) is required"))
}

/// The directories that are missing on the way to this one, the outermost first.
fn missing(path: &Path, system: &Probe) -> Vec<PathBuf> {
    let above = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !system.exists(path));
    let mut folders: Vec<PathBuf> = above.map(Path::to_owned).collect();
    folders.reverse();
    folders
}

/// Compares a file with the content that it is to have; says whether anything is to be done.
fn file_copy(
    args: &CopyArgs,
    source: Source,
    dest: &Path,
    main: bool,
    outcome: &mut Outcome,
    system: &Probe,
) -> Result<(FileCopy, bool), Failure> {
    let unreadable = |error: std::io::Error| failed_at(dest, format!("cannot read the source: {error}"));
    let sha1 = match (&source, &args._ksplay_sha1) {
        (Source::Payload(_), Some(sha1)) => sha1.clone(),
        _ => source.open(system).and_then(|mut content| Digest::Sha1.of(&mut content)).map_err(unreadable)?,
    };
    if let Some(wanted) = args.checksum.as_ref().filter(|wanted| **wanted != sha1) {
        return Err(Failure::new("Copied file does not match the expected checksum. Transfer failed.")
            .with("checksum", sha1.as_str())
            .with("expected_checksum", wanted.as_str()));
    }
    let mut attributes = args.attributes.clone();
    if attributes.mode.as_str() == Some("preserve") {
        attributes.mode = match &source {
            Source::File(path) => {
                system.metadata(path).map(|found| octal(found.mode() & 0o7777).into()).map_err(unreadable)?
            }
            Source::Payload(_) => args._ksplay_source_mode.map_or(Value::Null, Value::Int),
        };
    }
    let is_link = system.link_metadata(dest).is_ok_and(|found| found.is_symlink());
    let replaces_link = is_link && !args.follow;
    let path = match is_link && args.follow {
        true => system.canonicalize(dest).unwrap_or_else(|_| dest.to_owned()),
        false => dest.to_owned(),
    };
    let found = if replaces_link { None } else { system.metadata(&path).ok() };
    let same = found.is_some() && system.digest(&path, Digest::Sha1).is_ok_and(|now| now == sha1);
    let current = found.as_ref().map_or_else(|| Current::new_file(system), Current::of);
    let change = attributes.change(&path, &current, system)?;
    if system.diff && !same {
        outcome.diff.push(content_diff(args, dest, &source, system).map_err(unreadable)?);
    } else if system.diff && main && !args.remote_src {
        outcome.diff = {
            let shown = path.display().to_string();
            let mut sides = [Map::from([("path", shown.as_str())]), Map::from([("path", shown.as_str())])];
            let [before, after] = &mut sides;
            change.diff(&current, before, after);
            let [before, after] = sides.map(Value::from);
            Diff { before, after, ..Diff::default() }.into()
        };
    }
    let rewrite = Rewrite { path, backup: args.backup, validate: args.validate.clone(), attributes };
    let source = (!same).then_some(source);
    let work = source.is_some() || !change.is_empty();
    Ok((FileCopy { source, rewrite, sha1, main }, work))
}

/// Contents larger than this are not shown, as in Ansible.
const LARGEST_DIFF: u64 = 104_448;

fn content_diff(args: &CopyArgs, dest: &Path, source: &Source, system: &Probe) -> std::io::Result<Diff> {
    let shown = dest.display().to_string();
    let origin = args.src.clone().unwrap_or_else(|| shown.clone());
    let mut diff = Diff::default();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    if system.exists(dest) {
        if system.metadata(dest)?.size() > LARGEST_DIFF {
            diff.notes.insert("dst_larger", LARGEST_DIFF);
        } else {
            before = system.read(dest)?;
            diff.before_header = shown;
        }
    }
    if source.size(system) > LARGEST_DIFF {
        diff.notes.insert("src_larger", LARGEST_DIFF);
    } else {
        source.open(system)?.read_to_end(&mut after)?;
        diff.after_header = origin;
    }
    let sides = [
        (&mut diff.before, &mut diff.before_header, before, "dst"),
        (&mut diff.after, &mut diff.after_header, after, "src"),
    ];
    for (side, header, bytes, which) in sides {
        if diff.notes.contains_key(format!("{which}_larger").as_str()) {
            continue;
        }
        if bytes.contains(&0) {
            diff.notes.insert(format!("{which}_binary"), 1);
            header.clear();
        } else {
            *side = String::from_utf8_lossy(&bytes).into_owned().into();
        }
    }
    Ok(diff)
}

/// Plans the copy of a directory of the target: the directory itself, or with a slash at its end what is in it.
fn copy_tree(args: &CopyArgs, src: &Path, mut plan: Plan, system: &Probe) -> Result<Inspection<Plan>, Failure> {
    let given = args.src.as_deref().unwrap_or_default();
    let mut dest = plan.dest.clone();
    if !given.ends_with('/')
        && let Some(name) = src.file_name()
    {
        dest.push(name);
    }
    if system.lexists(&dest) && !system.is_dir(&dest) {
        return Err(failed_at(&dest, format!("cannot copy the directory {given} over the file {}", dest.display())));
    }
    let mut outcome = Outcome::default();
    outcome.values.insert("src", given);
    // Ansible names the directory that it made, or the place in the one that was there.
    let shown = if system.is_dir(&plan.dest) { &dest } else { &plan.dest };
    outcome.values.insert("dest", shown.display().to_string());
    outcome.values.insert("checksum", Value::Null);
    outcome.values.insert("md5sum", Value::Null);
    plan.dest.clone_from(&dest);
    let mut folders = vec![(src.to_owned(), dest)];
    // As in Ansible, the mode is that of the directory itself; what is in it has the modes of its source.
    let inside = CopyArgs {
        attributes: FileAttributes { mode: Value::from("preserve"), ..args.attributes.clone() },
        ..args.clone()
    };
    while let Some((from, to)) = folders.pop() {
        plan.directories.extend(
            missing(&to, system).into_iter().filter(|path| !plan.directories.contains(path)).collect::<Vec<_>>(),
        );
        let entries = system.list_dir(&from).map_err(|error| failed_at(&to, super::python_error(&error, &from)))?;
        for path in entries {
            let Some(name) = path.file_name() else { continue };
            let target = to.join(name);
            let found =
                system.link_metadata(&path).map_err(|error| failed_at(&to, super::python_error(&error, &path)))?;
            if found.is_symlink() && args.local_follow != Some(true) {
                let says = system.read_link(&path).unwrap_or_default();
                if system.read_link(&target).ok().as_ref() != Some(&says) {
                    plan.links.push((target, says));
                }
            } else if system.is_dir(&path) {
                if holds_itself(&path, system) {
                    let shown = path.display();
                    return Err(failed_at(&to, format!("cannot copy {shown}: it is a link to a directory around it")));
                }
                folders.push((path, target));
            } else if args.force || !system.exists(&target) {
                let (copy, work) = file_copy(&inside, Source::File(path), &target, false, &mut outcome, system)?;
                if work {
                    plan.files.push(copy);
                }
            }
        }
    }
    let current = system.metadata(&plan.dest).map_or_else(|_| Current::new_dir(system), |found| Current::of(&found));
    let change = args.attributes.change(&plan.dest, &current, system)?;
    plan.attributes = (!change.is_empty()).then(|| args.attributes.clone());
    if plan.directories.is_empty() && plan.files.is_empty() && plan.links.is_empty() && change.is_empty() {
        describe(system, &plan.dest, &mut outcome.values);
        return Ok(Inspection::nothing_to_do(outcome));
    }
    Ok(Inspection::change(outcome, plan))
}

/// Whether the directory behind this path is one of those that the path goes through.
fn holds_itself(path: &Path, system: &Probe) -> bool {
    let place = |path: &Path| system.metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let own = place(path);
    path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).any(|above| place(above) == own)
}

impl FileCopy {
    /// The validation's failure, in the words that `copy` has for it.
    fn refused(&self, mut failure: Failure) -> Failure {
        if failure.values.contains_key("exit_status") {
            failure.message = "failed to validate".into();
        }
        failure.with("checksum", self.sha1.as_str())
    }

    /// Writes the file and sets what was asked for; gives the place of the old content.
    fn write(&self, system: &mut System) -> Result<Option<String>, Failure> {
        let path = &self.rewrite.path;
        let mut backup = None;
        if let Some(source) = &self.source {
            let cannot = |error: std::io::Error| failed_at(path, format!("cannot write {}: {error}", path.display()));
            let mut content = source.open(system).map_err(cannot)?;
            let staged = system.stage(path, &mut content).map_err(cannot)?;
            let arrived = system.digest(staged.path(), Digest::Sha1).map_err(cannot)?;
            if arrived != self.sha1 {
                return Err(failed_at(path, "Copied file does not match the expected checksum. Transfer failed.")
                    .with("checksum", arrived)
                    .with("expected_checksum", self.sha1.as_str()));
            }
            backup = self.rewrite.put(staged, path, system).map_err(|failure| self.refused(failure))?.backup;
        }
        self.rewrite.attributes.ensure(path, system)?;
        Ok(backup)
    }
}

/// A payload that is in memory, for those who have the content already.
#[derive(Debug, Clone)]
pub struct Bytes(pub Arc<[u8]>);

impl Payload for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use ksplay_value::Map;

    use super::*;
    use crate::{RunOptions, run};

    fn copy(args: &[(&str, &str)], content: Option<&[u8]>) -> Map {
        let args: Map = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let payload = content.map(|content| Arc::new(Bytes(content.into())) as Arc<dyn Payload>);
        run("copy", &args, &RunOptions::default(), Probe { payload, ..Probe::default() })
    }

    #[test]
    fn a_link_stays_until_the_new_content_is_accepted_and_is_backed_up() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("origin"), "old").unwrap();
        symlink(at("origin"), at("link")).unwrap();
        let refused = copy(&[("dest", &at("link")), ("validate", "false %s")], Some(b"bad"));
        assert_eq!(refused.get("msg"), Some(&"failed to validate".into()), "{refused:?}");
        assert_eq!(fs::read_link(at("link")).unwrap(), Path::new(&at("origin")));
        let done = copy(&[("dest", &at("link")), ("validate", "true %s"), ("backup", "true")], Some(b"good"));
        assert!(fs::symlink_metadata(at("link")).unwrap().is_file(), "{done:?}");
        assert_eq!(fs::read_to_string(at("origin")).unwrap(), "old");
        let backup = done.get("backup_file").and_then(Value::as_str).unwrap();
        assert_eq!(fs::read_to_string(backup).unwrap(), "old");
    }

    #[test]
    fn links_in_a_tree_stay_links_unless_they_are_to_be_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::create_dir_all(at("src/a")).unwrap();
        fs::write(at("src/a/file"), "x").unwrap();
        symlink("a", at("src/b")).unwrap();
        let tree = [("src", at("src/")), ("remote_src", "true".into())];
        let given = |dest: &str, follow: Option<&'static str>| {
            let mut args: Vec<(&str, String)> = tree.to_vec();
            args.push(("dest", dest.to_owned()));
            args.extend(follow.map(|follow| ("local_follow", follow.to_owned())));
            copy(&args.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), None)
        };
        given(&at("kept/"), None);
        assert_eq!(fs::read_link(at("kept/b")).unwrap(), Path::new("a"));
        given(&at("followed/"), Some("true"));
        assert_eq!(fs::read_to_string(at("followed/b/file")).unwrap(), "x");
        symlink("..", at("src/a/up")).unwrap();
        let endless = given(&at("endless/"), Some("true"));
        assert_eq!(endless.get("failed"), Some(&true.into()), "{endless:?}");
        assert!(!Path::new(&at("endless")).exists());
    }
}
