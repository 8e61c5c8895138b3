//! `systemd_service`: units of systemd.

use ksplay_value::{Map, Value};

use super::unit::{Scope, Unit};
use crate::arguments::Opt;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`SystemdArgs`].
pub struct Systemd;

arguments! {
    /// Controls units of systemd: whether they run, and whether they start with the machine.
    pub struct SystemdArgs {
        /// The unit; `.service` may be left out.
        name: Option<String> = Opt::str().aliases(&["service", "unit"]),
        /// Whether it runs. `restarted` and `reloaded` always act; `reloaded` starts a unit that does not run.
        state: Option<String> = Opt::str().choices(&["reloaded", "restarted", "started", "stopped"]),
        /// Whether it starts with the machine.
        enabled: Option<bool> = Opt::bool(),
        /// Whether to override existing links when enabling.
        force: Option<bool> = Opt::bool(),
        /// Whether it cannot be started at all.
        masked: Option<bool> = Opt::bool(),
        /// Read the unit files anew first.
        daemon_reload: bool = Opt::bool().default("false").aliases(&["daemon-reload"]),
        /// Start the manager itself anew first.
        daemon_reexec: bool = Opt::bool().default("false").aliases(&["daemon-reexec"]),
        /// Which manager is meant.
        scope: String = Opt::str().default("system").choices(&["system", "user", "global"]),
        /// Do not wait until the operation is finished.
        no_block: bool = Opt::bool().default("false"),
    }
}

/// What is to be done, in this order.
#[derive(Debug)]
pub struct SystemdPlan {
    args: SystemdArgs,
    actions: Vec<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Mask,
    Unmask,
    Enable,
    Disable,
    Start,
    Stop,
    Restart,
    Reload,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Unmask => "unmask",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }
}

impl Module for Systemd {
    type Args = SystemdArgs;
    type Plan = SystemdPlan;

    fn inspect(args: &SystemdArgs, system: &Probe) -> Result<Inspection<SystemdPlan>, Failure> {
        let asked =
            [("enabled", args.enabled.is_some()), ("masked", args.masked.is_some()), ("state", args.state.is_some())];
        if args.name.is_none()
            && let Some((asked, _)) = asked.into_iter().find(|(_, given)| *given)
        {
            return Err(Failure::new(format!("missing parameter(s) required by '{asked}': name")));
        }
        if let Some(name) = &args.name
            && let Some(glob) = name.chars().find(|character| "*?[".contains(*character))
        {
            let what = "This module does not currently support using glob patterns, found";
            return Err(Failure::new(format!("{what} '{glob}' in service name: {name}")));
        }
        let reload = args.daemon_reload || args.daemon_reexec;
        let (outcome, actions) = match look(args, system) {
            Ok(found) => found,
            // The unit file may be one that the manager has not read yet; applying looks again.
            Err(_) if reload => (described(args, Map::new()), Vec::new()),
            Err(failure) => return Err(failure),
        };
        let plan = (reload || !actions.is_empty()).then(|| SystemdPlan { args: args.clone(), actions });
        Ok(Inspection { predicted: outcome, plan })
    }

    fn apply(plan: SystemdPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let SystemdPlan { args, actions } = plan;
        let scope = Scope::named(&args.scope);
        for (wanted, word) in [(args.daemon_reload, "daemon-reload"), (args.daemon_reexec, "daemon-reexec")] {
            if wanted {
                let output = system.run(&scope.systemctl(&[word]))?;
                if !output.ok() {
                    let said = output.stderr_text();
                    return Err(Failure::new(format!("failure {} during {word}: {said}", output.rc)));
                }
            }
        }
        let (mut outcome, mut actions) =
            if args.daemon_reload || args.daemon_reexec { look(&args, system)? } else { (predicted, actions) };
        let name = args.name.clone().unwrap_or_default();
        if actions.contains(&Action::Unmask) {
            // What a masked unit is like shows only when it is no longer masked.
            run(system, &args, scope, &name, Action::Unmask)?;
            actions = look(&args, system)?.1;
            outcome.changed = true;
        }
        for action in actions {
            run(system, &args, scope, &name, action)?;
        }
        Ok(outcome)
    }
}

fn run(system: &mut System, args: &SystemdArgs, scope: Scope, name: &str, action: Action) -> Result<(), Failure> {
    let changes_state = matches!(action, Action::Start | Action::Stop | Action::Restart | Action::Reload);
    let no_block = (args.no_block && changes_state).then_some("--no-block");
    let force = (args.force == Some(true) && !changes_state).then_some("--force");
    let words: Vec<&str> = no_block.into_iter().chain(force).chain([action.word(), name]).collect();
    let output = system.run(&scope.systemctl(&words))?;
    if output.ok() {
        return Ok(());
    }
    let said = output.stderr_text();
    let word = action.word();
    let before = if matches!(action, Action::Enable | Action::Disable) { output.stdout_text() } else { String::new() };
    Err(Failure::new(format!("Unable to {word} service {name}: {before}{said}")))
}

