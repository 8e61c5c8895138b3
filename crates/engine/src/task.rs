//! One task on one host: its condition, its loop, its tries, its result.

mod conditions;
mod guard;
mod keywords;
mod loops;
mod outcome;
mod undecided;

pub(crate) use conditions::all_hold;
pub(crate) use outcome::{Include, Outcome};

use std::sync::Arc;

use ksplay_value::{Map, Str, Value};

use self::conditions::{Verdict, undecided, verdict};
use self::guard::guarded;
use self::outcome::Once;
use crate::actions::{self, ActionCall};
use crate::connect;
use crate::effect::Effect;
use crate::event::{Event, Shown, Status, TaskError, TaskInfo};
use crate::failure::TaskFailure;
use crate::keywords::{Flags, known, notified};
use crate::scope::HostScope;
use crate::work::Work;
use crate::written::as_written;

/// What is shown instead of the label of an item under `no_log`.
const CENSORED: &str = "(censored due to no_log)";

/// The result of an include as `register` gets it.
fn included(kind: &str, mut args: Map) -> Map {
    let mut result = Map::new();
    if kind == "include_tasks"
        && let Some(file) = args.remove("_raw_params").or_else(|| args.remove("file"))
    {
        result.insert("include", file);
    }
    result.insert("include_args", args);
    result
}

/// Actions that take free text beside or instead of named arguments.
const TAKE_FREE_TEXT: &[&str] =
    &["add_host", "command", "group_by", "include_vars", "meta", "raw", "script", "set_fact", "shell"];

impl Work {
    /// Does the task; a panic is its failure, and nobody else's.
    pub async fn run_guarded(&self) -> Outcome {
        match guarded(self.run()).await {
            Ok(outcome) => outcome,
            Err(panic) => self.panicked(&panic),
        }
    }

    /// Does the task.
    pub async fn run(&self) -> Outcome {
        let scope = self.scope();
        if let Some(template) = &self.task.chosen {
            return match actions::chosen(self, template, &scope) {
                Ok(task) => {
                    let info = TaskInfo { action: task.written_action.clone(), ..(*self.info).clone() };
                    let work = Self { task: Arc::new(task), info: Arc::new(info), ..self.clone() };
                    Box::pin(work.run()).await
                }
                Err(failure) => self.outcome_of(self.unless_skipped(&scope, failure), &scope, Vec::new()),
            };
        }
        let mut effects = Vec::new();
        let once = match self.task.loop_.as_ref().map(|_| self.items(&scope)) {
            None => self.execute(&scope, &mut effects).await,
            Some(Ok(items)) => return self.run_loop(items, scope, effects).await,
            Some(Err(failure)) => self.unless_skipped(&scope, failure),
        };
        self.outcome_of(once, &scope, effects)
    }

    /// What cannot be evaluated before the condition is no failure for a task that is skipped anyway.
    fn unless_skipped(&self, scope: &HostScope, failure: TaskFailure) -> Once {
        match self.condition(scope) {
            Ok(Some(skipped)) => Once::of(Status::Skipped, skipped),
            _ => self.failed(failure),
        }
    }

    /// The result of a skipped task when a condition does not hold.
    fn condition(&self, scope: &HostScope) -> Result<Option<Map>, TaskFailure> {
        Ok(match verdict(scope, &self.task.keywords.when)? {
            Verdict::Holds => None,
            Verdict::Fails(condition) => Some(Map::from([
                ("changed", Value::Bool(false)),
                ("skipped", Value::Bool(true)),
                ("skip_reason", Value::from("Conditional result was False")),
                ("false_condition", as_written(condition)),
            ])),
            Verdict::Undecided(condition, unknown) => return Err(undecided("when", condition, &unknown)),
        })
    }

    /// The task without its loop.
    async fn execute(&self, scope: &HostScope, effects: &mut Vec<Effect>) -> Once {
        let once = self.try_it(scope, effects).await;
        if once.is_pending || once.status == Status::Undecided {
            self.leave_pending(scope, &once);
        }
        once
    }

