//! `modprobe`: modules of the kernel.

use std::path::PathBuf;

use ksplay_value::Map;

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`ModprobeArgs`].
pub struct Modprobe;

arguments! {
    /// Loads modules of the kernel, now and at each start.
    pub struct ModprobeArgs {
        /// The module.
        name: String = Opt::str().required(),
        /// Whether it is loaded.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// Its parameters.
        params: String = Opt::str().default(""),
        /// Whether it is loaded at each start: `present` and `absent` keep a file for it, `disabled` leaves that alone.
        persistent: String = Opt::str().default("disabled").choices(&["absent", "disabled", "present"]),
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct ModprobePlan {
    command: Option<CommandSpec>,
    /// Files with their new texts; `None` removes one.
    files: Vec<(PathBuf, Option<String>)>,
}

impl Module for Modprobe {
    type Args = ModprobeArgs;
    type Plan = ModprobePlan;

    fn inspect(args: &ModprobeArgs, system: &Probe) -> Result<Inspection<ModprobePlan>, Failure> {
        let loaded = is_loaded(&args.name, system);
        let parameters = args.params.split_whitespace();
        let command = match (args.state.as_str(), loaded) {
            ("present", false) => {
                Some(CommandSpec::new(["modprobe", &args.name].into_iter().chain(parameters)).parsable())
            }
            ("absent", true) => Some(CommandSpec::new(["modprobe", "-r", &args.name]).parsable()),
            _ => None,
        };
        let mut files = Vec::new();
        let load = PathBuf::from(format!("/etc/modules-load.d/{}.conf", args.name));
        let options = PathBuf::from(format!("/etc/modprobe.d/{}.conf", args.name));
        let option_line = format!("options {} {}\n", args.name, args.params);
        match args.persistent.as_str() {
            "present" => {
                if !is_listed(&args.name, system) {
                    files.push((load, Some(format!("{}\n", args.name))));
                }
                if !args.params.is_empty() && text_file::read(&options, system)? != option_line {
                    files.push((options, Some(option_line)));
                }
            }
            "absent" => {
                files.extend([load, options].into_iter().filter(|path| system.exists(path)).map(|path| (path, None)))
            }
            _ => {}
        }
        let values = Map::from([("name", args.name.as_str()), ("state", &args.state), ("params", &args.params)]);
        let outcome = Outcome { values, ..Outcome::default() };
        if command.is_none() && files.is_empty() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, ModprobePlan { command, files }))
    }

    fn apply(plan: ModprobePlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(command) = plan.command {
            let output = system.run(&command)?;
            if !output.ok() {
                let mut failure = output.failure(output.stderr_text());
                failure.values.extend(predicted.values);
                return Err(failure);
            }
        }
        for (path, text) in plan.files {
            match text {
                Some(text) => {
                    let wanted = NewFile { mode: Some(0o644), ..NewFile::default() };
                    text_file::write(&path, &text, &wanted, system)?;
                }
                None => system
                    .remove_file(&path)
                    .map_err(|error| Failure::new(format!("cannot remove {}: {error}", path.display())))?,
            }
        }
        Ok(predicted)
    }
}

/// The kernel writes `_` where names of modules have `-`.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

fn is_loaded(name: &str, system: &Probe) -> bool {
    let name = plain(name);
    let loaded = system.read_text("/proc/modules".as_ref()).unwrap_or_default();
    if loaded.lines().any(|line| line.split(' ').next() == Some(&name)) {
        return true;
    }
    // What is built in counts as loaded; without its list, what the kernel shows of itself.
    if system.exists(format!("/sys/module/{name}").as_ref()) {
        return true;
    }
    let release = system.kernel("osrelease");
    let built_in = system.read_text(format!("/lib/modules/{release}/modules.builtin").as_ref()).unwrap_or_default();
    built_in.lines().any(|line| {
        let file = line.rsplit('/').next().unwrap_or_default();
        file.split(".ko").next().map(plain) == Some(name.clone())
    })
}

/// Whether a file says that it is loaded at each start.
fn is_listed(name: &str, system: &Probe) -> bool {
    let name = plain(name);
    let files = system.list_dir("/etc/modules-load.d".as_ref()).unwrap_or_default();
    files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "conf")).any(|path| {
        let text = system.read_text(path).unwrap_or_default();
        text.lines().any(|line| plain(line.trim()) == name)
    })
}
