//! The callbacks that settings can name.

use std::io::stdout;
use std::path::PathBuf;
use std::sync::Arc;

use ksplay_engine::{Event, Sink, expand_home};
use ksplay_report::{
    Form, Json, Jsonl, Junit, JunitOptions, Order, ProfileRoles, ProfileTasks, ProfileTasksOptions, ResultFormat,
    Terminal, Timer, Tree,
};

use crate::failure::Failure;
use crate::settings::Settings;

/// What a callback for the standard output makes of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout {
    /// The form of all of it.
    pub form: Form,
    /// How it writes results, whatever the settings say.
    pub results: Option<ResultFormat>,
    /// What writes it.
    writes: Writes,
}

/// What writes to the standard output.
#[derive(Debug, Clone, Copy, Default)]
enum Writes {
    /// The terminal.
    #[default]
    Terminal,
    /// JSON at the end.
    Json,
    /// JSON as it happens.
    Jsonl,
}

impl Stdout {
    const fn of(form: Form) -> Self {
        Self { form, results: None, writes: Writes::Terminal }
    }

    const fn with(results: ResultFormat) -> Self {
        Self { form: Form::Default, results: Some(results), writes: Writes::Terminal }
    }

    const fn by(writes: Writes) -> Self {
        Self { form: Form::Null, results: None, writes }
    }
}

/// Each by its collection and name.
const STDOUT: &[(&str, &str, Stdout)] = &[
    ("ansible.builtin", "default", Stdout::of(Form::Default)),
    ("ansible.builtin", "minimal", Stdout::of(Form::Minimal)),
    ("ansible.builtin", "oneline", Stdout::of(Form::OneLine)),
    ("ansible.posix", "debug", Stdout::with(ResultFormat::Debug)),
    ("ansible.posix", "json", Stdout::by(Writes::Json)),
    ("ansible.posix", "jsonl", Stdout::by(Writes::Jsonl)),
    ("community.general", "null", Stdout::of(Form::Null)),
    ("community.general", "yaml", Stdout::with(ResultFormat::CommunityYaml)),
];

/// Makes a callback that hears of the run beside the standard output.
type Make = fn(&Settings, &Arc<Terminal>) -> Result<Box<dyn Sink>, Failure>;

/// Each by its collection and name.
const ENABLED: &[(&str, &str, Make)] = &[
    ("ansible.posix", "timer", |_, terminal| Ok(Box::new(Timer::new(Arc::clone(terminal))))),
    ("ansible.posix", "profile_tasks", profile_tasks),
    ("ansible.posix", "profile_roles", |settings, terminal| {
        Ok(Box::new(ProfileRoles::new(Arc::clone(terminal), *settings.profile_roles_summary)))
    }),
    ("ansible.builtin", "junit", junit),
    ("ansible.builtin", "tree", |settings, _| {
        tree(&settings.callback_tree_dir.value.clone().unwrap_or_else(|| settings.home.join("tree")))
    }),
];

/// Whether this is a callback, with or without its collection.
fn is_named(name: &str, collection: &str, short: &str) -> bool {
    name == short || name.strip_prefix(collection).and_then(|name| name.strip_prefix('.')) == Some(short)
}

/// The callbacks that the settings enable, in the order of the settings, and first the one that writes to the standard output
/// when it is none that the terminal can be.
///
/// # Errors
///
/// If one of them cannot write where it is to.
pub fn enabled(settings: &Settings, terminal: &Arc<Terminal>) -> Result<Vec<Box<dyn Sink>>, Failure> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    let stats = *settings.show_custom_stats;
    match form(&settings.stdout_callback).unwrap_or_default().writes {
        Writes::Terminal => {}
        Writes::Json => sinks.push(Box::new(Json::new(Box::new(stdout()), settings.json_indent.unwrap_or(4), stats))),
        Writes::Jsonl => sinks.push(Box::new(Jsonl::new(Box::new(stdout()), settings.json_indent.unwrap_or(0), stats))),
    }
    for name in settings.callbacks_enabled.iter() {
        match ENABLED.iter().find(|(collection, short, _)| is_named(name, collection, short)) {
            Some((.., make)) => sinks.push(make(settings, terminal)?),
            // It is always there in Ansible too.
            None if form(name).is_some() => {}
            None => terminal.event(&Event::Warning(format!("Skipping callback plugin '{name}', unable to load"))),
        }
    }
    Ok(sinks)
}

fn profile_tasks(settings: &Settings, terminal: &Arc<Terminal>) -> Result<Box<dyn Sink>, Failure> {
    let limit = match settings.profile_tasks_limit.as_str() {
        "all" => usize::MAX,
        number => number.parse().map_err(|_| {
            Failure::options(format!("task_output_limit of profile_tasks is a number or `all`, not `{number}`"))
        })?,
    };
    let order = match settings.profile_tasks_order.as_str() {
        "ascending" => Order::Ascending,
        "none" => Order::None,
        _ => Order::Descending,
    };
    let options = ProfileTasksOptions { limit, order, summary_only: *settings.profile_tasks_summary };
    Ok(Box::new(ProfileTasks::new(Arc::clone(terminal), options)))
}

fn junit(settings: &Settings, terminal: &Arc<Terminal>) -> Result<Box<dyn Sink>, Failure> {
    let dir = settings.junit_dir.value.clone().unwrap_or_else(|| PathBuf::from(expand_home("~/.ansible.log")));
    let options = JunitOptions {
        dir,
        fail_on_change: *settings.junit_fail_on_change,
        fail_on_ignore: *settings.junit_fail_on_ignore,
        task_class: *settings.junit_task_class,
        without_setup: !*settings.junit_include_setup,
        without_arguments: *settings.junit_hide_arguments,
        relative_to: settings.junit_relative.value.as_deref().map(PathBuf::from),
        out_of_tree: settings.junit_out_of_tree.value.clone(),
        prefix: settings.junit_prefix.value.clone(),
    };
    Ok(Box::new(Junit::new(options, Arc::clone(terminal))))
}

/// The callback `tree`, which writes to this folder.
///
/// # Errors
///
/// If the folder cannot be made.
pub fn tree(dir: &std::path::Path) -> Result<Box<dyn Sink>, Failure> {
    let tree = Tree::new(dir).map_err(|error| Failure::error(format!("cannot make {}: {error}", dir.display())))?;
    Ok(Box::new(tree))
}

/// What the callback of this name, with or without its collection, makes of a run.
pub fn form(name: &str) -> Option<Stdout> {
    STDOUT.iter().find(|(collection, short, _)| is_named(name, collection, short)).map(|(.., stdout)| *stdout)
}

/// The names of all.
pub fn forms() -> Vec<&'static str> {
    STDOUT.iter().map(|(_, name, _)| *name).collect()
}
