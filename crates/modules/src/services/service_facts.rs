//! `service_facts`: all services of the target.

use std::collections::HashMap;

use ksplay_value::Map;

use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`ServiceFactsArgs`].
pub struct ServiceFacts;

arguments! {
    /// Gathers the state of all services as the fact `services`.
    pub struct ServiceFactsArgs {}
}

impl Module for ServiceFacts {
    type Args = ServiceFactsArgs;
    type Plan = ();

    fn inspect(_args: &ServiceFactsArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let ask = |argv: &[&str]| {
            let found = system.which(argv[0]).is_some();
            let output = found.then(|| system.query(&CommandSpec::new(argv.iter().copied()).parsable()).ok()).flatten();
            output.map(|output| output.stdout_text()).unwrap_or_default()
        };
        let mut services = Map::new();
        if system.exists("/run/systemd/system".as_ref()) {
            let units = ask(&["systemctl", "list-units", "--no-pager", "--type", "service", "--all", "--plain"]);
            let files = ask(&["systemctl", "list-unit-files", "--no-pager", "--type", "service", "--all"]);
            services.extend(units_of(&units, &files));
        }
        if system.exists("/etc/init.d".as_ref()) {
            services.extend(scripts_of(&ask(&["service", "--status-all"])));
        }
        if system.exists("/sbin/openrc".as_ref()) {
            services.extend(openrc_of(&ask(&["rc-status", "-a", "-s"]), &ask(&["rc-update", "show"])));
        }
        let mut outcome = Outcome::default();
        if services.is_empty() {
            outcome.skipped = true;
            outcome.values.insert(
                "msg",
                "Failed to find any services. This can be due to privileges or some other configuration issue.",
            );
        } else {
            outcome.facts = Some(Map::from([("services", services)]));
        }
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

fn described(name: &str, state: &str, status: &str, source: &str) -> Map {
    Map::from([("name", name), ("state", state), ("status", status), ("source", source)])
}

fn units_of(units: &str, files: &str) -> Map {
    let words =
        |line: &str| line.trim_start_matches(['●', '○', '×', '*', ' ']).split_whitespace().map(str::to_owned).collect();
    let files: Vec<Vec<String>> = files.lines().map(words).collect();
    let status: HashMap<&str, &str> = files
        .iter()
        .filter(|row| row.len() >= 2 && row[0].ends_with(".service"))
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    let units: Vec<Vec<String>> = units.lines().map(words).collect();
    let mut services = Map::new();
    for row in units.iter().filter(|row| row.len() >= 4 && row[0].ends_with(".service")) {
        let (name, load, active, sub) = (&row[0], &row[1], &row[2], &row[3]);
        let state = match (active.as_str(), sub.as_str()) {
            ("failed", _) | (_, "failed") => "failed",
            (_, "running") => "running",
            _ => "stopped",
        };
        // A unit that others ask for but that does not exist has no file.
        let known = status.get(name.as_str()).copied();
        let status = known.unwrap_or(if load == "not-found" { "not-found" } else { "unknown" });
        services.insert(name.as_str(), described(name, state, status, "systemd"));
    }
    for row in files.iter().filter(|row| row.len() >= 2 && row[0].ends_with(".service")) {
        if !services.contains_key(&row[0]) {
            services.insert(row[0].as_str(), described(&row[0], "inactive", &row[1], "systemd"));
        }
    }
    services
}

/// Lines such as ` [ + ]  cron`.
fn scripts_of(text: &str) -> Map {
    text.lines()
        .filter_map(|line| {
            let (mark, name) = line.trim().strip_prefix('[')?.split_once(']')?;
            let state = if mark.trim() == "+" { "running" } else { "stopped" };
            let name = name.trim();
            Some((name, Map::from([("name", name), ("state", state), ("source", "sysv")])))
        })
        .collect()
}

fn openrc_of(running: &str, levels: &str) -> Map {
    let enabled: HashMap<&str, bool> = levels
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(name, levels)| (name.trim(), !levels.trim().is_empty()))
        .collect();
    running
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().split_once(' ')?;
            let state = rest.split_once('[')?.1.split_whitespace().next()?;
            let state = if state == "started" { "running" } else { "stopped" };
            let status = if enabled.get(name).copied().unwrap_or(false) { "enabled" } else { "disabled" };
            Some((name, described(name, state, status, "openrc")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ksplay_value::Value;

    #[test]
    fn units_and_unit_files_are_joined() {
        let units = "UNIT LOAD ACTIVE SUB DESCRIPTION\ncron.service loaded active running Regular\n● foo.service loaded failed failed Foo\nold.service not-found inactive dead old.service\n\n3 loaded units listed.\n";
        let files = "UNIT FILE STATE PRESET\ncron.service enabled enabled\nfoo.service disabled enabled\nidle.service static -\n";
        let services = units_of(units, files);
        let of = |name: &str, key: &str| services.get(name).unwrap().get(key).unwrap().to_string();
        assert_eq!((of("cron.service", "state"), of("cron.service", "status")), ("running".into(), "enabled".into()));
        assert_eq!(of("foo.service", "state"), "failed");
        assert_eq!(of("old.service", "status"), "not-found");
        assert_eq!((of("idle.service", "state"), of("idle.service", "status")), ("inactive".into(), "static".into()));
        assert_eq!(services.len(), 4);
    }

    #[test]
    fn init_scripts_are_listed_by_their_marks() {
        let services = scripts_of(" [ + ]  cron\n [ - ]  ssh\n [ ? ]  hwclock.sh\n");
        assert_eq!(services.get("cron").unwrap().get("state"), Some(&Value::from("running")));
        assert_eq!(services.get("ssh").unwrap().get("state"), Some(&Value::from("stopped")));
    }
}
