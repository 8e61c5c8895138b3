//! `meta`: tasks that steer the run itself.

use std::sync::Arc;

use ksplay_playbook::{Role, Task};
use ksplay_scheduler::{Ended, HostIndex, Standing, StepId, Strategy};
use ksplay_value::{Map, Str};

use super::Batch;
use crate::event::{Event, Shown, Status, TaskInfo, TaskResult};
use crate::failure::TaskFailure;
use crate::task::all_hold;

impl Batch {
    /// Whether the conditions of a `meta` task hold; some have none.
    fn meta_holds(&self, task: &Arc<Task>, meta: &str, host: HostIndex) -> Result<bool, TaskFailure> {
        if !matches!(meta, "noop" | "reset_connection" | "refresh_inventory") {
            return all_hold(&self.scope(task, host), "when", &task.keywords.when);
        }
        if !task.keywords.when.is_empty() {
            self.shared.emit(Event::Warning(format!("{meta} task does not support when conditional")));
        }
        Ok(true)
    }

    /// Carries out a `meta` task.
    pub(super) fn meta(
        &mut self,
        step: StepId,
        task: &Arc<Task>,
        meta: &str,
        hosts: &[HostIndex],
    ) -> Result<(), TaskFailure> {
        // As in Ansible, what concerns all hosts is decided by the first one, the rest by each host.
        let each = matches!(meta, "noop" | "flush_handlers" | "end_host" | "end_role" | "reset_connection");
        let deciding = if each { hosts } else { &hosts[..1] };
        let mut holding = Vec::new();
        for host in deciding {
            let info = self.info(step, task, *host);
            if self.strategy == Strategy::Linear {
                self.shared.emit(Event::TaskStart(Arc::clone(&info)));
            }
            let name = self.hosts[*host].clone();
            match self.meta_holds(task, meta, *host) {
                Ok(true) => {
                    if meta == "flush_handlers" {
                        self.notify_kept(*host);
                    }
                    if let Some(text) = done(meta, &name) {
                        self.shared.emit(Event::Detail(format!("META: {text}")));
                    }
                    holding.push(*host);
                    continue;
                }
                // As in Ansible these say nothing.
                Ok(false) if matches!(meta, "noop" | "reset_connection") => continue,
                Ok(false) => {}
                Err(failure) if failure.undecided => {
                    let result = Map::from([("undecided", failure.message)]);
                    self.tell(&info, name, Status::Undecided, result);
                    continue;
                }
                Err(failure) => return Err(failure),
            }
            let role = task.role.as_ref().map(|role| role.name.clone()).unwrap_or_default();
            let reason = |word: &str| format!("{meta} conditional evaluated to {word}{}", not_done(meta, &name, &role));
            self.shared.emit(Event::Detail(format!("META: {}", reason("False"))));
            let message = if meta == "end_host" { reason("false") } else { meta.to_owned() };
            let result = Map::from([("msg", message), ("skip_reason", reason("False"))]);
            self.tell(&info, name, Status::Skipped, result);
        }
        if !each && !holding.is_empty() {
            holding = hosts.to_vec();
        }
        let mut ended = Ended::Ok;
        match meta {
            "noop" => {}
            "flush_handlers" if self.scheduler.handler(step).is_some() => {
                return Err(TaskFailure::new("flush_handlers cannot be used as a handler"));
            }
            "flush_handlers" => self.scheduler.flush(step, &holding),
            "end_host" => {
                ended = Ended::Left;
                holding.iter().for_each(|host| self.leave_lists(&self.hosts[*host]));
            }
            "end_role" => {
                let Some(role) = &task.role else {
                    let message = "Cannot execute 'end_role' from outside of a role";
                    return Err(TaskFailure { span: Some(task.span.clone()), ..TaskFailure::new(message) });
                };
                for host in &holding {
                    self.scheduler.skip(step, *host, |task| belongs(task, role));
                }
                hosts.iter().filter(|host| !holding.contains(host)).for_each(|host| {
                    self.scheduler.complete(step, *host, Ended::Ok);
                });
                return Ok(());
            }
            "end_batch" | "end_play" if !holding.is_empty() => {
                self.ends_play |= meta == "end_play";
                for host in hosts {
                    self.scheduler.complete(step, *host, Ended::Ok);
                }
                for host in 0..self.hosts.len() {
                    if self.scheduler.standing(host) == Standing::Running {
                        self.scheduler.leave(host, Standing::Left);
                    }
                }
                return Ok(());
            }
            "end_batch" | "end_play" => {}
            "clear_facts" => holding.iter().for_each(|host| self.shared.states.clear_facts(&self.hosts[*host])),
            "clear_host_errors" if holding.is_empty() => {}
            "clear_host_errors" => {
                self.with_lost.iter().for_each(|host| self.shared.forgive(host));
                for index in 0..self.hosts.len() {
                    match self.scheduler.standing(index) {
                        Standing::Running | Standing::Finished => {}
                        Standing::Unreachable if self.lost.contains(&index) => self.return_to_lists(index),
                        // It was lost in an earlier play.
                        Standing::Unreachable => {}
                        Standing::Failed | Standing::Left => {
                            self.forgiven.insert(index);
                        }
                    }
                    self.scheduler.forgive(index);
                }
                self.lost.clear();
                self.without_include.clear();
            }
            "refresh_inventory" => self.shared.refresh_inventory().map_err(|error| TaskFailure {
                span: Some(task.span.clone()),
                ..TaskFailure::new(error.to_string())
            })?,
            "reset_connection" => holding.iter().for_each(|host| self.shared.pool.reset(&self.hosts[*host])),
            other => {
                let message = format!("invalid meta action requested: {other}");
                return Err(TaskFailure { span: Some(task.span.clone()), ..TaskFailure::new(message) });
            }
        }
        for host in hosts {
            let ended = if holding.contains(host) { ended } else { Ended::Ok };
            self.scheduler.complete(step, *host, ended);
        }
        Ok(())
    }
}

