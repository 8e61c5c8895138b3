//! `command`, `shell` and `raw`: run what the user wrote.

use std::time::Instant;

use ksplay_value::{Map, Value};

use crate::arguments::{Opt, OptType, expand_path};
use crate::system::Calendar;
use crate::text::{glob, words};
use crate::{CommandOutput, CommandSpec, Failure, Inspection, Module, NOT_RUN, Outcome, Probe, System, arguments};

/// See [`CommandArgs`].
pub struct Command;
/// See [`ShellArgs`].
pub struct Shell;
/// See [`RawArgs`].
pub struct Raw;

arguments! {
    /// Runs a program without a shell.
    pub struct CommandArgs {
        /// The program and its arguments in one text.
        _raw_params: Option<String> = Opt::str(),
        /// Whether a shell is to run the text, as `shell` asks for it.
        _uses_shell: bool = Opt::bool().default("false"),
        /// The program and its arguments, each by itself.
        argv: Option<Vec<String>> = Opt::list(OptType::Str),
        /// The working directory.
        chdir: Option<String> = Opt::path(),
        /// The same as the free text.
        cmd: Option<String> = Opt::str(),
        /// A file or pattern; when there is one, nothing is run.
        creates: Option<String> = Opt::path(),
        /// The shell, when one is asked for.
        executable: Option<String> = Opt::path(),
        /// Whether `$NAME` and `~` in the arguments are replaced.
        expand_argument_vars: bool = Opt::bool().default("true"),
        /// A file or pattern; when there is none, nothing is run.
        removes: Option<String> = Opt::path(),
        /// What the program reads from its standard input.
        stdin: Option<String> = Opt::str(),
        /// Whether a line break is added to `stdin`.
        stdin_add_newline: bool = Opt::bool().default("true"),
        /// Whether line breaks at the end of the outputs are taken away.
        strip_empty_ends: bool = Opt::bool().default("true"),
    }
    rules {
        free_form: true,
        mutually_exclusive: &[&["_raw_params", "cmd", "argv"]],
        required_one_of: &[&["_raw_params", "cmd", "argv"]],
    }
}

arguments! {
    /// Runs a text in a shell.
    pub struct ShellArgs {
        /// The text.
        _raw_params: Option<String> = Opt::str(),
        /// The working directory.
        chdir: Option<String> = Opt::path(),
        /// The same as the free text.
        cmd: Option<String> = Opt::str(),
        /// A file or pattern; when there is one, nothing is run.
        creates: Option<String> = Opt::path(),
        /// The shell; `/bin/sh` when it is not given.
        executable: Option<String> = Opt::path(),
        /// A file or pattern; when there is none, nothing is run.
        removes: Option<String> = Opt::path(),
        /// What the program reads from its standard input.
        stdin: Option<String> = Opt::str(),
        /// Whether a line break is added to `stdin`.
        stdin_add_newline: bool = Opt::bool().default("true"),
    }
    rules { free_form: true }
}

arguments! {
    /// Runs a text in a shell, with nothing around it.
    pub struct RawArgs {
        /// The text.
        _raw_params: String = Opt::str().required(),
        /// The shell; `/bin/sh` when it is not given.
        executable: Option<String> = Opt::path(),
    }
    rules { free_form: true }
}

/// A command that is to be run.
#[derive(Debug)]
pub struct Prepared {
    spec: CommandSpec,
    shown: Value,
    strip: bool,
}

impl Module for Command {
    type Args = CommandArgs;
    type Plan = Prepared;

    fn inspect(args: &CommandArgs, system: &Probe) -> Result<Inspection<Prepared>, Failure> {
        let text = args.cmd.as_ref().or(args._raw_params.as_ref()).filter(|text| !text.trim().is_empty());
        let (argv, shown) = match (text, &args.argv) {
            (Some(text), _) if args._uses_shell => (shell_argv(text, args.executable.as_deref()), text.as_str().into()),
            (Some(text), _) => {
                let words = words::split(text).map_err(Failure::new)?;
                (words.clone(), words.into_iter().collect())
            }
            (None, Some(argv)) if !argv.is_empty() => (argv.clone(), argv.iter().collect()),
            _ => return Err(Failure::new("one of the following is required: _raw_params, cmd, argv")),
        };
        let argv = match args.expand_argument_vars && !args._uses_shell {
            true => argv.iter().map(|word| expand_argument(word, system)).collect(),
            false => argv,
        };
        let spec = CommandSpec {
            argv,
            chdir: args.chdir.clone(),
            stdin: stdin(args.stdin.as_deref(), args.stdin_add_newline),
            ..CommandSpec::default()
        };
        let prepared = Prepared { spec, shown, strip: args.strip_empty_ends };
        let mut found = prepare(prepared, args.creates.as_deref(), args.removes.as_deref(), system)?;
        if let Some(executable) = args.executable.as_ref().filter(|_| !args._uses_shell) {
            found.predicted.warnings.push(format!(
                "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. Not \
                 using '{executable}'."
            ));
        }
        Ok(found)
    }

