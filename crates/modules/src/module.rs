//! What a module is, and how one is run.

use ksplay_value::{Map, Value};

use crate::arguments::{Arguments, Given};
use crate::secrets::Secrets;
use crate::system::{Probe, System};
use crate::{commands, registry};

/// In the result of a failure: what is missing may be brought by a task before this one, which a dry run did not carry
/// out.
pub const MISSING: &str = "_ksplay_missing";

/// Beside [`MISSING`]: the difference that the module would make if what is missing were there.
pub const FORESEEN: &str = "_ksplay_foreseen";

/// In a result of check mode: the module did not do what it is for, and what it says of the outcome is no prediction.
pub const NOT_RUN: &str = "_ksplay_not_run";

/// A native module, in two halves: the half that looks cannot write.
pub trait Module {
    /// The arguments as documented; unknown or ill-typed ones are errors before anything is looked at.
    type Args: Arguments;
    /// What is to be done.
    type Plan;

    /// Compares the system with what the arguments want.
    ///
    /// # Errors
    ///
    /// If the arguments contradict each other or the system, or something cannot be read.
    fn inspect(args: &Self::Args, system: &Probe) -> Result<Inspection<Self::Plan>, Failure>;

    /// Does what the plan says. `predicted` is the outcome that `inspect` foresaw, to be completed.
    ///
    /// # Errors
    ///
    /// If something cannot be done.
    fn apply(plan: Self::Plan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure>;
}

/// What `inspect` found.
#[derive(Debug)]
pub struct Inspection<P> {
    /// The result as far as it is known before anything is done; in check mode this is the result.
    pub predicted: Outcome,
    /// What is to be done; `None` when the system is as wanted.
    pub plan: Option<P>,
}

impl<P> Inspection<P> {
    /// The system is as wanted.
    pub fn nothing_to_do(outcome: Outcome) -> Self {
        Self { predicted: outcome, plan: None }
    }

    /// Something is to be done that check mode cannot foresee: there the task is skipped.
    pub fn only_for_real(module: &str, plan: P) -> Self {
        let mut predicted = Outcome { skipped: true, ..Outcome::default() };
        predicted.values.insert(NOT_RUN, true);
        predicted.values.insert("msg", format!("remote module ({module}) does not support check mode"));
        Self { predicted, plan: Some(plan) }
    }

    /// Something is to be done, which is a change.
    pub fn change(mut outcome: Outcome, plan: P) -> Self {
        outcome.changed = true;
        Self { predicted: outcome, plan: Some(plan) }
    }
}

/// The result of a module that did not fail.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Whether something changed (or would, in check mode).
    pub changed: bool,
    /// The module did nothing on purpose, such as a command in check mode; `values["msg"]` says why.
    pub skipped: bool,
    /// The return values as the module's documentation names them.
    pub values: Map,
    /// What changed, for `--diff`; only made when [`RunOptions::diff`] is set.
    pub diff: Diffs,
    /// Facts to set (`ansible_facts`).
    pub facts: Option<Map>,
    /// Messages that the user should see.
    pub warnings: Vec<String>,
}

/// The differences of a run. Whether a single one stands alone or in a list is part of a module's result.
#[derive(Debug, Clone, Default)]
pub enum Diffs {
    /// There is nothing to show.
    #[default]
    None,
    /// One alone.
    One(Box<Diff>),
    /// A list of them.
    List(Vec<Diff>),
}

impl From<Diff> for Diffs {
    fn from(diff: Diff) -> Self {
        Self::One(Box::new(diff))
    }
}

impl FromIterator<Diff> for Diffs {
    fn from_iter<I: IntoIterator<Item = Diff>>(diffs: I) -> Self {
        let mut all = Self::None;
        diffs.into_iter().for_each(|diff| all.push(diff));
        all
    }
}

impl Diffs {
    /// Adds one to the list.
    pub fn push(&mut self, diff: Diff) {
        match self {
            Self::List(list) => list.push(diff),
            _ => *self = Self::List(vec![diff]),
        }
    }

    fn into_value(self) -> Option<Value> {
        match self {
            Self::None => None,
            Self::One(diff) => Some(diff.into_value()),
            Self::List(list) => Some(list.into_iter().map(Diff::into_value).collect()),
        }
    }
}

/// The difference of one object, as Ansible's `diff` dictionary.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// What it was called before, usually the path.
    pub before_header: String,
    /// What it is called after.
    pub after_header: String,
    /// The text, or the mapping of attributes, before; null when there is none.
    pub before: Value,
    /// The text, or the mapping of attributes, after; null when there is none.
    pub after: Value,
    /// A text that stands for both, when the module makes its own (`prepared`).
    pub prepared: Option<String>,
    /// What is said instead of a side that is not shown: `src_binary`, `dst_larger` and the like.
    pub notes: Map,
}

/// The result of a module that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened, and why (`msg`).
    pub message: String,
    /// Other return values, such as `rc` and `stderr`.
    pub values: Map,
}

