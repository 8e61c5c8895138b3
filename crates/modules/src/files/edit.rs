//! The frame of `lineinfile`, `blockinfile` and `replace`: read a text, change it, write it.

use std::path::PathBuf;

use ksplay_value::{Map, Value};

use super::attributes::{ATTRIBUTES_CHANGED, Change, Current, FileAttributes};
use super::rewrite::{Rewrite, create_parents, text_diff};
use crate::text::bytes;
use crate::{Diff, Diffs, Failure, Inspection, Outcome, Probe, System};

/// A file that is edited.
pub(super) struct Edit {
    pub path: PathBuf,
    pub create: bool,
    pub backup: bool,
    pub validate: Option<String>,
    pub attributes: FileAttributes,
    /// What the module calls a file that is missing.
    pub missing: &'static str,
    /// Under which name the result has the place of the old content.
    pub backup_name: &'static str,
    pub shows: Shows,
}

/// What the diff of an edit is made of.
pub(super) enum Shows {
    /// The content, when it changes.
    Content,
    /// The content and then owner and mode, whether they change or not.
    ContentAndAttributes,
}

/// The content before.
pub(super) struct Original {
    pub text: String,
    pub exists: bool,
}

/// What is to be written, if anything, and owner and mode.
#[derive(Debug)]
pub struct EditPlan {
    content: Option<Vec<u8>>,
    rewrite: Rewrite,
    backup_name: &'static str,
    is_new: bool,
}

impl Edit {
    /// The content before; a missing file is empty where it may be made.
    pub fn read(&self, system: &Probe) -> Result<Original, Failure> {
        match system.read(&self.path) {
            Ok(content) => Ok(Original { text: bytes::decode(&content), exists: true }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.create => {
                Ok(Original { text: String::new(), exists: false })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Failure::new(format!("{} {} does not exist !", self.missing, self.path.display()))
                    .with("rc", 257)
                    .missing())
            }
            Err(error) => Err(Failure::new(super::python_error(&error, &self.path))),
        }
    }

    /// Compares the content before with the one after.
    pub fn inspect(
        &self,
        original: Original,
        content: String,
        message: String,
        mut outcome: Outcome,
        system: &Probe,
    ) -> Result<Inspection<EditPlan>, Failure> {
        let written = content != original.text || !original.exists;
        let current = match system.metadata(&self.path) {
            Ok(found) => Current::of(&found),
            Err(_) => Current::new_file(system),
        };
        let change = self.attributes.change(&self.path, &current, system)?;
        let path = self.path.display().to_string();
        if system.diff {
            outcome.diff = match self.shows {
                Shows::Content if written => text_diff(path, &original.text, &content).into(),
                Shows::Content => Diffs::None,
                Shows::ContentAndAttributes => {
                    let text = text_diff(format!("{path} (content)"), &original.text, &content);
                    // Of a file that check mode would make, nothing else is known.
                    match original.exists || !system.check {
                        true => Diffs::List(vec![text, attributes_diff(&path, &change, &current)]),
                        false => text.into(),
                    }
                }
            };
        }
        let attributes_change = original.exists && !change.is_empty();
        let message = match (message.is_empty(), attributes_change) {
            (false, true) => format!("{message} and {ATTRIBUTES_CHANGED}"),
            (true, true) => ATTRIBUTES_CHANGED.into(),
            _ => message,
        };
        outcome.values.insert("msg", Value::from(message));
        if self.backup_name == "backup" {
            outcome.values.insert("backup", "");
        }
        if !written && !attributes_change {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let plan = EditPlan {
            content: written.then(|| bytes::encode(&content)),
            backup_name: self.backup_name,
            is_new: !original.exists,
            rewrite: Rewrite {
                path: self.path.clone(),
                backup: self.backup && original.exists,
                validate: self.validate.clone(),
                attributes: self.attributes.clone(),
            },
        };
        Ok(Inspection::change(outcome, plan))
    }
}

fn attributes_diff(path: &str, change: &Change, current: &Current) -> Diff {
    let (mut before, mut after) = (Map::new(), Map::new());
    change.diff(current, &mut before, &mut after);
    let side = |side: Map| if side.is_empty() { Value::Null } else { side.into() };
    Diff {
        before_header: format!("{path} (file attributes)"),
        after_header: format!("{path} (file attributes)"),
        before: side(before),
        after: side(after),
        ..Diff::default()
    }
}

impl EditPlan {
    /// Writes the content and sets owner and mode.
    pub fn apply(self, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(content) = &self.content {
            create_parents(&self.rewrite.path, system)?;
            let written = self.rewrite.write(content, system)?;
            if let Some(backup) = written.backup {
                predicted.values.insert(self.backup_name, backup);
            }
        }
        let changed = self.rewrite.attributes.ensure(&self.rewrite.path, system)?;
        if changed
            && self.is_new
            && let Some(message) = predicted.values.get("msg").and_then(Value::as_str)
        {
            let message = format!("{message} and {ATTRIBUTES_CHANGED}");
            predicted.values.insert("msg", message);
        }
        Ok(predicted)
    }
}
