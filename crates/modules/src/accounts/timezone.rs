//! `timezone`: the time zone of the machine, and of its hardware clock.

use std::path::{Path, PathBuf};

use ksplay_value::Map;

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Diff, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`TimezoneArgs`].
pub struct Timezone;

arguments! {
    /// Sets the time zone of the machine, and what its hardware clock shows.
    pub struct TimezoneArgs {
        /// Whether the hardware clock shows the local time or UTC.
        hwclock: Option<String> = Opt::str().choices(&["local", "UTC"]).aliases(&["rtc"]),
        /// The time zone: `Europe/Berlin`.
        name: Option<String> = Opt::str(),
    }
    rules { required_one_of: &[&["hwclock", "name"]] }
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct TimezonePlan {
    commands: Vec<CommandSpec>,
    /// The zone to be written into the files, and the lines of the file that has its name.
    files: Option<(String, usize)>,
}

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";
const NAME: &str = "/etc/timezone";

impl Module for Timezone {
    type Args = TimezoneArgs;
    type Plan = TimezonePlan;

    fn inspect(args: &TimezoneArgs, system: &Probe) -> Result<Inspection<TimezonePlan>, Failure> {
        if let Some(name) = &args.name
            && !system.is_file(&Path::new(ZONES).join(name))
        {
            return Err(Failure::new(format!("Error message:\ngiven timezone \"{name}\" is not available")).missing());
        }
        let status = match system.which("timedatectl") {
            Some(_) => Some(system.query(&CommandSpec::new(["timedatectl", "status"]).parsable())?),
            None => None,
        };
        // Without systemd it is there, perhaps, but cannot tell.
        let status = status.filter(crate::CommandOutput::ok).map(|output| output.stdout_text());
        let told = |name: &str| {
            let line = status.as_ref()?.lines().find_map(|line| line.trim().strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
        };
        let (mut before, mut after) = (Map::new(), Map::new());
        let mut plan = TimezonePlan::default();
        if let Some(clock) = &args.hwclock {
            let now = match &status {
                Some(_) => told("RTC in local TZ:").map(|word| if word == "yes" { "local" } else { "UTC" }),
                None => clock_of(&system.read_text("/etc/adjtime".as_ref()).unwrap_or_default()),
            };
            before.insert("hwclock", now.unwrap_or("n/a"));
            after.insert("hwclock", clock.as_str());
            if now != Some(clock) {
                let words = match (status.is_some(), clock == "local") {
                    (true, local) => ["timedatectl", "set-local-rtc", if local { "yes" } else { "no" }],
                    (false, local) => ["hwclock", "--systohc", if local { "--localtime" } else { "--utc" }],
                };
                plan.commands.push(tool(&words, system));
            }
        }
        if let Some(name) = &args.name {
            let now = if status.is_some() { told("Time zone:") } else { stored(name, system)? };
            after.insert("name", name.as_str());
            if now.as_ref() != Some(name) {
                match &status {
                    Some(_) => plan.commands.push(tool(&["timedatectl", "set-timezone", name], system)),
                    None => plan.files = Some((name.clone(), text_file::read(NAME.as_ref(), system)?.lines().count())),
                }
            }
            before.insert("name", now.unwrap_or_else(|| "n/a".into()));
        }
        let diff = Diff { before: before.into(), after: after.into(), ..Diff::default() };
        let outcome = Outcome { diff: diff.into(), ..Outcome::default() };
        if plan.commands.is_empty() && plan.files.is_none() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: TimezonePlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let mut done = Vec::new();
        for command in &plan.commands {
            system.run(command)?.or_stderr(command)?;
            done.push(format!("executed `{}`", command.shown()));
        }
        if let Some((name, lines)) = plan.files {
            if has_name_file(system) {
                let wanted = NewFile { mode: Some(0o644), ..NewFile::default() };
                text_file::write(NAME.as_ref(), &format!("{name}\n"), &wanted, system)?;
                done.push(format!("Added 1 line and deleted {lines} line(s) on {NAME}"));
            }
            system
                .symlink(&Path::new(ZONES).join(name), LOCAL.as_ref())
                .map_err(|error| Failure::new(format!("cannot make the link {LOCAL}: {error}")))?;
        }
        predicted.values.insert("msg", done.join("\n"));
        Ok(predicted)
    }
}

/// The command, with the full path of its program where that is known.
fn tool(words: &[&str], system: &Probe) -> CommandSpec {
    let mut command = CommandSpec::new(words.iter().copied()).parsable();
    if let Some(path) = system.which(words[0]) {
        command.argv[0] = path.display().to_string();
    }
    command
}

/// Debian keeps the name in a file too.
fn has_name_file(system: &Probe) -> bool {
    system.exists(NAME.as_ref()) || system.which("dpkg-reconfigure").is_some()
}

/// What the third line of `/etc/adjtime` says of the hardware clock.
fn clock_of(text: &str) -> Option<&'static str> {
    match text.lines().nth(2)?.trim() {
        "LOCAL" => Some("local"),
        "UTC" => Some("UTC"),
        _ => None,
    }
}

/// The zone that the files have; nothing where they do not agree.
fn stored(wanted: &str, system: &Probe) -> Result<Option<String>, Failure> {
    if has_name_file(system) {
        let name = text_file::read(NAME.as_ref(), system)?.lines().next().map(|line| line.trim().to_owned());
        if name.as_deref() != Some(wanted) {
            return Ok(name);
        }
    }
    let target = system.read_link(LOCAL.as_ref()).unwrap_or_default();
    let target = PathBuf::from("/etc").join(target);
    let zone = target.strip_prefix(ZONES).ok().or_else(|| target.strip_prefix("/etc/../usr/share/zoneinfo").ok());
    Ok(zone.map(|zone| zone.display().to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{RunOptions, run};

    /// Says and sets what the file beside it has, as far as the module asks.
    const STAND_IN: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
status) echo "                Time zone: $(cat zone) (UTC, +0000)"; echo "          RTC in local TZ: $(cat clock)";;
set-timezone) echo "$2" > zone;;
set-local-rtc) echo "$2" > clock;;
esac
"#;

    #[test]
    fn where_systemd_is_it_is_asked_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("timedatectl", STAND_IN);
        put("zone", "Etc/UTC");
        put("clock", "no");
        fs::set_permissions(folder.path().join("timedatectl"), fs::Permissions::from_mode(0o755)).unwrap();
        if !Path::new(ZONES).join("Europe/London").exists() {
            return;
        }
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let call = |check: bool| {
            let environment = vec![("PATH".into(), path.clone())];
            let options = RunOptions { check, diff: true, environment };
            let args = Map::from([("name", "Europe/London"), ("hwclock", "local")]);
            let result = run("community.general.timezone", &args, &options, Probe::default());
            let [changed, msg] = ["changed", "msg"].map(|name| result.get(name).map(ToString::to_string));
            (changed.unwrap(), result.get("diff").unwrap().to_string(), msg)
        };
        let diff =
            "{'before': {'hwclock': 'UTC', 'name': 'Etc/UTC'}, 'after': {'hwclock': 'local', 'name': 'Europe/London'}}";
        assert_eq!(call(true), ("True".into(), diff.into(), None));
        let program = folder.path().join("timedatectl").display().to_string();
        let said = format!("executed `{program} set-local-rtc yes`\nexecuted `{program} set-timezone Europe/London`");
        assert_eq!(call(false), ("True".into(), diff.into(), Some(said)));
        assert_eq!(call(false).0, "False");
    }

    #[test]
    fn a_zone_that_is_not_there_is_told_before_anything() {
        let result = run("timezone", &Map::from([("name", "No/Where")]), &RunOptions::default(), Probe::default());
        let message = result.get("msg").unwrap().to_string();
        assert_eq!(message, "Error message:\ngiven timezone \"No/Where\" is not available");
    }

    #[test]
    fn the_third_line_of_adjtime_says_what_the_clock_shows() {
        assert_eq!(clock_of("0.0 0 0.0\n0\nLOCAL\n"), Some("local"));
        assert_eq!(clock_of("0.0 0 0.0\n0\nUTC\n"), Some("UTC"));
        assert_eq!(clock_of(""), None);
    }
}
