//! Services of systems without systemd: init scripts, and OpenRC.

use ksplay_value::Map;

use super::unit::has_start_link;
use crate::{CommandSpec, Failure, Inspection, Outcome, Probe, System};

/// What is wanted of a service.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) name: String,
    /// `started`, `stopped`, `restarted` or `reloaded`.
    pub(crate) state: Option<String>,
    /// Whether it starts with the machine.
    pub(crate) enabled: Option<bool>,
    /// A text that its line in the list of processes has, for scripts that cannot tell their status.
    pub(crate) pattern: Option<String>,
    /// Words for the script.
    pub(crate) arguments: String,
    /// Seconds between stopping and starting when it is restarted.
    pub(crate) pause: Option<i64>,
    /// The run levels for enabling (OpenRC: the name of one).
    pub(crate) levels: Vec<String>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Steps {
    wanted: Wanted,
    openrc: bool,
    enable: Option<bool>,
    action: Option<&'static str>,
}

/// Compares the service with what is wanted.
pub(crate) fn inspect(wanted: Wanted, openrc: bool, system: &Probe) -> Result<Inspection<Steps>, Failure> {
    let name = &wanted.name;
    if !system.exists(format!("/etc/init.d/{name}").as_ref()) {
        return Err(Failure::new(format!("Could not find the requested service {name}: host")).missing());
    }
    let enabled = if openrc { in_run_level(&wanted, system) } else { has_start_link(name, system) };
    let enable = wanted.enabled.filter(|wanted| *wanted != enabled);
    let running = if wanted.state.is_some() { is_running(&wanted, openrc, system)? } else { false };
    let action = match wanted.state.as_deref() {
        Some("started") if !running => Some("start"),
        Some("stopped") if running => Some("stop"),
        Some("restarted") => Some("restart"),
        Some("reloaded") => Some(if running { "reload" } else { "start" }),
        _ => None,
    };
    let mut values = Map::from([("name", name.as_str())]);
    if let Some(enabled) = wanted.enabled {
        values.insert("enabled", enabled);
    }
    if let Some(state) = &wanted.state {
        values.insert("state", if state == "stopped" { "stopped" } else { "started" });
    }
    let outcome = Outcome { values, ..Outcome::default() };
    Ok(if enable.is_some() || action.is_some() {
        Inspection::change(outcome, Steps { wanted, openrc, enable, action })
    } else {
        Inspection::nothing_to_do(outcome)
    })
}

/// Does the steps.
pub(crate) fn apply(steps: Steps, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
    let Steps { wanted, openrc, enable, action } = steps;
    if let Some(enable) = enable {
        let command = enabling(&wanted, openrc, enable, system);
        system.run(&command)?.checked(&command)?;
    }
    let words = match (action, wanted.pause) {
        (Some("restart"), Some(pause)) => {
            act(&wanted, openrc, "stop", system)?;
            system.sleep(std::time::Duration::from_secs(pause.max(0).unsigned_abs()));
            Some("start")
        }
        (action, _) => action,
    };
    if let Some(word) = words {
        act(&wanted, openrc, word, system)?;
    }
    Ok(predicted)
}

fn act(wanted: &Wanted, openrc: bool, word: &str, system: &mut System) -> Result<(), Failure> {
    let output = system.run(&script(wanted, openrc, word, system))?;
    if output.ok() {
        return Ok(());
    }
    let said = [output.stderr_text(), output.stdout_text()].concat();
    Err(output.failure(format!("Failed to {word} {}, rc={}: {}", wanted.name, output.rc, said.trim())))
}

fn script(wanted: &Wanted, openrc: bool, word: &str, system: &Probe) -> CommandSpec {
    let name = wanted.name.as_str();
    let extra = wanted.arguments.split_whitespace();
    let path = format!("/etc/init.d/{name}");
    let start: Vec<&str> = if openrc {
        vec!["rc-service", name, word]
    } else if system.which("service").is_some() {
        vec!["service", name, word]
    } else {
        vec![&path, word]
    };
    CommandSpec::new(start.into_iter().chain(extra)).parsable()
}

fn enabling(wanted: &Wanted, openrc: bool, enable: bool, system: &Probe) -> CommandSpec {
    let name = wanted.name.as_str();
    if openrc {
        let level = wanted.levels.first().map_or("default", String::as_str);
        return CommandSpec::new(["rc-update", if enable { "add" } else { "delete" }, name, level]);
    }
    if system.which("update-rc.d").is_some() {
        return CommandSpec::new(["update-rc.d", name, if enable { "defaults" } else { "disable" }]);
    }
    let levels = wanted.levels.concat();
    let levels = (!levels.is_empty()).then(|| ["--level".to_owned(), levels]);
    let words = levels.into_iter().flatten().chain([name.to_owned(), if enable { "on" } else { "off" }.to_owned()]);
    CommandSpec::new(["chkconfig".to_owned()].into_iter().chain(words))
}

/// Whether `rc-update show` has the service in the run level.
fn in_run_level(wanted: &Wanted, system: &Probe) -> bool {
    let Ok(output) = system.query(&CommandSpec::new(["rc-update", "show"])) else { return false };
    let level = wanted.levels.first().map_or("default", String::as_str);
    output.stdout_text().lines().any(|line| {
        let Some((name, levels)) = line.split_once('|') else { return false };
        name.trim() == wanted.name && levels.split_whitespace().any(|other| other == level)
    })
}

fn is_running(wanted: &Wanted, openrc: bool, system: &Probe) -> Result<bool, Failure> {
    if let Some(pattern) = &wanted.pattern {
        let processes = system.query(&CommandSpec::new(["ps", "-eo", "args"]))?.stdout_text();
        return Ok(processes.lines().any(|line| line.contains(pattern)));
    }
    let plain = Wanted { arguments: String::new(), ..wanted.clone() };
    let output = system.query(&script(&plain, openrc, "status", system))?;
    let text = output.stdout_text().to_lowercase();
    let says_stopped = ["is stopped", "not running", "is not running", "is dead", "status: stopped"];
    if says_stopped.iter().any(|phrase| text.contains(phrase)) {
        return Ok(false);
    }
    // By the convention for init scripts 0 means running; 1 to 3 mean dead or stopped.
    Ok(output.ok())
}