    fn apply(plan: Prepared, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let outcome = execute(&plan, system)?;
        Ok(Outcome { warnings: predicted.warnings, ..outcome })
    }
}

impl Module for Shell {
    type Args = ShellArgs;
    type Plan = Prepared;

    fn inspect(args: &ShellArgs, system: &Probe) -> Result<Inspection<Prepared>, Failure> {
        let text = args.cmd.as_ref().or(args._raw_params.as_ref()).filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| Failure::new("one of the following is required: _raw_params, cmd, argv"))?;
        let spec = CommandSpec {
            argv: shell_argv(text, args.executable.as_deref()),
            chdir: args.chdir.clone(),
            stdin: stdin(args.stdin.as_deref(), args.stdin_add_newline),
            ..CommandSpec::default()
        };
        let prepared = Prepared { spec, shown: text.as_str().into(), strip: true };
        prepare(prepared, args.creates.as_deref(), args.removes.as_deref(), system)
    }

    fn apply(plan: Prepared, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        execute(&plan, system)
    }
}

impl Module for Raw {
    type Args = RawArgs;
    type Plan = CommandSpec;

    fn inspect(args: &RawArgs, _system: &Probe) -> Result<Inspection<CommandSpec>, Failure> {
        let spec = CommandSpec::new(shell_argv(&args._raw_params, args.executable.as_deref()));
        Ok(Inspection::only_for_real("raw", spec))
    }

    fn apply(spec: CommandSpec, _predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let output = system.run(&spec)?;
        let mut values = Map::from([("rc", Value::from(output.rc))]);
        insert_outputs(&mut values, &output, false);
        finish(output.rc, values)
    }
}

fn shell_argv(text: &str, executable: Option<&str>) -> Vec<String> {
    vec![executable.unwrap_or("/bin/sh").into(), "-c".into(), text.into()]
}

fn stdin(text: Option<&str>, newline: bool) -> Option<Vec<u8>> {
    let mut bytes = text?.as_bytes().to_vec();
    if newline {
        bytes.push(b'\n');
    }
    Some(bytes)
}

/// An argument with its variables replaced by those of the task.
fn expand_argument(word: &str, system: &Probe) -> String {
    let replaced = crate::arguments::expand_with(word, &|name| system.env(name));
    // What is left begins with `~` or has no variable that is known.
    if replaced.starts_with('~') { expand_path(&replaced) } else { replaced }
}

/// Looks whether the command is to be run at all.
pub(super) fn prepare<P: HasCommand>(
    plan: P,
    creates: Option<&str>,
    removes: Option<&str>,
    system: &Probe,
) -> Result<Inspection<P>, Failure> {
    let found = |pattern: &str| {
        let path = plan.chdir().map_or_else(|| pattern.into(), |folder| std::path::Path::new(folder).join(pattern));
        glob::first_match(system, &path.to_string_lossy()).is_some()
    };
    let skip = |text: String, said: String| {
        let mut outcome = Outcome::default();
        outcome.values.insert("cmd", plan.shown());
        outcome.values.insert("rc", 0);
        outcome.values.insert("msg", said);
        outcome.values.insert("start", Value::Null);
        outcome.values.insert("end", Value::Null);
        outcome.values.insert("delta", Value::Null);
        insert_text(&mut outcome.values, "stdout", &text);
        insert_text(&mut outcome.values, "stderr", "");
        Ok(Inspection::nothing_to_do(outcome))
    };
    let not = if system.check { "Would not" } else { "Did not" };
    if let Some(pattern) = creates
        && found(pattern)
    {
        return skip(format!("skipped, since {pattern} exists"), format!("{not} run command since '{pattern}' exists"));
    }
    if let Some(pattern) = removes
        && !found(pattern)
    {
        let said = format!("{not} run command since '{pattern}' does not exist");
        return skip(format!("skipped, since {pattern} does not exist"), said);
    }
    if let Some(folder) = plan.chdir() {
        crate::system::check_folder(system, folder).map_err(|failure| Failure {
            values: not_run(plan.shown()).into_iter().chain(failure.values).collect(),
            ..failure
        })?;
    }
    let decided = creates.is_some() || removes.is_some();
    let mut outcome = Outcome { skipped: !decided, ..Outcome::default() };
    outcome.values.insert(NOT_RUN, true);
    outcome.values.insert("cmd", plan.shown());
    outcome.values.insert("rc", 0);
    outcome.values.insert("msg", "Command would have run if not in check mode");
    for name in TIMES {
        outcome.values.insert(name, Value::Null);
    }
    insert_text(&mut outcome.values, "stdout", "");
    insert_text(&mut outcome.values, "stderr", "");
    let mut found = Inspection::change(outcome, plan);
    found.predicted.changed = decided;
    Ok(found)
}

