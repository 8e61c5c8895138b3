//! The debugger: lets the user look at a task that ended, change it, and try it again.

use std::sync::Arc;

use ksplay_playbook::Task;
use ksplay_scheduler::HostIndex;
use ksplay_value::{Map, Template, TemplateKind, Value};
use tokio::sync::watch;

use super::Batch;
use crate::actions;
use crate::event::{Event, Status};
use crate::failure::TaskFailure;
use crate::prompts;
use crate::scope::HostScope;
use crate::task::Outcome;
use crate::work::Work;
use crate::written::{as_written, written};

const HELP: &str = "\nDocumented commands (type help <topic>):\n\
    ========================================\n\
    EOF  c  continue  h  help  p  pprint  q  quit  r  redo  u  update_task\n\n\
    p task.args, p task_vars[\"NAME\"], p result      show something\n\
    task.args[\"NAME\"] = VALUE                      change an argument\n\
    task_vars[\"NAME\"] = VALUE, then u              change a variable, and the arguments by it\n\
    r, c, q                                        try again, go on, end the run\n";

/// What the user wants next.
enum Next {
    Continue,
    Quit,
    Redo,
}

impl Batch {
    /// Lets the user look at how a task ended, where that is wanted; `None` when the user ends the run. What was shown
    /// before is marked as such in the outcome.
    pub(super) async fn debugged(
        &mut self,
        number: u64,
        host: HostIndex,
        mut outcome: Outcome,
        interrupt: &mut watch::Receiver<bool>,
    ) -> Result<Option<Outcome>, TaskFailure> {
        let Some(run) = self.steps.get(&number) else { return Ok(Some(outcome)) };
        let (task, info) = (Arc::clone(&run.task), Arc::clone(&run.info));
        let wanted = |outcome: &Outcome| wanted(&task, self.debugs, self.shared.options.debugger_ignores, outcome);
        if !wanted(&outcome) {
            return Ok(Some(outcome));
        }
        let mut session = Session { work: self.work(&task, &info, host), vars: Map::new(), args: None };
        while wanted(&outcome) {
            self.show(host, &outcome);
            outcome.shown = true;
            match session.talk(&outcome, interrupt).await? {
                Next::Continue => break,
                Next::Quit => return Ok(None),
                Next::Redo => {
                    self.count_again(host, &outcome);
                    let work = session.changed();
                    tokio::select! {
                        again = work.run_guarded() => outcome = again,
                        _ = interrupt.wait_for(|interrupted| *interrupted) => return Ok(None),
                    }
                }
            }
        }
        Ok(Some(outcome))
    }
}

impl Batch {
    /// Counts a task that is tried again as Ansible's recap does: what is tried again takes away one that was ok.
    fn count_again(&self, host: HostIndex, outcome: &Outcome) {
        self.shared.count(&self.hosts[host], |counts| match outcome.status {
            Status::Ok | Status::Changed => {}
            _ if outcome.ignored => counts.ignored += 1,
            status => {
                counts.skipped += u32::from(status == Status::Skipped);
                counts.ok = counts.ok.saturating_sub(1);
            }
        });
    }
}

/// Whether the user is to look at this: as `debugger` says, or at failures where all tasks are debugged. One that the playbook
/// ignores may count for none.
fn wanted(task: &Task, all: bool, ignored_is_none: bool, outcome: &Outcome) -> bool {
    let failed = outcome.status == Status::Failed && !(outcome.ignored && ignored_is_none);
    let unreachable = outcome.status == Status::Unreachable;
    match task.keywords.debugger.as_ref().and_then(Value::as_str) {
        Some("always") => true,
        Some("never") => false,
        Some("on_failed") if failed => true,
        Some("on_unreachable") if unreachable => true,
        Some("on_skipped") if outcome.status == Status::Skipped => true,
        _ => all && (failed || unreachable),
    }
}

/// A conversation about one task on one host.
struct Session {
    work: Work,
    /// Variables that were set; the task sees them after `update_task`.
    vars: Map,
    /// The arguments, where they were set.
    args: Option<Map>,
}

