//! What modules that ask servers have in common.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Failure;
use crate::system::{Calendar, HttpAnswer, os_error_alone, seconds_after_1970};

/// Refuses addresses that are none.
pub(super) fn check(url: &str) -> Result<(), Failure> {
    if url.contains(':') {
        return Ok(());
    }
    Err(Failure::new(format!("unknown url type: '{url}'")).with("url", url).with("status", -1))
}

/// The last part of a URL's path.
pub(super) fn file_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split(['?', '#']).next().unwrap_or_default();
    let name = path.split_once('/').and_then(|(_, path)| path.rsplit('/').next()).unwrap_or_default();
    if name.is_empty() { "index.html".into() } else { name.into() }
}

/// The header with a user's password.
pub(super) fn authorization(user: &str, password: Option<&str>) -> (String, String) {
    let pair = STANDARD.encode(format!("{user}:{}", password.unwrap_or_default()));
    ("Authorization".into(), format!("Basic {pair}"))
}

/// The header that asks for what is newer than this file.
pub(super) fn if_newer_than(found: &Metadata) -> (String, String) {
    let since = Calendar::utc(seconds_after_1970(found.mtime())).text(c"%a, %d %b %Y %H:%M:%S GMT");
    ("If-Modified-Since".into(), since)
}

/// A header of an answer.
pub(super) fn header<'a>(answer: &'a HttpAnswer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// What is said when no server answered.
pub(super) fn no_answer(error: &io::Error) -> String {
    format!("Request failed: <urlopen error {}>", os_error_alone(error))
}
