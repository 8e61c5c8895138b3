//! Python's regular expressions on top of `fancy-regex`: syntax, flags and replacement templates.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fancy_regex::{Captures, Regex};
use ksplay_value::Value;

use crate::Error;

/// The flags that filters and tests offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags {
    /// Upper and lower case are the same.
    pub(crate) ignorecase: bool,
    /// `^` and `$` match at every line.
    pub(crate) multiline: bool,
}

/// A compiled pattern.
///
/// Python's `$` also matches before a line break at the very end, which needs a look ahead that is slow; so there are
/// two programs, and the slow one is used only on text that has a line break.
pub(crate) struct Pattern {
    plain: Arc<Regex>,
    lines: Arc<Regex>,
}

type Cache = Mutex<HashMap<(String, Flags, bool), Arc<Regex>>>;

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// More patterns than this are never live at once in a real run; templated ones must not pile up.
const CACHE_LIMIT: usize = 2000;

/// The text of a pattern that a call gives; none is empty.
pub(crate) fn source_of(pattern: Option<Value>) -> Result<String, Error> {
    text_of(pattern, |_| "first argument must be string or compiled pattern".into())
}

/// The text that a call gives for what a pattern matches; none is empty.
pub(super) fn replacement_of(replacement: Option<Value>) -> Result<String, Error> {
    text_of(replacement, |kind| format!("decoding to str: need a bytes-like object, {kind} found"))
}

fn text_of(value: Option<Value>, refusal: impl FnOnce(&str) -> String) -> Result<String, Error> {
    match value.map(crate::eval::hashable).transpose()? {
        None => Ok(String::new()),
        Some(key) => match key.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(Error::operation(refusal(key.as_value().type_name()))),
        },
    }
}

impl Pattern {
    /// The program of a pattern in Python's syntax.
    pub(crate) fn new(pattern: &str, flags: Flags) -> Result<Self, Error> {
        Ok(Self { plain: compile(pattern, flags, false)?, lines: compile(pattern, flags, true)? })
    }

    fn for_text(&self, text: &str) -> &Regex {
        if text.contains('\n') { &self.lines } else { &self.plain }
    }

    /// `re.search`: the first match anywhere.
    pub(crate) fn search<'t>(&self, text: &'t str) -> Result<Option<Captures<'t, str>>, Error> {
        self.for_text(text).captures(text).map_err(failure)
    }

    /// `re.match`: whether it matches at the start.
    pub(crate) fn matches_at_start(&self, text: &str) -> Result<bool, Error> {
        // The leftmost match starts at 0 whenever any match does.
        let found = self.for_text(text).find(text).map_err(failure)?;
        Ok(found.is_some_and(|found| found.start() == 0))
    }

    /// The number of a named group.
    pub(crate) fn group(&self, name: &str) -> Option<usize> {
        self.plain.capture_names().position(|known| known == Some(name))
    }

    /// How many groups there are, the whole match not counted.
    pub(crate) fn groups(&self) -> usize {
        self.plain.captures_len() - 1
    }

    /// Every match in order, as `re.finditer`: an empty match may follow right after another one.
    pub(crate) fn matches<'t>(&self, text: &'t str, most: usize) -> Result<Vec<Captures<'t, str>>, Error> {
        let regex = self.for_text(text);
        let mut found = Vec::new();
        let mut at = 0;
        let mut empty_at = None;
        while found.len() < most {
            let Some(captures) = regex.captures_from_pos(text, at).map_err(failure)? else { break };
            let Some(whole) = captures.get(0) else { break };
            let (start, end) = (whole.start(), whole.end());
            if start == end && empty_at == Some(end) {
                match text[at..].chars().next() {
                    Some(letter) => at += letter.len_utf8(),
                    None => break,
                }
                continue;
            }
            found.push(captures);
            at = end;
            empty_at = (start == end).then_some(end);
        }
        Ok(found)
    }

    /// `re.subn`: the text with matches replaced (`most` of them), and how many there were.
    pub(crate) fn replace(&self, text: &str, template: &str, most: usize) -> Result<(String, usize), Error> {
        let template = Replacement::parse(template, self)?;
        let matches = self.matches(text, most)?;
        let mut replaced = String::with_capacity(text.len());
        let mut last = 0;
        for captures in &matches {
            let Some(whole) = captures.get(0) else { continue };
            replaced += &text[last..whole.start()];
            template.expand(captures, &mut replaced);
            last = whole.end();
        }
        replaced += &text[last..];
        Ok((replaced, matches.len()))
    }
}

