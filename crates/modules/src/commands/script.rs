//! `script`: runs a file of the controller.

use std::io::Read;
use std::path::Path;

use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::text::words;
use crate::{CommandSpec, Failure, Inspection, Module, NOT_RUN, NewFile, Outcome, Probe, System, arguments};

use super::command::run_timed;

/// See [`ScriptArgs`].
pub struct Script;

arguments! {
    /// Brings a script from the controller and runs it; its content comes as the payload.
    pub struct ScriptArgs {
        /// The name of the script and its arguments in one text.
        _raw_params: Option<String> = Opt::str(),
        /// The same as the free text.
        cmd: Option<String> = Opt::str(),
        /// The working directory.
        chdir: Option<String> = Opt::path(),
        /// A file or pattern; when there is one, nothing is run.
        creates: Option<String> = Opt::path(),
        /// The program that runs the script.
        executable: Option<String> = Opt::str(),
        /// A file or pattern; when there is none, nothing is run.
        removes: Option<String> = Opt::path(),
    }
    rules { free_form: true }
}

/// A script that is to be run.
#[derive(Debug)]
pub struct Prepared {
    words: Vec<String>,
    executable: Option<String>,
    chdir: Option<String>,
}

impl Module for Script {
    type Args = ScriptArgs;
    type Plan = Prepared;

    fn inspect(args: &ScriptArgs, system: &Probe) -> Result<Inspection<Prepared>, Failure> {
        let text = args.cmd.as_ref().or(args._raw_params.as_ref()).map_or("", String::as_str);
        let words = words::split(text).map_err(Failure::new)?;
        if words.is_empty() {
            return Err(Failure::new("no script given"));
        }
        let plan = Prepared { words, executable: args.executable.clone(), chdir: args.chdir.clone() };
        let there = |path: &Option<String>| path.as_ref().map(|path| (path.clone(), system.exists(Path::new(path))));
        let skip = |said: String| {
            let mut outcome = Outcome { skipped: true, ..Outcome::default() };
            outcome.values.insert("msg", said);
            Ok(Inspection::nothing_to_do(outcome))
        };
        match (there(&args.creates), there(&args.removes)) {
            (Some((path, true)), _) => skip(format!("{path} exists, matching creates option")),
            (_, Some((path, false))) => skip(format!("{path} does not exist, matching removes option")),
            // Only with one of them is it known that the script would change something.
            (None, None) => {
                let said = Value::from("Check mode is not supported for this task.");
                let values = Map::from([(NOT_RUN, Value::Bool(true)), ("msg", said)]);
                Ok(Inspection { predicted: Outcome { skipped: true, values, ..Outcome::default() }, plan: Some(plan) })
            }
            _ => {
                let values = Map::from([(NOT_RUN, true)]);
                Ok(Inspection::change(Outcome { values, ..Outcome::default() }, plan))
            }
        }
    }

    fn apply(plan: Prepared, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let payload = system.payload.clone().ok_or_else(|| Failure::new("the script did not come with the task"))?;
        let cannot = |error: std::io::Error| Failure::new(format!("cannot write the script: {error}"));
        let folder = system.temp_dir().map_err(cannot)?;
        let name = Path::new(&plan.words[0]).file_name().unwrap_or("script".as_ref()).to_owned();
        let path = folder.path().join(name);
        let mut content: Box<dyn Read + Send> = payload.open().map_err(cannot)?;
        let wanted = NewFile { mode: Some(0o700), ..NewFile::default() };
        system.write_atomic(&path, &mut content, &wanted).map_err(cannot)?;
        let script = path.to_string_lossy().into_owned();
        let mut argv = match &plan.executable {
            Some(executable) => words::split(executable).map_err(Failure::new)?,
            None => Vec::new(),
        };
        argv.push(script);
        argv.extend(plan.words[1..].iter().cloned());
        let spec = CommandSpec { argv, chdir: plan.chdir.clone(), ..CommandSpec::default() };
        let shown = spec.shown();
        run_timed(&spec, shown.into(), false, system)
    }
}
