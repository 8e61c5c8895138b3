//! `ksplay adhoc`: one module on some hosts, as `ansible` does it.

use std::path::PathBuf;

use ksplay_engine::Sink;
use ksplay_report::Form;
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Diagnostic, Map, Source, Value, yaml};

use crate::args::AdhocArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::{assemble, callbacks};

/// Modules that do nothing without arguments.
const NEED_ARGUMENTS: &[&str] = &["command", "shell", "raw", "script", "win_command", "win_shell"];

/// Runs the module; the answer is the exit code.
///
/// # Errors
///
/// If what it needs cannot be read, or there is nothing to do.
pub fn run(args: &AdhocArgs) -> Result<u8, Failure> {
    let settings = Settings::load()?;
    let module = args.module_name.as_deref().unwrap_or(&settings.module_name).trim();
    let arguments = args.args.as_deref().or(settings.module_args.as_deref()).unwrap_or_default();
    let short = module.strip_prefix("ansible.builtin.").or_else(|| module.strip_prefix("ansible.legacy."));
    let short = short.unwrap_or(module);
    if !args.list_hosts && NEED_ARGUMENTS.contains(&short) && arguments.trim().is_empty() {
        let failure = Failure::options(format!("No argument passed to {module} module"));
        let playbook = [".yml", ".yaml"].iter().any(|ending| args.pattern.ends_with(ending));
        return Err(if playbook { failure.help("to run a playbook, leave out `adhoc`") } else { failure });
    }
    let dir = args.playbook_dir.as_ref().or(settings.playbook_dir.as_ref());
    let dir = dir.cloned().unwrap_or_else(|| PathBuf::from("."));
    crate::version::introduce(assemble::verbosity(&args.work, &settings), &settings);
    let form = match args.one_line {
        true => Some(Form::OneLine),
        false => Some(Form::Minimal).filter(|_| !*settings.adhoc_callbacks || *settings.stdout_callback == "default"),
    };
    let mut assembled = assemble::prepare(&args.work, &settings, vec![dir.clone()], form)?;
    if let Some(seconds) = args.task_timeout {
        assembled.options.task_timeout = Some(std::time::Duration::from_secs(seconds)).filter(|time| !time.is_zero());
    }
    let limit = args.work.limit.as_deref();
    let selection = assembled.inventory.select(&[&args.pattern], limit)?;
    let warn = |warning: Diagnostic| assembled.terminal.event(&warning.into());
    selection.warnings.iter().cloned().for_each(&warn);
    if selection.hosts.is_empty() && limit.is_some() {
        return Err(ksplay_inventory::Error::NoHosts.into());
    }
    if selection.hosts.is_empty() && assembled.inventory.has_hosts() {
        warn(Diagnostic::new("No hosts matched, nothing to do"));
    }
    if args.list_hosts {
        say!("  hosts ({}):", selection.hosts.len());
        selection.hosts.iter().for_each(|host| say!("    {host}"));
    }
    if args.list_hosts || selection.hosts.is_empty() {
        return Ok(0);
    }
    // In Ansible it is the task that fails.
    let failed = |error: ksplay_playbook::Error| Failure { code: 2, ..Failure::from(error) };
    let playbook = assembled.loader.load_text(&play(args, module, arguments)?, &dir).map_err(failed)?;
    playbook.plays.iter().try_for_each(|play| ksplay_engine::refuse_unsupported(play))?;
    assembled.playbooks.push(playbook);
    if *settings.adhoc_callbacks {
        assembled.callbacks = callbacks::enabled(&settings, &assembled.terminal)?;
    }
    if let Some(dir) = &args.tree {
        assembled.listeners.push(callbacks::tree(dir)?);
    }
    assemble::carry_out(assembled)
}

/// The play that has the module as its only task. JSON is YAML, and quotes what has to be quoted.
fn play(args: &AdhocArgs, module: &str, arguments: &str) -> Result<std::sync::Arc<Source>, Failure> {
    let mut task = Map::from([("action", action(module, arguments)?)]);
    if let Some(seconds) = args.background.filter(|seconds| *seconds > 0) {
        task.insert("async", Value::from(seconds));
        task.insert("poll", Value::from(args.poll));
    }
    let play = Map::from([
        ("name", Value::from("Ansible Ad-Hoc")),
        ("hosts", Value::from(args.pattern.as_str())),
        ("gather_facts", Value::Bool(false)),
        ("tasks", Value::from_iter([Value::from(task)])),
    ]);
    let text = to_json(&Value::from_iter([Value::from(play)]), &JsonStyle::compact()).map_err(Failure::error)?;
    Ok(Source::new(format!("<adhoc '{module}' task>"), text))
}

/// The task's `action`: of `-a` with an object as a mapping, of anything else as text.
fn action(module: &str, arguments: &str) -> Result<Value, Failure> {
    if !arguments.trim_start().starts_with('{') || arguments.trim_start().starts_with("{{") {
        return Ok(Value::from(format!("{module} {arguments}")));
    }
    let source = Source::new("<-a>", arguments);
    let read = yaml::load(&source).ok().and_then(|document| document.root).map(|root| root.to_data());
    let Some(Value::Map(arguments)) = read else {
        return Err(Failure::options(format!("the arguments of -a are no JSON object: {arguments}")));
    };
    let mut action = Map::from([("module", module)]);
    action.extend(arguments.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
    Ok(action.into())
}
