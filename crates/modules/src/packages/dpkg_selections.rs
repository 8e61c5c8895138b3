//! `dpkg_selections`: what dpkg is to do with a package, such as to hold it.

use ksplay_value::Map;

use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`DpkgSelectionsArgs`].
pub struct DpkgSelections;

arguments! {
    /// Sets what dpkg is to do with a package; `hold` keeps it as it is.
    pub struct DpkgSelectionsArgs {
        /// The package.
        name: String = Opt::str().required(),
        /// The selection.
        selection: String = Opt::str().required().choices(&["install", "hold", "deinstall", "purge"]),
    }
}

impl Module for DpkgSelections {
    type Args = DpkgSelectionsArgs;
    type Plan = DpkgSelectionsArgs;

    fn inspect(args: &DpkgSelectionsArgs, system: &Probe) -> Result<Inspection<DpkgSelectionsArgs>, Failure> {
        let command = CommandSpec::new(["dpkg", "--get-selections", &args.name]).parsable();
        let text = system.query(&command)?.checked(&command)?.stdout_text();
        let current = text.split_whitespace().nth(1);
        let Some(current) = current else {
            return Err(Failure::new(format!(
                "Failed to find package '{}' to perform selection '{}'.",
                args.name, args.selection
            )));
        };
        let values = Map::from([("before", current), ("after", &args.selection)]);
        let outcome = Outcome { values, ..Outcome::default() };
        Ok(if current == args.selection {
            Inspection::nothing_to_do(outcome)
        } else {
            Inspection::change(outcome, args.clone())
        })
    }

    fn apply(plan: DpkgSelectionsArgs, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let command = CommandSpec::new(["dpkg", "--set-selections"])
            .parsable()
            .stdin(format!("{} {}\n", plan.name, plan.selection));
        system.run(&command)?.checked(&command)?;
        Ok(predicted)
    }
}
