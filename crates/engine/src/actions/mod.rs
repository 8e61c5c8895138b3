//! What the controller does for a task: the actions that run here, and the way to the modules of the target.
//!
//! An action is one file and one line of the table [`ACTIONS`].

mod add_host;
mod args;
mod assemble;
mod assert;
mod async_status;
mod content;
mod copy;
mod custom;
mod debug;
mod fail;
mod fetch;
mod gather_facts;
mod group_by;
mod include_vars;
mod jobs;
mod pages;
mod pause;
mod raw;
mod reboot;
mod script;
mod set_fact;
mod set_stats;
mod template;
mod unarchive;
mod uri;
mod validate_argument_spec;
mod wait_for_connection;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_template::Templar;
use ksplay_transport::{Call, Job, PayloadSource, RunOptions};
use ksplay_value::{Map, Str, Value};

pub(crate) use args::finalize;
use args::{flag, flag_of, refuse_options, refuse_rest, take, take_flag, take_text};
pub(crate) use content::Sums;
pub(crate) use jobs::Asynchronous;
pub use pages::{Page, pages};
pub(crate) use set_fact::is_identifier;

use crate::connect;
use crate::effect::Effect;
use crate::failure::TaskFailure;
use crate::keywords::{Flags, keyword, known};
use crate::scope::HostScope;
use crate::work::Work;
use crate::written::place;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Map, TaskFailure>> + Send + 'a>>;

/// An action of the controller.
#[derive(Clone, Copy)]
enum Action {
    /// One that needs no connection.
    Here(fn(&mut ActionCall<'_>) -> Result<Map, TaskFailure>),
    /// One that talks to the target.
    There(for<'a> fn(&'a mut ActionCall<'_>) -> Answer<'a>),
}

use Action::{Here, There};

/// The actions of the controller by their short names.
const ACTIONS: &[(&str, Action)] = &[
    ("add_host", Here(add_host::run)),
    ("assemble", There(|call| Box::pin(assemble::run(call)))),
    ("assert", Here(assert::run)),
    ("async_status", There(|call| Box::pin(async_status::run(call)))),
    ("copy", There(|call| Box::pin(copy::run(call)))),
    ("debug", Here(debug::run)),
    ("fail", Here(fail::run)),
    ("fetch", There(|call| Box::pin(fetch::run(call)))),
    ("gather_facts", There(|call| Box::pin(gather_facts::run(call)))),
    ("group_by", Here(group_by::run)),
    ("include_vars", Here(include_vars::run)),
    ("pause", There(|call| Box::pin(pause::run(call)))),
    ("raw", There(|call| Box::pin(raw::run(call)))),
    ("reboot", There(|call| Box::pin(reboot::run(call)))),
    ("script", There(|call| Box::pin(script::run(call)))),
    ("set_fact", Here(set_fact::run)),
    ("set_stats", Here(set_stats::run)),
    ("template", There(|call| Box::pin(template::run(call)))),
    ("unarchive", There(|call| Box::pin(unarchive::run(call)))),
    ("uri", There(|call| Box::pin(uri::run(call)))),
    ("validate_argument_spec", Here(validate_argument_spec::run)),
    ("wait_for_connection", There(|call| Box::pin(wait_for_connection::run(call)))),
];

/// The action of this short name.
fn find(name: &str) -> Option<Action> {
    ACTIONS.iter().find(|(known, _)| *known == name).map(|(_, action)| *action)
}

/// Actions that the run itself carries out: they change the order of steps.
const STRUCTURAL: &[&str] = &["meta", "include_tasks", "include_role", "import_tasks", "import_role"];

/// Modules that an action of Ansible runs by a name of its own, which their errors show.
const BY_ACTION: &[&str] = &["command", "service"];

/// The name without the collection of what comes with the engine.
pub(crate) fn short_name(action: &str) -> &str {
    action.strip_prefix("ansible.builtin.").or_else(|| action.strip_prefix("ansible.legacy.")).unwrap_or(action)
}

/// The name as Ansible resolves it: with its collection.
pub(crate) fn full_name(action: &str) -> String {
    let short = short_name(action);
    match ksplay_modules::registry::find(short) {
        Some(entry) => format!("{}.{}", entry.collection, entry.name),
        // One that comes with the playbook, or of a collection.
        None if short.contains('.') || !is_known(short) => short.to_owned(),
        None => format!("ansible.builtin.{short}"),
    }
}

/// Whether a task can name this.
pub fn is_known(action: &str) -> bool {
    let short = short_name(action);
    STRUCTURAL.contains(&short) || find(short).is_some() || ksplay_modules::registry::find(action).is_some()
}

/// The actions that are no modules of the target.
fn of_controller() -> impl Iterator<Item = &'static str> {
    STRUCTURAL.iter().copied().chain(ACTIONS.iter().map(|(name, _)| *name))
}

/// Everything that a task can name.
pub fn names() -> Vec<String> {
    let modules = ksplay_modules::registry::MODULES.iter().map(|entry| entry.name);
    let mut names: Vec<String> = of_controller().chain(modules).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// `include_tasks` or `include_role`, when the action is one of them.
pub(crate) fn include_kind(action: &str) -> Option<&'static str> {
    match short_name(action) {
        "include_tasks" => Some("include_tasks"),
        "include_role" => Some("include_role"),
        _ => None,
    }
}

/// In a failure: what is missing on the controller may be brought by a task that check mode did not carry out.
pub(crate) const MISSING_HERE: &str = "_ksplay_missing_here";

/// Whether an action needs no connection.
pub(crate) fn is_here(action: &str) -> bool {
    matches!(find(short_name(action)), Some(Action::Here(_)))
}

/// Whether the `ansible_facts` of the result are variables, noted by the action itself, and no facts.
pub(crate) fn sets_variables(action: &str) -> bool {
    matches!(short_name(action), "set_fact" | "include_vars")
}

/// One try of one task on one host.
pub(crate) struct ActionCall<'a> {
    pub work: &'a Work,
    pub scope: &'a HostScope,
    delegate: Option<&'a HostScope>,
    facts_host: Str,
    pub effects: &'a mut Vec<Effect>,
    /// Set by actions whose result is shown without `-v`.
    pub verbose: &'a mut bool,
    job: Option<Asynchronous>,
    pub check: bool,
    pub diff: bool,
}

