//! What a run would do, step by step: recorded while it looks, shown to whoever decides about it, compared with a later
//! look.

mod page;
mod record;
mod secrets;
mod text;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

pub use page::page;
pub use record::Recorder;
pub use secrets::Hidden;
pub use text::text;

/// What one host would do at one task, or for one item of its loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The play, counted from 1.
    pub play: usize,
    /// The play's name.
    pub play_name: String,
    /// The task as it is shown: `role : name`.
    pub task: String,
    /// Where the task stands: `file:line`.
    pub place: String,
    /// The module or action.
    pub action: String,
    /// Whether it is a handler.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handler: bool,
    /// The host.
    pub host: String,
    /// The host that the work is delegated to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<String>,
    /// The label of the loop's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What it comes to.
    pub kind: Kind,
    /// Why it cannot be decided before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The command that it runs, as far as check mode knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The difference that it makes, as `--diff` shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// What a step comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It changes something, which is known.
    Change,
    /// It runs a command, or something else of which only carrying it out shows what it does.
    Run,
    /// Whether it does anything rests on steps before it.
    Undecided,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Change => "changes something",
            Self::Run => "runs a command",
            Self::Undecided => "is decided while applying",
        })
    }
}

/// How many steps of each kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps that change something.
    pub changes: usize,
    /// Steps of which only carrying them out shows what they do.
    pub runs: usize,
    /// Steps that are decided while applying.
    pub undecided: usize,
    /// Hosts with a step.
    pub hosts: usize,
}

impl Summary {
    /// Counts them.
    pub fn of(steps: &[Step]) -> Self {
        let count = |kind: Kind| steps.iter().filter(|step| step.kind == kind).count();
        let mut hosts: Vec<&str> = steps.iter().map(|step| step.host.as_str()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        Self {
            changes: count(Kind::Change),
            runs: count(Kind::Run),
            undecided: count(Kind::Undecided),
            hosts: hosts.len(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { changes, runs, undecided, hosts } = self;
        if changes + runs + undecided == 0 {
            return f.write_str("Plan: nothing to do.");
        }
        let change = if *changes == 1 { "change" } else { "changes" };
        let command = if *runs == 1 { "command" } else { "commands" };
        let host = if *hosts == 1 { "host" } else { "hosts" };
        write!(f, "Plan: {changes} {change}, {runs} {command}, {undecided} decided while applying; on {hosts} {host}.")
    }
}

/// What tells a step from the others, wherever in the order it comes: play, place, task, host, item.
type Identity<'s> = (usize, &'s str, &'s str, &'s str, Option<&'s str>);

/// Actions whose steps are known only when they are reached.
const BRING_STEPS: [&str; 2] = ["include_tasks", "include_role"];

/// What was changed without a plan of it, a line each. What a loop or an include came to that could not be decided before
/// is as planned.
pub fn unforeseen(planned: &[Step], done: &[Step]) -> Vec<String> {
    let brings = |action: &str| BRING_STEPS.contains(&action.rsplit('.').next().unwrap_or(action));
    let open = planned.iter().filter(|step| step.kind == Kind::Undecided && brings(&step.action));
    let open: HashSet<&str> = open.map(|step| &*step.host).collect();
    let all: HashSet<Identity<'_>> = planned.iter().map(Step::of_any_item).collect();
    let is_planned = |step: &Step| all.contains(&step.of_any_item()) || open.contains(&*step.host);
    let changed = done.iter().filter(|step| step.kind == Kind::Change && !is_planned(step));
    changed.map(|step| format!("{}: {} ({})", step.host, step.task, step.place)).collect()
}

impl Step {
    fn identity(&self) -> Identity<'_> {
        (self.play, &self.place, &self.task, &self.host, self.item.as_deref())
    }

    fn of_any_item(&self) -> Identity<'_> {
        (self.play, &self.place, &self.task, &self.host, None)
    }
}

fn by_identity(steps: &[Step]) -> HashMap<Identity<'_>, Vec<&Step>> {
    let mut all: HashMap<Identity<'_>, Vec<&Step>> = HashMap::new();
    steps.iter().for_each(|step| all.entry(step.identity()).or_default().push(step));
    all
}

/// The steps by task, in the order in which the first host came to it.
fn by_task(steps: &[Step]) -> Vec<Vec<&Step>> {
    grouped(steps, |step| (step.play, &step.place, &step.task))
}

/// Steps that have this in common, in the order of the first of each group.
fn grouped<'s, K: Eq + Hash>(
    steps: impl IntoIterator<Item = &'s Step>,
    common: impl Fn(&'s Step) -> K,
) -> Vec<Vec<&'s Step>> {
    let mut known: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Step>> = Vec::new();
    for step in steps {
        let at = *known.entry(common(step)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(step),
            None => groups.push(vec![step]),
        }
    }
    groups
}

