//! `--list-hosts`, `--list-tasks`, `--list-tags`.

use std::collections::BTreeSet;

use ksplay_engine::selects;
use ksplay_playbook::{Item, Play, Task};
use ksplay_value::{Str, Value};

use crate::args::RunArgs;
use crate::assemble::Assembled;
use crate::failure::Failure;

/// Prints the lists that were asked for, in the form of ansible-playbook.
///
/// # Errors
///
/// If a host pattern is wrong.
pub fn show(args: &RunArgs, assembled: &Assembled) -> Result<u8, Failure> {
    let Assembled { options, inventory, playbooks, .. } = assembled;
    for playbook in playbooks {
        println!("\nplaybook: {}", playbook.file.display());
        for (number, play) in playbook.plays.iter().enumerate() {
            let patterns = patterns(play);
            let name = play.name.as_ref().map_or_else(|| patterns.join(","), text);
            let tags = play.keywords.tags.iter().collect::<BTreeSet<_>>();
            println!("\n  play #{} ({}): {name}\tTAGS: [{}]", number + 1, patterns.join(","), joined(tags));
            if args.list_hosts {
                let found = inventory.select(&patterns, options.limit.as_deref()).map_err(Failure::error)?;
                println!("    pattern: {}", ksplay_value::text::repr(&patterns.iter().collect::<Value>()));
                println!("    hosts ({}):", found.hosts.len());
                for host in &found.hosts {
                    println!("      {host}");
                }
            }
            let mut tasks = Vec::new();
            for section in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks] {
                collect(section, &mut tasks);
            }
            tasks.retain(|task| {
                selects(&options.tags, &options.skip_tags, &task.keywords.tags) && &*task.action != "meta"
            });
            if args.list_tasks {
                println!("    tasks:");
                for task in &tasks {
                    let tags = task.keywords.tags.iter().collect::<BTreeSet<_>>();
                    println!("      {}\tTAGS: [{}]", name_of(task), joined(tags));
                }
            }
            if args.list_tags {
                let all = tasks.iter().flat_map(|task| task.keywords.tags.iter()).collect::<BTreeSet<_>>();
                println!("      TASK TAGS: [{}]", joined(all));
            }
        }
    }
    println!();
    Ok(0)
}

fn patterns(play: &Play) -> Vec<String> {
    match &play.hosts {
        Value::List(patterns) => patterns.iter().map(text).collect(),
        pattern => vec![text(pattern)],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Template(template) => template.text.to_string(),
        other => other.to_string(),
    }
}

fn joined(tags: BTreeSet<&Str>) -> String {
    tags.into_iter().map(|tag| &**tag).collect::<Vec<_>>().join(", ")
}

fn collect<'p>(items: &'p [Item], tasks: &mut Vec<&'p Task>) {
    for item in items {
        match item {
            Item::Task(task) => tasks.push(task),
            Item::Block(block) => {
                for part in [&block.block, &block.rescue, &block.always] {
                    collect(part, tasks);
                }
            }
        }
    }
}

fn name_of(task: &Task) -> String {
    let name = task.name.as_ref().map_or_else(|| task.action.to_string(), text);
    match &task.role {
        Some(role) => format!("{} : {name}", role.name),
        None => name,
    }
}
