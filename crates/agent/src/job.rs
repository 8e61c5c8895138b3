//! Jobs: runs that go on when the controller has gone (`async`).
//!
//! For each the agent starts itself anew, as a process that is nobody's child and has a session of its own. What comes of
//! the job stands in a file, in Ansible's form, where `async_status` finds it.

use std::error::Error;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ksplay_modules::{Cancel, expand_path};
use ksplay_protocol::{Frames, FromAgent, Job, Run, ToAgent, encode};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

use crate::accessible::{ITSELF, random};
use crate::outbox::failure;
use crate::server::probe_of;
use crate::shutdown::kill_children;
use crate::{Execute, broken};

/// What the agent is told to be a job.
pub(crate) const ARGUMENT: &str = "job";

/// Starts the job; the answer is its number and the file of its result, or why there is none.
pub(crate) fn start(run: Run) -> Map {
    launch(run).unwrap_or_else(|error| failure(format!("the job cannot be started: {error}")))
}

fn launch(run: Run) -> Result<Map, Box<dyn Error>> {
    let frame = encode(&ToAgent::Run(Box::new(run)))?;
    let mut process = Command::new(ITSELF)
        .args(["agent", ARGUMENT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut input), Some(mut output)) = (process.stdin.take(), process.stdout.take()) else {
        return Err("no pipes".into());
    };
    let told = input.write_all(&frame);
    drop(input);
    let mut answer = Vec::new();
    output.read_to_end(&mut answer)?;
    process.wait()?;
    told?;
    let mut frames = Frames::new();
    frames.push(&answer);
    match frames.next_message()? {
        Some(FromAgent::Done { result, .. }) => Ok(result),
        _ => Err("it ended without a word".into()),
    }
}

/// Is the job that comes on the input: says on the output that it has begun, and does it.
pub(crate) fn serve(input: File, output: File, execute: &Execute) -> ExitCode {
    // SAFETY: this process has no other thread that could hold a lock.
    match unsafe { libc::fork() } {
        0 => {}
        -1 => return ExitCode::FAILURE,
        _ => return ExitCode::SUCCESS,
    }
    // SAFETY: `setsid` takes nothing; what has just been forked leads no group.
    unsafe { libc::setsid() };
    broken::listen();
    match carry_out(input, output, execute) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn carry_out(mut input: File, mut output: File, execute: &Execute) -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let mut frames = Frames::new();
    frames.push(&bytes);
    let Some(ToAgent::Run(run)) = frames.next_message()? else { return Err("no run".into()) };
    let job = run.job.clone().ok_or("no job")?;
    let record = Record::begin(&job);
    let result = match &record {
        Ok(record) => record.begun(),
        Err(error) => failure(format!("the result of a job cannot be kept in {}: {error}", job.dir)),
    };
    output.write_all(&encode(&FromAgent::Done { id: run.id, result })?)?;
    drop(output);
    let record = record?;
    record.write(&finish(*run, Duration::from_secs(job.limit), execute))?;
    // What the time was over for must not go on.
    kill_children();
    Ok(())
}

/// The result of the run, or that it took too long.
fn finish(mut run: Run, limit: Duration, execute: &Execute) -> Map {
    let cancel = Cancel::default();
    let probe = probe_of(&mut run, cancel.clone(), None, None);
    let (sender, results) = mpsc::channel();
    let execute = Execute::clone(execute);
    let working = thread::Builder::new().spawn(move || {
        let answer = move |result| drop(sender.send(result));
        broken::guarded(run.module.clone(), || execute(&run, probe), answer);
    });
    if let Err(error) = working {
        return failure(format!("no thread for the module: {error}"));
    }
    results.recv_timeout(limit).unwrap_or_else(|_| {
        cancel.cancel();
        Map::from([
            ("failed", Value::Bool(true)),
            ("msg", Value::from("Timeout exceeded")),
            ("child_pid", Value::from(std::process::id())),
        ])
    })
}

/// The file of a job.
struct Record {
    id: String,
    path: PathBuf,
}

impl Record {
    fn begin(job: &Job) -> io::Result<Self> {
        let dir = PathBuf::from(expand_path(&job.dir));
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let id = format!("j{}.{}", random() % 1_000_000_000_000, std::process::id());
        let record = Self { path: dir.join(&id), id };
        record.write(&record.state())?;
        Ok(record)
    }

    fn state(&self) -> Map {
        Map::from([
            ("started", Value::Bool(true)),
            ("finished", Value::Bool(false)),
            ("ansible_job_id", Value::from(self.id.as_str())),
        ])
    }

    /// The result of the task that started the job.
    fn begun(&self) -> Map {
        let mut result = self.state();
        result.insert("changed", true);
        result.insert("results_file", self.path.display().to_string());
        result
    }

    /// Replaces what the file says, for readers all at once. Results may hold secrets, so the file is the owner's alone.
    fn write(&self, state: &Map) -> io::Result<()> {
        let json = |map: &Map| to_json(&Value::from(map.clone()), &JsonStyle::default());
        let text = json(state).or_else(|error| json(&failure(format!("the result cannot be written: {error}"))));
        let new = self.path.with_file_name(format!("{}.tmp", self.id));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(text.map_err(io::Error::other)?.as_bytes())?;
        fs::rename(&new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;

    fn run(module: &str, args: Map) -> Run {
        let options = ksplay_protocol::RunOptions::default();
        let payload = ksplay_protocol::PayloadOffer::None;
        Run { id: 1, module: module.into(), args, options, becoming: None, payload, sink: false, job: None }
    }

    fn modules() -> Execute {
        Arc::new(|run, probe| ksplay_modules::run(&run.module, &run.args, &Default::default(), probe))
    }

    #[test]
    fn a_job_that_takes_too_long_is_ended_with_its_programs() {
        let args = Map::from([("_raw_params", "sleep 600 | sleep 600")]);
        let begin = Instant::now();
        let result = finish(run("shell", args), Duration::from_millis(200), &modules());
        assert_eq!(result.get("msg"), Some(&"Timeout exceeded".into()));
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_job_has_its_result_in_a_file_of_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let job = Job { limit: 1, dir: dir.path().join("jobs").display().to_string() };
        let record = Record::begin(&job).unwrap();
        let text = || ksplay_value::text::from_json(&fs::read_to_string(&record.path).unwrap()).unwrap();
        assert_eq!(text().get("finished"), Some(&false.into()));
        assert_eq!(record.begun().get("results_file"), Some(&record.path.display().to_string().into()));
        record.write(&finish(run("ping", Map::new()), Duration::from_secs(60), &modules())).unwrap();
        assert_eq!(text().get("ping"), Some(&"pong".into()));
        assert_eq!(fs::metadata(&record.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path().join("jobs")).unwrap().count(), 1);
    }
}
