//! `tempfile`: makes an empty file or directory with a name of its own.

use std::path::PathBuf;

use super::attributes::describe;
use crate::arguments::Opt;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`TempFileArgs`].
pub struct TempFile;

arguments! {
    /// Makes an empty file or directory with a name of its own, which stays until someone removes it.
    pub struct TempFileArgs {
        /// Which of the two.
        state: String = Opt::str().default("file").choices(&["file", "directory"]),
        /// The directory it is made in; the system's for such files when it is not given.
        path: Option<PathBuf> = Opt::path(),
        /// How its name begins.
        prefix: String = Opt::str().default("ansible."),
        /// How its name ends.
        suffix: String = Opt::str().default(""),
    }
}

/// What is to be made.
pub struct Plan {
    folder: PathBuf,
    prefix: String,
    suffix: String,
    directory: bool,
}

impl Module for TempFile {
    type Args = TempFileArgs;
    type Plan = Plan;

    fn inspect(args: &TempFileArgs, system: &Probe) -> Result<Inspection<Plan>, Failure> {
        let folder =
            args.path.clone().or_else(|| system.env("TMPDIR").map(PathBuf::from)).unwrap_or_else(|| "/tmp".into());
        let (prefix, suffix) = (args.prefix.clone(), args.suffix.clone());
        let plan = Plan { folder, prefix, suffix, directory: args.state == "directory" };
        Ok(Inspection::only_for_real("tempfile", plan))
    }

    fn apply(plan: Plan, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let made = system.temp_path(&plan.folder, &plan.prefix, &plan.suffix, plan.directory);
        let path = made.map_err(|error| Failure::new(super::python_error(&error, &plan.folder)))?;
        let mut outcome = Outcome { changed: true, ..Outcome::default() };
        outcome.values.insert("path", path.display().to_string());
        describe(system, &path, &mut outcome.values);
        Ok(outcome)
    }
}
