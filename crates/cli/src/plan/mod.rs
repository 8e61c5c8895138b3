//! `ksplay plan`, `show` and `apply`: what a run would do, kept until somebody has decided about it.

mod file;
mod inputs;
mod look;

use std::path::Path;
use std::sync::Arc;

use ksplay_engine::{Event, Sink};
use ksplay_report::plan::{self, Recorder};
use ksplay_value::Diagnostic;

use self::file::PlanFile;
use crate::args::{ApplyArgs, PlanArgs, ShowArgs};
use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::{assemble, secrets};

/// How many differences a message lists.
const LISTED: usize = 20;

/// Looks at what a run would do, shows it, and keeps it when a file is named; the answer is the exit code.
///
/// # Errors
///
/// If what is to be run cannot be read, or the plan not be kept.
pub fn make(args: PlanArgs) -> Result<u8, Failure> {
    let PlanArgs { output, run } = args;
    refuse(&run)?;
    if let Some(path) = &output {
        file::refuse_secrets(&run.work.sources.extra_vars)?;
        file::refuse_place(path)?;
    }
    let arguments = file::arguments()?;
    let look = look::look(run)?;
    if look.code != 0 {
        let kept = if output.is_some() { "; no plan was kept" } else { "" };
        eprintln!("error: the run would fail{kept}");
        return Ok(look.code);
    }
    say!("{}", plan::text(&look.steps, look.palette.as_ref()).trim_end());
    if let Some(path) = output {
        PlanFile::of(look, arguments)?.write(&path)?;
        let file = quoted(&path);
        say!(
            "\nKept in {0}. `ksplay show {file}` shows it again, `ksplay apply {file}` carries it out.",
            path.display()
        );
    }
    Ok(0)
}

/// Shows a plan.
///
/// # Errors
///
/// If it cannot be read.
pub fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let plan = PlanFile::read(&args.plan)?;
    let made = format!("{}, made {} in {}", plan.command_line(), plan.made, plan.directory);
    if args.html {
        say!("{}", plan::page(&made, &plan.steps).trim_end());
    } else {
        say!("{made}\n\n{}", plan::text(&plan.steps, Settings::load()?.palette().as_ref()).trim_end());
    }
    Ok(0)
}

/// Looks again, and carries the plan out if everything is as it was planned; the answer is the exit code.
///
/// # Errors
///
/// If it cannot be read, or anything is not as it was planned; nothing has been changed then.
pub fn apply(args: &ApplyArgs) -> Result<u8, Failure> {
    let plan = PlanFile::read(&args.plan)?;
    plan.check_version(&args.plan)?;
    let begun_in = std::env::current_dir().map_err(Failure::error)?;
    std::env::set_current_dir(&plan.directory).map_err(|error| {
        Failure::error(format!("cannot go to {}, where the plan was made: {error}", plan.directory))
    })?;
    secrets::ask_once();
    let look = look::look(plan.run_args()?)?;
    if look.code != 0 {
        return Err(Failure { code: look.code, ..Failure::error("looking again failed; nothing was changed") });
    }
    let mut differences = plan.inputs.differences(&look.inputs);
    differences.extend(plan::differences(&plan.steps, &look.steps));
    if !differences.is_empty() {
        return Err(outdated(&args.plan, &begun_in, &plan, &differences));
    }
    let mut run = plan.run_args()?;
    run.work.verbose = run.work.verbose.max(args.verbose);
    let mut assembled = crate::read(&mut run)?;
    let (terminal, done) = (Arc::clone(&assembled.terminal), Arc::new(Recorder::silent()));
    assembled.listeners.push(Box::new(Arc::clone(&done)));
    let code = assemble::carry_out(assembled)?;
    let mut done = done.take_steps();
    look::from_here(&mut done);
    let surprises = plan::unforeseen(&plan.steps, &done);
    if !surprises.is_empty() {
        let text = format!("What was changed and is not in the plan:\n{}", listed(&surprises));
        terminal.event(&Event::Warning(text));
    }
    Ok(code)
}

/// Refuses options that make no sense of a plan.
fn refuse(run: &crate::args::RunArgs) -> Result<(), Failure> {
    let refused =
        |option: &str, why: &str| Err(Failure::options(format!("{option} cannot be combined with `plan`: {why}")));
    match () {
        () if run.work.check => refused("--check", "a plan is made by looking, and what is applied is the real run"),
        () if run.step => refused("--step", "nobody can be asked while a plan is carried out"),
        () if run.looks_only() => refused("--list-… and --syntax-check", "they run nothing"),
        () => Ok(()),
    }
}

fn outdated(path: &Path, begun_in: &Path, plan: &PlanFile, differences: &[String]) -> Failure {
    let message = format!("the plan {} does not fit any more; nothing was changed", path.display());
    let failure = Failure::of(1, &Diagnostic::new(format!("{message}\n{}", listed(differences))));
    let again = match begun_in == Path::new(&plan.directory) {
        true => format!("{} -o {}", plan.command_line(), quoted(path)),
        false => {
            let folder = quoted(Path::new(&plan.directory));
            format!("cd {folder} && {} -o {}", plan.command_line(), quoted(&begun_in.join(path)))
        }
    };
    failure.help(&format!("look again: {again}"))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = path.display().to_string();
    shlex::try_quote(&shown).map_or_else(|_| shown.clone(), |quoted| quoted.into_owned())
}

fn listed(lines: &[String]) -> String {
    let mut text: Vec<String> = lines.iter().take(LISTED).map(|line| format!("  - {line}")).collect();
    if lines.len() > LISTED {
        text.push(format!("  - and {} more", lines.len() - LISTED));
    }
    text.join("\n")
}
