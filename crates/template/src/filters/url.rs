//! Filters over URLs.

use ksplay_value::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::args::{iterate, string, string_with};
use super::lists::map_of;
use crate::{Call, Error, Function};

/// What Python's `quote` encodes; in names and values of queries a space becomes `+` instead.
const NOT_IN_PATHS: &AsciiSet = &NOT_PLAIN.remove(b'/');
const NOT_IN_QUERIES: &AsciiSet = &NOT_PLAIN.remove(b' ');
const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const TABLE: &[(&str, Function)] =
    &[("urldecode", urldecode), ("urlencode", urlencode), ("urlsplit", urlsplit)];

/// The parts of a URL, or one of them: `'http://a:80/b' | urlsplit('port')` is 80.
fn urlsplit(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (url, [query]) = call.bind(["query"])?;
    let url = match &url {
        Value::Null => String::new(),
        url => {
            let letters = string_with(url, "decode")?.chars();
            letters.filter(|letter| !matches!(letter, '\n' | '\r' | '\t')).collect()
        }
    };
    let parts = Parts::of(url.trim_start_matches(|letter: char| letter <= ' '))?;
    let user = parts.netloc.rsplit_once('@').map(|(user, _)| user);
    let (username, password) = match user.map(|user| user.split_once(':').unwrap_or((user, "\0"))) {
        None => (Value::Null, Value::Null),
        Some((name, "\0")) => (name.into(), Value::Null),
        Some((name, password)) => (name.into(), password.into()),
    };
    let wanted = query.text();
    let port = match wanted.as_deref() {
        None | Some("" | "port") => parts.port()?,
        Some(_) => Value::Null,
    };
    let all = map_of([
        ("fragment", parts.fragment.into()),
        ("hostname", parts.hostname().into()),
        ("netloc", parts.netloc.into()),
        ("password", password),
        ("path", parts.path.into()),
        ("port", port),
        ("query", parts.query.into()),
        ("scheme", parts.scheme.to_lowercase().into()),
        ("username", username),
    ]);
    match wanted.as_deref() {
        None | Some("") => Ok(all),
        Some(name) => {
            all.get(name).cloned().ok_or_else(|| Error::operation(format!("urlsplit: unknown URL component: {name}")))
        }
    }
}

struct Parts<'u> {
    scheme: &'u str,
    netloc: &'u str,
    path: &'u str,
    query: &'u str,
    fragment: &'u str,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Result<Self, Error> {
        let valid = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest) = url.split_once(':').filter(|(scheme, _)| valid(scheme)).unwrap_or(("", url));
        let (netloc, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        if netloc.contains('[') != netloc.contains(']') {
            return Err(Error::operation("Invalid IPv6 URL"));
        }
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Self { scheme, netloc, path, query, fragment })
    }

    /// Host and port as written.
    fn host(&self) -> (&'u str, Option<&'u str>) {
        let host = self.netloc.rsplit_once('@').map_or(self.netloc, |(_, host)| host);
        match host.split_once('[').and_then(|(_, rest)| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
        }
    }

    fn hostname(&self) -> Option<String> {
        Some(self.host().0.to_lowercase()).filter(|host| !host.is_empty())
    }

    fn port(&self) -> Result<Value, Error> {
        let Some(port) = self.host().1.filter(|port| !port.is_empty()) else { return Ok(Value::Null) };
        match port.parse::<i64>() {
            Ok(number @ 0..=65535) => Ok(number.into()),
            Ok(_) => Err(Error::operation("Port out of range 0-65535")),
            Err(_) => Err(Error::operation(format!("Port could not be cast to integer value as '{port}'"))),
        }
    }
}

/// Text, or the pairs of a mapping, as part of a URL: `'a b' | urlencode` is `a%20b`, `{'a': 1} | urlencode` is `a=1`.
fn urlencode(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let pairs: Vec<(Value, Value)> = match &value {
        Value::Map(map) => map.iter().map(|(key, value)| (key.as_value().clone(), value.clone())).collect(),
        Value::List(items) | Value::Tuple(items) => items
            .iter()
            .map(|pair| match iterate(pair)?.as_slice() {
                [key, value] => Ok((key.clone(), value.clone())),
                _ => Err(Error::operation("urlencode needs pairs of a name and a value")),
            })
            .collect::<Result<_, _>>()?,
        other => return Ok(utf8_percent_encode(&other.to_string(), NOT_IN_PATHS).to_string().into()),
    };
    let quoted = |value: &Value| utf8_percent_encode(&value.to_string(), NOT_IN_QUERIES).to_string().replace(' ', "+");
    Ok(pairs
        .iter()
        .map(|(key, value)| format!("{}={}", quoted(key), quoted(value)))
        .collect::<Vec<_>>()
        .join("&")
        .into())
}

/// The text that was encoded for a URL: `'a%20b+c' | urldecode` is `a b c`.
fn urldecode(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let text = string(&value)?.replace('+', " ");
    Ok(percent_decode_str(&text).decode_utf8_lossy().as_ref().into())
}
