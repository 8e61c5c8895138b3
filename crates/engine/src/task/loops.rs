//! The loop of a task: what it goes over, the variables of each item, what the results come to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ksplay_template::{ErrorKind, Scope};
use ksplay_value::{Map, Str, Value};
use tokio::task::JoinSet;

use super::{CENSORED, Include, Once, Outcome, all_hold};
use crate::actions;
use crate::effect::Effect;
use crate::event::{Event, Shown, Status, TaskResult};
use crate::failure::{self, TaskFailure};
use crate::keywords::{flag, keyword, number, seconds};
use crate::scope::HostScope;
use crate::work::Work;
use crate::written::place;

impl Work {
    /// What the loop goes over.
    pub(super) fn items(&self, scope: &HostScope) -> Result<Arc<Vec<Value>>, TaskFailure> {
        let Some(loop_) = &self.task.loop_ else { return Ok(Arc::default()) };
        let templar = scope.templar();
        // Only of what is undefined it is said that the task failed.
        let wrong = |error: ksplay_template::Error| {
            let bare = error.kind != ErrorKind::Undefined;
            TaskFailure { bare, ..error.into() }
        };
        let value = templar.resolve(&loop_.items).map_err(wrong)?;
        if let Value::Unknown(unknown) = &value {
            return Err(TaskFailure::undecided("loop", unknown));
        }
        let list = match &loop_.lookup {
            None => value,
            Some(lookup) => {
                let terms = match value {
                    Value::List(terms) => terms.to_vec(),
                    other => vec![other],
                };
                templar.call_lookup(lookup, terms, Map::new()).map_err(wrong)?
            }
        };
        match list {
            // Where Python has tuples, playbooks see lists.
            Value::List(items) => {
                let plain = items.iter().map(|item| match item {
                    Value::Tuple(parts) => Value::List(Arc::clone(parts)),
                    other => other.clone(),
                });
                Ok(Arc::new(plain.collect()))
            }
            other => Err(TaskFailure {
                bare: true,
                span: place(&loop_.items),
                help: Some("Provide a list of items/templates, or a template resolving to a list.".into()),
                ..TaskFailure::new(format!("The `loop` value must resolve to a 'list', not '{}'.", other.type_name()))
            }),
        }
    }

    pub(super) async fn run_loop(&self, items: Arc<Vec<Value>>, scope: HostScope, effects: Vec<Effect>) -> Outcome {
        let control = match self.loop_control(&scope) {
            Ok(control) => control,
            // It is told without a word about the task.
            Err(failure) => {
                let failure = TaskFailure { bare: !failure.undecided, ..failure };
                return self.outcome_of(self.failed(failure), &scope, effects);
            }
        };
        if items.is_empty() {
            let result = Map::from([
                ("changed", Value::Bool(false)),
                ("skipped", Value::Bool(true)),
                ("skipped_reason", Value::from("No items in the list")),
                ("results", Value::List(Arc::default())),
            ]);
            let mut outcome = self.outcome_of(Once::of(Status::Skipped, result), &scope, effects);
            outcome.looped = true;
            return outcome;
        }
        if scope.get(&control.loop_var).is_some() {
            self.shared.emit(Event::Warning(format!(
                "The loop variable '{0}' is already in use.\nOrigin: <unknown>\n\n{0}\n\nYou should set the `loop_var` value in the `loop_control` option for the task to something else to avoid variable collisions and unexpected behavior.",
                control.loop_var
            )));
        }
        let mut run = LoopRun { work: self, items, control, scope, effects, ended: Items::default() };
        if run.control.parallel > 1 {
            run.beside_each_other().await;
        } else if let Err(failure) = run.in_turn().await {
            let failure = TaskFailure { bare: true, ..failure };
            return self.outcome_of(self.failed(failure), &run.scope, run.effects);
        }
        run.ended.into_outcome(self, run.effects)
    }

