//! Arguments in text form: `src=a dest="b c" {{ rest }}`.

use std::sync::Arc;

use ksplay_value::{Map, Span, Template, TemplateKind, Value, has_markers};

/// Modules that run commands: of their text only a few keys are options, the rest is the command.
const COMMANDS: &[&str] = &["command", "win_command", "shell", "win_shell", "script", "raw"];

const COMMAND_OPTIONS: &[&str] =
    &["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// The part of a name after `ansible.builtin.` or `ansible.legacy.`.
pub(crate) fn builtin_name(action: &str) -> &str {
    action.strip_prefix("ansible.builtin.").or_else(|| action.strip_prefix("ansible.legacy.")).unwrap_or(action)
}

/// Whether the action's free text is a command.
pub(crate) fn is_command(action: &str) -> bool {
    matches!(action, "ansible.windows.win_command" | "ansible.windows.win_shell")
        || COMMANDS.contains(&builtin_name(action))
}

/// The argument that holds free text.
pub(crate) const RAW: &str = "_raw_params";

/// The `key=value` pairs of a text that is no task's, such as `-e`; a value with template markers is a template. The
/// error is the reason why it cannot be split, or names the first word that is no pair.
///
/// # Errors
///
/// If a quote or template is not closed, or a word is no pair.
pub fn key_values(text: &str, span: &Span) -> Result<Map, String> {
    let mut map = parse(text, false, span)?;
    match map.remove(RAW) {
        Some(rest) => Err(format!("`{rest}` is not `key=value`")),
        None => Ok(map),
    }
}

/// Reads `key=value` text. Words without `=` (for commands: all but a few options) become `_raw_params`, quotes and
/// inner blanks kept.
pub(crate) fn parse(text: &str, command: bool, span: &Span) -> Result<Map, String> {
    let mut options = Map::new();
    let mut raw: Vec<String> = Vec::new();
    for written in split(text)? {
        let word = unescape(&written);
        match equals_sign(&word) {
            Some(at) => {
                let (key, value) = (word[..at].replace("\\=", "="), &word[at + 1..]);
                if command && !COMMAND_OPTIONS.contains(&key.as_str()) {
                    raw.push(written);
                } else {
                    options.insert(key.trim(), text_value(unquote(value.trim()), span));
                }
            }
            None => raw.push(written.replace("\\=", "=")),
        }
    }
    if !raw.is_empty() {
        options.insert(RAW, text_value(&join(&raw), span));
    }
    Ok(options)
}

/// Trusted text as a value: a template when it has markers.
pub(crate) fn text_value(text: &str, span: &Span) -> Value {
    if has_markers(text) {
        Value::Template(Arc::new(Template::new(TemplateKind::Jinja, text, Some(span.clone()))))
    } else {
        Value::from(text)
    }
}

/// Where the key ends: the first `=` that is not escaped and not at the very beginning.
fn equals_sign(word: &str) -> Option<usize> {
    let bytes = word.as_bytes();
    (1..bytes.len()).find(|&at| bytes[at] == b'=' && bytes[at - 1] != b'\\')
}

/// The text without the quotes around all of it.
pub(crate) fn unquote(text: &str) -> &str {
    let bytes = text.as_bytes();
    let quoted = bytes.len() > 1
        && bytes[0] == bytes[bytes.len() - 1]
        && matches!(bytes[0], b'"' | b'\'')
        && bytes[bytes.len() - 2] != b'\\';
    if quoted { &text[1..text.len() - 1] } else { text }
}

/// The words of a text as one again.
pub(crate) fn join(words: &[String]) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// `\n`, `\t`, `\x41`, `\u0041` and the like as the characters they stand for.
fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if chars[at] != '\\' || at + 1 == chars.len() {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let digits = match chars[at + 1] {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let hex: String = chars.iter().skip(at + 2).take(digits).collect();
            let char =
                (hex.len() == digits).then(|| u32::from_str_radix(&hex, 16).ok()).flatten().and_then(char::from_u32);
            if let Some(char) = char {
                out.push(char);
                at += 2 + digits;
                continue;
            }
        }
        let plain = match chars[at + 1] {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' => '\\',
            '\'' => '\'',
            '"' => '"',
            other => {
                out.push('\\');
                out.push(other);
                at += 2;
                continue;
            }
        };
        out.push(plain);
        at += 2;
    }
    out
}

