//! `snap`: packages of the kind that carry all they need.

use ksplay_value::text::from_json;
use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`SnapArgs`].
pub struct Snap;

arguments! {
    /// Installs snaps, sets their options, switches them on and off, or removes them.
    pub struct SnapArgs {
        /// The release that a snap follows: `edge`, `2.0/stable`.
        channel: Option<String> = Opt::str(),
        /// Whether a snap may reach all of the machine.
        classic: bool = Opt::bool().default("false"),
        /// Whether a file is installed that nobody has signed.
        dangerous: bool = Opt::bool().default("false"),
        /// The snaps, or files of snaps.
        name: Vec<String> = Opt::list(OptType::Str).required(),
        /// Options to be set: `KEY=VALUE` for all of them, `SNAP:KEY=VALUE` for one.
        options: Vec<String> = Opt::list(OptType::Str),
        /// Whether they are there, and on.
        state: String = Opt::str().default("present").choices(&["absent", "present", "enabled", "disabled"]),
    }
}

/// A snap that is installed.
struct Known {
    name: String,
    channel: String,
    is_off: bool,
}

/// An option, of one snap or of all.
struct Setting<'a> {
    snap: Option<&'a str>,
    key: &'a str,
    value: &'a str,
}

impl Module for Snap {
    type Args = SnapArgs;
    type Plan = Vec<CommandSpec>;

    fn inspect(args: &SnapArgs, system: &Probe) -> Result<Inspection<Self::Plan>, Failure> {
        let settings = args.options.iter().map(|text| setting(text)).collect::<Result<Vec<_>, _>>()?;
        let program = system.required("snap")?;
        let ask = |words: &[&str]| {
            let command = CommandSpec::new([program.as_str()].iter().chain(words).copied()).parsable();
            Ok::<_, Failure>(system.query(&command)?.or_stderr(&command)?.stdout_text())
        };
        let known = installed(&ask(&["list"])?);
        let find = |name: &str| known.iter().find(|snap| snap.name == name);
        let mut plan = Plan { program: &program, commands: Vec::new(), done: Map::new() };
        let mut outcome = Outcome::default();
        outcome.values.insert("version", versions(&ask(&["version"])?));
        match args.state.as_str() {
            "present" => {
                let mut names = Vec::new();
                for given in &args.name {
                    // A file does not have the name of its snap.
                    let name = if given.ends_with(".snap") { name_of(&ask(&["info", given])?) } else { None };
                    names.push(name.unwrap_or_else(|| given.clone()));
                }
                let pairs: Vec<_> = args.name.iter().zip(&names).collect();
                plan.install(args, &pairs, &find);
                for name in names.iter().filter(|name| find(name).is_some_and(|snap| !snap.is_off)) {
                    let wanted = settings.iter().filter(|setting| setting.snap.is_none_or(|snap| snap == name));
                    let wanted: Vec<_> = wanted.collect();
                    if !wanted.is_empty() {
                        let now = from_json(&ask(&["get", "-d", name])?).unwrap_or_default();
                        plan.set(name, wanted.into_iter().filter(|setting| !setting.holds(&now)));
                    }
                }
                for name in names.iter().filter(|name| find(name).is_none()) {
                    plan.set(name, settings.iter().filter(|setting| setting.snap.is_none_or(|snap| snap == name)));
                }
                outcome.values.insert("snap_names", names.into_iter().collect::<Value>());
                outcome.values.insert("channel", args.channel.as_deref().unwrap_or("stable"));
                outcome.values.insert("classic", args.classic);
            }
            "absent" => {
                let there: Vec<&str> =
                    args.name.iter().map(String::as_str).filter(|name| find(name).is_some()).collect();
                plan.all("remove", "snaps_removed", &there);
            }
            state => {
                let off = state == "disabled";
                let other = |name: &&str| find(name).map_or(!off, |snap| snap.is_off != off);
                let others: Vec<&str> = args.name.iter().map(String::as_str).filter(other).collect();
                let (verb, told) = if off { ("disable", "snaps_disabled") } else { ("enable", "snaps_enabled") };
                for name in &others {
                    plan.run(&[verb, name]);
                }
                plan.tell(told, &others);
            }
        }
        let Plan { commands, done, .. } = plan;
        outcome.values.extend(done);
        if commands.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, commands))
    }

    fn apply(plan: Self::Plan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in &plan {
            system.run(command)?.or_stderr(command)?;
        }
        let shown: Vec<String> = plan.iter().map(CommandSpec::shown).collect();
        predicted.values.insert("cmd", shown.join("; "));
        Ok(predicted)
    }
}

