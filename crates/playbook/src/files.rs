//! Files of YAML, each read and parsed once a run.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_value::yaml::{self, Node};
use ksplay_value::{Diagnostic, Source, Span};

use crate::{Error, ErrorKind, LoaderOptions};

/// A parsed file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its text.
    pub source: Arc<Source>,
    /// Its document; `None` when it holds none.
    pub root: Option<Node>,
}

impl File {
    /// The place of its first character.
    pub fn start(&self) -> Span {
        self.root.as_ref().map_or_else(|| Span::new(&self.source, 1, 1), |root| root.span.clone())
    }
}

/// The files that a loader has read, or found for a task, so far.
#[derive(Debug, Clone, Default)]
pub struct Reads(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Reads {
    /// Their paths, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Notes a file.
    pub(crate) fn note(&self, path: &Path) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Each host asks for the files of its tasks.
        if !known.contains(path) {
            known.insert(path.to_path_buf());
        }
    }
}

/// The files read so far, and what was odd in them.
#[derive(Default)]
pub(crate) struct Files {
    /// Their paths.
    pub reads: Reads,
    parsed: Mutex<HashMap<PathBuf, Result<Arc<File>, Error>>>,
    warnings: Mutex<Vec<Diagnostic>>,
}

impl Files {
    /// The file, from memory when it was read before.
    pub fn read(&self, path: &Path, options: &LoaderOptions) -> Result<Arc<File>, Error> {
        if let Some(known) = self.parsed.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        self.reads.note(path);
        let file = text(path, options)
            .and_then(|text| self.parse(&Source::new(path.display().to_string(), text), options))
            .map(Arc::new);
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf(), file.clone());
        file
    }

    /// Reads a text.
    pub fn parse(&self, source: &Arc<Source>, options: &LoaderOptions) -> Result<File, Error> {
        let document = yaml::load(source).and_then(|document| document.judged(options.duplicate_keys));
        let (root, warnings) = document.map_err(|error| Error {
            message: error.message,
            span: Some(error.span.unwrap_or_else(|| Span::new(source, 1, 1))),
            hint: None,
            help: error.help,
            kind: ErrorKind::Syntax,
        })?;
        self.warn(warnings);
        Ok(File { source: Arc::clone(source), root })
    }

    /// Notes what is odd in a file, once.
    pub fn warn(&self, warnings: impl IntoIterator<Item = Diagnostic>) {
        for warning in warnings {
            let mut known = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
    }

    /// The warnings since they were last asked for.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn text(path: &Path, options: &LoaderOptions) -> Result<String, Error> {
    let cannot = |why: &dyn std::fmt::Display| {
        Error::new(ErrorKind::File, format!("cannot read {}: {why}", path.display()), None)
    };
    let mut bytes = std::fs::read(path).map_err(|error| cannot(&error))?;
    if bytes.starts_with(b"$ANSIBLE_VAULT;") {
        let vault = |why: &str| Error::new(ErrorKind::Vault, format!("cannot decrypt {}: {why}", path.display()), None);
        let decrypt = options.decrypt.as_ref().ok_or_else(|| {
            vault("no vault secrets found")
                .with_help("give the password with --vault-password-file or --ask-vault-pass")
        })?;
        bytes = decrypt(&bytes).map_err(|why| vault(&why))?;
    }
    String::from_utf8(bytes).map_err(|_| cannot(&"it is not UTF-8"))
}
