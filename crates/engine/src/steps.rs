//! From a loaded play to the tree of its steps: sections, tags, facts, the points where handlers run.

use std::collections::HashMap;
use std::sync::Arc;

use ksplay_playbook::{Item, Keywords, Play, Role, Task};
use ksplay_scheduler::Tree;
use ksplay_value::{Map, Str, Value};

use crate::actions::short_name;
use crate::connect::boolean;
use crate::failure::TaskFailure;
use crate::options::Gathering;
use crate::run::{Layers, Shared};
use crate::tags;
use crate::written::as_written;

/// Builds trees of steps; knows the roles of a play by numbers.
pub(crate) struct Builder {
    shared: Arc<Shared>,
    roles: HashMap<Str, usize>,
}

impl Builder {
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), roles: HashMap::new() }
    }

    /// The steps of a play.
    pub fn play(&mut self, play: &Play, force_handlers: bool) -> Vec<Tree<Arc<Task>>> {
        let pre_tasks = self.items(&play.pre_tasks);
        let mut tasks = self.items(&play.role_tasks);
        tasks.extend(self.items(&play.tasks));
        let post_tasks = self.items(&play.post_tasks);
        // The flush at the end of a section has the tag `always`.
        let options = &self.shared.options;
        let flushes = tags::selects(&options.tags, &options.skip_tags, &["always".into()]);
        let mut tree = Vec::new();
        for section in [pre_tasks, tasks, post_tasks] {
            if !flushes {
                tree.extend(section);
            } else if force_handlers {
                tree.push(Tree::Block { main: section, rescue: Vec::new(), always: vec![Tree::Flush(None)] });
            } else {
                tree.extend(section);
                tree.push(Tree::Flush(None));
            }
        }
        tree
    }

    /// The steps of these tasks and blocks that the tags select.
    pub fn items(&mut self, items: &[Item]) -> Vec<Tree<Arc<Task>>> {
        let mut tree = Vec::new();
        for item in items {
            match item {
                Item::Task(task) if !self.selects(task) => {}
                Item::Task(task) if is_flush(task) => tree.push(Tree::Flush(Some(Arc::clone(task)))),
                Item::Task(task) => tree.push(Tree::Step(Arc::clone(task))),
                Item::Block(block) => {
                    let main = self.items(&block.block);
                    let (rescue, always) = (self.items(&block.rescue), self.items(&block.always));
                    match (&block.role_of, main.is_empty(), rescue.is_empty() && always.is_empty()) {
                        (_, true, true) => {}
                        (Some(role), _, _) => {
                            let (role, again) = (self.number_of(role), role.allow_duplicates);
                            tree.push(Tree::Role { role, again, main });
                        }
                        (None, false, true) => tree.extend(main),
                        (None, _, _) => tree.push(Tree::Block { main, rescue, always }),
                    }
                }
            }
        }
        tree
    }

    /// The number of a role; uses of it that count as the same have the same.
    pub fn number_of(&mut self, role: &Role) -> usize {
        if let Some(number) = self.roles.get(&role.key) {
            return *number;
        }
        let next = self.roles.len();
        self.roles.insert(role.key.clone(), next);
        next
    }

    fn selects(&self, task: &Task) -> bool {
        let options = &self.shared.options;
        if !tags::selects(&options.tags, &options.skip_tags, &task.keywords.tags) {
            return false;
        }
        if let Some(wanted) = &options.start_at_task
            && !self.shared.has_started()
        {
            let name = task.name.as_ref().map(|name| as_written(name).to_string());
            let name = name.unwrap_or_else(|| task.written_action.to_string());
            let full = task.shown_role().map(|role| format!("{} : {name}", role.name));
            let is = |name: &str| name == wanted || glob(wanted, name);
            if !is(&name) && !full.as_deref().is_some_and(is) {
                return false;
            }
            self.shared.start();
        }
        true
    }
}

/// Whether a name fits a pattern with `*` and `?`.
fn glob(pattern: &str, name: &str) -> bool {
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), first) => {
            glob(&pattern[1..], name) || first.is_some_and(|first| glob(pattern, &name[first.len_utf8()..]))
        }
        (Some('?'), Some(first)) => glob(&pattern[1..], &name[first.len_utf8()..]),
        (Some(wanted), Some(first)) if wanted == first => {
            glob(&pattern[wanted.len_utf8()..], &name[first.len_utf8()..])
        }
        _ => false,
    }
}

fn is_flush(task: &Task) -> bool {
    meta_of(task).as_deref() == Some("flush_handlers")
}

/// What a `meta` task asks for.
pub(crate) fn meta_of(task: &Task) -> Option<String> {
    if short_name(&task.action) != "meta" {
        return None;
    }
    let asked = task.args.get("_raw_params").or_else(|| task.args.get("action"));
    Some(asked.map_or_else(|| "None".to_owned(), Value::to_string))
}

