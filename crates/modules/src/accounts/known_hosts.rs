//! `known_hosts`: the keys by which SSH knows hosts.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ksplay_value::{Map, Value};
use sha1::{Digest, Sha1};

use super::text_file;
use crate::arguments::Opt;
use crate::files::describe;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`KnownHostsArgs`].
pub struct KnownHosts;

arguments! {
    /// Adds the key of a host to a `known_hosts` file, or removes it.
    pub struct KnownHostsArgs {
        /// The host, as `ssh` names it: `name`, or `[name]:port`.
        name: String = Opt::str().required().aliases(&["host"]),
        /// A line of the file: the host's names, the type and the key. Without it `absent` removes all keys of the host.
        key: Option<String> = Opt::str(),
        /// The file.
        path: PathBuf = Opt::path().default("~/.ssh/known_hosts"),
        /// Whether the names of the host are made unreadable.
        hash_host: bool = Opt::bool().default("no"),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
    }
}

/// The new text.
#[derive(Debug)]
pub struct KnownHostsPlan {
    path: PathBuf,
    text: String,
}

/// A line: `@marker` or nothing, names, type, key and comment.
struct Entry<'a> {
    marker: &'a str,
    names: &'a str,
    kind: &'a str,
    key: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let first = words.next()?;
        let (marker, names) = if first.starts_with('@') { (first, words.next()?) } else { ("", first) };
        Some(Self { marker, names, kind: words.next()?, key: words.next()? })
    }
}

impl Module for KnownHosts {
    type Args = KnownHostsArgs;
    type Plan = KnownHostsPlan;

    fn inspect(args: &KnownHostsArgs, system: &Probe) -> Result<Inspection<KnownHostsPlan>, Failure> {
        let present = args.state == "present";
        let key = args.key.as_deref().map(str::trim_end).filter(|key| !key.is_empty());
        if present && key.is_none() {
            return Err(Failure::new("No key specified when adding a host"));
        }
        let host = args.name.to_lowercase();
        let wanted = key.map(|key| entry_of(key, &host, system)).transpose()?;
        let before = text_file::read(&args.path, system)?;
        let lines: Vec<&str> = before.lines().collect();
        let mut is_there = false;
        let mut gone: Vec<usize> = Vec::new();
        for number in lines_of(&host, &before, system)? {
            let Some(found) = number.checked_sub(1).and_then(|at| Entry::parse(lines.get(at)?)) else { continue };
            match &wanted {
                None => gone.push(number),
                Some(wanted) if found.kind == wanted.kind && found.marker == wanted.marker => {
                    let hashed = found.names.starts_with('|');
                    let names = if args.hash_host { hashed } else { found.names == wanted.names };
                    is_there |= present && names && found.key == wanted.key;
                    gone.push(number);
                }
                Some(_) => {}
            }
        }
        let mut after = before.clone();
        if !is_there && !gone.is_empty() {
            let kept = before.split_inclusive('\n').enumerate().filter(|(at, _)| !gone.contains(&(at + 1)));
            after = kept.map(|(_, line)| line).collect();
        }
        if let Some(key) = key.filter(|_| present && !is_there) {
            if !after.is_empty() && !after.ends_with('\n') {
                after.push('\n');
            }
            after += &if args.hash_host { hashed(key, &host, system)? } else { key.to_owned() };
            after.push('\n');
        }
        let mut outcome = Outcome::default();
        if system.diff {
            let mut diff = text_file::diff(&args.path, &before, &after);
            if !system.exists(&args.path) {
                diff.before_header = "/dev/null".into();
            }
            outcome.diff = diff.into();
        }
        if !system.check {
            outcome.values.extend(Map::from([
                ("name", Value::from(args.name.as_str())),
                ("key", Value::from(args.key.clone())),
                ("path", Value::from(args.path.display().to_string())),
                ("hash_host", Value::from(args.hash_host)),
                ("state", Value::from(args.state.as_str())),
            ]));
            if system.exists(&args.path) {
                describe(system, &args.path, &mut outcome.values);
            }
        }
        if after == before {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, KnownHostsPlan { path: args.path.clone(), text: after }))
    }

    fn apply(plan: KnownHostsPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        text_file::write(&plan.path, &plan.text, &NewFile::default(), system)?;
        describe(system, &plan.path, &mut predicted.values);
        Ok(predicted)
    }
}

/// The first line of the key that was given, which has to be one for this host.
fn entry_of<'a>(key: &'a str, host: &str, system: &Probe) -> Result<Entry<'a>, Failure> {
    let refused = || Failure::new("Host parameter does not match hashed host field in supplied key");
    let entry = key.lines().next().and_then(Entry::parse).ok_or_else(refused)?;
    if host.is_empty() || lines_of(host, key, system)?.is_empty() {
        return Err(refused());
    }
    Ok(entry)
}

/// The numbers of the lines that are about a host, counted from 1. Patterns and hashes are left to `ssh-keygen`.
fn lines_of(host: &str, text: &str, system: &Probe) -> Result<Vec<usize>, Failure> {
    // It may not be there yet where there is nothing to be found.
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("{}\n", text.trim_end_matches('\n'));
    let command = CommandSpec::new(["ssh-keygen", "-F", host, "-f", "/dev/stdin"]).parsable().stdin(text);
    let output = system.query(&command)?;
    // 1 says that nothing was found.
    if !matches!(output.rc, 0 | 1) {
        return output.checked(&command).map(|_| Vec::new());
    }
    let said = output.stdout_text();
    let numbers = said.lines().filter_map(|line| line.strip_prefix("# Host ")?.rsplit_once(": line "));
    Ok(numbers.filter_map(|(_, number)| number.split_whitespace().next()?.parse().ok()).collect())
}

/// The line with its names made unreadable, as `ssh-keygen -H` does it: of several names only the host's is kept.
fn hashed(line: &str, host: &str, system: &Probe) -> Result<String, Failure> {
    let mut salt = [0; 20];
    let random =
        system.open("/dev/urandom".as_ref()).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut salt));
    random.map_err(|error| Failure::new(format!("cannot read /dev/urandom: {error}")))?;
    let entry = Entry::parse(line).ok_or_else(|| Failure::new("the key is no line of a known_hosts file"))?;
    let hash = format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hmac_sha1(&salt, host.as_bytes())));
    Ok(line.replacen(entry.names, &hash, 1))
}

/// HMAC of RFC 2104 for a key of at most 64 bytes.
fn hmac_sha1(key: &[u8], text: &[u8]) -> [u8; 20] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, of_key)| *byte ^= of_key);
        block
    };
    let inner = Sha1::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha1::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_is_what_openssh_makes_of_it() {
        // Made by `ssh-keygen -H` of OpenSSH 9.2 of a line for `a.example`.
        let (salt, hash) = ("uq37AlKn/csiccdvw5vJGPXtW5I=", "ZCJZK5qs5vQ8vueajLB/4Uk2qcM=");
        let salt = STANDARD.decode(salt).unwrap();
        assert_eq!(STANDARD.encode(hmac_sha1(&salt, b"a.example")), hash);
    }
}
