//! `fetch`, the half on the target: sends a file to the controller.

use std::io::Read;
use std::path::PathBuf;

use crate::arguments::Opt;
use crate::{Digest, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`FetchArgs`].
pub struct Fetch;

arguments! {
    /// Sends a file of the target to the controller.
    pub struct FetchArgs {
        /// The file on the target.
        src: PathBuf = Opt::path().required(),
        /// Where it goes on the controller.
        dest: Option<String> = Opt::str(),
        /// Whether a missing file is a failure.
        fail_on_missing: bool = Opt::bool().default("true"),
        /// Whether the checksum of what arrived is compared; a matter of the controller.
        validate_checksum: bool = Opt::bool().default("true"),
        /// Whether `dest` is the file itself; a matter of the controller.
        flat: bool = Opt::bool().default("false"),
        /// The SHA-1 of what the controller has; a file that is the same is not sent.
        _ksplay_sha1: Option<String> = Opt::str(),
    }
}

impl Module for Fetch {
    type Args = FetchArgs;
    type Plan = PathBuf;

    fn inspect(args: &FetchArgs, system: &Probe) -> Result<Inspection<PathBuf>, Failure> {
        let shown = args.src.display().to_string();
        let mut outcome = Outcome::default();
        outcome.values.insert("file", shown.as_str());
        let problem = match system.metadata(&args.src) {
            Ok(found) if found.is_dir() => Some("remote file is a directory, fetch cannot work on directories"),
            Ok(_) if !system.may(&args.src, libc::R_OK) => Some("the remote file is not readable"),
            Ok(_) => None,
            Err(_) => Some("the remote file does not exist"),
        };
        if let Some(problem) = problem {
            if args.fail_on_missing {
                return Err(Failure::new(problem).with("file", shown));
            }
            outcome.values.insert("msg", format!("{problem}, not transferring, ignored"));
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let cannot = |error: std::io::Error| Failure::new(super::python_error(&error, &args.src));
        let sha1 = system.digest(&args.src, Digest::Sha1).map_err(cannot)?;
        outcome.values.insert("checksum", sha1.as_str());
        if args._ksplay_sha1.as_ref() == Some(&sha1) {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, args.src.clone()))
    }

    fn apply(path: PathBuf, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let sink = system.sink.clone().ok_or_else(|| Failure::new("there is nobody to send the file to"))?;
        let cannot = |error: std::io::Error| Failure::new(super::python_error(&error, &path));
        let mut file = system.open(&path).map_err(cannot)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer).map_err(cannot)? {
                0 => return Ok(predicted),
                count => sink(&buffer[..count]).map_err(cannot)?,
            }
        }
    }
}
