//! `assemble`: makes one file of many.

use std::path::{Path, PathBuf};

use super::attributes::{Current, FileAttributes, describe};
use super::rewrite::Rewrite;
use crate::arguments::Opt;
use crate::text::regex;
use crate::{Diff, Digest, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`AssembleArgs`].
pub struct Assemble;

arguments! {
    /// Makes one file of all files of a directory, in the order of their names.
    pub struct AssembleArgs {
        /// The directory.
        src: PathBuf = Opt::path().required(),
        /// The file that is made.
        dest: PathBuf = Opt::path().required(),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// What stands between two files.
        delimiter: Option<String> = Opt::str(),
        /// Whether the directory is on the target.
        remote_src: bool = Opt::bool().default("true"),
        /// Only files whose names fit this pattern.
        regexp: Option<String> = Opt::str(),
        /// Whether names that begin with a dot are left out.
        ignore_hidden: bool = Opt::bool().default("false"),
        /// A command that must accept the new content, with `%s` for its place.
        validate: Option<String> = Opt::str(),
        /// Whether vaulted files are decrypted; a matter of the controller.
        decrypt: bool = Opt::bool().default("true"),
    }
    includes { attributes: FileAttributes }
}

/// What is to be written.
#[derive(Debug)]
pub struct Plan {
    content: Option<Vec<u8>>,
    rewrite: Rewrite,
}

impl Module for Assemble {
    type Args = AssembleArgs;
    type Plan = Plan;

    fn inspect(args: &AssembleArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        if !system.exists(&args.src) {
            return Err(Failure::new(format!("Source ({}) does not exist", args.src.display())).missing());
        }
        if !system.is_dir(&args.src) {
            return Err(Failure::new(format!("Source ({}) is not a directory", args.src.display())));
        }
        let fragments = Fragments {
            regexp: args.regexp.clone(),
            delimiter: args.delimiter.clone(),
            ignore_hidden: args.ignore_hidden,
        };
        let read = |path: &Path| system.read(path).map_err(|error| cannot_read(path, &error));
        let content = fragments.join(&args.src, system, read)?;
        let now = system.read(&args.dest).ok();
        let current =
            system.metadata(&args.dest).map_or_else(|_| Current::new_file(system), |found| Current::of(&found));
        let change = args.attributes.change(&args.dest, &current, system)?;
        let written = now.as_deref() != Some(&content[..]);
        let mut outcome = Outcome::default();
        outcome.values.insert("src", args.src.display().to_string());
        outcome.values.insert("dest", args.dest.display().to_string());
        outcome.values.insert("checksum", Digest::Sha1.of_bytes(&content));
        outcome.values.insert("md5sum", Digest::Md5.of_bytes(&content));
        outcome.values.insert("msg", "OK");
        if system.diff && written {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into();
            let dest = args.dest.display().to_string();
            outcome.diff.push(Diff {
                before_header: dest.clone(),
                after_header: dest,
                before: text(now.as_deref().unwrap_or_default()),
                after: text(&content),
                ..Diff::default()
            });
        }
        if now.is_some() {
            describe(system, &args.dest, &mut outcome.values);
        }
        if !written && change.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let rewrite = Rewrite {
            path: args.dest.clone(),
            backup: args.backup,
            validate: args.validate.clone(),
            attributes: args.attributes.clone(),
        };
        Ok(Inspection::change(outcome, Plan { content: written.then_some(content), rewrite }))
    }

    fn apply(plan: Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(content) = &plan.content
            && let Some(backup) = plan.rewrite.write(content, system)?.backup
        {
            predicted.values.insert("backup_file", backup);
        }
        plan.rewrite.attributes.ensure(&plan.rewrite.path, system)?;
        describe(system, &plan.rewrite.path, &mut predicted.values);
        Ok(predicted)
    }
}

/// Which files of a folder become one, and what stands between them.
#[derive(Debug, Clone, Default)]
pub struct Fragments {
    /// Only files whose names fit this pattern.
    pub regexp: Option<String>,
    /// What stands between two files; `\n` and its like are made real.
    pub delimiter: Option<String>,
    /// Names that begin with a dot are left out.
    pub ignore_hidden: bool,
}

impl Fragments {
    /// What the files are together, in the order of their names.
    ///
    /// # Errors
    ///
    /// If the pattern is none, or a file cannot be read.
    pub fn join(
        &self,
        folder: &Path,
        system: &Probe,
        read: impl Fn(&Path) -> Result<Vec<u8>, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let pattern = self.regexp.as_deref().map(|pattern| regex::compile(pattern, "")).transpose()?;
        let delimiter = self.delimiter.as_deref().map(unescaped);
        let mut content: Vec<u8> = Vec::new();
        let mut is_first = true;
        for path in system.list_dir(folder).map_err(|error| cannot_read(folder, &error))? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let left_out = pattern.as_ref().is_some_and(|pattern| !regex::occurs(pattern, &name));
            if left_out || !system.is_file(&path) || (self.ignore_hidden && name.starts_with('.')) {
                continue;
            }
            if !is_first && content.last().is_some_and(|last| *last != b'\n') {
                content.push(b'\n');
            }
            if let Some(delimiter) = delimiter.as_ref().filter(|_| !is_first) {
                content.extend_from_slice(delimiter.as_bytes());
                if !delimiter.ends_with('\n') {
                    content.push(b'\n');
                }
            }
            content.extend(read(&path)?);
            is_first = false;
        }
        Ok(content)
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read {}: {error}", path.display()))
}

/// The delimiter with `\n` and its like made real.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
}
