//! What of a plan nobody may read in it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ksplay_value::text::{JsonStyle, repr, to_json};
use ksplay_value::{Value, hide_secrets};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Step;

const HIDDEN: &str = "********";

/// What URLs write as `%` and a number.
const NOT_IN_URLS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Texts shorter than this hide too much that is no secret.
const SHORTEST: usize = 5;

/// Secrets that are known.
#[derive(Default)]
pub struct Hidden(Vec<String>);

impl Hidden {
    /// These texts, also as JSON, Python, URLs and base64 write them; of one of several lines, each line too.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut texts = BTreeSet::new();
        for secret in secrets {
            texts.extend(secret.lines().map(|line| line.trim().to_owned()));
            texts.insert(secret);
        }
        texts.retain(|text| text.chars().count() >= SHORTEST);
        let written: BTreeSet<String> = texts.iter().flat_map(|text| written(text)).collect();
        texts.extend(written);
        let mut all: Vec<String> = texts.into_iter().collect();
        // What holds another one is hidden whole.
        all.sort_by_key(|text| Reverse(text.len()));
        Self(all)
    }

    /// Hides them in what steps show: known secrets, what is given to names of secrets, passwords in URLs, private keys.
    pub fn hide(&self, steps: &mut [Step]) {
        // Many steps have the same names.
        let mut names: HashMap<String, String> = HashMap::new();
        for step in steps {
            for name in [&mut step.play_name, &mut step.task] {
                let shown = names.entry(std::mem::take(name));
                *name = shown.or_insert_with_key(|name| self.without_known(name)).clone();
            }
            self.hide_in(step);
        }
    }

    fn hide_in(&self, step: &mut Step) {
        for text in [&mut step.item, &mut step.why].into_iter().flatten() {
            *text = self.line(text);
        }
        for text in [&mut step.command, &mut step.diff].into_iter().flatten() {
            *text = self.diff(text);
        }
    }

    fn diff(&self, diff: &str) -> String {
        let mut shown = String::with_capacity(diff.len());
        let mut in_key = false;
        for line in self.without_known(diff).split_inclusive('\n') {
            in_key |= line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----");
            if in_key {
                shown.push_str(line.get(..1).filter(|mark| ["+", "-", " "].contains(mark)).unwrap_or_default());
                shown.push_str(HIDDEN);
                shown.push('\n');
                in_key = !(line.contains("-----END ") && line.contains("PRIVATE KEY-----"));
                continue;
            }
            let text = line.strip_suffix('\n').unwrap_or(line);
            shown.push_str(&hide_secrets(&without_password(text)));
            shown.push_str(&line[text.len()..]);
        }
        shown
    }

    fn line(&self, text: &str) -> String {
        hide_secrets(&without_password(&self.without_known(text)))
    }

    fn without_known(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| match text.contains(secret) {
            true => text.replace(secret, HIDDEN),
            false => text,
        })
    }
}

/// A text as it is written inside of others, where that is not the text itself.
fn written(text: &str) -> Vec<String> {
    let quoted = |text: &str| {
        let json = to_json(&Value::from(text), &JsonStyle::default()).unwrap_or_default();
        json.trim_matches('"').to_owned()
    };
    let json = quoted(text);
    let python = repr(&Value::from(text));
    let mut all = vec![
        quoted(&json),
        json,
        python[1..python.len() - 1].to_owned(),
        utf8_percent_encode(text, NOT_IN_URLS).to_string(),
    ];
    all.push(STANDARD.encode(text));
    all.extend((0..3).map(|before| within_base64(text, before)));
    all.retain(|form| form != text && form.len() >= SHORTEST);
    all
}

/// What stands in the base64 of a longer text for this part of it, when the bytes before it are `before` more than a
/// multiple of three.
fn within_base64(text: &str, before: usize) -> String {
    let bytes = [&[0; 3][..before], text.as_bytes()].concat();
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    // Digits at the ends hold bits of what stands beside it.
    encoded[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned()
}

/// Hides the password of `scheme://user:password@host`.
fn without_password(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(|char: char| char.is_whitespace() || "/?#\"'<>".contains(char)).unwrap_or(after.len());
        let (authority, following) = after.split_at(end);
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => shown.extend([user, ":", HIDDEN, "@", host]),
            None => shown.push_str(authority),
        }
        rest = following;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Kind;
    use crate::plan::tests::step;

    fn hidden(diff: &str) -> String {
        let mut step = Step { diff: Some(diff.into()), ..step("one", "a", Kind::Change) };
        Hidden::new(["s3cret-value".to_owned(), "ab".to_owned()]).hide(std::slice::from_mut(&mut step));
        step.diff.unwrap_or_default()
    }

    #[test]
    fn known_secrets_are_hidden_wherever_they_stand() {
        assert_eq!(hidden("+url: http://u:s3cret-value@host/ab\n"), "+url: http://u:********@host/ab\n");
    }

    #[test]
    fn known_secrets_are_hidden_as_json_python_urls_and_base64_write_them() {
        let secret = "qu\"o\\ted'é\nsecond line";
        let hidden = Hidden::new([secret.to_owned()]);
        let quoted = |text: &str| to_json(&Value::from(text), &JsonStyle::default()).unwrap();
        let twice = quoted(&quoted(secret));
        for text in
            [quoted(secret), twice, repr(&Value::from(secret)), utf8_percent_encode(secret, NOT_IN_URLS).to_string()]
        {
            let shown = hidden.line(&text);
            assert_eq!(shown.trim_matches(['"', '\'', '\\']), HIDDEN, "{text}");
        }
        for before in ["", "u", "us", "user:"] {
            let shown = hidden.line(&STANDARD.encode(format!("{before}{secret}, and more")));
            assert!(shown.contains(HIDDEN) && !shown.contains(&STANDARD.encode(secret)[8..16]), "{shown}");
        }
    }

    #[test]
    fn passwords_in_urls_are_hidden() {
        let shown = |text: &str| Hidden::default().line(text);
        assert_eq!(shown("at 'http://bob:p@ss1@host:80/a:b@c'"), "at 'http://bob:********@host:80/a:b@c'");
        assert_eq!(shown("http://host:80/ ftp://bob@host x://"), "http://host:80/ ftp://bob@host x://");
    }

    #[test]
    fn what_is_given_to_names_of_secrets_is_hidden() {
        assert_eq!(
            hidden("-password: old\n+password: new\n user: x\n"),
            "-password: ********\n+password: ********\n user: x\n"
        );
    }

    #[test]
    fn a_private_key_is_hidden_from_its_first_line_to_its_last() {
        let key = "+a\n+-----BEGIN RSA PRIVATE KEY-----\n+MIIE\n+-----END RSA PRIVATE KEY-----\n+b\n";
        assert_eq!(hidden(key), "+a\n+********\n+********\n+********\n+b\n");
    }
}
