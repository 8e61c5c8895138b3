//! Which hosts a pattern means.

use std::collections::HashSet;
use std::path::Path;

use fancy_regex::Regex;
use indexmap::IndexSet;

use ksplay_value::Diagnostic;

use crate::{Error, HostName, Inventory, glob, range};

/// The hosts that a pattern means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The hosts in the order in which the parts of the pattern give them; within a group, its own order.
    pub hosts: Vec<HostName>,
    /// Parts of the pattern that match nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Inventory {
    /// The hosts that patterns (a play's `hosts`, one text or several) mean, narrowed by `--limit`.
    ///
    /// The parts of a pattern stand between commas or colons: `all`, `*`, a host, a group, a glob, `~regex`, each with
    /// a subscript (`web[0]`, `web[-1]`, `web[1:3]`, `web[1:]`); `!part` takes away, `&part` keeps what is in both. A limit
    /// may name a file of patterns: `@file`.
    ///
    /// # Errors
    ///
    /// If a pattern is not valid, or a `@file` of the limit cannot be read.
    pub fn select(&self, patterns: &[impl AsRef<str>], limit: Option<&str>) -> Result<Selection, Error> {
        if patterns.is_empty() {
            return Ok(Selection::default());
        }
        let parts: Vec<String> = patterns.iter().flat_map(|pattern| split(pattern.as_ref())).collect();
        let mut warnings = Vec::new();
        let mut hosts = self.evaluate(&parts, &mut warnings)?;
        if let Some(limit) = limit {
            let mut parts = Vec::new();
            for part in split(limit) {
                match part.strip_prefix('@') {
                    Some(file) => parts.extend(lines(Path::new(file))?),
                    None => parts.push(part),
                }
            }
            if !parts.is_empty() {
                let allowed = self.evaluate(&parts, &mut warnings)?;
                hosts.retain(|host| allowed.contains(host));
            }
        }
        let mut seen = HashSet::new();
        warnings.retain(|warning| seen.insert(warning.message.clone()));
        Ok(Selection { hosts: hosts.into_iter().cloned().collect(), warnings })
    }

    /// Whether `--limit` leaves a host to work on, as `ansible-playbook` asks before it begins.
    ///
    /// # Errors
    ///
    /// [`Error::NoHosts`] when the inventory has hosts and the limit none of them; otherwise as [`Inventory::select`].
    pub fn check_limit(&self, limit: &str) -> Result<Selection, Error> {
        let selection = self.select(&["all"], Some(limit))?;
        if selection.hosts.is_empty() && !self.hosts.is_empty() { Err(Error::NoHosts) } else { Ok(selection) }
    }

    /// First what adds, then what intersects, then what takes away, whatever their order.
    fn evaluate(&self, parts: &[String], warnings: &mut Vec<Diagnostic>) -> Result<IndexSet<&HostName>, Error> {
        let begins = |mark: char| parts.iter().filter(move |part| part.starts_with(mark)).map(move |part| &part[1..]);
        let mut hosts = IndexSet::new();
        let mut adding = parts.iter().filter(|part| !part.starts_with(['&', '!'])).map(String::as_str).peekable();
        if adding.peek().is_none() {
            hosts.extend(self.matching("all", warnings)?);
        }
        for part in adding {
            match self.hosts.get(part) {
                Some(host) => {
                    hosts.insert(host.name());
                }
                None => hosts.extend(self.matching(part, warnings)?),
            }
        }
        for part in begins('&') {
            let both: HashSet<&HostName> = self.matching(part, warnings)?.into_iter().collect();
            hosts.retain(|host| both.contains(host));
        }
        for part in begins('!') {
            let out: HashSet<&HostName> = self.matching(part, warnings)?.into_iter().collect();
            hosts.retain(|host| !out.contains(host));
        }
        Ok(hosts)
    }

    /// The hosts of one part without its `!` or `&`.
    fn matching(&self, part: &str, warnings: &mut Vec<Diagnostic>) -> Result<Vec<&HostName>, Error> {
        if part.starts_with('~') {
            return self.named(part, warnings);
        }
        let Some((name, subscript)) = subscript(part) else { return self.named(part, warnings) };
        if part[name.len()..].trim_start_matches('[').trim_start_matches('-').contains('-') {
            let message = "Use [x:y] inclusive subscripts instead of [x-y] which has been removed";
            warnings.push(Diagnostic::new(message));
        }
        let hosts = self.named(name, warnings)?;
        match subscript {
            _ if hosts.is_empty() => Ok(hosts),
            Subscript::One(index) => {
                let index = if index < 0 { index + hosts.len() as i64 } else { index };
                let host = usize::try_from(index).ok().and_then(|index| hosts.get(index));
                host.map(|host| vec![*host]).ok_or_else(|| Error::Pattern {
                    pattern: part.to_owned(),
                    reason: format!("no hosts matched it, `{name}` has {}", hosts.len()),
                })
            }
            Subscript::Range(begin, end) => {
                let count = end.map_or(usize::MAX, |end| (end + 1).saturating_sub(begin));
                Ok(hosts.into_iter().skip(begin).take(count).collect())
            }
        }
    }

    /// The hosts of the groups that match; and the hosts that match, when no group does or the pattern is a glob.
    fn named(&self, pattern: &str, warnings: &mut Vec<Diagnostic>) -> Result<Vec<&HostName>, Error> {
        let matcher = Matcher::new(pattern)?;
        let mut hosts = IndexSet::new();
        let mut grouped = false;
        for name in self.groups.keys().filter(|name| matcher.matches(name)) {
            grouped = true;
            hosts.extend(self.hosts_in(name));
        }
        if !grouped || !matches!(matcher, Matcher::Exact(_)) || pattern.contains('.') {
            hosts.extend(self.hosts.keys().filter(|name| matcher.matches(name)));
        }
        if hosts.is_empty() {
            if let Some(localhost) = self.implicit_localhost(pattern) {
                hosts.insert(localhost.name());
            } else if !grouped && pattern != "all" {
                let message = format!("Could not match supplied host pattern, ignoring: {pattern}");
                warnings.push(Diagnostic::new(message));
            }
        }
        Ok(hosts.into_iter().collect())
    }
}

