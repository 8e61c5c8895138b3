//! Filters for HTML and XML.

use ksplay_value::Value;

use super::args::{iterate, map as mapping};
use super::regex::{Flags, Pattern};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("e", escape),
    ("escape", escape),
    ("forceescape", escape),
    ("safe", safe),
    ("striptags", striptags),
    ("urlize", urlize),
    ("xmlattr", xmlattr),
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;").replace('\'', "&#39;")
}

/// The text safe inside HTML: `'<a>' | e` is `&lt;a&gt;`.
fn escape(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(escaped(&value.to_string()).into())
}

/// The text as it is: nothing is escaped by itself here.
fn safe(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(value.to_string().into())
}

/// The text without tags and comments, blanks run together: `'<b>a</b>  c' | striptags` is `a c`.
fn striptags(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let text = value.to_string();
    let bare = Pattern::new("(?s)<!--.*?-->|<.*?>", Flags::default())?.replace(&text, "", usize::MAX)?.0;
    let joined = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(unescaped(&joined)?.into())
}

fn unescaped(text: &str) -> Result<String, Error> {
    let pattern = Pattern::new("&(#x?[0-9a-fA-F]+|amp|lt|gt|quot|apos|nbsp);", Flags::default())?;
    let mut out = String::new();
    let mut last = 0;
    for found in pattern.matches(text, usize::MAX)? {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        out += &text[last..whole.start()];
        last = whole.end();
        let letter = match name.as_str() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{a0}'),
            code => match code.strip_prefix("#x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
                None => code[1..].parse().ok().and_then(char::from_u32),
            },
        };
        out.extend(letter);
    }
    Ok(out + &text[last..])
}

/// The entries as attributes of a tag, nulls left out: `{'id': 5} | xmlattr` is ` id="5"`.
fn xmlattr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [autospace]) = call.bind_lazy(["autospace"])?;
    let mut attributes = Vec::new();
    for (key, value) in mapping(&value, "xmlattr")?.iter() {
        let value = call.surface(value.clone())?;
        if value.is_null() {
            continue;
        }
        let key = key.as_value().to_string();
        if key.contains(|letter: char| letter.is_whitespace() || "/>=".contains(letter)) {
            return Err(Error::operation(format!("Invalid character in attribute name: '{key}'")));
        }
        attributes.push(format!("{}=\"{}\"", escaped(&key), escaped(&call.deep(value)?.to_string())));
    }
    let text = attributes.join(" ");
    Ok(if !text.is_empty() && autospace.flag_or(true) { format!(" {text}") } else { text }.into())
}

/// Addresses in a text made links: `'see a.org' | urlize` links `http(s)://…`, `www.…`, `….com/.net/.org/.edu…` and mail
/// addresses. `trim_url_limit` shortens what is shown, `nofollow`, `target` and `rel` set attributes.
fn urlize(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [limit, nofollow, target, rel, extra]) =
        call.bind(["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"])?;
    let limit = limit.int()?.map(|limit| usize::try_from(limit).unwrap_or(0));
    let mut rels: Vec<String> = rel.text_or("").split_whitespace().map(str::to_owned).collect();
    if nofollow.flag_or(false) {
        rels.push("nofollow".to_owned());
    }
    rels.push("noopener".to_owned());
    rels.sort();
    rels.dedup();
    let target = target.text().map_or_else(String::new, |target| format!(" target=\"{}\"", escaped(&target)));
    let schemes = match extra.value() {
        Some(list) => iterate(&list)?.iter().map(Value::to_string).collect(),
        None => Vec::new(),
    };
    let links = Links { limit, rel: format!(" rel=\"{}\"", escaped(&rels.join(" "))), target, schemes };
    let text = escaped(&value.to_string());
    let mut out = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        out += &links.word(bare)?;
        out += &word[bare.len()..];
    }
    Ok(out.into())
}

struct Links {
    limit: Option<usize>,
    rel: String,
    target: String,
    schemes: Vec<String>,
}

impl Links {
    fn word(&self, word: &str) -> Result<String, Error> {
        let starts = ["(", "&lt;", "<"];
        let mut middle = word;
        while let Some(rest) = starts.iter().find_map(|start| middle.strip_prefix(start)) {
            middle = rest;
        }
        let head = &word[..word.len() - middle.len()];
        let ends = [")", ">", "&gt;", ".", ",", "\n"];
        while let Some(rest) = ends.iter().find_map(|end| middle.strip_suffix(end)) {
            middle = rest;
        }
        let tail = &word[head.len() + middle.len()..];
        let url = Pattern::new(
            r"^((https?://|www\.)(([\w%-]+\.)+)?([a-z]{2,63}|xn--[\w%]{2,59})|([\w%-]{2,63}\.)+(com|net|int|edu|gov|org|info|mil)|(https?://)((([\d]{1,3})(\.[\d]{1,3}){3})|(\[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}\])))(?::[\d]{1,5})?(?:[/?#]\S*)?$",
            Flags { ignorecase: true, multiline: false },
        )?;
        let mail = Pattern::new(r"^\S+@\w[\w.-]*\.\w+$", Flags::default())?;
        let shown = |text: &str| match self.limit {
            Some(limit) if text.chars().count() > limit => text.chars().take(limit).chain("...".chars()).collect(),
            _ => text.to_owned(),
        };
        let (rel, target) = (&self.rel, &self.target);
        let linked = if url.matches_at_start(middle)? {
            let scheme = if middle.starts_with("https://") || middle.starts_with("http://") { "" } else { "https://" };
            format!("<a href=\"{scheme}{middle}\"{rel}{target}>{}</a>", shown(middle))
        } else if middle.starts_with("mailto:") && mail.matches_at_start(&middle[7..])? {
            format!("<a href=\"{middle}\">{}</a>", &middle[7..])
        } else if mail.matches_at_start(middle)? && !middle.contains(':') && !middle.starts_with("www.") {
            format!("<a href=\"mailto:{middle}\">{middle}</a>")
        } else if self.schemes.iter().any(|scheme| middle.len() > scheme.len() && middle.starts_with(scheme.as_str())) {
            format!("<a href=\"{middle}\"{rel}{target}>{middle}</a>")
        } else {
            middle.to_owned()
        };
        Ok(format!("{head}{linked}{tail}"))
    }
}
