//! `ping`: says that the target is there.

use crate::arguments::Opt;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`PingArgs`].
pub struct Ping;

arguments! {
    /// Tries to reach the target and answers with `pong`.
    pub struct PingArgs {
        /// What to answer; `crash` makes the module fail.
        data: String = Opt::str().default("pong"),
    }
}

impl Module for Ping {
    type Args = PingArgs;
    type Plan = ();

    fn inspect(args: &PingArgs, _system: &Probe) -> Result<Inspection<()>, Failure> {
        if args.data == "crash" {
            return Err(Failure::new("boom"));
        }
        let mut outcome = Outcome::default();
        outcome.values.insert("ping", args.data.as_str());
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}