/// The commands so far, and what the result says of them.
struct Plan<'a> {
    program: &'a str,
    commands: Vec<CommandSpec>,
    done: Map,
}

impl Plan<'_> {
    fn run(&mut self, words: &[&str]) {
        self.commands.push(CommandSpec::new([self.program].iter().chain(words).copied()).parsable());
    }

    fn tell(&mut self, name: &str, snaps: &[&str]) {
        if !snaps.is_empty() {
            self.done.insert(name, snaps.iter().copied().collect::<Value>());
        }
    }

    fn all(&mut self, verb: &str, told: &str, snaps: &[&str]) {
        if !snaps.is_empty() {
            let words: Vec<&str> = [verb].iter().chain(snaps).copied().collect();
            self.run(&words);
            self.tell(told, snaps);
        }
    }

    /// Installs what is not there, and has what follows another release follow the one that is wanted.
    fn install<'k>(&mut self, args: &SnapArgs, snaps: &[(&String, &String)], find: &dyn Fn(&str) -> Option<&'k Known>) {
        let mut flags: Vec<&str> = Vec::new();
        flags.extend(args.classic.then_some("--classic"));
        flags.extend(args.channel.iter().flat_map(|channel| ["--channel", channel]));
        flags.extend(args.dangerous.then_some("--dangerous"));
        let mut changed: Vec<&str> = Vec::new();
        let mut plain: Vec<&str> = Vec::new();
        for (given, name) in snaps {
            let verb = match (find(name), &args.channel) {
                (None, _) => "install",
                (Some(snap), Some(channel)) if snap.channel != full_channel(channel) => "refresh",
                _ => continue,
            };
            changed.push(given);
            if flags.is_empty() {
                plain.push(given);
            } else {
                // What holds for one snap alone is not said of several.
                let words: Vec<&str> =
                    [verb].into_iter().chain(flags.iter().copied()).chain([given.as_str()]).collect();
                self.run(&words);
            }
        }
        if !plain.is_empty() {
            let words: Vec<&str> = ["install"].into_iter().chain(plain).collect();
            self.run(&words);
        }
        self.tell("snaps_installed", &changed);
    }

    fn set<'s>(&mut self, name: &str, settings: impl Iterator<Item = &'s Setting<'s>>) {
        let pairs: Vec<String> = settings.map(|setting| format!("{}={}", setting.key, setting.value)).collect();
        if pairs.is_empty() {
            return;
        }
        let words: Vec<&str> = ["set", name].into_iter().chain(pairs.iter().map(String::as_str)).collect();
        self.run(&words);
        let told = self.done.remove("options_changed");
        let told = told.iter().flat_map(|told| told.as_list().unwrap_or_default()).cloned();
        let told: Value = told.chain(pairs.iter().map(|pair| format!("{name}:{pair}").into())).collect();
        self.done.insert("options_changed", told);
    }
}

impl Setting<'_> {
    /// Whether the snap has it; a key with points leads into a mapping.
    fn holds(&self, now: &Value) -> bool {
        let found = self.key.split('.').try_fold(now, |value, key| value.get(key));
        found.is_some_and(|value| match value {
            Value::Bool(flag) => flag.to_string() == self.value,
            other => other.to_string() == self.value,
        })
    }
}

fn setting(text: &str) -> Result<Setting<'_>, Failure> {
    let wrong = || Failure::new(format!("the option `{text}` is neither `KEY=VALUE` nor `SNAP:KEY=VALUE`"));
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let (snap, key) = key.split_once(':').map_or((None, key), |(snap, key)| (Some(snap), key));
    if key.is_empty() { Err(wrong()) } else { Ok(Setting { snap, key, value }) }
}