impl<'a> ActionCall<'a> {
    pub fn new(
        work: &'a Work,
        scope: &'a HostScope,
        delegate: Option<&'a HostScope>,
        effects: &'a mut Vec<Effect>,
        verbose: &'a mut bool,
        job: Option<Asynchronous>,
        flags: Flags,
    ) -> Self {
        let facts_host = work.facts_host(delegate, flags);
        Self { work, scope, delegate, facts_host, effects, verbose, job, check: flags.check, diff: flags.diff }
    }

    pub fn task(&self) -> &'a Arc<Task> {
        &self.work.task
    }

    pub fn templar(&self) -> Templar<'a> {
        self.scope.templar()
    }

    /// The arguments, evaluated, with the defaults of `module_defaults` below them.
    pub fn args(&self) -> Result<Map, TaskFailure> {
        finalize(self.task(), self.scope)
    }

    /// The arguments as written, with those defaults.
    pub fn raw_args(&self) -> Result<Arc<Map>, TaskFailure> {
        args::raw_args(self.task(), self.scope)
    }

    /// These of them, evaluated.
    pub fn evaluated(&self, raw: &Map) -> Result<Map, TaskFailure> {
        args::evaluated(self.task(), self.scope, raw)
    }

    /// The variables of the host that is connected to.
    pub fn remote(&self) -> &'a HostScope {
        self.delegate.unwrap_or(self.scope)
    }

    /// The host that variables set by the task belong to.
    pub fn facts_host(&self) -> Str {
        self.facts_host.clone()
    }

    /// Whether the task works on the controller itself.
    pub fn is_local(&self) -> Result<bool, TaskFailure> {
        let (options, keywords) = (&self.work.shared.options, &self.task().keywords);
        let target = connect::target(self.remote().host(), &self.remote().templar(), keywords, options)?;
        Ok(matches!(target.link, ksplay_transport::Link::Local))
    }

    /// Runs a module of the target.
    pub async fn module(&self, name: &str, args: Map, payload: Option<PayloadSource>) -> Result<Map, TaskFailure> {
        self.module_to(name, args, payload, None).await
    }

    /// Runs a module of the target; bytes that it sends go to the file `sink`.
    pub async fn module_to(
        &self,
        name: &str,
        args: Map,
        payload: Option<PayloadSource>,
        sink: Option<PathBuf>,
    ) -> Result<Map, TaskFailure> {
        let (target, becoming, environment, job) = {
            let templar = self.remote().templar();
            let (options, keywords) = (&self.work.shared.options, &self.task().keywords);
            let target = connect::target(self.remote().host(), &templar, keywords, options)?;
            let job = match self.job {
                Some(job) => Some(Job { limit: job.limit_there(), dir: jobs::dir(self)? }),
                None => None,
            };
            (target, connect::becoming(&templar, keywords, options)?, self.environment()?, job)
        };
        let whole = ksplay_modules::registry::find(name).is_some_and(|entry| !entry.in_small);
        let connection =
            self.work.shared.pool.open(&target, whole).await.map_err(|error| TaskFailure::from(&*error))?;
        let Some(connection) = connection.get() else {
            return Err(TaskFailure::unreachable("the connection was closed"));
        };
        let call = Call {
            module: name.to_owned(),
            args,
            options: RunOptions { check: self.check, diff: self.diff, environment },
            becoming,
            payload,
            sink,
            job,
        };
        connection.call(call).await.map_err(|error| {
            if error.is_unreachable() {
                self.work.shared.pool.reset(self.remote().host());
            }
            TaskFailure::from(&error)
        })
    }

    /// The task's `environment`, inner over outer.
    pub fn environment(&self) -> Result<Vec<(String, String)>, TaskFailure> {
        let mut merged = Map::new();
        let mut add = |value: Value| match value {
            Value::Map(map) => {
                merged.extend(map.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
            }
            other if !other.is_true() || matches!(other, Value::Omit) => {}
            other => {
                let message = format!("could not parse environment value, skipping: {other}");
                self.work.shared.emit(crate::event::Event::Warning(message));
            }
        };
        for value in &self.task().keywords.environment {
            match keyword(self.scope, "environment", value)? {
                Value::List(items) => items.iter().cloned().for_each(&mut add),
                other => add(other),
            }
        }
        Ok(merged.iter().map(|(key, value)| (key.as_value().to_string(), value.to_string())).collect())
    }

    /// The file of the controller that a relative name means.
    pub fn find_file(&self, subdir: &str, name: &str) -> Result<PathBuf, TaskFailure> {
        let dirs = &self.task().dirs;
        self.work.shared.loader.find_file(dirs, subdir, name).ok_or_else(|| {
            let tried: Vec<String> = dirs
                .iter()
                .chain(dirs.last())
                .flat_map(|dir| [dir.join(subdir).join(name), dir.join(name)])
                .map(|path| format!("\n\t{}", path.display()))
                .collect();
            let searched = match name.starts_with(['/', '~']) {
                true => String::new(),
                false => format!("\nSearched in:{}", tried.concat()),
            };
            TaskFailure::raised(format!(
                "Could not find or access '{name}'{searched} on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option"
            ))
            .with(MISSING_HERE, true)
        })
    }
}

