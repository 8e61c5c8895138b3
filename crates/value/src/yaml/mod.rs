//! YAML as PyYAML reads and writes it, with a position on every node.

mod astral;
mod compose;
mod emit;
mod events;
mod explain;
mod node;
mod resolve;
mod writer;

use std::sync::Arc;

use compose::Composer;
pub use emit::{Blocks, EmitOptions, ScalarStyle, emit};

use crate::{Diagnostic, Source, Span, Value};

/// A node of a YAML document with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where the node begins.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// The content of a [`Node`].
#[derive(Debug, Clone)]
pub enum NodeKind {
    /// A scalar that is not text: null, boolean, number, date.
    Scalar(Value),
    /// Text. `trusted` is false under `!unsafe`.
    Text {
        /// The text.
        text: Arc<str>,
        /// Whether markers in it make it a template.
        trusted: bool,
    },
    /// An inline `!vault` value: its ciphertext.
    Vault(Arc<str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, merge keys resolved, in order; of two equal keys the last one stays.
    Map(Vec<(Node, Node)>),
}

/// Why a text is not YAML.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What is wrong, in the reader's words.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// What to do about it, when that is known.
    pub help: Option<String>,
}

impl Error {
    fn new(message: impl Into<String>, span: Option<Span>) -> Self {
        Self { message: message.into(), span, help: None }
    }
}

/// A key that stands twice in one mapping.
#[derive(Debug, Clone)]
pub struct DuplicateKey {
    /// The key's text.
    pub key: String,
    /// Where it stands the second time.
    pub span: Span,
}

/// What a text holds.
#[derive(Debug, Clone)]
pub struct Document {
    /// The root; `None` when the text holds no document.
    pub root: Option<Node>,
    /// Keys that stand twice, in order.
    pub duplicates: Vec<DuplicateKey>,
}

/// What a key that stands twice in a mapping is (`DUPLICATE_YAML_DICT_KEY`); the last value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// A reason for a warning.
    #[default]
    Warn,
    /// An error.
    Error,
    /// Nothing to speak of.
    Ignore,
}

impl Document {
    /// The root, and the warnings that keys which stand twice are.
    ///
    /// # Errors
    ///
    /// If a key stands twice where that is an error.
    pub fn judged(self, keys: DuplicateKeys) -> Result<(Option<Node>, Vec<Diagnostic>), Error> {
        let warning = |twice: DuplicateKey| {
            Diagnostic::new(format!("Found duplicate mapping key '{}'.", twice.key))
                .at(Some(twice.span))
                .help(Some("Using last defined value only.".to_owned()))
        };
        match (keys, self.duplicates.first()) {
            (DuplicateKeys::Error, Some(twice)) => Err(Error::new(
                format!("the key '{}' stands twice in this mapping", twice.key),
                Some(twice.span.clone()),
            )),
            (DuplicateKeys::Warn, _) => Ok((self.root, self.duplicates.into_iter().map(warning).collect())),
            _ => Ok((self.root, Vec::new())),
        }
    }
}

/// Reads the one document of a text.
///
/// # Errors
///
/// If the text is not YAML, or holds more than one document.
pub fn load(source: &Arc<Source>) -> Result<Document, Error> {
    let mut composer = Composer::new(source);
    let Some((document, _)) = composer.next()? else { return Ok(Document { root: None, duplicates: Vec::new() }) };
    match composer.next()? {
        None => Ok(document),
        Some((_, span)) => Err(Error::new("a second document begins here, where only one belongs", Some(span))),
    }
}

/// Reads all documents of a text (as the filter `from_yaml_all`).
///
/// # Errors
///
/// If the text is not YAML.
pub fn load_all(source: &Arc<Source>) -> Result<Vec<Document>, Error> {
    let mut composer = Composer::new(source);
    let mut documents = Vec::new();
    while let Some((document, _)) = composer.next()? {
        documents.push(document);
    }
    Ok(documents)
}