/// A release without a track is of the track `latest`.
fn full_channel(channel: &str) -> String {
    if channel.contains('/') { channel.to_owned() } else { format!("latest/{channel}") }
}

/// What `snap list` tells: name, version, revision, release, publisher, notes.
fn installed(text: &str) -> Vec<Known> {
    let rows = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 3)
        .map(|row| Known {
            name: row[0].to_owned(),
            channel: row[3].to_owned(),
            is_off: row.last().is_some_and(|notes| notes.split(',').any(|note| note == "disabled")),
        })
        .collect()
}

fn name_of(info: &str) -> Option<String> {
    info.lines().find_map(|line| line.strip_prefix("name:")).map(|name| name.trim().to_owned())
}

fn versions(text: &str) -> Map {
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), Value::from(words.next()?)))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    /// A program that notes how it changes something.
    const STAND_IN: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1" in
list) echo "Name Version Rev Tracking Publisher Notes"; echo "foo 1 1 latest/stable canonical -"
      echo "off 1 1 latest/stable canonical disabled";;
info) echo "name:  foo";;
get) echo '{"a":"b","c":{"d":1,"e":true}}';;
version) echo "snap    2.57";;
*) echo "$*" >> "$here/calls";;
esac
"#;

    fn called(check: bool, args: &str) -> (Map, String) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("snap");
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let environment = vec![("PATH".into(), format!("{}:/usr/bin:/bin", folder.path().display()))];
        let options = RunOptions { check, environment, ..RunOptions::default() };
        let args = from_json(args).unwrap();
        let result = run("community.general.snap", args.as_map().unwrap(), &options, Probe::default());
        (result, fs::read_to_string(folder.path().join("calls")).unwrap_or_default())
    }

    #[test]
    fn what_differs_is_changed_and_nothing_else() {
        for (args, calls) in [
            (r#"{"name":["new","foo","other"]}"#, "install new other\n"),
            (r#"{"name":["baz"],"classic":true,"channel":"edge"}"#, "install --classic --channel edge baz\n"),
            (r#"{"name":"foo","channel":"edge"}"#, "refresh --channel edge foo\n"),
            (r#"{"name":"foo","channel":"stable"}"#, ""),
            (r#"{"name":"/x/y.snap","dangerous":true}"#, ""),
            (r#"{"name":"foo","options":["a=c","c.d=1","c.e=true","off:x=y"]}"#, "set foo a=c\n"),
            (r#"{"name":["foo","new","off"],"state":"absent"}"#, "remove foo off\n"),
            (r#"{"name":["foo","off"],"state":"disabled"}"#, "disable foo\n"),
            (r#"{"name":["foo","off"],"state":"enabled"}"#, "enable off\n"),
        ] {
            let (result, done) = called(false, args);
            assert_eq!(done, calls, "{args}");
            assert_eq!(result.get("changed"), Some(&Value::Bool(!calls.is_empty())), "{args}");
            let (dry, done) = called(true, args);
            assert_eq!((dry.get("changed"), done), (result.get("changed"), String::new()), "{args}");
        }
    }

    /// The names and values that community.general returns.
    #[test]
    fn the_result_tells_what_changed() {
        let (result, _) = called(false, r#"{"name":["new","foo"],"options":["foo:a=c"]}"#);
        for (name, value) in [
            ("snaps_installed", "['new']"),
            ("snap_names", "['new', 'foo']"),
            ("options_changed", "['foo:a=c']"),
            ("channel", "stable"),
            ("classic", "False"),
            ("version", "{'snap': '2.57'}"),
        ] {
            assert_eq!(result.get(name).map(ToString::to_string).as_deref(), Some(value), "{name}");
        }
        let (refused, calls) = called(false, r#"{"name":"foo","options":["nothing"]}"#);
        assert!(refused.get("msg").unwrap().to_string().starts_with("the option `nothing` is neither"));
        assert_eq!(calls, "");
    }
}
