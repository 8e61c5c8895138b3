//! Dynamic includes: what they bring is read when hosts reach them, and grafted behind them.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use ksplay_playbook::{Item, RoleRequest, Task};
use ksplay_scheduler::{Ended, HostIndex, StepId};
use ksplay_value::{Map, Str, Value};

use super::{Batch, Included, StepRun};
use crate::actions;
use crate::connect::boolean;
use crate::event::{Event, Shown, Status, TaskResult};
use crate::failure::TaskFailure;
use crate::keywords::flag;
use crate::steps;

impl Batch {
    /// Reads what dynamic includes ask for and grafts it: hosts that include the same thing go through it together.
    pub(super) fn include(&mut self, step: StepId, run: &StepRun) -> Result<(), TaskFailure> {
        struct Group {
            args: Map,
            vars: Map,
            label: Option<String>,
            hosts: Vec<HostIndex>,
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut ordered = run.includes.iter().collect::<Vec<_>>();
        ordered.sort_by_key(|included| included.host);
        for Included { host, includes, .. } in &ordered {
            // As in Ansible the others go on without it under `run_once`.
            let hosts = vec![*host];
            for include in includes {
                match groups.iter_mut().find(|group| {
                    group.args == include.args && group.vars == include.vars && !group.hosts.contains(host)
                }) {
                    Some(group) => group.hosts.extend(&hosts),
                    None => groups.push(Group {
                        args: include.args.clone(),
                        vars: include.vars.clone(),
                        label: include.label.clone(),
                        hosts: hosts.clone(),
                    }),
                }
            }
        }
        let mut failed: HashSet<HostIndex> = HashSet::new();
        for group in groups {
            match self.load_include(&run.task, &group.args, group.vars) {
                Ok((file, items, handlers)) => {
                    let names: Vec<Str> = group.hosts.iter().map(|host| self.hosts[*host].clone()).collect();
                    for name in &names {
                        self.shared.count(name, |counts| counts.ok += 1);
                    }
                    self.add_handlers(&steps::handlers(&handlers));
                    let task = Arc::clone(&run.info);
                    self.shared.emit(Event::Included { task, file, hosts: names, label: group.label });
                    let tree = self.builder.items(&items);
                    self.scheduler.graft(step, &group.hosts, tree);
                }
                Err(failure) => {
                    let error = Arc::new(failure.to_error(&run.task));
                    let name = actions::include_kind(&run.task.action).and_then(|_| group.args.get("_raw_params"));
                    let mut result = Map::from([("reason", Value::from(failure.message)), ("changed", false.into())]);
                    if let Some(name) = name {
                        result.insert("include", name.clone());
                    }
                    for host in group.hosts {
                        self.shared.emit(Event::Error(Arc::clone(&error)));
                        let no_log = flag(&self.scope(&run.task, host), "no_log", run.task.keywords.no_log.as_ref())
                            .map_or(true, |no_log| no_log.unwrap_or(self.shared.options.no_log));
                        let (info, name) = (Arc::clone(&run.info), self.hosts[host].clone());
                        let shown = Shown::of(result.clone(), no_log);
                        self.shared.emit(Event::Result(TaskResult::of(info, name, Status::Failed, shown)));
                        failed.insert(host);
                    }
                }
            }
        }
        for Included { host, failure, .. } in &run.includes {
            let all = if run.run_once { run.hosts.as_slice() } else { std::slice::from_ref(host) };
            for told in all {
                if failed.contains(told) {
                    self.miss_include(step, *told);
                } else if let Some(result) = failure {
                    self.fail(step, *told, Ended::Failed, told == host, &run.task, result);
                } else {
                    self.scheduler.complete(step, *told, Ended::Ok);
                }
            }
        }
        Ok(())
    }

    /// An include of a host failed. As in Ansible that counts even when it is rescued: the host takes part in no later
    /// play, and the rescue learns nothing of it.
    fn miss_include(&mut self, step: StepId, host: HostIndex) {
        let name = self.hosts[host].clone();
        self.scheduler.complete(step, host, Ended::Failed);
        self.leave_lists(&name);
        self.lost.insert(host);
        self.without_include.insert(host);
        self.shared.count(&name, |counts| counts.failed += 1);
    }

    fn load_include(
        &self,
        task: &Arc<Task>,
        args: &Map,
        vars: Map,
    ) -> Result<(String, Vec<Item>, Vec<Item>), TaskFailure> {
        let loader = &self.shared.loader;
        let text = |name: &str| args.get(name).filter(|value| !value.is_null()).map(Value::to_string);
        let refused = |error: ksplay_playbook::Error| TaskFailure {
            span: error.span.clone(),
            prefix: None,
            ..TaskFailure::action(error.message.clone())
        };
        if actions::include_kind(&task.action) == Some("include_tasks") {
            let Some(name) = text("file").or_else(|| text("_raw_params")) else {
                return Err(TaskFailure::action("No file specified for include_tasks"));
            };
            let file = loader.find_tasks(&name, task).map_err(refused)?;
            let items = loader.include_tasks(&file, task, args.get("apply"), vars).map_err(refused)?;
            self.shared.tell_warnings_of_files();
            crate::refuse::items(&items)?;
            return Ok((file.display().to_string(), items, Vec::new()));
        }
        let Some(name) = text("name").or_else(|| text("role")).or_else(|| text("_raw_params")) else {
            return Err(TaskFailure::action("'name' is a required field for include_role."));
        };
        let flag = |name: &str| args.get(name).map(boolean).transpose();
        let request = RoleRequest {
            name: name.clone(),
            tasks_from: text("tasks_from"),
            vars_from: text("vars_from"),
            defaults_from: text("defaults_from"),
            handlers_from: text("handlers_from"),
            allow_duplicates: flag("allow_duplicates")?,
            public: flag("public")?.unwrap_or(false),
            rolespec_validate: flag("rolespec_validate")?,
            apply: args.get("apply").cloned(),
            vars,
        };
        let included = loader.include_role(&request, task).map_err(refused)?;
        self.shared.tell_warnings_of_files();
        crate::refuse::items(&included.tasks)?;
        self.context.included.write().unwrap_or_else(PoisonError::into_inner).push(included.role);
        if request.public {
            self.context.roles.write().unwrap_or_else(PoisonError::into_inner).extend(included.roles.iter().cloned());
        }
        Ok((name, included.tasks, included.handlers))
    }
}
