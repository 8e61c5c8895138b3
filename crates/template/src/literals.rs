//! String literals of templates.

use std::borrow::Cow;

use ksplay_value::Value;

/// How backslashes in string literals are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// They stand for themselves: values of playbooks.
    Verbatim,
    /// As in Python: template files.
    Python,
}

impl Escapes {
    /// One or more adjacent string literals, in which line breaks are `newline`.
    pub(crate) fn strings(self, literals: &str, newline: &str) -> Value {
        let mut text = String::with_capacity(literals.len());
        let mut rest = literals.trim_start();
        while let Some(quote) = rest.chars().next() {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let Some(end) = end else { break };
            let raw = with_newline(&rest[1..=end], newline);
            match self {
                Escapes::Verbatim => text.push_str(&raw),
                Escapes::Python => unescape(&raw, &mut text),
            }
            rest = rest[end + 2..].trim_start();
        }
        text.into()
    }
}

/// The text with its line breaks, each `\n`, written as `newline`.
pub(crate) fn with_newline<'t>(text: &'t str, newline: &str) -> Cow<'t, str> {
    if newline == "\n" || !text.contains('\n') { text.into() } else { text.replace('\n', newline).into() }
}

/// The text with each line break as `\n`, as Jinja reads templates.
pub(crate) fn normalized(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// Python's escapes in a string literal; what is no escape stays.
fn unescape(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(kind) = rest.chars().next() else {
            text.push('\\');
            return;
        };
        let numeric = |skip: usize, digits: usize, radix: u32| {
            let digits = rest.get(skip..skip + digits)?;
            char::from_u32(u32::from_str_radix(digits, radix).ok()?)
        };
        let (length, c) = match kind {
            '\n' => (1, None),
            '\\' | '\'' | '"' => (1, Some(kind)),
            'a' => (1, Some('\x07')),
            'b' => (1, Some('\x08')),
            'f' => (1, Some('\x0c')),
            'n' => (1, Some('\n')),
            'r' => (1, Some('\r')),
            't' => (1, Some('\t')),
            'v' => (1, Some('\x0b')),
            'x' if numeric(1, 2, 16).is_some() => (3, numeric(1, 2, 16)),
            'u' if numeric(1, 4, 16).is_some() => (5, numeric(1, 4, 16)),
            'U' if numeric(1, 8, 16).is_some() => (9, numeric(1, 8, 16)),
            '0'..='7' => {
                let digits = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                (digits, numeric(0, digits, 8))
            }
            other => {
                text.push('\\');
                (other.len_utf8(), Some(other))
            }
        };
        text.extend(c);
        rest = &rest[length..];
    }
    text.push_str(rest);
}
