//! An error as a person reads it.

use std::fmt::Write;

use crate::Span;

/// What is wrong, where, and what to do: every error that ksplay shows before a run has this form.
///
/// ```
/// use ksplay_value::{Diagnostic, Source, Span};
///
/// let source = Source::new("tasks/main.yml", "- lineinfle:\n");
/// let error = Diagnostic::new("unknown module `lineinfle`")
///     .at(Some(Span::new(&source, 1, 3)))
///     .hint(Some("did you mean `lineinfile`?".into()));
/// assert_eq!(error.render(), "\
/// error: unknown module `lineinfle`
///  --> tasks/main.yml:1:3
///   |
/// 1 | - lineinfle:
///   |   ^^^^^^^^^ did you mean `lineinfile`?
/// ");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What happened.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// Shown beside the place: `did you mean …`.
    pub hint: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error that is nothing but its message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), span: None, hint: None, help: None }
    }

    /// The error at this place.
    #[must_use]
    pub fn at(self, span: Option<Span>) -> Self {
        Self { span, ..self }
    }

    /// The error with a word beside the place.
    #[must_use]
    pub fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The error with what to do about it.
    #[must_use]
    pub fn help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    /// The text: the message, the place with its line shown, the hint beside it, and the help.
    pub fn render(&self) -> String {
        let mut out = format!("error: {}\n", self.message);
        if let Some(span) = &self.span {
            show_place(&mut out, span, self.hint.as_deref());
        } else if let Some(hint) = &self.hint {
            let _ = writeln!(out, "  = {hint}");
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  = help: {help}");
        }
        out
    }
}

fn show_place(out: &mut String, span: &Span, hint: Option<&str>) {
    let number = span.line.to_string();
    let blank = " ".repeat(number.len());
    let _ = writeln!(out, "{blank}--> {span}");
    let Some((line, shown)) = span.source.line(span.line).zip(span.source.line_to_show(span.line)) else {
        if let Some(hint) = hint {
            let _ = writeln!(out, "  = {hint}");
        }
        return;
    };
    let before: String =
        line.chars().take(span.column.saturating_sub(1) as usize).map(|c| if c == '\t' { c } else { ' ' }).collect();
    let marked = width_of_word(line, span.column);
    let _ = writeln!(out, "{blank} |");
    let _ = writeln!(out, "{number} | {}", shown.trim_end());
    let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
    let _ = writeln!(out, "{blank} | {before}{}{hint}", "^".repeat(marked));
}

/// How many characters from the column on belong to the key or word that stands there.
fn width_of_word(line: &str, column: u32) -> usize {
    let rest = line.chars().skip(column.saturating_sub(1) as usize);
    rest.take_while(|c| !c.is_whitespace() && !matches!(c, ':' | ',' | '}' | ']')).count().max(1)
}