/// Does what the task says, by an action of the controller or a module of the target.
pub(crate) async fn run(mut call: ActionCall<'_>) -> Result<Map, TaskFailure> {
    let name = short_name(&call.task().action).to_owned();
    if call.job.is_some() {
        jobs::check(&name)?;
    }
    let result = match find(&name) {
        Some(Action::Here(action)) => action(&mut call),
        Some(Action::There(action)) => action(&mut call).await,
        None => module(&mut call, &name).await,
    }?;
    match call.job.take() {
        Some(job) if !job.poll.is_zero() => jobs::follow(&call, job, result).await,
        _ => Ok(result),
    }
}

/// Runs a module of the target: one that comes with the playbook, or else ksplay's own.
async fn module(call: &mut ActionCall<'_>, name: &str) -> Result<Map, TaskFailure> {
    let own = ksplay_modules::registry::find(name);
    if let Some(file) = call.work.shared.loader.custom_module(&call.task().action, call.task()) {
        let content = tokio::fs::read(&file).await;
        let content = content.map_err(|error| TaskFailure::new(format!("cannot read {}: {error}", file.display())))?;
        // Of a module in Python that ksplay has too, its own stands in.
        if own.is_none() || custom::Style::of(name, &content).is_supported() {
            return custom::run(call, name, &file, content).await;
        }
    }
    match own {
        Some(_) if name == "shell" => {
            let mut args = call.args()?;
            if args.contains_key("expand_argument_vars") {
                let message = "Unsupported parameters for (shell) module: expand_argument_vars";
                return Err(TaskFailure::raised(message).with("changed", false));
            }
            args.insert("_uses_shell", true);
            call.module("ansible.legacy.command", args, None).await
        }
        Some(_) if BY_ACTION.contains(&name) => {
            let args = call.args()?;
            call.module(&format!("ansible.legacy.{name}"), args, None).await
        }
        Some(_) => {
            let (args, name) = (call.args()?, &*call.task().action);
            call.module(name, args, None).await
        }
        None => {
            Err(TaskFailure::new(format!("Cannot resolve '{name}' to an action or module.")).with("changed", false))
        }
    }
}