    fn loop_control(&self, scope: &HostScope) -> Result<LoopVariables, TaskFailure> {
        let control = self.task.loop_.as_ref().map(|loop_| loop_.control.clone()).unwrap_or_default();
        let text = |name: &str, value: &Option<Value>| match value {
            Some(value) => keyword(scope, name, value).map(|value| Some(value.to_string())),
            None => Ok(None),
        };
        let loop_var = text("loop_var", &control.loop_var)?.unwrap_or_else(|| "item".into());
        if !actions::is_identifier(&loop_var) {
            let help = "Variable names must be strings starting with a letter or underscore character, and contain only \
                        letters, numbers and underscores.";
            let failure = TaskFailure::new(format!("Invalid variable name '{loop_var}'."));
            return Err(TaskFailure {
                help: Some(help.into()),
                span: control.loop_var.as_ref().and_then(place),
                ..failure
            });
        }
        Ok(LoopVariables {
            loop_var,
            index_var: text("index_var", &control.index_var)?,
            label: control.label.clone(),
            pause: seconds(number(scope, control.pause.as_ref(), "pause")?.unwrap_or(0.0), "pause")?,
            extended: flag(scope, "extended", control.extended.as_ref())?.unwrap_or(false),
            all_items: flag(scope, "extended_allitems", control.extended_allitems.as_ref())?.unwrap_or(true),
            break_when: control.break_when,
            parallel: parallel(scope, control.parallel.as_ref())?,
        })
    }
}

/// The text that stands for an item.
fn label(scope: &HostScope, control: &LoopVariables, item: &Value) -> Result<String, TaskFailure> {
    match &control.label {
        Some(label) => Ok(scope.templar().resolve(label)?.to_string()),
        None => Ok(item.to_string()),
    }
}

/// A loop on its way.
struct LoopRun<'w> {
    work: &'w Work,
    items: Arc<Vec<Value>>,
    control: LoopVariables,
    scope: HostScope,
    effects: Vec<Effect>,
    ended: Items,
}