/// A plan that runs a command.
pub(super) trait HasCommand {
    fn chdir(&self) -> Option<&str>;
    fn shown(&self) -> Value;
}

impl HasCommand for Prepared {
    fn chdir(&self) -> Option<&str> {
        self.spec.chdir.as_deref()
    }

    fn shown(&self) -> Value {
        self.shown.clone()
    }
}

fn execute(plan: &Prepared, system: &mut System) -> Result<Outcome, Failure> {
    run_timed(&plan.spec, plan.shown.clone(), plan.strip, system)
}

/// Runs a command and answers as `command` does.
pub(super) fn run_timed(
    spec: &CommandSpec,
    shown: Value,
    strip: bool,
    system: &mut System,
) -> Result<Outcome, Failure> {
    let (start, begin) = (Calendar::now(), Instant::now());
    let output = system.run(spec).map_err(|failure| {
        let mut values = not_run(spec.shown().into());
        for name in TIMES {
            values.remove(name);
        }
        values.extend(failure.values);
        Failure { values, ..failure }
    })?;
    let mut values = Map::from([("cmd", shown), ("rc", output.rc.into()), ("msg", "".into())]);
    insert_times(&mut values, &start, begin);
    insert_outputs(&mut values, &output, strip);
    finish(output.rc, values)
}

/// When a command ran.
const TIMES: [&str; 3] = ["start", "end", "delta"];

/// What is said of a command that could not be started.
fn not_run(shown: Value) -> Map {
    let mut values = Map::from([("cmd", shown)]);
    for name in TIMES {
        values.insert(name, Value::Null);
    }
    for name in ["stdout", "stderr"] {
        insert_text(&mut values, name, "");
    }
    values
}

/// Adds when it began and ended, and how long it took.
pub(super) fn insert_times(values: &mut Map, start: &Calendar, begin: Instant) {
    values.insert("start", clock(start));
    values.insert("end", clock(&Calendar::now()));
    let delta = begin.elapsed();
    let seconds = delta.as_secs();
    let micros = delta.subsec_micros();
    values.insert("delta", format!("{}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60));
}

fn clock(time: &Calendar) -> String {
    format!("{}.{}", time.text(c"%Y-%m-%d %H:%M:%S"), time.fraction())
}

fn insert_outputs(values: &mut Map, output: &CommandOutput, strip: bool) {
    for (name, text) in [("stdout", output.stdout_text()), ("stderr", output.stderr_text())] {
        insert_text(values, name, if strip { text.trim_end_matches(['\r', '\n']) } else { &text });
    }
}

/// Adds an output and its lines.
pub(crate) fn insert_text(values: &mut Map, name: &str, text: &str) {
    values.insert(name, text);
    values.insert(format!("{name}_lines"), lines(text).collect::<Value>());
}

/// The lines as Python's `splitlines` has them, for the line breaks that programs print.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}']);
        let Some(end) = end else { return Some(std::mem::take(&mut rest)) };
        let line = &rest[..end];
        let length =
            if rest[end..].starts_with("\r\n") { 2 } else { rest[end..].chars().next().map_or(0, char::len_utf8) };
        rest = &rest[end + length..];
        Some(line)
    })
}

fn finish(rc: i32, mut values: Map) -> Result<Outcome, Failure> {
    if rc == 0 {
        return Ok(Outcome { changed: true, values, ..Outcome::default() });
    }
    values.remove("msg");
    values.insert("changed", true);
    Err(Failure { message: "non-zero return code".into(), values })
}
