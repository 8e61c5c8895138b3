//! What is wrong with a playbook, and how it is shown.

use ksplay_value::{Diagnostic, Span};

/// Why a file cannot be loaded.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What happened, in Ansible's words where it has some.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// Shown beside the place: `did you mean …`.
    pub hint: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What kind of failure it is.
    pub kind: ErrorKind,
}

/// The kinds of failure that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file does not exist or cannot be read.
    File,
    /// The text is not YAML.
    Syntax,
    /// It is YAML, but no playbook.
    Invalid,
    /// A playbook, but what stands in it cannot be: tags, names of variables and roles, two loops of one task. Ansible gives
    /// these another exit code.
    Content,
    /// A vaulted file could not be decrypted.
    Vault,
    /// A template that is needed while loading could not be evaluated.
    Template,
}

impl Error {
    /// An error of a playbook's content.
    pub(crate) fn invalid(message: impl Into<String>, span: &Span) -> Self {
        Self { message: message.into(), span: Some(span.clone()), hint: None, help: None, kind: ErrorKind::Invalid }
    }

    /// An error that Ansible does not count among those of reading.
    pub(crate) fn content(message: impl Into<String>, span: &Span) -> Self {
        Self::new(ErrorKind::Content, message, Some(span))
    }

    /// An error of another kind.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, span: Option<&Span>) -> Self {
        Self { message: message.into(), span: span.cloned(), hint: None, help: None, kind }
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(mut self, span: &Span) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// The exit code that goes with it: 4 for what is wrong in a playbook, 1 for what cannot be in it, and for
    /// files, secrets and variables that are not there.
    pub fn exit_code(&self) -> i32 {
        match self.kind {
            ErrorKind::Syntax | ErrorKind::Invalid => 4,
            ErrorKind::Content | ErrorKind::File | ErrorKind::Vault | ErrorKind::Template => 1,
        }
    }

    /// The error as a person reads it: what, where with the line shown, a hint beside it, and what to do.
    ///
    /// ```text
    /// error: unknown module `lineinfle`
    ///   --> roles/etcd/tasks/main.yml:14:5
    ///    |
    /// 14 |     lineinfle:
    ///    |     ^^^^^^^^^ did you mean `lineinfile`?
    /// ```
    pub fn render(&self) -> String {
        self.diagnostic().render()
    }

    /// The error in the form that all errors have.
    pub fn diagnostic(&self) -> Diagnostic {
        let Self { message, span, hint, help, kind: _ } = self.clone();
        Diagnostic { message, span, hint, help }
    }
}
