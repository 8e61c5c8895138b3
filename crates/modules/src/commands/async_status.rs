//! `async_status`: what became of a job.

use std::path::PathBuf;

use ksplay_value::text::from_json;
use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`AsyncStatusArgs`].
pub struct AsyncStatus;

arguments! {
    /// Says how a job is that a task with `async` started, or removes what is left of it.
    pub struct AsyncStatusArgs {
        /// The job, as `ansible_job_id` named it.
        jid: String = Opt::str().required(),
        /// Whether to look at the result or to remove it.
        mode: String = Opt::str().default("status").choices(&["status", "cleanup"]),
        /// The folder of results; the engine says which.
        _ksplay_dir: PathBuf = Opt::path().default("~/.ansible_async"),
    }
}

impl Module for AsyncStatus {
    type Args = AsyncStatusArgs;
    /// The file to remove.
    type Plan = PathBuf;

    fn inspect(args: &AsyncStatusArgs, system: &Probe) -> Result<Inspection<PathBuf>, Failure> {
        let path = args._ksplay_dir.join(&args.jid);
        let cleanup = args.mode == "cleanup";
        let state = |started: bool, finished: bool| {
            Map::from([
                ("ansible_job_id", Value::from(args.jid.as_str())),
                ("started", Value::Bool(started)),
                ("finished", Value::Bool(finished)),
                (if cleanup { "erased" } else { "results_file" }, Value::from(path.display().to_string())),
                ("stdout", Value::from("")),
                ("stderr", Value::from("")),
            ])
        };
        let wrong = |message: String| Failure { message, values: state(true, true) };
        if !system.exists(&path) {
            return Err(wrong("could not find job".into()));
        }
        if cleanup {
            let outcome = Outcome { values: state(false, false), ..Outcome::default() };
            return Ok(Inspection { predicted: outcome, plan: Some(path.clone()) });
        }
        let text =
            system.read_text(&path).map_err(|error| wrong(format!("the job's result cannot be read: {error}")))?;
        let mut values = state(true, false);
        if !text.is_empty() {
            let Ok(Value::Map(job)) = from_json(&text) else {
                return Err(wrong(format!("Could not parse job output: {text}")));
            };
            // A result that says nothing of beginning and end is that of a job at its end.
            let ended = !job.contains_key("started") || job.get("finished").is_some_and(Value::is_true);
            values.extend(job.iter().map(|(name, value)| (name.clone().into_value(), value.clone())));
            values.insert("started", true);
            values.insert("finished", ended);
        }
        Ok(Inspection::nothing_to_do(Outcome { values, ..Outcome::default() }))
    }

    fn apply(path: PathBuf, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let removed = system.remove_file(&path);
        removed.map_err(|error| Failure::new(format!("cannot remove {}: {error}", path.display())))?;
        Ok(predicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunOptions, run};

    fn status(dir: &tempfile::TempDir, text: &str, mode: &str) -> Map {
        std::fs::write(dir.path().join("j1.2"), text).unwrap();
        let args = Map::from([("jid", "j1.2"), ("mode", mode), ("_ksplay_dir", dir.path().to_str().unwrap())]);
        run("async_status", &args, &RunOptions::default(), Probe::default())
    }

    #[test]
    fn a_result_of_the_reference_is_understood() {
        let dir = tempfile::tempdir().unwrap();
        let running = status(&dir, r#"{"started": 1, "finished": 0, "ansible_job_id": "j1.2"}"#, "status");
        assert_eq!((running.get("finished"), running.get("failed")), (Some(&false.into()), None));
        let ended = status(&dir, r#"{"rc": 3, "failed": true, "stdout": "a", "changed": true}"#, "status");
        for (name, value) in [("finished", true.into()), ("failed", true.into()), ("stdout", Value::from("a"))] {
            assert_eq!(ended.get(name), Some(&value), "{name}");
        }
        let broken = status(&dir, "{", "status");
        assert_eq!(broken.get("msg"), Some(&"Could not parse job output: {".into()));
    }

    #[test]
    fn cleaning_up_removes_the_result() {
        let dir = tempfile::tempdir().unwrap();
        let result = status(&dir, "{}", "cleanup");
        assert_eq!((result.get("changed"), result.get("failed")), (Some(&false.into()), None));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