/// The action that a template chooses for a host.
pub(crate) fn chosen_name(template: &Value, scope: &HostScope) -> Result<String, TaskFailure> {
    known(scope, "action", template).map(|name| name.to_string())
}

/// The task with the action that its template chooses for a host.
pub(crate) fn chosen(work: &Work, template: &Value, scope: &HostScope) -> Result<Task, TaskFailure> {
    let name = chosen_name(template, scope)?;
    let task = work.task.with_action(&work.shared.loader.module_meant(&name, &work.task), &name);
    let wrong =
        |message: String| TaskFailure { span: place(template), ..TaskFailure::new(message).with("changed", false) };
    if STRUCTURAL.contains(&short_name(&name)) {
        return Err(wrong(format!("'{name}' changes the order of tasks, and cannot be chosen by a template.")));
    }
    if !is_known(&task.action) && work.shared.loader.custom_module(&name, &task).is_none() {
        return Err(wrong(format!("Cannot resolve '{name}' to an action or module.")));
    }
    Ok(task)
}

/// The result of an action that does nothing in check mode.
pub(crate) fn not_run(message: &str) -> Map {
    Map::from([
        ("changed", Value::Bool(false)),
        ("skipped", Value::Bool(true)),
        ("msg", Value::from(message)),
        (ksplay_modules::NOT_RUN, Value::Bool(true)),
    ])
}

/// The failure that an action gives back as its result.
pub(crate) fn failed_with(mut result: Map) -> TaskFailure {
    result.remove("failed");
    let message = result.remove("msg").map(|message| message.to_string()).unwrap_or_default();
    TaskFailure { values: result, ..TaskFailure::action(message) }
}

/// `stdout_lines` and `stderr_lines`, which every result with `stdout` and `stderr` has.
pub(crate) fn add_lines(result: &mut Map) {
    for (name, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(Value::String(text)) = result.get(name)
            && !result.contains_key(lines)
        {
            let split = text.lines().map(Value::from).collect::<Value>();
            result.insert(lines, split);
        }
    }
}