/// Whether the action concerns all hosts at once, so that only the first does it.
pub(crate) fn is_for_all_hosts(action: &str) -> bool {
    matches!(short_name(action), "add_host" | "pause")
}

/// The handlers of a play in their order, by blocks: those that stand one after the other outside of blocks are one, too.
pub(crate) fn handlers(items: &[Item]) -> Vec<Vec<Arc<Task>>> {
    let role_of = |task: &Task| task.role.as_ref().map(Arc::as_ptr);
    let mut blocks: Vec<Vec<Arc<Task>>> = Vec::new();
    let mut is_open = false;
    for item in items {
        match item {
            Item::Task(task) => match blocks.last_mut() {
                Some(block) if is_open && block.last().is_some_and(|last| role_of(last) == role_of(task)) => {
                    block.push(Arc::clone(task));
                }
                _ => blocks.push(vec![Arc::clone(task)]),
            },
            Item::Block(block) => {
                let parts = [&block.block, &block.rescue, &block.always];
                blocks.push(parts.into_iter().flat_map(|part| handlers(part)).flatten().collect());
            }
        }
        is_open = matches!(item, Item::Task(_));
    }
    blocks
}

/// The number of the tasks that gather facts at the beginning of plays.
const GATHERING: u32 = u32::MAX;

/// Whether a host passes over this task: it gathers facts at the beginning of a play, and the host has them.
pub(crate) fn knows_already(task: &Task, shared: &Shared, host: &str) -> bool {
    task.id == GATHERING && shared.options.gathering == Gathering::Smart && shared.states.of(host).has_been_looked_at()
}

/// The task that gathers facts, when the play does.
pub(crate) fn gathering(play: &Play, shared: &Arc<Shared>) -> Result<Option<Arc<Task>>, TaskFailure> {
    let options = &shared.options;
    let vars = Layers::of_play(shared, play);
    let templar = ksplay_template::Templar::new(&shared.environment, &vars);
    let asked = match &play.gather_facts {
        Some(value) => {
            let value = templar.resolve(value).map_err(|error| TaskFailure::of_play("gather_facts", error))?;
            Some(boolean(&value)?)
        }
        None => None,
    };
    if !asked.unwrap_or(options.gathering != Gathering::Explicit) {
        return Ok(None);
    }
    let mut args = Map::new();
    match &play.gather.subset {
        Some(subset) => {
            args.insert("gather_subset", subset.clone());
        }
        None if !options.gather_subset.is_empty() => {
            args.insert("gather_subset", options.gather_subset.iter().collect::<Value>());
        }
        None => {}
    }
    if let Some(timeout) = &play.gather.timeout {
        args.insert("gather_timeout", timeout.clone());
    }
    if let Some(path) = &play.gather.fact_path {
        args.insert("fact_path", path.clone());
    }
    let mut keywords = Keywords::clone(&play.keywords);
    keywords.tags = vec!["always".into()];
    if !tags::selects(&options.tags, &options.skip_tags, &keywords.tags) {
        return Ok(None);
    }
    Ok(Some(Arc::new(Task {
        keywords: Arc::new(keywords),
        dirs: Arc::from([play.dir.clone()]),
        ..Task::made(GATHERING, "Gathering Facts", "gather_facts", args, &play.keywords, &play.span)
    })))
}

/// The batches of a play: all hosts, or as many at a time as `serial` says.
pub(crate) fn batches(play: &Play, shared: &Arc<Shared>, hosts: &[Str]) -> Result<Vec<Vec<Str>>, TaskFailure> {
    let Some(serial) = &play.serial else { return Ok(vec![hosts.to_vec()]) };
    let vars = Layers::of_play(shared, play);
    let templar = ksplay_template::Templar::new(&shared.environment, &vars);
    let sizes = match templar.resolve(serial).map_err(|error| TaskFailure::of_play("serial", error))? {
        Value::List(sizes) => sizes.to_vec(),
        size => vec![size],
    };
    let mut counts = Vec::new();
    for size in &sizes {
        let text = size.to_string();
        let wrong = || TaskFailure {
            exit_code: 4,
            ..TaskFailure::new(format!("'serial' holds '{text}', which is neither a number nor a percentage"))
        };
        counts.push(match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
                ((percent / 100.0 * hosts.len() as f64) as usize).max(1)
            }
            None => text.trim().parse::<i64>().map_err(|_| wrong())?.max(0) as usize,
        });
    }
    let mut batches = Vec::new();
    let mut rest = hosts;
    let mut number = 0;
    while !rest.is_empty() {
        let size = counts.get(number).or(counts.last()).copied().unwrap_or(0);
        let size = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let (batch, more) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = more;
        number += 1;
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn start_at_task_knows_globs() {
        assert!(glob("inst*", "install etcd"));
        assert!(glob("*", ""));
        assert!(glob("a?c", "abc"));
        assert!(!glob("a?c", "ac"));
    }
}