    /// The task with all its tries.
    async fn try_it(&self, scope: &HostScope, effects: &mut Vec<Effect>) -> Once {
        match self.condition(scope) {
            Ok(None) => {}
            Ok(Some(skipped)) => return Once::of(Status::Skipped, skipped),
            Err(failure) => return self.failed(failure),
        }
        let own = scope;
        let delegate = match self.delegate(scope) {
            Ok(delegate) => delegate,
            Err(failure) if failure.undecided => return self.failed(failure),
            Err(failure) => {
                let written = self.task.keywords.delegate_to.as_ref().map(as_written);
                let delegated = written.map(|name| (Str::from(name.to_string()), None));
                return Once { delegated, ..self.failed(failure) };
            }
        };
        let seen;
        let scope = match &delegate {
            Some(delegate) => {
                seen = scope.delegated_to(delegate);
                &seen
            }
            None => scope,
        };
        let elsewhere = delegate.as_ref().filter(|delegate| *delegate.host() != self.host);
        let delegated = elsewhere.map(|scope| (scope.host().clone(), self.address_of(scope)));
        let flags = match self.flags(scope) {
            Ok(flags) => flags,
            Err(failure) => return Once { delegated, about_keywords: true, ..self.failed(failure) },
        };
        let notified = match notified(&self.task, scope) {
            Ok(notified) => notified,
            Err(failure) => return Once { delegated, about_keywords: true, ..self.failed(failure) },
        };
        if let Some(kind) = actions::include_kind(&self.task.action) {
            return match actions::finalize(&self.task, own) {
                Ok(args) => {
                    let result = included(kind, args.clone());
                    Once { include: Some(args), ..Once::of(Status::Ok, result) }
                }
                Err(failure) => self.failed(failure),
            };
        }
        let (plan, job) = match self.pace(scope) {
            Ok(pace) => pace,
            Err(failure) => return Once { delegated, about_keywords: true, ..self.failed(failure) },
        };
        let options = &self.shared.options;
        let remote = delegate.as_ref().unwrap_or(scope);
        if let Err(failure) = connect::check_become_method(&remote.templar(), &self.task.keywords, options) {
            return Once { delegated, ..self.failed(failure) };
        }
        let mut attempt = 1;
        loop {
            let before = effects.len();
            let mut once = self.attempt(scope, delegate.as_ref(), flags, job, effects).await;
            once.delegated = delegated.clone();
            once.notified = notified.clone();
            if once.status == Status::Unreachable {
                // As in Ansible, without the address.
                once.delegated = delegated.map(|(host, _)| (host, None));
                return once;
            }
            if once.status == Status::Undecided || !plan.repeats {
                return once;
            }
            once.result.insert("attempts", Value::from(attempt));
            if once.not_run {
                return once;
            }
            let mut seen = self.seen(scope, &once.result);
            seen.set_local("ansible_loop_attempts", Value::from(attempt));
            let done = match self.until_holds(&seen, once.status) {
                Ok(done) => done,
                Err(failure) => return Once { delegated, ..self.failed(failure) },
            };
            if done {
                return once;
            }
            if attempt >= plan.limit {
                // As in Ansible, what `failed_when` says of the last try stands beside the failure.
                if once.result.get("failed_when_result") != Some(&Value::Bool(false)) {
                    once.status = Status::Failed;
                }
                once.result.insert("failed", true);
                once.result.insert("attempts", Value::from(plan.limit - 1));
                let error = match once.error.take() {
                    Some(error) => error,
                    None => self.failure_of(&once.result, false),
                };
                say_why(&mut once.result, &error);
                once.error = Some(error);
                return once;
            }
            effects.truncate(before);
            once.result.insert("retries", Value::from(plan.limit));
            self.shared.emit(Event::Retry {
                task: Arc::clone(&self.info),
                host: self.host.clone(),
                left: plan.limit - attempt,
                result: Shown::of(once.result, self.hides(scope)),
            });
            tokio::time::sleep(plan.delay).await;
            attempt += 1;
        }
    }

