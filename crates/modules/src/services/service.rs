//! `service`: services, whatever manages them on the target.

use super::init_script::{self, Steps, Wanted};
use super::systemd::{Systemd, SystemdArgs, SystemdPlan};
use crate::arguments::Opt;
use crate::facts::look::Look;
use crate::facts::service_manager;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`ServiceArgs`].
pub struct Service;

arguments! {
    /// Controls services, whatever manages them on the target.
    pub struct ServiceArgs {
        /// The service.
        name: String = Opt::str().required(),
        /// Whether it runs. `restarted` and `reloaded` always act.
        state: Option<String> = Opt::str().choices(&["started", "stopped", "reloaded", "restarted"]),
        /// Whether it starts with the machine.
        enabled: Option<bool> = Opt::bool(),
        /// Seconds between stopping and starting when it is restarted; not used by systemd.
        sleep: Option<i64> = Opt::int(),
        /// A text in the list of processes that shows that it runs; not used by systemd.
        pattern: Option<String> = Opt::str(),
        /// The run level for enabling, for OpenRC.
        runlevel: String = Opt::str().default("default"),
        /// Words for the init script; not used by systemd.
        arguments: String = Opt::str().default("").aliases(&["args"]),
        /// The service manager to use instead of the one that is found.
        r#use: String = Opt::str().default("auto"),
    }
    rules {
        required_one_of: &[&["state", "enabled"]],
    }
}

/// What is to be done, by whom.
#[derive(Debug)]
pub enum ServicePlan {
    /// By systemd.
    Systemd(SystemdPlan),
    /// By init scripts or OpenRC.
    InitScript(InitScriptPlan),
}

/// What is to be done with an init script.
#[derive(Debug)]
pub struct InitScriptPlan(pub(super) Steps);

impl Module for Service {
    type Args = ServiceArgs;
    type Plan = ServicePlan;

    fn inspect(args: &ServiceArgs, system: &Probe) -> Result<Inspection<ServicePlan>, Failure> {
        let manager = match args.r#use.trim_start_matches("ansible.builtin.").trim_start_matches("ansible.legacy.") {
            "auto" => service_manager::manager(&Look::new(system)),
            name => name.to_owned(),
        };
        if matches!(manager.as_str(), "systemd" | "systemd_service") {
            let found = Systemd::inspect(&for_systemd(args), system)?;
            let mut predicted = found.predicted;
            for (name, given) in [
                ("pattern", args.pattern.is_some()),
                ("sleep", args.sleep.is_some()),
                ("arguments", !args.arguments.is_empty()),
                ("runlevel", args.runlevel != "default"),
            ] {
                if given {
                    predicted.warnings.push(format!("Ignoring \"{name}\" as it is not used in \"systemd\""));
                }
            }
            return Ok(Inspection { predicted, plan: found.plan.map(ServicePlan::Systemd) });
        }
        let wanted = Wanted {
            name: args.name.clone(),
            state: args.state.clone(),
            enabled: args.enabled,
            pattern: args.pattern.clone(),
            arguments: args.arguments.clone(),
            pause: args.sleep,
            levels: vec![args.runlevel.clone()],
        };
        let openrc = manager == "openrc";
        let wanted = if openrc { wanted } else { Wanted { levels: Vec::new(), ..wanted } };
        let found = init_script::inspect(wanted, openrc, system)?;
        let plan = found.plan.map(|steps| ServicePlan::InitScript(InitScriptPlan(steps)));
        Ok(Inspection { predicted: found.predicted, plan })
    }

    fn apply(plan: ServicePlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        match plan {
            ServicePlan::Systemd(plan) => {
                let warnings = predicted.warnings.clone();
                let outcome = Systemd::apply(plan, predicted, system)?;
                Ok(Outcome { warnings, ..outcome })
            }
            ServicePlan::InitScript(InitScriptPlan(steps)) => init_script::apply(steps, predicted, system),
        }
    }
}

fn for_systemd(args: &ServiceArgs) -> SystemdArgs {
    SystemdArgs {
        name: Some(args.name.clone()),
        state: args.state.clone(),
        enabled: args.enabled,
        force: None,
        masked: None,
        daemon_reload: false,
        daemon_reexec: false,
        scope: "system".into(),
        no_block: false,
    }
}