/// Words apart at blanks outside of quotes and of `{{ }}`, `{% %}`, `{# #}`. Newlines and further blanks between words stay
/// at the end of the word before them, so that commands keep their shape.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut depth = [0usize; 3];
    // Which word of its line is being read.
    let mut place = 0;
    let mut at = 0;
    while at < chars.len() {
        let char = chars[at];
        let next = chars.get(at + 1).copied();
        let inside = depth.iter().any(|count| *count > 0);
        if quote.is_none() {
            let open = match (char, next) {
                ('{', Some('{')) => Some(0),
                ('{', Some('%')) => Some(1),
                ('{', Some('#')) => Some(2),
                _ => None,
            };
            let close = match (char, next) {
                ('}', Some('}')) if depth[0] > 0 => Some(0),
                ('%', Some('}')) if depth[1] > 0 => Some(1),
                ('#', Some('}')) if depth[2] > 0 => Some(2),
                _ => None,
            };
            if open.is_some() || close.is_some() {
                if let Some(kind) = open {
                    depth[kind] += 1;
                }
                if let Some(kind) = close {
                    depth[kind] -= 1;
                }
                word.push(char);
                word.extend(next);
                at += 2;
                continue;
            }
        }
        let escaped = at > 0 && chars[at - 1] == '\\' && !(at > 1 && chars[at - 2] == '\\');
        match char {
            '"' | '\'' if !inside && !escaped => {
                match quote {
                    None => quote = Some(char),
                    Some(open) if open == char => quote = None,
                    Some(_) => {}
                }
                word.push(char);
            }
            '\n' if quote.is_none() && !inside => {
                if word == "\\" {
                    word.clear();
                } else {
                    end_word(&mut words, &mut word, place);
                    match words.last_mut() {
                        Some(last) => last.push('\n'),
                        None => words.push("\n".to_owned()),
                    }
                }
                place = 0;
            }
            ' ' if quote.is_none() && !inside => {
                end_word(&mut words, &mut word, place);
                place += 1;
            }
            _ => word.push(char),
        }
        at += 1;
    }
    if quote.is_some() || depth.iter().any(|count| *count > 0) {
        return Err("failed at splitting arguments, either an unbalanced jinja2 block or quotes".to_owned());
    }
    end_word(&mut words, &mut word, place);
    Ok(words)
}

/// Takes a word that is complete. Where two blanks follow one another there is none, and the second blank belongs to the word
/// before; one blank at the beginning of a line counts for nothing.
fn end_word(words: &mut Vec<String>, word: &mut String, place: usize) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    } else if place > 0 {
        match words.last_mut() {
            Some(last) => last.push(' '),
            None => words.push(" ".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ksplay_value::Source;

    use super::*;

    #[test]
    fn text_arguments_are_split_as_the_reference_splits_them() {
        let answers = include_str!("../tests/arguments.jsonl");
        assert!(answers.lines().count() > 100, "the answers of the reference are there");
        let span = Span::new(&Source::new("x", ""), 1, 1);
        let mut wrong = Vec::new();
        for line in answers.lines() {
            let case: serde_json::Value = serde_json::from_str(line).expect("a case");
            let (text, command) = (case["text"].as_str().expect("text"), case["command"] == true);
            let ours = parse(text, command, &span).ok().map(|map| {
                let pairs = map.iter().map(|(key, value)| match value {
                    Value::Template(template) => (key.as_value().to_string(), template.text.to_string()),
                    other => (key.as_value().to_string(), other.to_string()),
                });
                pairs.collect::<Vec<_>>()
            });
            let theirs: Option<Vec<(String, String)>> =
                serde_json::from_value(case["args"].clone()).expect("arguments");
            if ours != theirs {
                wrong.push(format!("{text:?} command={command}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
