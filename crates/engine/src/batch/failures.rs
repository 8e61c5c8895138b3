//! What a failure means: for the host, for what a rescue learns of it, and for all other hosts.

use std::sync::{Arc, PoisonError};

use ksplay_playbook::Task;
use ksplay_scheduler::{Consequence, Ended, HostIndex, Standing, StepId, Strategy};
use ksplay_value::{Map, Str, Value};

use super::{Batch, Ending, StepRun};
use crate::actions;
use crate::event::Event;
use crate::failure;
use crate::keywords::flag;
use crate::scope::HostScope;
use crate::written::{as_written, written};

impl Batch {
    /// A host failed at a step, or was lost.
    pub(super) fn fail(
        &mut self,
        step: StepId,
        host: HostIndex,
        ended: Ended,
        count: bool,
        task: &Arc<Task>,
        result: &Map,
    ) {
        let consequence = self.scheduler.complete(step, host, ended);
        let name = self.hosts[host].clone();
        match (ended, consequence) {
            (Ended::Unreachable, _) => {
                self.lost.insert(host);
                if count {
                    self.shared.count(&name, |counts| counts.unreachable += 1);
                }
                self.leave_lists(&name);
            }
            (_, Consequence::Rescued) => {
                if count {
                    self.shared.count(&name, |counts| counts.rescued += 1);
                }
                let vars = Map::from([
                    ("ansible_failed_task", describe(task, &self.scope(task, host))),
                    ("ansible_failed_result", failed_result(result)),
                ]);
                self.shared.states.set_vars(&name, vars);
            }
            _ => {
                self.lost.insert(host);
                if count {
                    self.shared.count(&name, |counts| counts.failed += 1);
                }
                self.leave_lists(&name);
            }
        }
    }

    /// Takes a host out of `ansible_play_hosts` and `ansible_play_batch`.
    pub(super) fn leave_lists(&self, host: &Str) {
        for list in [&self.context.hosts, &self.context.batch] {
            let mut list = list.write().unwrap_or_else(PoisonError::into_inner);
            *list = list.iter().filter(|name| *name != host).cloned().collect();
        }
    }

    /// Brings a host back into the lists.
    pub(super) fn return_to_lists(&self, host: HostIndex) {
        let returned = &self.hosts[host];
        for list in [&self.context.hosts, &self.context.batch] {
            let mut list = list.write().unwrap_or_else(PoisonError::into_inner);
            let is_in = |name: &&Str| *name == returned || list.contains(name);
            *list = self.context.hosts_all.iter().filter(is_in).cloned().collect();
        }
    }

    /// Some hosts failed at a step that all have ended: whether that is fatal for others.
    pub(super) fn judge(&mut self, step: StepId, run: &StepRun) {
        let scope = self.scope(&run.task, run.hosts[0]);
        // A task whose keyword is wrong has failed for that already.
        let fatal = match flag(&scope, "any_errors_fatal", run.task.keywords.any_errors_fatal.as_ref()) {
            Ok(fatal) => fatal.unwrap_or(self.shared.options.any_errors_fatal),
            Err(_) => false,
        };
        if fatal {
            let mut stops = false;
            for host in 0..self.hosts.len() {
                if run.failed.contains(&host) || self.scheduler.is_failing(host) {
                    stops |= self.scheduler.is_failing(host);
                } else if self.scheduler.standing(host) == Standing::Running {
                    let consequence = if run.hosts.contains(&host) && self.strategy == Strategy::Linear {
                        self.scheduler.fail_as_of(step, host)
                    } else {
                        self.scheduler.fail(host)
                    };
                    stops |= consequence == Consequence::Failed;
                }
            }
            self.stops_after |= stops;
        } else if let Some(limit) = self.max_fail
            && self.lost.len() as f64 * 100.0 / self.with_lost.len() as f64 > limit
        {
            self.ending = Ending::Stop;
            // Ansible says it for the batch and for the play.
            self.shared.emit(Event::NoHostsRemaining);
            self.shared.emit(Event::NoHostsRemaining);
        }
    }
}