    /// One try.
    async fn attempt(
        &self,
        scope: &HostScope,
        delegate: Option<&HostScope>,
        flags: Flags,
        job: Option<actions::Asynchronous>,
        effects: &mut Vec<Effect>,
    ) -> Once {
        let mut verbose = false;
        let mut made = Vec::new();
        let timeout = match self.timeout(scope) {
            Ok(timeout) => timeout,
            Err(failure) => return self.failed(failure),
        };
        let call = ActionCall::new(self, scope, delegate, &mut made, &mut verbose, job, flags);
        let ran = match (self.check_free_text(), timeout) {
            (Err(failure), _) => Err(failure),
            (Ok(()), None) => actions::run(call).await,
            // Given up, a call ends what it runs on the target.
            (Ok(()), Some(after)) => {
                let ran = tokio::time::timeout(after, actions::run(call)).await;
                ran.unwrap_or_else(|_| Err(TaskFailure::timed_out(after)))
            }
        };
        let remote = delegate.unwrap_or(scope);
        let (mut result, mut error) = match ran {
            Ok(result) => (result, None),
            Err(failure) if failure.undecided => return self.failed(failure),
            Err(mut failure) => {
                if let Some(once) = self.awaits(scope, remote, &mut failure.values, &failure.message) {
                    return once;
                }
                let error = failure.to_error(&self.task);
                if failure.unreachable {
                    let once = Once::of(Status::Unreachable, failure.into_result());
                    return Once { error: Some(error), ..once };
                }
                if failure.prefix.is_none() {
                    // The task itself is wrong: nothing ran whose result `failed_when` could judge.
                    return Once { error: Some(error), ..Once::of(Status::Failed, failure.into_result()) };
                }
                (failure.into_result(), Some(error))
            }
        };
        if actions::short_name(&self.task.action) != "pause" {
            actions::add_lines(&mut result);
        }
        if let Some(Value::Map(facts)) = result.get("ansible_facts")
            && !actions::sets_variables(&self.task.action)
        {
            let facts = (**facts).clone();
            made.push(Effect::Facts { host: self.facts_host(delegate, flags), facts });
        }
        if result.get("failed").is_none() && result.get("rc").and_then(Value::as_int).is_some_and(|rc| rc != 0) {
            result.insert("failed", true);
        }
        if result.get("changed").is_none() {
            // What is false of both is said in this order.
            if !result.contains_key("failed") && !result.contains_key("skipped") {
                result.insert("failed", false);
            }
            result.insert("changed", false);
        }
        if result.get("failed").is_some_and(Value::is_true) {
            let message = result.get("msg").map(Value::to_string).unwrap_or_default();
            if let Some(once) = self.awaits(scope, remote, &mut result, &message) {
                return once;
            }
        }
        let failed_itself = result.get("failed").is_some_and(Value::is_true);
        let how = self.checked(scope, remote, flags.check, &mut result);
        let skipped = result.get("skipped").is_some_and(Value::is_true);
        if !skipped && let Err(undecided) = self.judge(scope, &mut result) {
            return self.failed(undecided);
        }
        let foreseen = self.foresee(scope, &how, &result);
        effects.append(&mut made);
        let is = |name: &str| result.get(name).is_some_and(Value::is_true);
        let status = match () {
            () if is("failed") => Status::Failed,
            () if skipped => Status::Skipped,
            () if is("changed") => Status::Changed,
            () => Status::Ok,
        };
        if status == Status::Failed {
            let error = error.get_or_insert_with(|| self.failure_of(&result, failed_itself));
            say_why(&mut result, error);
        } else {
            error = None;
        }
        let (is_pending, not_run) = (how.leaves_pending(), how.not_run());
        Once { verbose, error, foreseen, is_pending, not_run, ..Once::of(status, result) }
    }

    /// Refuses free text where the module takes none.
    fn check_free_text(&self) -> Result<(), TaskFailure> {
        let has = self.task.args.as_map().is_some_and(|args| args.contains_key("_raw_params"));
        if !has || TAKE_FREE_TEXT.contains(&actions::short_name(&self.task.action)) {
            return Ok(());
        }
        let name = actions::full_name(&self.task.action);
        Err(TaskFailure::new(format!("Action '{name}' does not support raw params.")))
    }