impl LoopRun<'_> {
    /// Runs each item when the one before it has ended.
    async fn in_turn(&mut self) -> Result<(), TaskFailure> {
        for index in 0..self.items.len() {
            if index > 0 && !self.control.pause.is_zero() {
                tokio::time::sleep(self.control.pause).await;
            }
            let extra = self.control.variables(&self.items, index);
            self.scope.extend_locals(&extra);
            let before = self.effects.len();
            let mut once = self.work.execute(&self.scope, &mut self.effects).await;
            let (earlier, made) = self.effects.split_at(before);
            if made.iter().any(|effect| matches!(effect, Effect::AddHost { .. }) && earlier.contains(effect)) {
                // The item before it has added the host.
                once.status = Status::Ok;
                once.result.insert("changed", false);
            }
            for effect in made {
                if let Effect::Vars { host, vars } | Effect::Facts { host, facts: vars } = effect
                    && *host == self.work.host
                {
                    self.scope.see_vars(vars);
                }
            }
            self.item_ended(index, &extra, once);
            if self.breaks()? {
                break;
            }
        }
        Ok(())
    }

    /// Runs several items at the same time; what comes of them is told and kept in their order. None sees what another
    /// has set. Once the host is lost no more are begun.
    async fn beside_each_other(&mut self) {
        let mut running = JoinSet::new();
        let mut ahead = HashMap::new();
        let (mut begun, mut told, mut lost) = (0, 0, false);
        loop {
            while !lost && begun < self.items.len() && running.len() < self.control.parallel {
                let mut scope = self.scope.clone();
                scope.extend_locals(&self.control.variables(&self.items, begun));
                let (work, index) = (self.work.clone(), begun);
                running.spawn(async move {
                    let mut effects = Vec::new();
                    let once = work.execute(&scope, &mut effects).await;
                    (index, once, effects)
                });
                begun += 1;
            }
            match running.join_next().await {
                None => break,
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
                Some(Ok((index, once, made))) => {
                    lost |= once.status == Status::Unreachable;
                    ahead.insert(index, (once, made));
                }
            }
            while let Some((once, made)) = ahead.remove(&told) {
                let extra = self.control.variables(&self.items, told);
                self.scope.extend_locals(&extra);
                self.effects.extend(made);
                self.item_ended(told, &extra, once);
                told += 1;
            }
        }
    }

    /// Tells and keeps what came of an item.
    fn item_ended(&mut self, index: usize, extra: &Map, mut once: Once) {
        let (work, scope, ended) = (self.work, &self.scope, &mut self.ended);
        let no_log = work.hides(scope);
        ended.hidden |= no_log;
        ended.notified.append(&mut once.notified);
        let item = &self.items[index];
        let label = match label(scope, &self.control, item) {
            _ if no_log => CENSORED.to_owned(),
            Ok(label) => label,
            Err(failure) => {
                once.status = Status::Failed;
                once.result.insert("failed", true);
                once.result.insert("msg", format!("Failed to template loop_control.label: {}", failure.message));
                let hides_item = actions::short_name(&work.task.written_action) == "debug";
                if hides_item { "None".to_owned() } else { item.to_string() }
            }
        };
        let mut result = once.result;
        result.extend(extra.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
        ended.changed |= result.get("changed").is_some_and(Value::is_true);
        let ignored = work.is_ignored(scope, once.status);
        match once.status {
            Status::Failed => ended.failed.count(ignored),
            Status::Unreachable => ended.unreachable.count(ignored),
            Status::Ok | Status::Changed | Status::Skipped | Status::Undecided => {}
        }
        ended.ran |= !matches!(once.status, Status::Skipped | Status::Undecided);
        let is_good = matches!(once.status, Status::Ok | Status::Changed);
        if once.include.is_none() && is_good && !result.contains_key("failed") {
            result.insert("failed", false);
        }
        if let Some(args) = once.include {
            ended.includes.push(Include { args, vars: extra.clone(), label: Some(label) });
        } else {
            let error = work.report(once.error, no_log && !once.about_keywords);
            if let Some(error) = &error {
                work.shared.emit(Event::Error(Arc::clone(error)));
            }
            work.shared.emit(Event::Item(TaskResult {
                task: Arc::clone(&work.info),
                host: work.host.clone(),
                delegated: once.delegated.clone(),
                status: once.status,
                ignored,
                result: Shown::of(result.clone(), no_log),
                label: Some(label),
                looped: true,
                verbose: once.verbose,
                not_run: once.not_run,
            }));
            if error.is_some() {
                failure::complete(&mut result);
            }
        }
        if once.delegated.is_some() {
            ended.delegated = once.delegated;
        }
        if let Some(seen) = once.foreseen {
            ended.foreseen.push((ended.results.len(), with_loop_variables(seen, extra)));
        }
        ended.results.push(Value::from(result));
    }

    fn breaks(&self) -> Result<bool, TaskFailure> {
        let conditions = &self.control.break_when;
        match all_hold(&self.scope, "break_when", conditions) {
            _ if conditions.is_empty() => Ok(false),
            // What check mode does not know breaks nothing off.
            Err(failure) if failure.undecided => Ok(false),
            holds => holds,
        }
    }
}