/// `ansible_failed_task`: the keywords of the task, evaluated where they can be.
fn describe(task: &Task, scope: &HostScope) -> Value {
    let templar = scope.templar();
    let value = |value: &Value| templar.resolve(value).unwrap_or_else(|_| written(value));
    let or_null = |keyword: &Option<Value>| keyword.as_ref().map_or(Value::Null, value);
    let or = |keyword: &Option<Value>, default: i64| keyword.as_ref().map_or(Value::Int(default), value);
    let list = |values: &[Value]| values.iter().map(value).collect::<Value>();
    let conditions = |values: &[Value]| values.iter().map(as_written).collect::<Value>();
    let flag = |name: &str, keyword: &Option<Value>, default: bool| {
        Value::Bool(flag(scope, name, keyword.as_ref()).ok().flatten().unwrap_or(default))
    };
    let (keywords, options) = (&task.keywords, scope.options());
    let text = |text: &Option<String>| text.as_ref().map_or(Value::Null, Value::from);
    let args = actions::finalize(task, scope).map_or_else(|_| written(&task.args), Value::from);
    let become_ = |keyword: &Option<Value>, default: Value| keyword.as_ref().map_or(default, value);
    let notify = match &keywords.notify[..] {
        [] => Value::Null,
        [one] => value(one),
        several => list(several),
    };
    Map::from([
        ("_resolved_action", Value::from(actions::full_name(&task.action))),
        ("action", Value::from(&task.written_action)),
        ("any_errors_fatal", flag("any_errors_fatal", &keywords.any_errors_fatal, options.any_errors_fatal)),
        ("args", args),
        ("async", or(&task.async_, 0)),
        ("async_val", or(&task.async_, 0)),
        ("become", flag("become", &keywords.become_, options.becoming.enabled)),
        ("become_exe", become_(&keywords.become_exe, text(&options.becoming.exe))),
        ("become_flags", become_(&keywords.become_flags, text(&options.becoming.flags))),
        ("become_method", become_(&keywords.become_method, Value::from(&options.becoming.method))),
        ("become_user", or_null(&keywords.become_user)),
        ("changed_when", conditions(task.changed_when.as_deref().unwrap_or_default())),
        ("check_mode", flag("check_mode", &keywords.check_mode, options.check)),
        ("collections", keywords.collections.iter().map(Value::from).collect()),
        ("connection", keywords.connection.as_ref().map_or_else(|| Value::from(&options.connection.kind), value)),
        ("debugger", or_null(&keywords.debugger)),
        ("delay", or(&task.delay, 5)),
        ("delegate_facts", or_null(&keywords.delegate_facts)),
        ("delegate_to", or_null(&keywords.delegate_to)),
        ("diff", flag("diff", &keywords.diff, options.diff)),
        ("environment", list(&keywords.environment)),
        ("failed_when", conditions(task.failed_when.as_deref().unwrap_or_default())),
        ("ignore_errors", or_null(&keywords.ignore_errors)),
        ("ignore_unreachable", or_null(&keywords.ignore_unreachable)),
        ("loop", task.loop_.as_ref().map_or(Value::Null, |loop_| value(&loop_.items))),
        ("loop_with", task.loop_.as_ref().and_then(|loop_| loop_.lookup.as_ref()).map_or(Value::Null, Value::from)),
        ("module_defaults", list(&keywords.module_defaults)),
        ("name", task.name.as_ref().map_or(Value::from(""), value)),
        ("no_log", flag("no_log", &keywords.no_log, options.no_log)),
        ("notify", notify),
        ("poll", or(&task.poll, options.poll_interval.as_secs() as i64)),
        ("port", or_null(&keywords.port)),
        ("register", task.register.clone().unwrap_or_default()),
        ("remote_user", or_null(&keywords.remote_user)),
        ("retries", or_null(&task.retries)),
        ("run_once", or_null(&keywords.run_once)),
        ("tags", keywords.tags.iter().map(Value::from).collect()),
        ("throttle", or(&keywords.throttle, 0)),
        ("timeout", or(&keywords.timeout, options.task_timeout.map_or(0, |timeout| timeout.as_secs() as i64))),
        ("until", conditions(&task.until)),
        ("vars", task.vars.as_ref().map_or_else(Value::empty_map, |vars| value(&Value::Map(Arc::clone(vars))))),
        ("when", conditions(&keywords.when)),
    ])
    .into()
}

/// `ansible_failed_result`.
fn failed_result(result: &Map) -> Value {
    let mut map = result.clone();
    failure::complete(&mut map);
    map.into()
}
