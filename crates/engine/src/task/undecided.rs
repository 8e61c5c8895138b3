//! Check mode: what a task did not do has no result, and what rests on it is decided while the play is carried out.

use std::path::PathBuf;
use std::sync::Arc;

use ksplay_modules::{FORESEEN, MISSING, NOT_RUN};
use ksplay_value::{Map, Unknown, Value};

use super::Once;
use super::conditions::{Verdict, verdict};
use crate::actions::{self, MISSING_HERE};
use crate::event::Status;
use crate::scope::HostScope;
use crate::work::Work;

/// What is known of the result of a task that was not carried out.
const KNOWN: &[&str] = &["changed", "cmd", "failed", "msg", "skipped"];

/// Arguments that say which files a task makes, changes or removes.
const MADE: &[&str] = &["path", "dest", "name", "creates", "removes"];

/// Arguments that say which files a task reads.
const READ: &[&str] = &["path", "src"];

/// Modules whose result says how a file is.
const READERS: &[&str] = &["find", "slurp", "stat"];

impl Work {
    /// A task that check mode cannot decide.
    pub(super) fn undecided(&self, reason: String) -> Once {
        let result = Map::from([("changed", Value::Bool(false)), ("undecided", Value::from(reason))]);
        Once { foreseen: Some(Value::Unknown(self.unknown())), ..Once::of(Status::Undecided, result) }
    }

    /// How the action whose result this is was carried out; takes out of the result what only the engine is told.
    pub(super) fn checked(&self, scope: &HostScope, remote: &HostScope, check: bool, result: &mut Map) -> Checked {
        let not_run = result.remove(NOT_RUN).is_some();
        let reads = READERS.contains(&actions::short_name(&self.task.action));
        let is_pending = |path: PathBuf| self.shared.pending.at(remote.host(), &path).is_some();
        let stale = reads && self.paths(scope, READ).into_iter().any(is_pending);
        let would_change = check && result.get("changed").is_some_and(Value::is_true);
        Checked { not_run, stale, would_change, check }
    }

    /// Why the result of this task is not known.
    fn unknown(&self) -> Arc<Unknown> {
        Arc::new(Unknown { because: vec![format!("the result of \"{}\"", self.info.banner).into()] })
    }

    /// What becomes of a failure that is about something that is not there, which a task that was not carried out may
    /// bring. The difference that there would be then is part of it.
    pub(super) fn awaits(
        &self,
        scope: &HostScope,
        remote: &HostScope,
        failure: &mut Map,
        message: &str,
    ) -> Option<Once> {
        let diff = failure.remove(FORESEEN);
        let pending = &self.shared.pending;
        let at_its_files = || {
            let paths = self.paths(scope, MADE).into_iter().chain(self.paths(scope, READ));
            paths.filter_map(|path| pending.at(remote.host(), &path)).next()
        };
        let tasks = match (failure.remove(MISSING), failure.remove(MISSING_HERE)) {
            (Some(_), _) => at_its_files().or_else(|| pending.on(remote.host())),
            // Any host may have left something undone on the controller.
            (_, Some(_)) => pending.anywhere(),
            _ => None,
        }?;
        let mut once = self.undecided(format!("{message}; check mode did not run {tasks}"));
        if let Some(diff) = diff {
            once.result.insert("diff", diff);
        }
        Some(once)
    }

    /// In check mode, what later tasks see of a result; `None` when that is the result itself. What the module did not do
    /// has no result, and a change that was only foreseen may have further values.
    pub(super) fn foresee(&self, scope: &HostScope, how: &Checked, result: &Map) -> Option<Value> {
        let changed = result.get("changed").is_some_and(Value::is_true);
        if !(how.not_run || how.stale || how.check && changed) {
            return None;
        }
        let unknown = self.unknown();
        let mut seen = result.clone();
        if how.not_run || how.stale {
            seen.retain(|key, _| key.as_str().is_some_and(|key| KNOWN.contains(&key)));
        }
        seen.leave_open(Arc::clone(&unknown));
        if how.not_run {
            let judged = self.seen(scope, &seen);
            let flag = |conditions: &Option<Vec<Value>>, otherwise: Value| match conditions {
                None => otherwise,
                Some(conditions) => match verdict(&judged, conditions) {
                    Ok(Verdict::Holds) => (!conditions.is_empty()).into(),
                    Ok(Verdict::Fails(_)) => false.into(),
                    _ => Value::Unknown(Arc::clone(&unknown)),
                },
            };
            // A failure that does not end the play may be what comes.
            let failed = match &self.task.keywords.ignore_errors {
                None => Value::Bool(false),
                Some(_) => Value::Unknown(Arc::clone(&unknown)),
            };
            let would_change = if changed { Value::Bool(true) } else { Value::Unknown(Arc::clone(&unknown)) };
            let (failed, changed) = (flag(&self.task.failed_when, failed), flag(&self.task.changed_when, would_change));
            seen.insert("failed", failed);
            seen.insert("changed", changed);
        }
        Some(seen.into())
    }

    /// Notes that the task has not been carried out, for those after it.
    pub(super) fn leave_pending(&self, scope: &HostScope, once: &Once) {
        let host = once.delegated.as_ref().map_or(&self.host, |(host, _)| host);
        self.shared.pending.note(host, &self.info.banner, self.paths(scope, MADE));
    }

    /// The files that the arguments name.
    fn paths(&self, scope: &HostScope, names: &[&str]) -> Vec<PathBuf> {
        let Value::Map(args) = &self.task.args else { return Vec::new() };
        let templar = scope.templar();
        let named = names.iter().filter_map(|name| templar.resolve(args.get(name)?).ok());
        named.filter_map(|path| path.as_str().filter(|path| path.starts_with('/')).map(PathBuf::from)).collect()
    }
}

/// How an action was carried out in check mode.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// It was not: the values of its result are not those of a real run.
    not_run: bool,
    /// It looked at something that will be another thing by then.
    stale: bool,
    /// It would change something, whatever `changed_when` makes of that.
    would_change: bool,
    check: bool,
}

impl Checked {
    /// Whether there is anything that the task would do and did not.
    pub fn leaves_pending(&self) -> bool {
        self.not_run || self.would_change
    }

    /// Whether the task was not carried out at all.
    pub fn not_run(&self) -> bool {
        self.not_run
    }
}