/// The result as far as it is known, and what has to be done.
fn look(args: &SystemdArgs, system: &Probe) -> Result<(Outcome, Vec<Action>), Failure> {
    let Some(name) = &args.name else { return Ok((described(args, Map::new()), Vec::new())) };
    let unit = Unit::read(name, Scope::named(&args.scope), system)?;
    let actions = actions(args, name, &unit)?;
    let mut outcome = described(args, unit.properties);
    outcome.changed = !actions.is_empty();
    Ok((outcome, actions))
}

fn actions(args: &SystemdArgs, name: &str, unit: &Unit) -> Result<Vec<Action>, Failure> {
    let mut actions = Vec::new();
    let masked = unit.is_masked();
    match args.masked {
        Some(true) if !masked => actions.push(Action::Mask),
        Some(false) if masked => actions.push(Action::Unmask),
        _ => {}
    }
    // A unit that does not exist may be masked all the same, which keeps it from ever being started.
    let needs_unit = args.enabled.is_some() || args.state.is_some();
    if !unit.exists() && !masked && needs_unit {
        return Err(Failure::new(format!("Could not find the requested service {name}: host")).missing());
    }
    match args.enabled {
        Some(true) if !unit.enabled => actions.push(Action::Enable),
        Some(false) if unit.enabled && unit.property("UnitFileState") != "static" => actions.push(Action::Disable),
        _ => {}
    }
    match args.state.as_deref() {
        Some("started") if !unit.is_running() => actions.push(Action::Start),
        Some("stopped") if unit.is_running() || unit.is_stopping() => actions.push(Action::Stop),
        Some("restarted" | "reloaded") if !unit.is_running() => actions.push(Action::Start),
        Some("restarted") => actions.push(Action::Restart),
        Some("reloaded") => actions.push(Action::Reload),
        _ => {}
    }
    Ok(actions)
}

fn described(args: &SystemdArgs, properties: Map) -> Outcome {
    let mut values = Map::from([("name", Value::from(args.name.clone())), ("status", properties.into())]);
    if let Some(enabled) = args.enabled {
        values.insert("enabled", enabled);
    }
    match args.state.as_deref() {
        Some("stopped") => values.insert("state", "stopped"),
        Some(_) => values.insert("state", "started"),
        None => None,
    };
    Outcome { values, ..Outcome::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(fields: &[(&str, &str)]) -> SystemdArgs {
        let given: Map = fields.iter().map(|(name, value)| (*name, *value)).chain([("name", "a")]).collect();
        let mut given = crate::Given::check("systemd", <SystemdArgs as crate::Arguments>::SPEC_REF, &given).unwrap();
        given.typed::<SystemdArgs>().unwrap()
    }

    fn unit(load: &str, active: &str, enabled: bool) -> Unit {
        let file = if enabled { "enabled" } else { "disabled" };
        let properties = Map::from([("LoadState", load), ("ActiveState", active), ("UnitFileState", file)]);
        Unit { properties, enabled }
    }

    #[test]
    fn only_what_differs_is_done() {
        let wanted = args(&[("state", "started"), ("enabled", "yes")]);
        assert_eq!(actions(&wanted, "a", &unit("loaded", "active", true)).unwrap(), []);
        assert_eq!(actions(&wanted, "a", &unit("loaded", "failed", false)).unwrap(), [Action::Enable, Action::Start]);
        let stopped = args(&[("state", "stopped")]);
        assert_eq!(actions(&stopped, "a", &unit("loaded", "deactivating", false)).unwrap(), [Action::Stop]);
    }

    #[test]
    fn a_unit_that_does_not_run_is_started_rather_than_reloaded() {
        let reloaded = args(&[("state", "reloaded")]);
        assert_eq!(actions(&reloaded, "a", &unit("loaded", "inactive", true)).unwrap(), [Action::Start]);
        assert_eq!(actions(&reloaded, "a", &unit("loaded", "active", true)).unwrap(), [Action::Reload]);
    }

    #[test]
    fn an_unknown_unit_is_named() {
        let wanted = args(&[("state", "started")]);
        let failure = actions(&wanted, "nosuch", &unit("not-found", "inactive", false)).unwrap_err();
        assert_eq!(failure.message, "Could not find the requested service nosuch: host");
        let masked = args(&[("masked", "yes")]);
        assert_eq!(actions(&masked, "nosuch", &unit("not-found", "inactive", false)).unwrap(), [Action::Mask]);
    }
}