impl Failure {
    /// A failure that is nothing but its message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), values: Map::new() }
    }

    /// The failure as one about something that is not there, and that a task before this one may be there to bring.
    #[must_use]
    pub fn missing(self) -> Self {
        self.with(MISSING, true)
    }

    /// The same, with the difference that there would be.
    #[must_use]
    pub fn missing_before(self, diff: Diffs) -> Self {
        let failure = self.missing();
        match diff.into_value() {
            Some(diff) => failure.with(FORESEEN, diff),
            None => failure,
        }
    }

    /// The failure with one more return value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value);
        self
    }
}

/// How a module is run.
///
/// The protocol has a struct of the same name: modules know of no channel and the channel of no modules, so neither can
/// use the other's, and the agent, which knows both, turns one into the other.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Look, do not change.
    pub check: bool,
    /// Make diffs.
    pub diff: bool,
    /// Environment variables of the task.
    pub environment: Vec<(String, String)>,
}

/// Runs the module of this name with these arguments; the answer is the result as Ansible's modules give it
/// (`changed`, `failed`, `msg`, the module's own values, `diff`, `ansible_facts`, `warnings`, `invocation`).
///
/// A name that no module has is a failure too: the controller knows which modules an agent has.
pub fn run(name: &str, args: &Map, options: &RunOptions, probe: Probe) -> Map {
    run_among(registry::MODULES, name, args, options, probe)
}

/// As [`run`], of a program that has only these modules.
pub fn run_among(
    modules: &'static [registry::Entry],
    name: &str,
    args: &Map,
    options: &RunOptions,
    probe: Probe,
) -> Map {
    if name == commands::CUSTOM {
        return commands::run_custom(args, options, probe);
    }
    match registry::find_among(modules, name) {
        Some(entry) => entry.call(name, args, options, probe),
        None => failed(Failure::new(format!("no native module `{name}`"))),
    }
}

/// What a [`registry::Entry`] runs: parses, inspects and, outside check mode, applies.
pub(crate) fn run_module<M: Module>(name: &str, args: &Map, options: &RunOptions, mut probe: Probe) -> Map {
    if !options.environment.is_empty() {
        probe.environment.clone_from(&options.environment);
    }
    probe.diff = options.diff;
    probe.check = options.check;
    let secrets = Secrets::among(<M::Args as Arguments>::SPEC_REF, args);
    let mut given = match Given::check(name, <M::Args as Arguments>::SPEC_REF, args) {
        Ok(given) => given,
        Err(failure) => return secrets.masked(failed(failure)),
    };
    let invocation = given.invocation(&secrets);
    let result =
        given.typed().and_then(|arguments| M::inspect(&arguments, &probe)).and_then(|found| match found.plan {
            Some(plan) if !options.check => M::apply(plan, found.predicted, &mut System::new(probe)),
            _ => Ok(found.predicted),
        });
    ended(result, options.diff, &secrets, invocation)
}

/// The result as Ansible's modules give it. Not generic, so that it is there once and not for each module.
fn ended(result: Result<Outcome, Failure>, diff: bool, secrets: &Secrets, invocation: Map) -> Map {
    let mut map = secrets.masked(match result {
        Ok(outcome) => succeeded(outcome, diff),
        Err(failure) => failed(failure),
    });
    // The result of a job has that of its own module.
    if !map.contains_key("invocation") {
        map.insert("invocation", Map::from([("module_args", Value::from(invocation))]));
    }
    map
}

fn succeeded(outcome: Outcome, diff: bool) -> Map {
    let mut map = Map::new();
    map.insert("changed", outcome.changed);
    map.extend(outcome.values);
    if outcome.skipped {
        map.insert("skipped", true);
    }
    if let Some(shown) = outcome.diff.into_value().filter(|_| diff) {
        map.insert("diff", shown);
    }
    if let Some(facts) = outcome.facts {
        map.insert("ansible_facts", facts);
    }
    if !outcome.warnings.is_empty() {
        map.insert("warnings", outcome.warnings.into_iter().collect::<Value>());
    }
    map
}

fn failed(failure: Failure) -> Map {
    let mut map = Map::from([
        ("failed", Value::Bool(true)),
        ("msg", Value::from(failure.message)),
        ("changed", Value::Bool(false)),
    ]);
    map.extend(failure.values);
    map
}

impl Diff {
    fn into_value(self) -> Value {
        let mut map = Map::new();
        if let Some(prepared) = self.prepared {
            map.insert("prepared", prepared);
            return map.into();
        }
        for (name, side) in [("before", self.before), ("after", self.after)] {
            if !side.is_null() {
                map.insert(name, side);
            }
        }
        for (name, header) in [("before_header", self.before_header), ("after_header", self.after_header)] {
            if !header.is_empty() {
                map.insert(name, header);
            }
        }
        map.extend(self.notes);
        map.into()
    }
}