impl Batch {
    pub(super) fn tell(&self, info: &Arc<TaskInfo>, host: Str, status: Status, result: Map) {
        self.shared.emit(Event::Result(TaskResult::of(Arc::clone(info), host, status, Shown::of(result, false))));
    }
}

/// What a `meta` task did, as `-vv` tells it.
fn done(meta: &str, host: &str) -> Option<String> {
    Some(match meta {
        "noop" => "noop".to_owned(),
        "flush_handlers" => format!("triggered running handlers for {host}"),
        "clear_facts" => "facts cleared".to_owned(),
        "clear_host_errors" => "cleared host errors".to_owned(),
        "refresh_inventory" => "inventory successfully refreshed".to_owned(),
        "reset_connection" => "reset connection".to_owned(),
        "end_host" => format!("ending play for {host}"),
        "end_batch" => "ending batch".to_owned(),
        "end_play" => "ending play".to_owned(),
        _ => return None,
    })
}

/// What a `meta` task whose condition does not hold leaves undone, in Ansible's words.
fn not_done(meta: &str, host: &str, role: &str) -> String {
    match meta {
        "flush_handlers" => format!(", not running handlers for {host}"),
        "clear_facts" => format!(", not clearing facts and fact cache for {host}"),
        "clear_host_errors" => format!(", not clearing host error state for {host}"),
        "end_host" => format!(", continuing execution for {host}"),
        "end_batch" => ", continuing current batch".to_owned(),
        "end_play" => ", continuing play".to_owned(),
        "end_role" => format!("continuing role {role} for {host}"),
        _ => String::new(),
    }
}

/// Whether a task is one of this use of a role, or of a role that it imports.
fn belongs(task: &Task, role: &Arc<Role>) -> bool {
    let of = |own: &Arc<Role>| Arc::ptr_eq(own, role) || own.inherited.iter().any(|outer| outer.path == role.path);
    task.role.as_ref().is_some_and(of)
}
