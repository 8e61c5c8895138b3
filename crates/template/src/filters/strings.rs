//! Filters over text: case, whitespace, replacing, splitting.

use ksplay_value::Value;

use super::args::{iterate, string, string_with};
use crate::eval::{Nothing, percent};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("capitalize", capitalize),
    ("center", center),
    ("format", format),
    ("indent", indent),
    ("lower", lower),
    ("quote", quote),
    ("replace", replace),
    ("split", split),
    ("string", to_string),
    ("title", title),
    ("trim", trim),
    ("truncate", truncate),
    ("upper", upper),
    ("wordcount", wordcount),
];

/// The text in lower case: `'ABC' | lower` is `abc`.
fn lower(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    Ok(text.to_string().to_lowercase().into())
}

/// The text in upper case: `'abc' | upper` is `ABC`.
fn upper(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    Ok(text.to_string().to_uppercase().into())
}

/// First letter in upper case, the rest in lower case: `'heLLo' | capitalize` is `Hello`.
fn capitalize(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    Ok(capitalized(&text.to_string()).into())
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    // One letter may become several, of which the first alone is a capital.
    let mut first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut capitalized: String = first.next().into_iter().collect();
    capitalized.extend(first.flat_map(char::to_lowercase));
    capitalized + &letters.as_str().to_lowercase()
}

/// Each word capitalized: `"it's a-b" | title` is `It's A-B`. Words begin after blanks and any of `-([{<`.
fn title(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    let mut titled = String::new();
    let mut word = String::new();
    for letter in text.to_string().chars() {
        if letter.is_whitespace() || "-([{<".contains(letter) {
            titled += &capitalized(&word);
            word.clear();
            titled.push(letter);
        } else {
            word.push(letter);
        }
    }
    Ok((titled + &capitalized(&word)).into())
}

/// The text without blanks, or without any of the given letters, at both ends: `' x ' | trim` is `x`.
fn trim(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [chars]) = call.bind(["chars"])?;
    let text = text.to_string();
    Ok(match chars.text() {
        Some(chars) => text.trim_matches(|letter| chars.contains(letter)).into(),
        None => text.trim().into(),
    })
}

/// The Python text of any value: `[1, 'a'] | string` is `[1, 'a']`.
fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(value.to_string().into())
}

/// Replaces one text by another, everywhere or `count` times: `'aa' | replace('a', 'b', 1)` is `ba`.
fn replace(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [old, new, count]) = call.bind(["old", "new", "count"])?;
    let (text, old, new) = (text.to_string(), old.required()?.to_string(), new.required()?.to_string());
    let count = usize::try_from(count.int_or(-1)?).unwrap_or(usize::MAX);
    Ok(text.replacen(&old, &new, count).into())
}

/// Indents lines by a number of blanks, or by a text: `'a\nb' | indent(2)` is `a\n  b`. `first` indents the first
/// line, `blank` indents empty lines too.
fn indent(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [width, first, blank]) = call.bind(["width", "first", "blank"])?;
    let margin = match width.value() {
        Some(Value::String(margin)) => margin.to_string(),
        Some(Value::Int(width)) => " ".repeat(usize::try_from(width).unwrap_or(0)),
        Some(Value::Bool(width)) => " ".repeat(usize::from(width)),
        None => " ".repeat(4),
        Some(other) => return Err(Error::operation(format!("cannot indent by a {}", other.type_name()))),
    };
    let (first, blank) = (first.flag_or(false), blank.flag_or(false));
    // A line break at the end opens a last, empty line, which `blank` would not indent if it were left out here.
    let text = match &text {
        Value::String(text) => format!("{text}\n"),
        Value::List(_) | Value::Tuple(_) => string_with(&text, "splitlines")?.to_owned(),
        other => {
            let refusal = || {
                let kind = other.type_name();
                Error::operation(format!("unsupported operand type(s) for +=: '{kind}' and 'str'"))
            };
            return Err(Nothing::refusal([other]).unwrap_or_else(refusal));
        }
    };
    let mut lines = split_lines(&text).into_iter();
    let mut indented = if first { margin.clone() } else { String::new() };
    if blank {
        indented += &lines.by_ref().collect::<Vec<_>>().join(&format!("\n{margin}"));
    } else {
        indented += lines.next().unwrap_or_default();
        for line in lines {
            indented.push('\n');
            if !line.is_empty() {
                indented += &margin;
            }
            indented += line;
        }
    }
    Ok(indented.into())
}

