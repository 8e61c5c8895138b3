//! Notifications: kept by what they say, and matched with handlers when these are about to run.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use ksplay_playbook::Task;
use ksplay_scheduler::{Ended, HostIndex, StepId};
use ksplay_template::Templar;
use ksplay_value::{Map, Unknown, Value};

use super::Batch;
use super::banner::banner;
use crate::event::{Event, Status, TaskInfo};
use crate::failure::TaskFailure;
use crate::keywords::notified;
use crate::run::Layers;
use crate::written::as_written;

/// What hosts have said since their last flush, and which handlers names stand for.
#[derive(Default)]
pub(super) struct Notifications {
    /// By host, in the order in which they came.
    kept: HashMap<HostIndex, Vec<String>>,
    /// The numbers of the handlers in the order in which they are searched: the last block first, each from its beginning.
    order: Vec<usize>,
    /// What was found so far.
    found: HashMap<String, Vec<usize>>,
    /// Notifications of tasks that check mode could not decide, with the names of the tasks.
    perhaps: HashMap<HostIndex, Vec<(String, String)>>,
    /// Handlers that were notified by such tasks alone, with the names of the tasks.
    undecided: HashMap<(HostIndex, usize), String>,
}

impl Notifications {
    /// Takes in handlers in blocks, the first of which gets the number `next`.
    pub fn learn(&mut self, blocks: &[Vec<Arc<Task>>], mut next: usize) {
        for block in blocks {
            self.order.splice(0..0, next..next + block.len());
            next += block.len();
        }
        self.found.clear();
    }
}

impl Batch {
    /// Adds the handlers that a dynamic include brought.
    pub(super) fn add_handlers(&mut self, blocks: &[Vec<Arc<Task>>]) {
        self.notifications.learn(blocks, self.scheduler.handlers().len());
        for handler in blocks.iter().flatten() {
            self.scheduler.add_handler(Arc::clone(handler));
        }
    }

    /// Takes the notifications of a changed task: those of handlers count at once, others at the host's next flush.
    pub(super) fn notify(
        &mut self,
        step: StepId,
        task: &Arc<Task>,
        host: HostIndex,
        names: &[String],
    ) -> Result<(), TaskFailure> {
        for name in names {
            let found = self.handlers_named(name);
            if found.is_empty() {
                let message = format!(
                    "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
                );
                if self.shared.options.error_on_missing_handler {
                    return Err(TaskFailure { span: Some(task.span.clone()), ..TaskFailure::new(message) });
                }
                self.shared.emit(Event::Warning(message));
            } else if self.is_flushing(step, task) {
                found.into_iter().for_each(|handler| self.notify_handler(host, handler));
            } else {
                self.shared.emit(Event::Detail(format!("Notification for handler {name} has been saved.")));
                let kept = self.notifications.kept.entry(host).or_default();
                if !kept.contains(name) {
                    kept.push(name.clone());
                }
            }
        }
        Ok(())
    }

    /// Takes the notifications of a task that check mode could not decide: their handlers are undecided too, unless
    /// another task notifies them.
    pub(super) fn notify_perhaps(&mut self, step: StepId, task: &Arc<Task>, host: HostIndex) {
        if task.keywords.notify.is_empty() {
            return;
        }
        let by = banner(task, &self.scope(task, host)).text;
        // What cannot be evaluated is told when the task is carried out.
        for name in notified(task, &self.scope(task, host)).unwrap_or_default() {
            if self.is_flushing(step, task) {
                self.notify_undecided(host, &name, &by);
            } else {
                self.notifications.perhaps.entry(host).or_default().push((name, by.clone()));
            }
        }
    }

    /// Whether handlers run already, so that notifications count at once.
    pub(super) fn is_flushing(&self, step: StepId, task: &Task) -> bool {
        self.scheduler.handler(step).is_some() || task.handler
    }

    /// Notifies the handlers that a host's notifications mean by now.
    pub(super) fn notify_kept(&mut self, host: HostIndex) {
        for name in self.notifications.kept.remove(&host).unwrap_or_default() {
            self.handlers_named(&name).into_iter().for_each(|handler| self.notify_handler(host, handler));
        }
        for (name, by) in self.notifications.perhaps.remove(&host).unwrap_or_default() {
            self.notify_undecided(host, &name, &by);
        }
    }

    fn notify_undecided(&mut self, host: HostIndex, name: &str, by: &str) {
        for handler in self.handlers_named(name) {
            if self.scheduler.notify(host, handler) {
                self.notifications.undecided.insert((host, handler), by.to_owned());
            }
        }
    }

