//! Lookups of variables: `vars`, `varnames`, `env`, `inventory_hostnames`.

use std::collections::HashSet;

use ksplay_value::Value;

use super::glob::name_matches;
use crate::filters::args::{iterate, undefined_error};
use crate::filters::regex::{Flags, Pattern};
use crate::{Call, Error, ErrorKind, Function};

pub(super) const TABLE: &[(&str, Function)] =
    &[("env", env), ("inventory_hostnames", inventory_hostnames), ("varnames", varnames), ("vars", vars)];

/// The values of variables by name: `lookup('vars', 'a_' ~ b)`; `default` stands in for those that are not defined.
fn vars(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let default = call.kwargs.remove("default");
    let mut found = Vec::new();
    for name in call.terms() {
        let Value::String(name) = &name else {
            return Err(Error::operation(format!("Variable name must be 'str' not '{}'.", name.type_name())));
        };
        found.push(match (call.templar.variable(name)?, &default) {
            (Some(value), _) => value,
            (None, Some(Value::Undefined(undefined))) => return Err(undefined_error(undefined)),
            (None, Some(default)) => default.clone(),
            (None, None) => {
                let message = format!("No variable named '{name}' was found.");
                return Err(Error::new(ErrorKind::Undefined, message));
            }
        });
    }
    Ok(found.into())
}

/// The names of variables that a pattern is found in: `query('varnames', '^ansible_')`.
fn varnames(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut found = Vec::new();
    for pattern in call.terms() {
        let Value::String(pattern) = &pattern else {
            let kind = pattern.type_name();
            let message =
                format!("Invalid setting identifier, \"{pattern}\" is not a string, it is a <class '{kind}'>");
            return Err(Error::operation(message));
        };
        let pattern = Pattern::new(pattern, Flags::default())
            .map_err(|error| Error::operation(format!("Unable to use \"{pattern}\" as a search parameter: {error}")))?;
        for name in call.templar.scope().names() {
            if pattern.search(&name)?.is_some() {
                found.push(Value::from(name));
            }
        }
    }
    Ok(found.into())
}

/// Environment variables of the controller: `lookup('env', 'HOME')`; `default` (empty) stands in for absent ones.
fn env(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let default = call.kwargs.remove("default");
    let mut found = Vec::new();
    for name in call.terms() {
        let Some(name) = name.as_str() else {
            return Err(Error::operation(format!("'{}' object has no attribute 'split'", name.type_name())));
        };
        let name = name.split_whitespace().next().unwrap_or_default();
        found.push(match (std::env::var(name), &default) {
            (Ok(value), _) => value.into(),
            (Err(_), Some(Value::Undefined(undefined))) => return Err(undefined_error(undefined)),
            (Err(_), Some(default)) => default.clone(),
            (Err(_), None) => "".into(),
        });
    }
    Ok(found.into())
}

/// The hosts of an inventory that patterns select: `query('inventory_hostnames', 'all:!web')`. Patterns are names and
/// globs of groups and hosts, joined by `:` or `,`, with `!` and `&`.
fn inventory_hostnames(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let groups = call.templar.variable("groups")?.unwrap_or_default();
    let Some(groups) = groups.as_map() else {
        return Err(Error::operation("inventory_hostnames needs the variable 'groups'"));
    };
    let mut all: Vec<String> = Vec::new();
    for hosts in groups.values() {
        for host in iterate(hosts)? {
            let host = host.to_string();
            if !all.contains(&host) {
                all.push(host);
            }
        }
    }
    let select = |pattern: &str| -> Result<Vec<String>, Error> {
        let (pattern, part) = subscript(pattern);
        let regex = pattern.strip_prefix('~').map(|regex| Pattern::new(regex, Flags::default())).transpose()?;
        let matches = |name: &str| match &regex {
            Some(regex) => regex.matches_at_start(name),
            None => Ok(name_matches(name, pattern)),
        };
        let mut hosts = Vec::new();
        for (name, members) in groups.iter() {
            if matches(name.as_str().unwrap_or_default())? {
                hosts.extend(iterate(members)?.iter().map(Value::to_string));
            }
        }
        for host in &all {
            if matches(host)? {
                hosts.push(host.clone());
            }
        }
        Ok(part.map_or(hosts.clone(), |part| part.of(&hosts)))
    };
    let mut chosen: Vec<String> = Vec::new();
    let patterns: Vec<String> = call
        .terms()
        .iter()
        .flat_map(|term| {
            let mut inside = 0;
            let text = term.to_string();
            let patterns = text.split(|letter: char| {
                inside += i32::from(letter == '[') - i32::from(letter == ']');
                inside == 0 && matches!(letter, ':' | ',')
            });
            patterns.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let plain = |pattern: &&String| !pattern.starts_with(['!', '&']);
    if !patterns.is_empty() && !patterns.iter().any(|pattern| plain(&pattern)) {
        chosen = select("all")?;
    }
    for pattern in patterns.iter().filter(plain) {
        chosen.extend(select(pattern.trim())?);
    }
    for pattern in patterns.iter().filter_map(|pattern| pattern.strip_prefix('&')) {
        let hosts: HashSet<String> = select(pattern)?.into_iter().collect();
        chosen.retain(|host| hosts.contains(host));
    }
    for pattern in patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')) {
        let hosts: HashSet<String> = select(pattern)?.into_iter().collect();
        chosen.retain(|host| !hosts.contains(host));
    }
    let mut seen = HashSet::new();
    chosen.retain(|host| seen.insert(host.clone()));
    Ok(chosen.into_iter().collect())
}

/// Some of the hosts that a pattern selects: `web[0]`, `web[1:3]`.
#[derive(Clone, Copy)]
struct Part {
    first: i64,
    last: Option<i64>,
}

impl Part {
    fn of(self, hosts: &[String]) -> Vec<String> {
        let place = |at: i64| usize::try_from(if at < 0 { at + hosts.len() as i64 } else { at }).unwrap_or(0);
        let last = self.last.map_or(hosts.len(), |last| place(last) + 1);
        hosts.iter().take(last).skip(place(self.first)).cloned().collect()
    }
}

/// The pattern, and which part of what it selects is meant.
fn subscript(pattern: &str) -> (&str, Option<Part>) {
    let inside = pattern.strip_suffix(']').filter(|_| !pattern.starts_with('~')).and_then(|text| text.rsplit_once('['));
    let Some((name, inside)) = inside else { return (pattern, None) };
    let part = match inside.split_once([':', '-']).filter(|(first, _)| !first.is_empty()) {
        None => inside.parse().ok().map(|only| Part { first: only, last: Some(only) }),
        Some((first, "")) => first.parse().ok().map(|first| Part { first, last: None }),
        Some((first, last)) => {
            first.parse().ok().zip(last.parse().ok()).map(|(first, last)| Part { first, last: Some(last) })
        }
    };
    (if part.is_some() { name } else { pattern }, part)
}
