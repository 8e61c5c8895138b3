//! How work that is under way is ended early.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Ends what a module is doing: its programs are killed, and it stops waiting. Clones are the same token.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    groups: Mutex<Vec<libc::pid_t>>,
}

impl Cancel {
    /// Kills the process groups that run under this token, now and from now on.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        for group in self.groups().iter() {
            kill_group(*group);
        }
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    fn groups(&self) -> std::sync::MutexGuard<'_, Vec<libc::pid_t>> {
        self.0.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches over a process group until the answer is dropped, which must be before its leader is reaped.
    pub(super) fn watch(&self, group: libc::pid_t) -> Watched<'_> {
        self.groups().push(group);
        if self.is_cancelled() {
            kill_group(group);
        }
        Watched { cancel: self, group }
    }
}

/// A process group that a [`Cancel`] would kill.
pub(super) struct Watched<'a> {
    cancel: &'a Cancel,
    group: libc::pid_t,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.cancel.groups().retain(|group| *group != self.group);
    }
}

pub(super) fn kill_group(group: libc::pid_t) {
    // SAFETY: `kill` takes no pointers; the group is that of a child that has not been reaped.
    unsafe { libc::kill(-group, libc::SIGKILL) };
}