/// What later tasks see of an item that check mode does not know all of.
fn with_loop_variables(seen: Value, extra: &Map) -> Value {
    let Value::Map(seen) = seen else { return seen };
    let mut seen = Map::clone(&seen);
    seen.extend(extra.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
    seen.into()
}

/// What later tasks see of a loop, some of whose items check mode does not know all of.
fn foreseen_loop(foreseen: Vec<(usize, Value)>, result: &Map) -> Option<Value> {
    if foreseen.is_empty() {
        return None;
    }
    let mut results = result.get("results")?.as_list()?.to_vec();
    let unknown = |name: &str| {
        foreseen.iter().find_map(|(_, item)| match item {
            Value::Unknown(unknown) => Some(unknown),
            item => match item.get(name) {
                Some(Value::Unknown(unknown)) => Some(unknown),
                _ => None,
            },
        })
    };
    let mut seen = result.clone();
    for name in ["changed", "failed"] {
        if !result.get(name).is_some_and(Value::is_true)
            && let Some(unknown) = unknown(name)
        {
            seen.insert(name, Value::Unknown(Arc::clone(unknown)));
        }
    }
    for (index, item) in foreseen {
        results[index] = item;
    }
    seen.insert("results", results);
    Some(seen.into())
}

/// `loop_control`, evaluated.
struct LoopVariables {
    loop_var: String,
    index_var: Option<String>,
    label: Option<Value>,
    pause: Duration,
    extended: bool,
    all_items: bool,
    break_when: Vec<Value>,
    /// How many items run at the same time.
    parallel: usize,
}

/// What came of the items so far.
#[derive(Default)]
struct Items {
    results: Vec<Value>,
    /// What later tasks see of an item, by its place among the results, when check mode does not know all of it.
    foreseen: Vec<(usize, Value)>,
    includes: Vec<Include>,
    notified: Vec<String>,
    /// Whether any item was not skipped.
    ran: bool,
    changed: bool,
    failed: Failures,
    unreachable: Failures,
    /// Whether the result of any item is hidden.
    hidden: bool,
    delegated: Option<(Str, Option<Str>)>,
}

/// Items that failed in one way.
#[derive(Default)]
struct Failures {
    any: bool,
    /// Whether any of them is not ignored.
    any_counts: bool,
}

impl Failures {
    fn count(&mut self, ignored: bool) {
        self.any = true;
        self.any_counts |= !ignored;
    }
}

impl Items {
    fn into_outcome(self, work: &Work, effects: Vec<Effect>) -> Outcome {
        let mut result = Map::from([("results", Value::from(self.results)), ("changed", Value::Bool(self.changed))]);
        let message = if self.failed.any {
            result.insert("failed", true);
            "One or more items failed"
        } else if self.ran {
            "All items completed"
        } else {
            "All items skipped"
        };
        result.insert("msg", message);
        result.insert("skipped", !self.ran);
        if self.unreachable.any {
            result.insert("unreachable", true);
        }
        // As in Ansible, a loop's failure is ignored when that of each of its items is.
        let (status, ignored) = match () {
            () if self.unreachable.any => (Status::Unreachable, !self.unreachable.any_counts),
            () if self.failed.any => (Status::Failed, !self.failed.any_counts),
            () if !self.ran => (Status::Skipped, false),
            () if self.changed => (Status::Changed, false),
            () => (Status::Ok, false),
        };
        Outcome {
            info: Arc::clone(&work.info),
            ignored,
            status,
            foreseen: foreseen_loop(self.foreseen, &result),
            result,
            effects,
            includes: self.includes,
            notified: self.notified,
            delegated: self.delegated,
            looped: true,
            verbose: false,
            not_run: false,
            no_log: self.hidden,
            error: None,
            shown: false,
        }
    }
}

/// `parallel` of `loop_control`.
fn parallel(scope: &HostScope, keyword: Option<&Value>) -> Result<usize, TaskFailure> {
    let number = number(scope, keyword, "parallel")?.unwrap_or(1.0);
    if number >= 1.0 && number.fract() == 0.0 {
        return Ok(number as usize);
    }
    Err(TaskFailure::new(format!("the value '{number}' of 'parallel' is not a whole number of 1 or more")))
}

impl LoopVariables {
    /// The variables of one item.
    fn variables(&self, items: &Arc<Vec<Value>>, index: usize) -> Map {
        let mut vars = Map::from([(self.loop_var.as_str(), items[index].clone())]);
        self.note(&mut vars);
        if let Some(name) = &self.index_var {
            vars.insert(name, index);
        }
        if self.extended {
            let length = items.len();
            let mut extended = Map::from([
                ("index", Value::from(index + 1)),
                ("index0", Value::from(index)),
                ("first", Value::Bool(index == 0)),
                ("last", Value::Bool(index + 1 == length)),
                ("length", Value::from(length)),
                ("revindex", Value::from(length - index)),
                ("revindex0", Value::from(length - index - 1)),
            ]);
            if self.all_items {
                extended.insert("allitems", Value::List(Arc::clone(items)));
            }
            if let Some(next) = items.get(index + 1) {
                extended.insert("nextitem", next.clone());
            }
            if index > 0 {
                extended.insert("previtem", items[index - 1].clone());
            }
            vars.insert("ansible_loop", extended);
        }
        vars
    }

    /// Says which variables are the loop's.
    fn note(&self, vars: &mut Map) {
        vars.insert("ansible_loop_var", self.loop_var.as_str());
        if let Some(name) = &self.index_var {
            vars.insert("ansible_index_var", name.as_str());
        }
    }
}
