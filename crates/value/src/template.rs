//! Text that must be evaluated before it is data.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::Span;

/// What kind of evaluation a [`Template`] needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemplateKind {
    /// Jinja text with at least one marker.
    Jinja,
    /// A bare expression, such as the text of `when`. Where it is used as a value, that value is its text.
    Expression,
    /// An inline `!vault` value, to be decrypted when it is first used.
    Vault,
}

/// A trusted string that contains template markers or is an expression, or an inline vault value.
///
/// Whoever evaluates it keeps its parsed (or decrypted) form in [`Template::parsed`], so that it is parsed once a run.
pub struct Template {
    /// The kind of evaluation.
    pub kind: TemplateKind,
    /// The text as it stands in its source.
    pub text: Arc<str>,
    /// Where the text begins, when it came from a file.
    pub span: Option<Span>,
    parsed: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Template {
    /// A template of this text.
    pub fn new(kind: TemplateKind, text: impl Into<Arc<str>>, span: Option<Span>) -> Self {
        Self { kind, text: text.into(), span, parsed: OnceLock::new() }
    }

    /// The parsed form, made by `parse` when this is the first call.
    ///
    /// # Panics
    ///
    /// If two callers ask for different types: one crate owns the parsed form.
    pub fn parsed<T: Any + Send + Sync>(&self, parse: impl FnOnce() -> T) -> Arc<T> {
        let any = Arc::clone(self.parsed.get_or_init(|| Arc::new(parse())));
        any.downcast().expect("one type of parsed form for all templates")
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TemplateKind::Jinja => write!(f, "Template({:?})", self.text),
            TemplateKind::Expression => write!(f, "Expression({:?})", self.text),
            TemplateKind::Vault => write!(f, "Vault(..)"),
        }
    }
}

/// Whether Jinja would find anything to do in this text: `{{`, `{%` or `{#`.
pub fn has_markers(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
}
