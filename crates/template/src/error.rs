//! What can go wrong in an evaluation.

use std::fmt;

use ksplay_value::Span;

/// The kinds of failure of an evaluation that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not valid Jinja.
    Syntax,
    /// Something undefined was used.
    Undefined,
    /// No filter, test or lookup has this name.
    UnknownPlugin,
    /// A filter, test, lookup or operator refused its operands.
    Operation,
    /// A condition did not give a boolean.
    BrokenConditional,
    /// A variable refers to itself.
    Recursion,
    /// A vault value could not be decrypted.
    Vault,
}

/// A failed evaluation: what happened and where.
#[derive(Debug, Clone)]
pub struct Error {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// What happened, in the words of ansible-core where it has some.
    pub message: String,
    /// The place: of the innermost template that failed.
    pub span: Option<Span>,
    /// The known name that is nearest to the variable, filter, test or lookup that there is not.
    pub near: Option<String>,
    /// The place of the outermost template or condition, when the innermost is another one.
    pub outer: Option<Span>,
    /// Whether this is the failure of a value that is used now, not of what uses it.
    pub(crate) of_a_value: bool,
}

impl Error {
    /// A failure without a place; the evaluator adds the place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), span: None, outer: None, near: None, of_a_value: false }
    }

    /// Notes that the failure came about in the evaluation of what stands here.
    pub(crate) fn reached_through(&mut self, place: Option<&Span>) {
        let Some(place) = place else { return };
        match &self.span {
            None => self.span = Some(place.clone()),
            Some(innermost) if innermost != place => self.outer = Some(place.clone()),
            Some(_) => {}
        }
    }

    /// A filter, test, lookup or operator refused its operands.
    pub fn operation(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Operation, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
