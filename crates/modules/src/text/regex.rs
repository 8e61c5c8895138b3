//! Python's regular expressions.

use fancy_regex::{Captures, Regex};

use crate::Failure;

/// The pattern, as Python's `re.compile` takes it; `flags` are letters such as `ms`.
///
/// # Errors
///
/// If the pattern is wrong.
pub(crate) fn compile(pattern: &str, flags: &str) -> Result<Regex, Failure> {
    let translated = translate(pattern);
    let translated = if flags.is_empty() { translated } else { format!("(?{flags}){translated}") };
    Regex::new(&translated).map_err(|error| Failure::new(format!("invalid regular expression `{pattern}`: {error}")))
}

/// Whether the pattern occurs in the text; a search that runs away counts as none.
pub(crate) fn occurs(pattern: &Regex, text: &str) -> bool {
    pattern.is_match(text).unwrap_or(false)
}

/// Writes what Python understands otherwise the way that the library understands it.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut class = false;
    while let Some(char) = rest.chars().next() {
        let after = &rest[char.len_utf8()..];
        rest = after;
        match char {
            '\\' => {
                let Some(escaped) = after.chars().next() else { return out + "\\" };
                rest = &after[escaped.len_utf8()..];
                match escaped {
                    'Z' => out.push_str(r"\z"),
                    '<' | '>' | '"' | '\'' | '`' | '@' | '=' | ':' | ',' | ';' | '/' | '!' | '%' | ' ' | '_' => {
                        out.push(escaped);
                    }
                    other => out.extend(['\\', other]),
                }
            }
            '[' if !class => {
                class = true;
                out.push('[');
                if let Some(negated) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = negated;
                }
                if let Some(literal) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = literal;
                }
            }
            '[' | '&' | '~' if class => out.extend(['\\', char]),
            ']' if class => {
                class = false;
                out.push(']');
            }
            '{' if !class => match quantifier(rest) {
                Some((text, length)) => {
                    out.push_str(&text);
                    rest = &rest[length..];
                }
                None => out.push_str(r"\{"),
            },
            '}' if !class => out.push_str(r"\}"),
            char => out.push(char),
        }
    }
    out
}

/// The repetition that follows `{`, and its length without that brace.
fn quantifier(rest: &str) -> Option<(String, usize)> {
    let end = rest.find('}')?;
    let (low, high) = rest[..end].split_once(',').unwrap_or((&rest[..end], "x"));
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !number(low) || (high != "x" && !number(high)) || (low.is_empty() && matches!(high, "x" | "")) {
        return None;
    }
    let low = if low.is_empty() { "0" } else { low };
    Some((if high == "x" { format!("{{{low}}}") } else { format!("{{{low},{high}}}") }, end + 1))
}

/// The text of a replacement with its references to groups filled in, as Python's `Match.expand`.
///
/// # Errors
///
/// If it refers to a group that the pattern has not.
pub(crate) fn expand(template: &str, found: &Captures<'_, str>) -> Result<String, Failure> {
    let group = |name: &str| -> Result<String, Failure> {
        let unknown = || Failure::new(format!("invalid group reference {name} in `{template}`"));
        match name.parse::<usize>() {
            Ok(index) if index < found.len() => Ok(found.get(index).map_or("", |group| group.as_str()).to_owned()),
            Ok(_) => Err(unknown()),
            Err(_) => found.name(name).map(|group| group.as_str().to_owned()).ok_or_else(unknown),
        }
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(char) = after.chars().next() else {
            return Err(Failure::new(format!("bad escape (end of pattern) in `{template}`")));
        };
        rest = &after[char.len_utf8()..];
        match char {
            'g' => {
                let name = rest.strip_prefix('<').and_then(|name| name.split_once('>'));
                let (name, after) = name.ok_or_else(|| Failure::new(format!("missing group name in `{template}`")))?;
                out.push_str(&group(name)?);
                rest = after;
            }
            '0' => out.push('\0'),
            '1'..='9' => {
                let digits = if rest.starts_with(|c: char| c.is_ascii_digit()) { 2 } else { 1 };
                out.push_str(&group(&after[..digits])?);
                rest = &after[digits..];
            }
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '\\' => out.push('\\'),
            letter if letter.is_ascii_alphabetic() => {
                return Err(Failure::new(format!("bad escape \\{letter} in `{template}`")));
            }
            other => out.extend(['\\', other]),
        }
    }
    Ok(out + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        occurs(&compile(pattern, "").unwrap(), text)
    }

    #[test]
    fn patterns_that_only_python_takes_are_taken() {
        assert!(found(r"^\s*{{ x }}\Z", " {{ x }}"));
        assert!(found(r"a{,2}b", "b"));
        assert!(found(r"[[&]x", "[x"));
        assert!(found(r"[]]", "]"));
        assert!(found(r"\<b\>", "<b>"));
        assert!(found(r"(?P<n>a)(?P=n)", "aa"));
        assert!(found(r"(?<!x)y", "zy"));
        assert!(!found(r"(?<!x)y", "xy"));
    }

    #[test]
    fn references_in_a_replacement_are_filled_in() {
        let pattern = compile(r"(?P<key>\w+)=(\d+)?", "").unwrap();
        let found = pattern.captures("a=1").unwrap().unwrap();
        assert_eq!(expand(r"\g<key>:\2\n\g<0>\\", &found).unwrap(), "a:1\na=1\\");
        assert!(expand(r"\3", &found).is_err());
        assert!(expand(r"\q", &found).is_err());
    }
}
