//! `--list-hosts`, `--list-tasks`, `--list-tags`, in the form of ansible-playbook.

use std::collections::{BTreeSet, HashSet};

use ksplay_engine::{Sink, selects};
use ksplay_playbook::{Item, Play, Task};
use ksplay_template::{Layer, Templar};
use ksplay_value::{Str, Value};

use crate::args::RunArgs;
use crate::assemble::Assembled;
use crate::failure::Failure;
use crate::output::say;

/// Prints the lists that were asked for.
///
/// # Errors
///
/// If a host pattern is wrong.
pub fn show(args: &RunArgs, assembled: &Assembled) -> Result<u8, Failure> {
    warn(assembled)?;
    for (file, playbook) in args.playbooks.iter().zip(&assembled.playbooks) {
        say!("\nplaybook: {}", file.display());
        for (number, play) in playbook.plays.iter().enumerate() {
            show_play(args, assembled, number + 1, play)?;
        }
    }
    Ok(0)
}

/// Warns of patterns that match nothing, each once, before anything is printed.
fn warn(assembled: &Assembled) -> Result<(), Failure> {
    let Assembled { options, inventory, playbooks, terminal, .. } = assembled;
    let mut warned = HashSet::new();
    for play in playbooks.iter().flat_map(|playbook| &playbook.plays) {
        let found = inventory.select(&patterns(assembled, play)?, options.limit.as_deref())?;
        for warning in found.warnings {
            if warned.insert(warning.message.clone()) {
                terminal.event(&warning.into());
            }
        }
    }
    Ok(())
}

/// Evaluates the hosts of every play.
///
/// # Errors
///
/// If one cannot be.
pub fn check_hosts(assembled: &Assembled) -> Result<(), Failure> {
    let mut plays = assembled.playbooks.iter().flat_map(|playbook| &playbook.plays);
    plays.try_for_each(|play| patterns(assembled, play).map(drop))
}

/// The host patterns of a play.
///
/// # Errors
///
/// If they cannot be evaluated.
pub fn patterns(assembled: &Assembled, play: &Play) -> Result<Vec<String>, Failure> {
    let Assembled { options, environment, .. } = assembled;
    Ok(ksplay_engine::patterns_of(play, environment, &options.extra_vars)?)
}

fn show_play(args: &RunArgs, assembled: &Assembled, number: usize, play: &Play) -> Result<(), Failure> {
    let Assembled { options, environment, inventory, .. } = assembled;
    let patterns = patterns(assembled, play)?;
    let vars = Layer { front: options.extra_vars.clone(), behind: &*play.known_vars };
    let templar = Templar::new(environment, &vars);
    let name = match &play.name {
        Some(name) => templar.resolve(name).map_or_else(|_| written(name), |name| name.to_string()),
        None => patterns.join(","),
    };
    let own = joined(play.keywords.tags.iter(), ",");
    say!("\n  play #{number} ({}): {name}\tTAGS: [{own}]", patterns.join(","));
    if args.list_hosts {
        let found = inventory.select(&patterns, options.limit.as_deref())?;
        say!("    pattern: {}", ksplay_value::text::repr(&patterns.iter().collect::<Value>()));
        say!("    hosts ({}):", found.hosts.len());
        for host in BTreeSet::from_iter(&found.hosts) {
            say!("      {host}");
        }
    }
    let tasks = tasks(args, assembled, play);
    if args.list_tasks {
        say!("    tasks:");
        for task in &tasks {
            say!("      {}\tTAGS: [{}]", name_of(task), joined(task.keywords.tags.iter(), ", "));
        }
    }
    if args.list_tags {
        let all = tasks.iter().flat_map(|task| &task.keywords.tags).chain(&play.keywords.tags);
        say!("      TASK TAGS: [{}]", joined(all, ", "));
    }
    Ok(())
}

/// The tasks that would run; with `--list-tags` and no other wish, those tagged `never` too.
fn tasks<'p>(args: &RunArgs, assembled: &Assembled, play: &'p Play) -> Vec<&'p Task> {
    let options = &assembled.options;
    let mut only = options.tags.clone();
    if args.list_tags && only.is_empty() {
        only = vec!["all".to_owned(), "never".to_owned()];
    }
    let mut tasks = Vec::new();
    for section in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks] {
        collect(section, &mut tasks);
    }
    tasks.retain(|task| selects(&only, &options.skip_tags, &task.keywords.tags));
    tasks
}

/// The tasks in their order; what stands in `rescue` and `always` is left out, as in Ansible.
fn collect<'p>(items: &'p [Item], tasks: &mut Vec<&'p Task>) {
    for item in items {
        match item {
            Item::Task(task) => tasks.push(task),
            Item::Block(block) => collect(&block.block, tasks),
        }
    }
}

/// The name, behind that of its role; the action of a task without a name.
fn name_of(task: &Task) -> String {
    match (&task.name, task.shown_role()) {
        (Some(name), Some(role)) => format!("{} : {}", role.name, written(name)),
        (Some(name), None) => written(name),
        (None, _) => task.written_action.to_string(),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Template(template) => template.text.to_string(),
        other => other.to_string(),
    }
}

fn joined<'t>(tags: impl Iterator<Item = &'t Str>, separator: &str) -> String {
    tags.collect::<BTreeSet<_>>().into_iter().map(|tag| &**tag).collect::<Vec<_>>().join(separator)
}
