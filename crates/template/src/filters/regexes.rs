//! Filters that search and replace with regular expressions.

use ksplay_value::Value;

use super::args::{Arg, tuple};
use super::regex::{Flags, Pattern, escaped, replacement_of, source_of};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("regex_escape", regex_escape),
    ("regex_findall", regex_findall),
    ("regex_replace", regex_replace),
    ("regex_search", regex_search),
];

fn flags(ignorecase: Arg, multiline: Arg) -> Flags {
    Flags { ignorecase: ignorecase.flag_or(false), multiline: multiline.flag_or(false) }
}

/// Replaces what a pattern matches: `'ab' | regex_replace('(a)(b)', '\2\1')` is `ba`. `count` limits how often,
/// `mandatory_count` makes any other number of matches an error.
fn regex_replace(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [pattern, replacement, ignorecase, multiline, count, mandatory]) =
        call.bind(["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"])?;
    let (source, replacement) = (source_of(pattern.given())?, replacement_of(replacement.given())?);
    let pattern = Pattern::new(&source, flags(ignorecase, multiline))?;
    let most = match count.int_or(0)? {
        0 => usize::MAX,
        count => usize::try_from(count).unwrap_or(0),
    };
    let text = text.to_string();
    let (replaced, times) = pattern.replace(&text, &replacement, most)?;
    let wanted = mandatory.int_or(0)?;
    if wanted != 0 && wanted != times as i64 {
        return Err(Error::operation(format!(
            "'{source}' should match {wanted} times, but matches {times} times in '{text}'"
        )));
    }
    Ok(replaced.into())
}

/// Every match as a list, or its groups: `'a1b2' | regex_findall('\d')` is `['1', '2']`.
fn regex_findall(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [regex, multiline, ignorecase]) = call.bind(["regex", "multiline", "ignorecase"])?;
    let pattern = Pattern::new(&source_of(Some(regex.required()?))?, flags(ignorecase, multiline))?;
    let text = text.to_string();
    let groups = pattern.groups();
    let found = pattern.matches(&text, usize::MAX)?;
    Ok(found
        .iter()
        .map(|captures| {
            let group = |number: usize| Value::from(captures.get(number).map_or("", |found| found.as_str()));
            match groups {
                0 | 1 => group(groups),
                _ => tuple((1..=groups).map(group).collect()),
            }
        })
        .collect())
}

/// The first match, or the groups named: `'a1' | regex_search('([a-z])(\d)', '\2')` is `['1']`; null when there is none.
fn regex_search(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, rest, [ignorecase, multiline]) = call.bind_rest(["ignorecase", "multiline"])?;
    let mut rest = rest.into_iter();
    let source = rest.next().ok_or_else(|| Error::operation("missing 1 required positional argument: 'regex'"))?;
    let pattern = Pattern::new(&source_of(Some(source))?, flags(ignorecase, multiline))?;
    let wanted = rest
        .map(|group| {
            let group = group.to_string();
            let name = group.strip_prefix("\\g<").and_then(|name| name.strip_suffix('>'));
            let number = match name {
                Some(name) => name.parse().ok().or_else(|| pattern.group(name)),
                None => group.strip_prefix('\\').and_then(|number| number.parse().ok()),
            };
            number.filter(|number| *number <= pattern.groups()).ok_or_else(|| {
                Error::operation(if group.starts_with('\\') { "no such group" } else { "Unknown argument" })
            })
        })
        .collect::<Result<Vec<usize>, _>>()?;
    let text = text.to_string();
    let Some(found) = pattern.search(&text)? else { return Ok(Value::Null) };
    let group = |number: usize| Value::from(found.get(number).map(|found| found.as_str()));
    Ok(if wanted.is_empty() { group(0) } else { wanted.into_iter().map(group).collect() })
}

/// The text as a pattern that matches just it: `'a.b' | regex_escape` is `a\.b`. `re_type` may be `python` or
/// `posix_basic`.
fn regex_escape(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [re_type]) = call.bind(["re_type"])?;
    let text = text.to_string();
    match re_type.text_or("python").as_str() {
        "python" => Ok(escaped(&text).into()),
        "posix_basic" => {
            let pattern = Pattern::new(r"([].[^$*\\])", Flags::default())?;
            Ok(pattern.replace(&text, r"\\\1", usize::MAX)?.0.into())
        }
        "posix_extended" => Err(Error::operation("Regex type (posix_extended) not yet implemented")),
        other => Err(Error::operation(format!("Invalid regex type ({other})"))),
    }
}