fn failure(error: impl std::fmt::Display) -> Error {
    Error::operation(format!("invalid regular expression: {error}"))
}

fn compile(pattern: &str, flags: Flags, lines: bool) -> Result<Arc<Regex>, Error> {
    let key = (pattern.to_owned(), flags, lines);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cache.get(&key) {
        return Ok(Arc::clone(known));
    }
    let translated = translate(pattern, flags, lines)?;
    let regex = Arc::new(Regex::new(&translated).map_err(failure)?);
    if cache.len() >= CACHE_LIMIT {
        cache.clear();
    }
    cache.insert(key, Arc::clone(&regex));
    Ok(regex)
}

/// The pattern in the syntax of `fancy-regex`.
fn translate(pattern: &str, flags: Flags, lines: bool) -> Result<String, Error> {
    let mut out = String::with_capacity(pattern.len() + 16);
    match (flags.ignorecase, flags.multiline) {
        (true, true) => out += "(?im)",
        (true, false) => out += "(?i)",
        (false, true) => out += "(?m)",
        (false, false) => {}
    }
    let letters: Vec<char> = pattern.chars().collect();
    let mut multiline = flags.multiline;
    let mut at = 0;
    while at < letters.len() {
        match letters[at] {
            '\\' => at = escape(&letters, at + 1, false, &mut out)?,
            '[' => at = class(&letters, at, &mut out)?,
            '{' => at = braces(&letters, at, &mut out),
            '$' if !multiline => {
                out += if lines { r"(?=\n?\z)" } else { r"\z" };
                at += 1;
            }
            '(' if letters.get(at + 1..at + 3) == Some(&['?', '#']) => {
                let end = letters[at..].iter().position(|letter| *letter == ')');
                at += end.ok_or_else(|| failure("missing ), unterminated comment"))? + 1;
            }
            '(' if letters.get(at + 1) == Some(&'?') => at = group(&letters, at, &mut multiline, &mut out),
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    Ok(out)
}

/// `(?flags)` and `(?flags:`: without those that have no meaning here (`a`, `L`, `u`); other groups as they are.
fn group(letters: &[char], at: usize, multiline: &mut bool, out: &mut String) -> usize {
    let mut end = at + 2;
    while letters.get(end).is_some_and(|letter| letter.is_ascii_alphabetic() || *letter == '-') {
        end += 1;
    }
    let names = &letters[at + 2..end];
    if names.is_empty() || !matches!(letters.get(end), Some(')' | ':')) || names.contains(&'P') {
        out.push_str("(?");
        return at + 2;
    }
    *multiline |= names.contains(&'m');
    let kept: String = names.iter().filter(|name| !"aLu".contains(**name)).collect();
    match (kept.is_empty(), letters[end]) {
        (true, ')') => {}
        (_, last) => {
            out.push_str("(?");
            out.push_str(&kept);
            out.push(last);
        }
    }
    end + 1
}

/// `{` that begins no repetition is a plain brace; `{,n}` begins at none.
fn braces(letters: &[char], at: usize, out: &mut String) -> usize {
    let end = letters[at..].iter().position(|letter| *letter == '}').map(|length| at + length);
    let inner: Option<String> = end.map(|end| letters[at + 1..end].iter().collect());
    match (inner.as_deref(), end) {
        (Some(inner), Some(end))
            if !inner.is_empty()
                && inner.matches(',').count() <= 1
                && inner.chars().all(|c| c.is_ascii_digit() || c == ',') =>
        {
            let from = if inner.starts_with(',') { "0" } else { "" };
            out.push_str(&format!("{{{from}{inner}}}"));
            end + 1
        }
        _ => {
            out.push_str(r"\{");
            at + 1
        }
    }
}

/// What follows a backslash at `at - 1`.
fn escape(letters: &[char], at: usize, in_class: bool, out: &mut String) -> Result<usize, Error> {
    let Some(letter) = letters.get(at).copied() else { return Err(failure("bad escape (end of pattern)")) };
    let hex = |count: usize| -> Result<u32, Error> {
        let digits: String = letters.iter().skip(at + 1).take(count).collect();
        u32::from_str_radix(&digits, 16).map_err(|_| failure(format!("incomplete escape \\{letter}{digits}")))
    };
    match letter {
        'Z' if !in_class => out.push_str(r"\z"),
        'b' if in_class => out.push_str(r"\x08"),
        'A' | 'b' | 'B' if !in_class => out.extend(['\\', letter]),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'a' | 'f' | 'n' | 'r' | 't' | 'v' => out.extend(['\\', letter]),
        'x' => {
            out.push_str(&format!(r"\x{{{:x}}}", hex(2)?));
            return Ok(at + 3);
        }
        'u' => {
            out.push_str(&format!(r"\x{{{:x}}}", hex(4)?));
            return Ok(at + 5);
        }
        'U' => {
            out.push_str(&format!(r"\x{{{:x}}}", hex(8)?));
            return Ok(at + 9);
        }
        '0'..='9' => {
            let digits: String = letters[at..].iter().take(3).take_while(|c| c.is_digit(8)).collect();
            if letter == '0' || in_class || digits.len() == 3 {
                let code = u32::from_str_radix(&digits, 8).map_err(|_| failure(format!("bad escape \\{letter}")))?;
                out.push_str(&format!(r"\x{{{code:x}}}"));
                return Ok(at + digits.len());
            }
            let number: String = letters[at..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
            // In a group of its own, so that a digit after it is no part of it.
            out.push_str(&format!(r"(?:\{number})"));
            return Ok(at + number.len());
        }
        other if other.is_ascii_alphabetic() => return Err(failure(format!("bad escape \\{other}"))),
        ' ' | '#' => out.push_str(&format!(r"\x{:x}", letter as u32)),
        // `\<` and `\>` are word boundaries in the other syntax.
        '<' | '>' => out.push(letter),
        other if other.is_ascii_punctuation() => out.extend(['\\', other]),
        other => out.push(other),
    }
    Ok(at + 1)
}

/// A character class from `[` to `]`: brackets and doubled operators in it are plain characters.
fn class(letters: &[char], start: usize, out: &mut String) -> Result<usize, Error> {
    let mut at = start + 1;
    out.push('[');
    if letters.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        match letters.get(at) {
            None => return Err(failure("unterminated character set")),
            Some(']') if at > first => break,
            Some('\\') => {
                at = escape(letters, at + 1, true, out)?;
                continue;
            }
            Some(special @ ('[' | ']' | '&' | '~')) => out.extend(['\\', *special]),
            Some('-') if at == first || letters.get(at + 1) == Some(&']') => out.push_str(r"\-"),
            Some(other) => out.push(*other),
        }
        at += 1;
    }
    out.push(']');
    Ok(at + 1)
}

/// A replacement template, taken apart.
struct Replacement(Vec<Part>);

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    fn parse(template: &str, pattern: &Pattern) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let letters: Vec<char> = template.chars().collect();
        let mut at = 0;
        while at < letters.len() {
            if letters[at] != '\\' {
                text.push(letters[at]);
                at += 1;
                continue;
            }
            let Some(letter) = letters.get(at + 1).copied() else {
                return Err(failure("bad escape (end of pattern)"));
            };
            at += 2;
            let number = match letter {
                'g' => {
                    let end = letters[at..].iter().position(|letter| *letter == '>').map(|length| at + length);
                    let name: Option<String> =
                        end.filter(|_| letters.get(at) == Some(&'<')).map(|end| letters[at + 1..end].iter().collect());
                    let (Some(name), Some(end)) = (name, end) else { return Err(failure("missing <")) };
                    at = end + 1;
                    name.parse()
                        .ok()
                        .or_else(|| pattern.group(&name))
                        .ok_or_else(|| failure(format!("unknown group name '{name}'")))?
                }
                '0'..='9' => {
                    let digits: String = letters[at - 1..].iter().take(3).take_while(|c| c.is_digit(8)).collect();
                    if letter == '0' || digits.len() == 3 {
                        let digits = if letter == '0' { &digits[..digits.len().min(3)] } else { &digits };
                        let code = u32::from_str_radix(digits, 8).ok().and_then(char::from_u32);
                        text.extend(code);
                        at += digits.len() - 1;
                        continue;
                    }
                    let number: String = letters[at - 1..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
                    at += number.len() - 1;
                    number.parse().unwrap_or(0)
                }
                _ => {
                    match letter {
                        'a' => text.push('\x07'),
                        'b' => text.push('\x08'),
                        'f' => text.push('\x0c'),
                        'n' => text.push('\n'),
                        'r' => text.push('\r'),
                        't' => text.push('\t'),
                        'v' => text.push('\x0b'),
                        '\\' => text.push('\\'),
                        other if other.is_ascii_alphabetic() => return Err(failure(format!("bad escape \\{other}"))),
                        other => text.extend(['\\', other]),
                    }
                    continue;
                }
            };
            if number > pattern.groups() {
                return Err(failure(format!("invalid group reference {number}")));
            }
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Group(number));
        }
        parts.push(Part::Text(text));
        Ok(Self(parts))
    }

    fn expand(&self, captures: &Captures<'_, str>, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(number) => out.push_str(captures.get(*number).map_or("", |found| found.as_str())),
            }
        }
    }
}

