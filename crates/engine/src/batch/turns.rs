//! Who works on a step, and when it is each host's turn: `run_once`, `throttle`, `forks`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ksplay_playbook::Task;
use ksplay_scheduler::HostIndex;
use ksplay_value::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::Batch;
use crate::actions;
use crate::connect::boolean;
use crate::event::Event;
use crate::failure::TaskFailure;
use crate::steps;

/// A host's turn: of the task's `throttle`, of `forks`, and in the [`Queue`] of a task.
pub(super) type Turn = [Option<OwnedSemaphorePermit>; 3];

/// Hosts that do one after the other what takes no time, so that the output is in their order.
pub(super) struct Queue {
    head: Arc<Semaphore>,
    /// When it has taken time after all, the others begin too.
    until: Instant,
}

/// How long hosts wait for those before them to do what takes no time.
const PATIENCE: Duration = Duration::from_millis(50);

impl Batch {
    /// A host's turn, once it has come. It is asked for here and now, so that hosts get theirs in the order of the batch.
    pub(super) fn turn(
        &self,
        throttle: Option<&Arc<Semaphore>>,
        queue: Option<&Queue>,
    ) -> impl Future<Output = Turn> + Send + use<> {
        let (forks, throttle) = (Arc::clone(&self.forks), throttle.cloned());
        let queue = queue.map(|queue| timeout_at(queue.until, Arc::clone(&queue.head).acquire_owned()));
        let mut turn = Box::pin(async move {
            let throttled = match throttle {
                Some(throttle) => throttle.acquire_owned().await.ok(),
                None => None,
            };
            let fork = forks.acquire_owned().await.ok();
            let first = match queue {
                Some(queue) => queue.await.ok().and_then(Result::ok),
                None => None,
            };
            [throttled, fork, first]
        });
        let given = now_or_later(turn.as_mut());
        async move {
            match given {
                Poll::Ready(turn) => turn,
                Poll::Pending => turn.await,
            }
        }
    }

    /// The queue for a task without a connection, where hosts wait for each other at all.
    pub(super) fn queue(&self, task: &Task) -> Option<Queue> {
        let takes_no_time = actions::is_here(&task.action) || actions::include_kind(&task.action).is_some();
        (takes_no_time && !self.strategy.is_free())
            .then(|| Queue { head: Arc::new(Semaphore::new(1)), until: Instant::now() + PATIENCE })
    }

    /// Whether the task says that it is done once for all hosts.
    pub(super) fn is_run_once(&self, task: &Arc<Task>, host: HostIndex) -> Result<bool, TaskFailure> {
        let Some(keyword) = &task.keywords.run_once else { return Ok(false) };
        let asked = match self.scope(task, host).templar().resolve(keyword)? {
            // The task itself tells that check mode does not know it.
            Value::Unknown(_) => false,
            // And whether it is a flag at all.
            value => boolean(&value).unwrap_or_else(|_| value.is_true()),
        };
        if asked && self.strategy.is_free() {
            let text = "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.";
            self.shared.emit(Event::Warning(text.into()));
        }
        Ok(asked)
    }

    /// Whether the task's action concerns all hosts at once.
    pub(super) fn is_for_all_hosts(&self, task: &Arc<Task>, hosts: &[HostIndex]) -> Result<bool, TaskFailure> {
        let mut for_all = steps::is_for_all_hosts(&task.action);
        if let Some(template) = &task.chosen {
            for host in hosts.iter().rev() {
                match actions::chosen_name(template, &self.scope(task, *host)) {
                    Ok(name) => for_all = steps::is_for_all_hosts(&name),
                    // What check mode does not know is told by the task.
                    Err(failure) if failure.undecided => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(for_all)
    }

    /// What keeps more hosts than `throttle` says from doing the task at the same time.
    pub(super) fn throttle(
        &mut self,
        task: &Arc<Task>,
        host: HostIndex,
    ) -> Result<Option<Arc<Semaphore>>, TaskFailure> {
        let Some(keyword) = &task.keywords.throttle else { return Ok(None) };
        let wrong = |why: String, span| TaskFailure {
            span,
            ..TaskFailure::new(format!("Failed to convert the throttle value to an integer: {why}"))
        };
        let value =
            self.scope(task, host).templar().resolve(keyword).map_err(|error| wrong(error.message, error.span))?;
        let number = match &value {
            Value::Unknown(_) => return Ok(None),
            Value::Bool(flag) => Ok(i64::from(*flag)),
            Value::Float(number) => Ok(*number as i64),
            value => value.to_string().trim().parse(),
        };
        let limit = number.map_err(|_| {
            wrong(format!("invalid literal for int() with base 10: '{value}'"), Some(task.span.clone()))
        })?;
        let Some(limit) = usize::try_from(limit).ok().filter(|limit| *limit > 0) else { return Ok(None) };
        let throttle = self.throttles.entry(task.id).or_insert_with(|| Arc::new(Semaphore::new(limit)));
        Ok(Some(Arc::clone(throttle)))
    }
}

/// Asks a future once.
fn now_or_later<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}
