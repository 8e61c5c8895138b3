//! What a dry run leaves undone on each host: what later tasks look at may be another thing when the play is carried out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use ksplay_value::Str;

/// The tasks that a dry run did not carry out, by the host that they would have worked on.
#[derive(Debug, Default)]
pub(crate) struct Pending(RwLock<HashMap<Str, Vec<Undone>>>);

#[derive(Debug)]
struct Undone {
    task: String,
    /// Files and folders that it would make, change or remove, as far as its arguments say.
    paths: Vec<PathBuf>,
}

impl Pending {
    /// A task was not carried out; the items of a loop count as one.
    pub fn note(&self, host: &Str, task: &str, paths: Vec<PathBuf>) {
        let mut hosts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let tasks = hosts.entry(host.clone()).or_default();
        match tasks.last_mut().filter(|last| last.task == task) {
            Some(last) => last.paths.extend(paths),
            None => tasks.push(Undone { task: task.to_owned(), paths }),
        }
    }

    /// The tasks that were not carried out on this host, in a few words.
    pub fn on(&self, host: &str) -> Option<String> {
        in_words(self.0.read().unwrap_or_else(PoisonError::into_inner).get(host)?)
    }

    /// The tasks that were not carried out on any host.
    pub fn anywhere(&self) -> Option<String> {
        in_words(self.0.read().unwrap_or_else(PoisonError::into_inner).values().flatten())
    }

    /// The last task that would make, change or remove this path or something above or below it.
    pub fn at(&self, host: &str, path: &Path) -> Option<String> {
        let concerns = |other: &PathBuf| path.starts_with(other) || other.starts_with(path);
        let hosts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let last = hosts.get(host)?.iter().rev().find(|undone| undone.paths.iter().any(concerns))?;
        Some(format!("\"{}\"", last.task))
    }
}

fn in_words<'t>(tasks: impl IntoIterator<Item = &'t Undone>) -> Option<String> {
    let mut tasks = tasks.into_iter();
    let first = &tasks.next()?.task;
    Some(match tasks.count() {
        0 => format!("\"{first}\""),
        1 => format!("\"{first}\" and one more task"),
        more => format!("\"{first}\" and {more} more tasks"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_concerned_by_what_is_pending_above_and_below_it_but_not_beside_it() {
        let pending = Pending::default();
        let host = Str::from("a");
        pending.note(&host, "make", vec!["/etc/etcd".into()]);
        assert_eq!(pending.at("a", Path::new("/etc/etcd/ca.pem")).as_deref(), Some("\"make\""));
        assert_eq!(pending.at("a", Path::new("/etc")).as_deref(), Some("\"make\""));
        assert_eq!(pending.at("a", Path::new("/etc/etcd2")), None);
        assert_eq!(pending.at("b", Path::new("/etc/etcd")), None);
    }

    #[test]
    fn the_items_of_a_loop_are_one_task() {
        let pending = Pending::default();
        let host = Str::from("a");
        for task in ["first", "first", "second"] {
            pending.note(&host, task, Vec::new());
        }
        assert_eq!(pending.on("a").as_deref(), Some("\"first\" and one more task"));
        assert_eq!(pending.anywhere(), pending.on("a"));
    }
}