/// The text with every character that means something in a pattern escaped, as Python's `re.escape`.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, template: &str, text: &str) -> String {
        Pattern::new(pattern, Flags::default()).unwrap().replace(text, template, usize::MAX).unwrap().0
    }

    #[test]
    fn python_syntax_that_the_other_engine_reads_differently_is_translated() {
        assert_eq!(replaced(r"\Z", "!", "a"), "a!");
        assert_eq!(replaced("b$", "x", "a\nb\n"), "a\nx\n");
        assert_eq!(replaced("[[&&]", "", "[a&]"), "a]");
        assert_eq!(replaced("a{,2}b", "x", "aab"), "x");
        assert_eq!(replaced("{b}", "", "a{b}"), "a");
        assert_eq!(replaced(r"\<a\>", "", "<a>"), "");
        assert_eq!(replaced(r"(?u)\w+", "x", "é"), "x");
        assert_eq!(replaced(r"(?m)^b$", "x", "a\nb\nc"), "a\nx\nc");
        assert_eq!(replaced(r"(.)\1", r"<\1>", "aab"), "<a>b");
    }

    #[test]
    fn an_empty_match_may_follow_a_match_but_not_another_empty_one() {
        assert_eq!(replaced("x*", "-", "abxd"), "-a-b--d-");
    }

    #[test]
    fn replacements_name_groups_by_number_and_name() {
        assert_eq!(replaced(r"(?P<first>\w)(\w)", r"\2\g<first>\g<0>\n", "ab"), "baab\n");
        assert!(Pattern::new("a", Flags::default()).unwrap().replace("a", r"\2", 1).is_err());
    }
}