    /// The failure that a result tells of. What `failed_when` says is none of the module itself.
    fn failure_of(&self, result: &Map, of_module: bool) -> TaskError {
        let failure = match result.get("msg").map(Value::to_string) {
            Some(message) if !message.is_empty() => {
                let here = actions::is_here(&self.task.action);
                let prefix = if of_module && !here { "Module failed" } else { "Action failed" };
                TaskFailure { prefix: Some(prefix), ..TaskFailure::new(message) }
            }
            Some(_) => TaskFailure::new("Action failed."),
            None => TaskFailure::action("Unknown error."),
        };
        failure.to_error(&self.task)
    }

    /// `changed_when` and `failed_when`. A condition that cannot be evaluated fails the task, whose result stays; an error
    /// is one that check mode cannot decide.
    fn judge(&self, scope: &HostScope, result: &mut Map) -> Result<(), TaskFailure> {
        let holds =
            |result: &Map, name: &str, conditions: &[Value]| match verdict(&self.seen(scope, result), conditions) {
                Ok(Verdict::Holds) => Ok(Ok(!conditions.is_empty())),
                Ok(Verdict::Fails(_)) => Ok(Ok(false)),
                Ok(Verdict::Undecided(condition, unknown)) => Err(undecided(name, condition, &unknown)),
                Err(failure) => Ok(Err(failure.message)),
            };
        if let Some(conditions) = &self.task.changed_when {
            match holds(result, "changed_when", conditions)? {
                Ok(changed) => result.insert("changed", changed),
                Err(message) => {
                    result.insert("failed", true);
                    result.insert("changed_when_result", message)
                }
            };
        }
        if let Some(conditions) = &self.task.failed_when {
            match holds(result, "failed_when", conditions)? {
                Ok(failed) => {
                    result.insert("failed_when_result", failed);
                    result.insert("failed", failed)
                }
                Err(message) => {
                    result.insert("failed", true);
                    result.insert("failed_when_result", message)
                }
            };
        }
        Ok(())
    }

    /// What the conditions about a result see: its registered name and its facts too.
    fn seen(&self, scope: &HostScope, result: &Map) -> HostScope {
        let mut seen = scope.clone();
        if let Some(Value::Map(facts)) = result.get("ansible_facts") {
            seen.extend_locals(facts);
        }
        if let Some(Value::String(name)) = &self.task.register {
            seen.set_local(name, result.clone());
        }
        seen
    }

    fn until_holds(&self, seen: &HostScope, status: Status) -> Result<bool, TaskFailure> {
        if self.task.until.is_empty() {
            return Ok(status != Status::Failed);
        }
        all_hold(seen, "until", &self.task.until)
    }

    /// The variables of the host that the work is delegated to.
    fn delegate(&self, scope: &HostScope) -> Result<Option<HostScope>, TaskFailure> {
        let Some(keyword) = &self.task.keywords.delegate_to else { return Ok(None) };
        let name = match known(scope, "delegate_to", keyword)? {
            Value::Omit => return Ok(None),
            Value::Null => return Err(nowhere(keyword)),
            Value::String(name) if name.is_empty() => match keyword {
                Value::Template(_) => return Err(nowhere(keyword)),
                _ => return Ok(None),
            },
            name => Str::from(name.to_string()),
        };
        self.shared.read_inventory_vars(&name)?;
        let mut delegate = HostScope::new(&self.shared, Some(&self.play), Some(&self.task), &name);
        delegate.extend_locals(scope.locals());
        Ok(Some(delegate))
    }

    fn address_of(&self, delegate: &HostScope) -> Option<Str> {
        let address = delegate.templar().variable("ansible_host").ok().flatten()?.to_string();
        (address != **delegate.host()).then(|| address.into())
    }

    fn failed(&self, failure: TaskFailure) -> Once {
        if failure.undecided {
            return self.undecided(failure.message);
        }
        let error = failure.to_error(&self.task);
        Once { error: Some(error), ..Once::of(Status::Failed, failure.into_result()) }
    }
}

/// Gives a failed result that says nothing itself what is shown of its failure.
fn say_why(result: &mut Map, error: &TaskError) {
    if !result.contains_key("msg") {
        result.insert("msg", error.title.as_str());
    }
}

/// The failure of a `delegate_to` that came to no name.
fn nowhere(keyword: &Value) -> TaskFailure {
    TaskFailure::new(format!("Empty hostname produced from delegate_to: \"{}\"", as_written(keyword)))
}