impl Session {
    async fn talk(&mut self, outcome: &Outcome, interrupt: &mut watch::Receiver<bool>) -> Result<Next, TaskFailure> {
        let kind = if self.work.info.handler { "HANDLER" } else { "TASK" };
        let title = format!("{kind}: {}", self.work.info.banner);
        loop {
            let question = format!("[{}] {title} (debug)> ", self.work.host);
            let Some(line) = prompts::ask(&self.work.shared, interrupt, question, false).await? else {
                return Ok(Next::Quit);
            };
            let line = line.trim();
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let said = match (word, rest.trim()) {
                ("", _) => continue,
                ("c" | "continue", "") => return Ok(Next::Continue),
                ("q" | "quit" | "EOF", "") => return Ok(Next::Quit),
                ("r" | "redo", "") => return Ok(Next::Redo),
                ("u" | "update_task", "") => {
                    self.work.vars = self.vars.clone();
                    self.args = None;
                    self.arguments().err().map(|failure| failure.message)
                }
                ("h" | "help" | "?", _) => Some(HELP.to_owned()),
                ("p" | "pprint", "task") => Some(title.clone()),
                ("p" | "pprint", "host") => Some(self.work.host.to_string()),
                ("p" | "pprint", what) => Some(self.shown(what, outcome).unwrap_or_else(complaint)),
                _ => self.set(line, outcome).err().map(complaint),
            };
            if let Some(said) = said {
                self.work.shared.emit(Event::Notice(said));
            }
        }
    }

    /// The work with what was changed.
    fn changed(&self) -> Work {
        let mut work = self.work.clone();
        if let Some(args) = &self.args {
            work.task = Arc::new(Task { args: args.clone().into(), ..(*work.task).clone() });
        }
        work
    }

    /// The arguments as the task would get them.
    fn arguments(&self) -> Result<Map, TaskFailure> {
        match &self.args {
            Some(args) => Ok(args.clone()),
            None => actions::finalize(&self.work.task, &self.work.scope()),
        }
    }

    /// The value of an expression over `task`, `task_vars`, `host` and `result`.
    fn evaluate(&self, expression: &str, outcome: &Outcome) -> Result<Value, TaskFailure> {
        let mut scope = self.work.scope();
        scope.extend_locals(&self.vars);
        let name = self.work.task.name.as_ref().map_or(Value::from(""), as_written);
        let args = match self.arguments() {
            Ok(args) => args.into(),
            // Those of a loop's items are not known here.
            Err(_) => written(&self.work.task.args),
        };
        let task = Map::from([("name", name), ("args", args), ("action", Value::from(&self.work.task.written_action))]);
        scope.set_local("task_vars", scope.clone().into_value());
        scope.set_local("task", task);
        scope.set_local("host", &self.work.host);
        scope.set_local("result", outcome.result.clone());
        // The name that it has in Ansible.
        let expression = expression.replace("result._result", "result");
        let template = Template::new(TemplateKind::Jinja, format!("{{{{ {expression} }}}}"), None);
        Ok(scope.templar().resolve(&template.into())?)
    }

    fn shown(&self, expression: &str, outcome: &Outcome) -> Result<String, TaskFailure> {
        if outcome.no_log && expression.contains("result") {
            return Ok("the output has been hidden due to the fact that 'no_log: true' was specified".into());
        }
        self.evaluate(&format!("({expression}) | pprint"), outcome).map(|value| value.to_string())
    }

    /// Carries out an assignment; any other expression is only evaluated.
    fn set(&mut self, line: &str, outcome: &Outcome) -> Result<(), TaskFailure> {
        let Some((is_argument, key, value)) = assignment(line) else {
            return self.evaluate(line, outcome).map(drop);
        };
        let (key, value) = (self.evaluate(key, outcome)?, self.evaluate(value, outcome)?);
        if is_argument {
            let mut args = self.arguments()?;
            args.insert(key, value);
            self.args = Some(args);
        } else {
            self.vars.insert(key, value);
        }
        Ok(())
    }
}

fn complaint(failure: TaskFailure) -> String {
    format!("***{}", failure.message)
}

/// `task.args[KEY] = VALUE` or `task_vars[KEY] = VALUE`: whether it is an argument, the key, the value.
fn assignment(line: &str) -> Option<(bool, &str, &str)> {
    let (is_argument, rest) = match line.strip_prefix("task.args[") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("task_vars[")?),
    };
    let (key, rest) = rest.split_once(']')?;
    let value = rest.trim_start().strip_prefix('=')?;
    (!value.starts_with('=')).then_some((is_argument, key, value))
}

impl Work {
    /// What the task sees, with what the user set.
    pub(crate) fn scope(&self) -> HostScope {
        let mut scope = HostScope::new(&self.shared, Some(&self.play), Some(&self.task), &self.host);
        scope.extend_locals(&self.vars);
        scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_told_from_comparisons() {
        assert_eq!(assignment(r#"task.args["a"] = 1 + 1"#), Some((true, r#""a""#, " 1 + 1")));
        assert_eq!(assignment("task_vars['a']={'b': 1}"), Some((false, "'a'", "{'b': 1}")));
        for other in ["task.args['a'] == 1", "task.name = 1", "result", ""] {
            assert_eq!(assignment(other), None, "{other}");
        }
    }
}