/// The lines of a text as Python's `splitlines` sees them.
pub(super) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let breaks = "\n\r\x0b\x0c\x1c\x1d\x1e\u{85}\u{2028}\u{2029}".contains(letter);
        if breaks {
            lines.push(&text[start..at]);
            start = at + letter.len_utf8();
            if letter == '\r' && letters.peek().is_some_and(|(_, next)| *next == '\n') {
                letters.next();
                start += 1;
            }
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// The text in the middle of a field: `'a' | center(3)` is ` a `.
fn center(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [width]) = call.bind(["width"])?;
    let (text, width) = (text.to_string(), usize::try_from(width.int_or(80)?).unwrap_or(0));
    let padding = width.saturating_sub(text.chars().count());
    // CPython puts the odd blank to the left when the width is odd.
    let left = padding / 2 + (padding & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(padding - left)).into())
}

/// Cuts a text to a length, at a word's end unless `killwords`: `'foo bar baz qux' | truncate(9)` is `foo...`. What is
/// at most `leeway` (5) longer stays whole.
fn truncate(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [length, killwords, end, leeway]) = call.bind(["length", "killwords", "end", "leeway"])?;
    let Value::String(letters) = &text else {
        let (length, leeway) = (length.int_or(255)?, leeway.int_or(5)?);
        if iterate(&text).is_ok_and(|items| items.len() as i64 <= length.saturating_add(leeway)) {
            return Ok(text);
        }
        return Err(Error::operation(format!("object of type '{}' has no len()", text.type_name())));
    };
    let letters: Vec<char> = letters.chars().collect();
    let (length, end, leeway) = (length.int_or(255)?, end.text_or("..."), leeway.int_or(5)?);
    let ending = i64::try_from(end.chars().count()).unwrap_or(0);
    if length < ending {
        return Err(Error::operation(format!("expected length >= {ending}, got {length}")));
    }
    if leeway < 0 {
        return Err(Error::operation(format!("expected leeway >= 0, got {leeway}")));
    }
    if letters.len() as i64 <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let kept: String = letters[..(length - ending) as usize].iter().collect();
    let kept =
        if killwords.flag_or(false) { kept.as_str() } else { kept.rsplit_once(' ').map_or(&*kept, |(left, _)| left) };
    Ok(format!("{kept}{end}").into())
}

/// How many words there are: `'a bc' | wordcount` is 2.
fn wordcount(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    let text = text.to_string();
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter(|word| !word.is_empty());
    Ok(words.count().into())
}

/// The text as one word of a POSIX shell: `'a b' | quote` is `'a b'` with its quotes.
fn quote(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, []) = call.bind([])?;
    let text = if text.is_null() { String::new() } else { text.to_string() };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    Ok(match text.is_empty() || !text.chars().all(plain) {
        true => format!("'{}'", text.replace('\'', "'\"'\"'")).into(),
        false => text.into(),
    })
}

/// The parts between separators, or between blanks: `'a,b' | split(',')` is `['a', 'b']`.
fn split(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [sep, maxsplit]) = call.bind(["sep", "maxsplit"])?;
    let text = text.as_str().ok_or_else(|| {
        let kind = text.type_name();
        Error::operation(format!("descriptor 'split' for 'str' objects doesn't apply to a '{kind}' object"))
    })?;
    let most = usize::try_from(maxsplit.int_or(-1)?).unwrap_or(usize::MAX);
    match sep.value() {
        Some(sep) => {
            let sep = string(&sep)?;
            if sep.is_empty() {
                return Err(Error::operation("empty separator"));
            }
            Ok(text.splitn(most.saturating_add(1), sep).collect())
        }
        None => Ok(split_blanks(text, most).into_iter().collect()),
    }
}

fn split_blanks(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if parts.len() == most {
            parts.push(rest);
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    parts
}

/// `%` formatting: `'%s-%d' | format('a', 1)` is `a-1`; keywords serve `%(name)s`.
fn format(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let keywords = std::mem::take(&mut call.kwargs);
    let (text, rest, []) = call.bind_rest([])?;
    if !rest.is_empty() && !keywords.is_empty() {
        return Err(Error::operation("can't handle positional and keyword arguments at the same time"));
    }
    let operands = if keywords.is_empty() { super::args::tuple(rest) } else { keywords.into() };
    percent::format(&text.to_string(), &operands).map(Value::from)
}

/// All of these as text, one after another.
pub(super) fn joined(value: &Value, separator: &str) -> Result<String, Error> {
    Ok(iterate(value)?.iter().map(Value::to_string).collect::<Vec<_>>().join(separator))
}