/// In what a later look differs from what was planned, a line each; nothing when all is as planned. The order in which
/// hosts came to a step does not count.
pub fn differences(planned: &[Step], now: &[Step]) -> Vec<String> {
    let (all_planned, all_now) = (by_identity(planned), by_identity(now));
    let mut told = HashSet::new();
    let mut lines = Vec::new();
    for identity in planned.iter().chain(now).map(Step::identity).filter(|identity| told.insert(*identity)) {
        let (_, place, task, host, item) = identity;
        let item = item.map(|item| format!(" (item={item})")).unwrap_or_default();
        let mut tell = |what: &str| lines.push(format!("{host}: {task}{item} ({place}): {what}"));
        let none = Vec::new();
        let before = all_planned.get(&identity).unwrap_or(&none);
        let after = all_now.get(&identity).unwrap_or(&none);
        for at in 0..before.len().max(after.len()) {
            match (before.get(at), after.get(at)) {
                (Some(before), None) => {
                    tell(&format!("the plan says that it {}, now there is nothing to do", before.kind))
                }
                (None, Some(after)) => tell(&format!("the plan has nothing of it, now it {}", after.kind)),
                (Some(before), Some(after)) if before.kind != after.kind => {
                    tell(&format!("the plan says that it {}, now it {}", before.kind, after.kind));
                }
                (Some(before), Some(after)) if before.delegated_to != after.delegated_to => {
                    tell("it is delegated to another host now");
                }
                (Some(before), Some(after)) if before.command != after.command => {
                    tell("the command is another one now")
                }
                (Some(before), Some(after)) if before.diff != after.diff => tell("the difference is another one now"),
                _ => {}
            }
        }
    }
    lines
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn step(task: &str, host: &str, kind: Kind) -> Step {
        Step {
            play: 1,
            play_name: "Set up".into(),
            task: task.into(),
            place: "site.yml:7".into(),
            action: "copy".into(),
            handler: false,
            host: host.into(),
            delegated_to: None,
            item: None,
            kind,
            why: None,
            command: None,
            diff: None,
        }
    }

    #[test]
    fn the_same_steps_in_another_order_are_no_difference() {
        let planned = [step("one", "a", Kind::Change), step("one", "b", Kind::Change), step("two", "a", Kind::Run)];
        let now = [step("one", "b", Kind::Change), step("two", "a", Kind::Run), step("one", "a", Kind::Change)];
        assert!(differences(&planned, &now).is_empty());
    }

    #[test]
    fn what_is_gone_new_or_another_is_told_with_host_task_and_place() {
        let with_command = |command: &str| Step { command: Some(command.into()), ..step("five", "a", Kind::Run) };
        let with_diff = |diff: &str| Step { diff: Some(diff.into()), ..step("three", "a", Kind::Change) };
        let planned =
            [step("one", "a", Kind::Change), step("two", "a", Kind::Change), with_diff("+x\n"), with_command("ls")];
        let now =
            [step("two", "a", Kind::Undecided), with_diff("+y\n"), with_command("rm"), step("four", "b", Kind::Run)];
        assert_eq!(
            differences(&planned, &now),
            [
                "a: one (site.yml:7): the plan says that it changes something, now there is nothing to do",
                "a: two (site.yml:7): the plan says that it changes something, now it is decided while applying",
                "a: three (site.yml:7): the difference is another one now",
                "a: five (site.yml:7): the command is another one now",
                "b: four (site.yml:7): the plan has nothing of it, now it runs a command",
            ]
        );
    }

    #[test]
    fn what_was_changed_without_a_plan_is_told_unless_an_open_include_may_have_brought_it() {
        let planned = [step("one", "a", Kind::Run), step("two", "a", Kind::Undecided)];
        let done = [step("one", "a", Kind::Change), step("two", "a", Kind::Change), step("three", "a", Kind::Change)];
        assert_eq!(unforeseen(&planned, &done), ["a: three (site.yml:7)"]);
        let include = Step { action: "ansible.builtin.include_tasks".into(), ..step("more", "a", Kind::Undecided) };
        assert!(unforeseen(&[include], &done[2..]).is_empty());
    }

    #[test]
    fn the_summary_counts_each_kind_and_the_hosts() {
        let steps = [step("one", "a", Kind::Change), step("two", "a", Kind::Run), step("one", "b", Kind::Change)];
        let text = Summary::of(&steps).to_string();
        assert_eq!(text, "Plan: 2 changes, 1 command, 0 decided while applying; on 2 hosts.");
        assert_eq!(Summary::of(&[]).to_string(), "Plan: nothing to do.");
    }

    #[test]
    fn a_step_comes_back_from_json_as_it_was() {
        let step = Step { item: Some("x".into()), why: Some("y".into()), ..step("one", "a", Kind::Undecided) };
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
        assert!(json.contains(r#""kind":"undecided""#) && !json.contains("diff"), "{json}");
    }
}
