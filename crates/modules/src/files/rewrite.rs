//! What modules that edit a file have in common: validate the new content, keep the old one, put it in place.

use std::path::{Path, PathBuf};

use ksplay_value::Value;

use super::attributes::FileAttributes;
use crate::system::Staged;
use crate::text::words;
use crate::{CommandSpec, Diff, Failure, NewFile, System};

/// How the new content of a file is put in place.
#[derive(Debug, Clone)]
pub(crate) struct Rewrite {
    /// The file as the user named it.
    pub path: PathBuf,
    /// Whether the old content is kept under another name.
    pub backup: bool,
    /// A command that must accept the new content, with `%s` for its place.
    pub validate: Option<String>,
    /// Owner and mode.
    pub attributes: FileAttributes,
}

/// What putting a content in place came to.
pub(crate) struct Rewritten {
    /// Where the old content is kept.
    pub backup: Option<String>,
}

impl Rewrite {
    /// Replaces the content; a symbolic link is followed, so that it stays one.
    pub fn write(&self, content: &[u8], system: &mut System) -> Result<Rewritten, Failure> {
        let real = system.canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let staged = system.stage(&real, &mut &content[..]).map_err(|error| cannot_write(&self.path, &error))?;
        self.put(staged, &real, system).map_err(|failure| Failure::new(failure.message))
    }

    /// Puts a content that lies ready in place.
    pub fn put(&self, staged: Staged, real: &Path, system: &mut System) -> Result<Rewritten, Failure> {
        if let Some(validate) = &self.validate {
            check(validate, staged.path(), system)?;
        }
        let backup = match self.backup {
            true => system
                .backup(real)
                .map_err(|error| Failure::new(format!("cannot make a backup of {}: {error}", real.display())))?,
            false => None,
        };
        let wanted = NewFile { in_place_if_needed: self.attributes.unsafe_writes, ..NewFile::default() };
        system.commit(staged, real, &wanted).map_err(|error| cannot_write(&self.path, &error))?;
        Ok(Rewritten { backup: backup.map(|path| path.display().to_string()) })
    }
}

/// Makes the directories that the file is to lie in.
pub(crate) fn create_parents(path: &Path, system: &mut System) -> Result<(), Failure> {
    let parents = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    let missing: Vec<_> = parents.take_while(|parent| !system.exists(parent)).collect();
    for parent in missing.into_iter().rev() {
        system.create_dir(parent).map_err(|error| Failure::new(super::python_error(&error, parent)))?;
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}

fn check(validate: &str, path: &Path, system: &mut System) -> Result<(), Failure> {
    if !validate.contains("%s") {
        return Err(Failure::new(format!("validate must contain %s: {validate}")));
    }
    let command = validate.replacen("%s", &path.to_string_lossy(), 1);
    let output = system.run(&CommandSpec::new(words::split(&command).map_err(Failure::new)?))?;
    if output.ok() {
        return Ok(());
    }
    let mut failure = Failure::new(format!("failed to validate: rc:{} error:{}", output.rc, output.stderr_text()));
    failure.values.insert("exit_status", output.rc);
    crate::commands::insert_text(&mut failure.values, "stdout", &output.stdout_text());
    crate::commands::insert_text(&mut failure.values, "stderr", &output.stderr_text());
    Err(failure)
}

/// The diff of two texts under one name.
pub(crate) fn text_diff(name: String, before: &str, after: &str) -> Diff {
    Diff {
        before_header: name.clone(),
        after_header: name,
        before: Value::from(before),
        after: Value::from(after),
        ..Diff::default()
    }
}
