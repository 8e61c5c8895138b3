//! `slurp`: gives the content of a file.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::arguments::Opt;
use crate::system::os_message;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`SlurpArgs`].
pub struct Slurp;

arguments! {
    /// Gives the content of a file on the target, in base64.
    pub struct SlurpArgs {
        /// The file.
        src: PathBuf = Opt::path().required().aliases(&["path"]),
    }
}

impl Module for Slurp {
    type Args = SlurpArgs;
    type Plan = ();

    fn inspect(args: &SlurpArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let shown = args.src.display();
        let content = system.read(&args.src).map_err(|error| {
            Failure::new(match error.kind() {
                std::io::ErrorKind::NotFound => return Failure::new(format!("File not found: {shown}")).missing(),
                std::io::ErrorKind::PermissionDenied => format!("File is not readable: {shown}"),
                std::io::ErrorKind::IsADirectory => format!("Source is a directory and must be a file: {shown}"),
                _ => format!("Unable to slurp file: {}", os_message(&error)),
            })
        })?;
        let mut outcome = Outcome::default();
        outcome.values.insert("content", STANDARD.encode(content));
        outcome.values.insert("source", shown.to_string());
        outcome.values.insert("encoding", "base64");
        Ok(Inspection::nothing_to_do(outcome))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}