enum Matcher<'a> {
    Exact(&'a str),
    Glob(&'a str),
    Regex(Regex),
}

impl<'a> Matcher<'a> {
    fn new(pattern: &'a str) -> Result<Self, Error> {
        if let Some(regex) = pattern.strip_prefix('~') {
            // As Python's `re.match`: at the beginning, not necessarily to the end.
            let anchored = Regex::new(regex).and_then(|_| Regex::new(&format!("^(?:{regex})")));
            return anchored.map(Self::Regex).map_err(|error| Error::Pattern {
                pattern: pattern.to_owned(),
                reason: format!("no regular expression follows the `~`: {error}"),
            });
        }
        Ok(if pattern.contains(['*', '?', '[']) { Self::Glob(pattern) } else { Self::Exact(pattern) })
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(pattern) => *pattern == name,
            Self::Glob(pattern) => glob::matches(pattern, name),
            Self::Regex(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

enum Subscript {
    One(i64),
    Range(usize, Option<usize>),
}

/// `name[1]`, `name[-1]`, `name[1:3]`, `name[1-3]`, `name[1:]`.
fn subscript(part: &str) -> Option<(&str, Subscript)> {
    let (name, inside) = part.strip_suffix(']')?.rsplit_once('[')?;
    if name.is_empty() {
        return None;
    }
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<usize>().ok()).flatten();
    let one = inside.strip_prefix('-').unwrap_or(inside);
    if digits(one).is_some() {
        return Some((name, Subscript::One(inside.parse().ok()?)));
    }
    let (begin, end) = inside.split_once([':', '-'])?;
    let end = if end.is_empty() { None } else { Some(digits(end)?) };
    Some((name, Subscript::Range(digits(begin)?, end)))
}

/// The parts of a pattern: between commas, or else between colons that are in no brackets and no address.
fn split(pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = if pattern.contains(',') {
        pattern.split(',').collect()
    } else if range::is_host(pattern) {
        vec![pattern]
    } else {
        between_colons(pattern)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn between_colons(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut index) = (0, 0);
    while let Some(char) = pattern[index..].chars().next() {
        let width = match char {
            '[' => pattern[index..].find(']').map(|end| end + 1),
            ':' | ']' => None,
            _ if char.is_whitespace() => None,
            _ => Some(char.len_utf8()),
        };
        index += width.unwrap_or_else(|| {
            parts.push(&pattern[begin..index]);
            begin = index + char.len_utf8();
            char.len_utf8()
        });
    }
    parts.push(&pattern[begin..]);
    parts
}

fn lines(file: &Path) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::Read { path: file.to_owned(), reason: error.to_string() })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
