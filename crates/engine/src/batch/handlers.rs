//! Notifications: which handlers a changed task means.

use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_scheduler::HostIndex;
use ksplay_value::Value;

use super::Batch;
use super::banner::banner;
use crate::actions;
use crate::event::Event;
use crate::failure::TaskFailure;

impl Batch {
    /// Notifies the handlers that a changed task names.
    pub(super) fn notify(&mut self, task: &Arc<Task>, hosts: &[HostIndex]) -> Result<(), TaskFailure> {
        if task.keywords.notify.is_empty() {
            return Ok(());
        }
        for host in hosts {
            let scope = self.scope(task, *host);
            for keyword in &task.keywords.notify {
                let names = match scope.templar().resolve(keyword)? {
                    Value::List(names) => names.to_vec(),
                    // What check mode does not know notifies nobody yet.
                    Value::Omit | Value::Null | Value::Unknown(_) => Vec::new(),
                    name => vec![name],
                };
                for name in names {
                    let name = name.to_string();
                    let found = self.handlers_named(&name, *host);
                    if found.is_empty() {
                        let message = format!(
                            "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
                        );
                        return Err(TaskFailure { span: Some(task.span.clone()), ..TaskFailure::new(message) });
                    }
                    self.shared.emit(Event::Detail(format!("Notification for handler {name} has been saved.")));
                    found.into_iter().for_each(|handler| self.scheduler.notify(*host, handler));
                }
            }
        }
        Ok(())
    }

    /// Tells which handlers a host is about to run.
    pub(super) fn tell_notified(&self, host: HostIndex) {
        for handler in self.scheduler.notified(host) {
            let name = banner(handler, &self.scope(handler, host)).text;
            self.shared.emit(Event::Detail(format!("NOTIFIED HANDLER {name} for {}", self.hosts[host])));
        }
    }

    /// The handlers that a notification means: the last one of this name, and all that listen to it.
    fn handlers_named(&self, wanted: &str, host: HostIndex) -> Vec<usize> {
        let handlers = self.scheduler.handlers();
        let named = handlers.iter().enumerate().rev().find(|(_, handler)| {
            let Some(name) = &handler.name else { return false };
            let name = self.text(name, handler, host).unwrap_or_else(|| actions::as_written(name).to_string());
            match &handler.role {
                Some(role) => {
                    name == wanted
                        || [&*role.name, role.short_name()].iter().any(|role| wanted == format!("{role} : {name}"))
                }
                None => name == wanted,
            }
        });
        let mut found: Vec<usize> = named.map(|(number, _)| number).into_iter().collect();
        for (number, handler) in handlers.iter().enumerate() {
            let listens = handler.listen.iter().any(|topic| self.text(topic, handler, host).as_deref() == Some(wanted));
            if listens && !found.contains(&number) {
                found.push(number);
            }
        }
        found
    }

    /// A text of a handler, with its variables.
    fn text(&self, text: &Value, handler: &Arc<Task>, host: HostIndex) -> Option<String> {
        match text {
            Value::Template(_) => self.scope(handler, host).templar().resolve(text).ok().map(|text| text.to_string()),
            plain => Some(plain.to_string()),
        }
    }
}
