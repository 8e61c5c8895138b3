//! `sysvinit`: services that are init scripts.

use super::init_script::{self, Wanted};
use super::service::InitScriptPlan;
use crate::arguments::{Opt, OptType};
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`SysvinitArgs`].
pub struct Sysvinit;

arguments! {
    /// Controls services that are init scripts.
    pub struct SysvinitArgs {
        /// The service.
        name: String = Opt::str().required().aliases(&["service"]),
        /// Whether it runs.
        state: Option<String> = Opt::str().choices(&["started", "stopped", "restarted", "reloaded"]),
        /// Whether it starts with the machine.
        enabled: Option<bool> = Opt::bool(),
        /// Seconds between stopping and starting when it is restarted.
        sleep: i64 = Opt::int().default("1"),
        /// A text in the list of processes that shows that it runs.
        pattern: Option<String> = Opt::str(),
        /// The run levels for enabling.
        runlevels: Vec<String> = Opt::list(OptType::Str),
        /// Words for the init script.
        arguments: String = Opt::str().default("").aliases(&["args"]),
        /// Accepted for compatibility: a script that leaves processes behind never blocks here.
        daemonize: bool = Opt::bool().default("false"),
    }
    rules {
        required_one_of: &[&["state", "enabled"]],
    }
}

impl Module for Sysvinit {
    type Args = SysvinitArgs;
    type Plan = InitScriptPlan;

    fn inspect(args: &SysvinitArgs, system: &Probe) -> Result<Inspection<InitScriptPlan>, Failure> {
        let wanted = Wanted {
            name: args.name.clone(),
            state: args.state.clone(),
            enabled: args.enabled,
            pattern: args.pattern.clone(),
            arguments: args.arguments.clone(),
            pause: Some(args.sleep),
            levels: args.runlevels.clone(),
        };
        let found = init_script::inspect(wanted, false, system)?;
        Ok(Inspection { predicted: found.predicted, plan: found.plan.map(InitScriptPlan) })
    }

    fn apply(plan: InitScriptPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        init_script::apply(plan.0, predicted, system)
    }
}
