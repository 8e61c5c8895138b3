//! `--step`: the user says of each task whether it is to be done.

use ksplay_scheduler::{Ended, Ready};
use tokio::sync::watch;

use super::{Batch, banner};
use crate::event::Event;
use crate::failure::TaskFailure;
use crate::{prompts, steps};

/// As Ansible ends when there is nobody who could answer.
const NO_ANSWER: u8 = 250;

impl Batch {
    /// What is left of a step after the user was asked; `None` when the user ends the run. Where hosts do not wait for each
    /// other, each of them is asked for.
    pub(super) async fn confirmed(
        &mut self,
        ready: Ready,
        interrupt: &mut watch::Receiver<bool>,
    ) -> Result<Option<Ready>, TaskFailure> {
        let Ready { step, hosts } = ready;
        let Some(task) = self.scheduler.payload(step).cloned() else { return Ok(Some(Ready { step, hosts })) };
        if steps::meta_of(&task).is_some() {
            return Ok(Some(Ready { step, hosts }));
        }
        let kind = if self.is_flushing(step, &task) { "HANDLER" } else { "TASK" };
        let alone = self.strategy.is_free();
        let groups = if alone { hosts.iter().map(|host| vec![*host]).collect() } else { vec![hosts] };
        let mut confirmed = Vec::new();
        for group in groups {
            let name = match group.first().filter(|_| alone) {
                Some(host) => {
                    let name = banner::banner(&task, &self.scope(&task, *host)).text;
                    format!("{name} on {}", self.hosts[*host])
                }
                None => banner::as_written(&task),
            };
            let done = match self.is_confirmed(&format!("{kind}: {name}"), interrupt).await? {
                Some(done) => done,
                None => return Ok(None),
            };
            if done {
                confirmed.extend(group);
            } else {
                for host in group {
                    self.scheduler.complete(step, host, Ended::Ok);
                }
            }
        }
        Ok(Some(Ready { step, hosts: confirmed }))
    }

    async fn is_confirmed(
        &mut self,
        what: &str,
        interrupt: &mut watch::Receiver<bool>,
    ) -> Result<Option<bool>, TaskFailure> {
        if !self.asks {
            return Ok(Some(true));
        }
        let question = format!("Perform task: {what} (N)o/(y)es/(c)ontinue: ");
        let Some(answer) = prompts::ask(&self.shared, interrupt, question.clone(), false).await? else {
            if *interrupt.borrow() {
                return Ok(None);
            }
            let why = format!("the input ended before it was said whether to perform {what} (--step)");
            return Err(TaskFailure { exit_code: NO_ANSWER, ..TaskFailure::new(why) });
        };
        self.shared.emit(Event::Asked(question));
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(Some(true)),
            "c" | "continue" => {
                self.asks = false;
                Ok(Some(true))
            }
            _ => Ok(Some(false)),
        }
    }
}