    /// The hosts of a step for which it is decided; of the others it is told that it is not.
    pub(super) fn without_undecided(
        &mut self,
        step: StepId,
        info: &Arc<TaskInfo>,
        task: &Arc<Task>,
        mut hosts: Vec<HostIndex>,
    ) -> Vec<HostIndex> {
        let Some(number) = self.scheduler.handler(step).filter(|_| !self.notifications.undecided.is_empty()) else {
            return hosts;
        };
        hosts.retain(|host| {
            let Some(by) = self.notifications.undecided.remove(&(*host, number)) else { return true };
            let unknown = Unknown { because: vec![format!("the result of \"{by}\"").into()] };
            let reason = TaskFailure::undecided("the notification", &unknown).message;
            let name = self.hosts[*host].clone();
            self.tell(info, name.clone(), Status::Undecided, Map::from([("undecided", reason)]));
            self.shared.count(&name, |counts| counts.skipped += 1);
            if let Some(register) = &task.register {
                let vars = Map::from([(register.to_string(), Value::Unknown(Arc::new(unknown)))]);
                self.shared.states.set_vars(&name, vars);
            }
            self.notify_perhaps(step, task, *host);
            self.scheduler.complete(step, *host, Ended::Ok);
            false
        });
        hosts
    }

    fn notify_handler(&mut self, host: HostIndex, handler: usize) {
        self.notifications.undecided.remove(&(host, handler));
        if self.scheduler.notify(host, handler) {
            let handler = &self.scheduler.handlers()[handler];
            let name = banner(handler, &self.scope(handler, host)).text;
            self.shared.emit(Event::Detail(format!("NOTIFIED HANDLER {name} for {}", self.hosts[host])));
        }
    }

    /// The handlers that a notification means: the one of this name that came last, and all that listen to it.
    fn handlers_named(&mut self, wanted: &str) -> Vec<usize> {
        if let Some(found) = self.notifications.found.get(wanted) {
            return found.clone();
        }
        let handlers = self.scheduler.handlers();
        let order = &self.notifications.order;
        let named = order.iter().copied().find(|number| {
            let handler = &handlers[*number];
            self.name_of(handler).is_some_and(|name| is_of(handler, &name, wanted))
        });
        let mut found: Vec<usize> = named.into_iter().collect();
        let mut seen: Vec<&Value> = Vec::new();
        for number in order {
            let handler = &handlers[*number];
            if !handler.listen.iter().any(|topic| is_of(handler, &as_written(topic).to_string(), wanted)) {
                continue;
            }
            if let Some(name) = handler.name.as_ref().filter(|name| name.is_true()) {
                if seen.contains(&name) {
                    continue;
                }
                seen.push(name);
            }
            if !found.contains(number) {
                found.push(*number);
            }
        }
        self.notifications.found.insert(wanted.to_owned(), found.clone());
        found
    }

    /// The name of a handler, by what is the same for all hosts.
    fn name_of(&self, handler: &Task) -> Option<String> {
        let name = handler.name.as_ref()?;
        if !matches!(name, Value::Template(_)) {
            return Some(name.to_string());
        }
        let variables = self.variables_of(handler);
        match Templar::new(&self.shared.environment, &variables).resolve(name) {
            Ok(name) => Some(name.to_string()),
            Err(error) => {
                if handler.listen.is_empty() {
                    self.shared.emit(Event::Warning(format!(
                        "Handler '{}' is unusable because it has no listen topics and the name could not be templated (host-specific variables are not supported in handler names). The error: {}",
                        as_written(name),
                        error.message
                    )));
                }
                None
            }
        }
    }

    /// The variables of a handler that do not depend on the host, highest first.
    fn variables_of(&self, handler: &Task) -> Layers {
        let mut layers = vec![Arc::clone(&self.shared.extra_vars)];
        let mut defaults = Vec::new();
        let mut magic = Map::from([("playbook_dir", self.context.play.dir.display().to_string())]);
        layers.extend(handler.keywords.include_vars.iter().rev().cloned());
        layers.extend(handler.keywords.vars.iter().rev().cloned());
        if let Some(role) = &handler.role {
            magic.insert("role_name", role.short_name());
            magic.insert("role_path", role.path.display().to_string());
            layers.extend([Arc::clone(&role.params), Arc::clone(&role.vars)]);
            defaults.push(Arc::clone(&role.defaults));
        }
        layers.insert(0, Arc::new(magic));
        let roles = self.context.roles.read().unwrap_or_else(PoisonError::into_inner);
        layers.extend(roles.iter().rev().map(|role| Arc::clone(&role.vars)));
        layers.extend([&self.context.vars, &self.context.play.known_vars].map(Arc::clone));
        layers.extend(defaults);
        layers.extend(roles.iter().rev().map(|role| Arc::clone(&role.defaults)));
        Layers(layers)
    }
}

/// Whether a handler's name or topic is what is wanted, with its role's name before it or without.
fn is_of(handler: &Task, own: &str, wanted: &str) -> bool {
    let Some(before) = wanted.strip_suffix(own) else { return false };
    before.is_empty()
        || handler
            .role
            .as_ref()
            .zip(before.strip_suffix(" : "))
            .is_some_and(|(role, before)| before == &*role.name || before == role.short_name())
}
