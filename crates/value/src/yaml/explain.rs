//! Turns what the parser says into words that help.

use std::sync::Arc;

use super::events::Problem;
use super::{Error, Node, NodeKind};
use crate::{Source, Span};

/// The error for a text that the parser refuses.
pub(super) fn problem(source: &Arc<Source>, problem: Problem) -> Error {
    let Problem { context, context_place, problem, place } = problem;
    let line = source.line(place.line).unwrap_or_default();
    let before: String = line.chars().take(place.column.saturating_sub(1) as usize).collect();
    let span = |place: super::events::Place| Some(Span::new(source, place.line, place.column));

    let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    if indent.contains('\t') || problem.contains("cannot start any token") && line[before.len()..].starts_with('\t') {
        let mut error = Error::new("a tab stands where YAML allows only spaces", span(place));
        error.help = Some("indent with spaces".to_owned());
        return error;
    }
    if problem == "mapping values are not allowed in this context" {
        let mut error = Error::new("a colon followed by a space cannot stand here", span(place));
        error.help = Some(match unquoted_colon(&before) {
            true => "put quotes around the whole value when it contains `: `".to_owned(),
            false => "check the indentation of this line, or put quotes around text that contains `: `".to_owned(),
        });
        return error;
    }
    if context.as_deref() == Some("while scanning a quoted scalar") && problem.starts_with("found unexpected") {
        let mut error = Error::new("a quote is opened here and never closed", span(context_place));
        error.help = Some("close the quote, or double it (`''`) when it belongs to the text".to_owned());
        return error;
    }
    let mut message = match &context {
        Some(context) => format!("{context} {problem}"),
        None => problem.clone(),
    };
    if context.is_some() && context_place.line != place.line && context_place.line != 0 {
        message += &format!(" (it begins in line {})", context_place.line);
    }
    let mut error = Error::new(message, span(place));
    let start = line.find(|char: char| !matches!(char, ' ' | '-' | '\u{a0}')).unwrap_or(line.len());
    error.help = match problem.as_str() {
        _ if line[..start].contains('\u{a0}') => {
            Some("a no-break space stands in this line: write ordinary spaces".to_owned())
        }
        "did not find expected key" if context.as_deref() == Some("while parsing a block mapping") => {
            Some("check the indentation of this line and the quotes of the line before it".to_owned())
        }
        "did not find expected '-' indicator" => {
            Some("the items of a list must all begin with `- ` in the same column".to_owned())
        }
        "could not find expected ':'" => Some("every key of a mapping needs a `:` behind it".to_owned()),
        "did not find expected ',' or ']'" => {
            Some("close the list with `]`, or put quotes around text that begins with `[`".to_owned())
        }
        "did not find expected ',' or '}'" => {
            Some("close the mapping with `}`, or put quotes around text that begins with `{`".to_owned())
        }
        "found character that cannot start any token" => {
            Some("put quotes around text that begins with `@`, `%` or a backtick".to_owned())
        }
        "did not find expected alphabetic or numeric character" => {
            Some("put quotes around text that begins with `*` or `&`".to_owned())
        }
        _ => None,
    };
    error
}

/// Whether the text before a colon is already `key: value`.
fn unquoted_colon(before: &str) -> bool {
    before.contains(": ")
}

/// The error for a list or mapping that stands as a key, most often a template without quotes.
pub(super) fn collection_as_key(key: &Node) -> Error {
    let mut span = key.span.clone();
    let line = span.source.line(span.line).unwrap_or_default();
    let is_template = line.chars().skip((span.column as usize).saturating_sub(2)).take(2).eq(['{', '{']);
    if matches!(key.kind, NodeKind::Map(_)) && is_template {
        span.column -= 1;
        let mut error = Error::new("a template without quotes is read as a mapping", Some(span));
        error.help = Some("put quotes around the whole value: \"{{ name }}\"".to_owned());
        return error;
    }
    Error::new(format!("{} cannot be the key of a mapping", key.describe()), Some(span))
}
