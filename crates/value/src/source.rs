//! Where a piece of text came from, for messages that point at it.

use std::fmt;
use std::sync::Arc;

/// A text that was read: a file, or an argument of the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The name as the user should see it: a path, or `<-e>` and the like.
    pub name: String,
    /// The whole text, kept so that messages can show the line.
    pub text: String,
}

impl Source {
    /// A source of this name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// The text without the byte order mark that some editors begin a file with.
    pub fn content(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }

    /// The line with this number, counted from 1, without its line break.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.content().lines().nth(number.checked_sub(1)? as usize)
    }

    /// The same line as it may be shown; see [`hide_secrets`].
    pub fn line_to_show(&self, number: u32) -> Option<String> {
        self.line(number).map(hide_secrets)
    }
}

/// What the names of secrets have in them.
const SECRET: [&str; 4] = ["pass", "secret", "token", "private_key"];
const HIDDEN: &str = "********";

/// A line in which what is given to names of secrets (`ansible_ssh_pass=…`, `db_password: …`) is hidden, unless it is a
/// template.
pub fn hide_secrets(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at + 1);
        shown.push_str(before);
        rest = after;
        let blanks = after.len() - after.trim_start().len();
        let value = match before.ends_with('=') {
            true if blanks > 0 => "",
            true => first_word(after),
            false => after[blanks..].trim_end(),
        };
        if names_secret(name_before(&before[..at])) && !value.is_empty() && !value.contains("{{") {
            shown.push_str(&after[..blanks]);
            shown.push_str(HIDDEN);
            rest = &after[blanks + value.len()..];
        }
    }
    shown + rest
}

/// The name at the end of a text, quoted or not.
fn name_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    text.rsplit(|char: char| !char.is_alphanumeric() && !matches!(char, '_' | '-' | '.')).next().unwrap_or(text)
}

/// Whether a variable of this name most likely holds a secret.
pub fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

/// A word, or a text in quotes with its quotes.
fn first_word(text: &str) -> &str {
    let end = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map(|end| end + 2),
        _ => text.find(char::is_whitespace),
    };
    end.map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn lines_are_shown_without_secrets() {
        for (line, shown) in [
            (
                "n1 ansible_user=root ansible_ssh_pass=s3cret ip=10.0.0.1",
                "n1 ansible_user=root ansible_ssh_pass=******** ip=10.0.0.1",
            ),
            ("n1 ansible_become_pass=\"s3 cret\" x='y'", "n1 ansible_become_pass=******** x='y'"),
            ("    db_password: s3:cret # mine", "    db_password: ********"),
            ("{\"api_token\": \"s3cret\"}", "{\"api_token\": ********"),
            ("    password: \"{{ lookup('env', 'P') }}\"", "    password: \"{{ lookup('env', 'P') }}\""),
            ("    password:", "    password:"),
            ("  - name: passwords: all", "  - name: passwords: ********"),
            ("    url: http://host:80/?a=b", "    url: http://host:80/?a=b"),
        ] {
            assert_eq!(Source::new("f", line).line_to_show(1).as_deref(), Some(shown));
        }
    }
}

/// A place in a [`Source`].
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The text that this is a place in.
    pub source: Arc<Source>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

impl Span {
    /// The place at `line` and `column`, both counted from 1.
    pub fn new(source: &Arc<Source>, line: u32, column: u32) -> Self {
        Self { source: Arc::clone(source), line, column }
    }
}

/// `site.yml:12:7`, as editors and terminals recognise it.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({self})")
    }
}
