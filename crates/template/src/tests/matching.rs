//! Tests of text against patterns and forms.

use ksplay_value::Value;

use crate::filters::regex::{Flags, Pattern, source_of};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] =
    &[("match", matches), ("regex", regex), ("search", search), ("uri", uri), ("url", url), ("urn", urn)];

fn found(text: &str, pattern: &str, flags: Flags, kind: &str) -> Result<bool, Error> {
    let pattern = Pattern::new(pattern, flags)?;
    match kind {
        "search" => Ok(pattern.search(text)?.is_some()),
        "match" => pattern.matches_at_start(text),
        "fullmatch" => {
            Ok(pattern.search(text)?.and_then(|found| found.get(0)).is_some_and(|whole| whole.as_str() == text))
        }
        other => Err(Error::operation(format!("'{other}' is no way to match; 'search', 'match' and 'fullmatch' are"))),
    }
}

/// Whether a pattern matches by `match_type` (`search`, `match`, `fullmatch`): `'abc' is regex('b')`.
fn regex(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [pattern, ignorecase, multiline, match_type]) =
        call.bind(["pattern", "ignorecase", "multiline", "match_type"])?;
    let flags = Flags { ignorecase: ignorecase.flag_or(false), multiline: multiline.flag_or(false) };
    let pattern = source_of(pattern.given())?;
    Ok(found(&value.to_string(), &pattern, flags, &match_type.text_or("search"))?.into())
}

fn fixed(call: &mut Call<'_, '_>, kind: &str) -> Result<Value, Error> {
    let (value, [pattern, ignorecase, multiline]) = call.bind(["pattern", "ignorecase", "multiline"])?;
    let flags = Flags { ignorecase: ignorecase.flag_or(false), multiline: multiline.flag_or(false) };
    let pattern = source_of(pattern.given())?;
    Ok(found(&value.to_string(), &pattern, flags, kind)?.into())
}

/// Whether a pattern matches anywhere: `'abc' is search('b')`.
fn search(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fixed(call, "search")
}

/// Whether a pattern matches at the start: `'abc' is match('a')`.
fn matches(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    fixed(call, "match")
}

/// The scheme of a URI, if it has one, and what follows it; of what is no text both are empty.
fn scheme_of(value: &Value) -> (String, &str) {
    let (scheme, rest) = value.as_str().unwrap_or_default().split_once(':').unwrap_or_default();
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    (if valid { scheme.to_lowercase() } else { String::new() }, rest)
}

/// The subject, and the schemes that are named.
fn with_schemes(call: &mut Call<'_, '_>) -> Result<(Value, Vec<String>), Error> {
    let (value, [schemes]) = call.bind(["schemes"])?;
    let schemes = match schemes.value() {
        Some(Value::String(scheme)) => vec![scheme.to_string()],
        Some(list) => crate::filters::args::iterate(&list)?.iter().map(Value::to_string).collect(),
        None => Vec::new(),
    };
    Ok((value, schemes))
}

/// Whether it is a URI, of one of the `schemes` when named: `'mailto:a@b' is uri`. As in the reference, any text is one
/// when no schemes are named.
fn uri(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, schemes) = with_schemes(call)?;
    let (scheme, _) = scheme_of(&value);
    Ok((value.as_str().is_some() && schemes.is_empty() || schemes.contains(&scheme)).into())
}

/// Whether it is a URL, a URI that names a host or a file: `'http://a/b' is url`.
fn url(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, schemes) = with_schemes(call)?;
    let (scheme, rest) = scheme_of(&value);
    let wanted = schemes.is_empty() || schemes.contains(&scheme);
    let host = rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
    Ok((!scheme.is_empty() && wanted && (host || (scheme == "file" && rest.starts_with("//")))).into())
}

/// Whether it is a URN: `'urn:isbn:1' is urn`.
fn urn(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let (scheme, rest) = scheme_of(&value);
    Ok((scheme == "urn" && !rest.is_empty()).into())
}
