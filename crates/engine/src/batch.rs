//! One batch of hosts in one play: starts what the scheduler allows, notes what came of it.

mod banner;
mod debugger;
mod failures;
mod handlers;
mod includes;
mod meta;
mod notes;
mod sight;
mod step;
mod turns;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ksplay_playbook::Task;
use ksplay_scheduler::{Ended, HostIndex, Ready, Scheduler, Standing, StepId, Strategy, Tree};
use ksplay_value::{Map, Str, Value};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::handlers::Notifications;
use self::sight::Sight;
use self::turns::Turn;
use crate::actions::short_name;
use crate::connect::boolean;
use crate::event::{Event, Shown, Status, TaskInfo, TaskResult};
use crate::failure::TaskFailure;
use crate::run::{Layers, Shared};
use crate::scope::{HostScope, PlayContext};
use crate::steps::{self, Builder};
use crate::task::{Include, Outcome};
use crate::work::Work;
use crate::{refuse, vars_files};

/// How a batch ended, for the batches and plays after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The next may begin.
    Done,
    /// The play is over; the next may begin.
    EndPlay,
    /// Too much failed: nothing more is begun.
    Stop,
    /// The user ended the run.
    Interrupted,
}

/// How long an interrupted run waits for its tasks to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// A step that hosts are at.
struct StepRun {
    info: Arc<TaskInfo>,
    task: Arc<Task>,
    /// All hosts that the step is for; under `run_once` only the first of them works.
    hosts: Vec<HostIndex>,
    run_once: bool,
    /// Whether what is registered is for all of them too: not where only the action itself is for all hosts.
    shares: bool,
    waiting: usize,
    includes: Vec<Included>,
    failed: Vec<HostIndex>,
}

/// The includes that a host came to at a step.
struct Included {
    host: HostIndex,
    includes: Vec<Include>,
    /// The result, when others of the loop's items failed.
    failure: Option<Map>,
}

/// Whether there is a strategy of this name.
pub fn is_strategy(name: &str) -> bool {
    strategy(name, 1).is_some()
}

/// The strategy of this name.
pub(crate) fn strategy(name: &str, forks: usize) -> Option<Strategy> {
    Some(match short_name(name) {
        // What `debug` adds to `linear` is the debugger.
        "linear" | "debug" => Strategy::Linear,
        "free" => Strategy::Free,
        "host_pinned" => Strategy::HostPinned(forks),
        "pipelined" => Strategy::Pipelined,
        _ => return None,
    })
}

pub(crate) struct Batch {
    shared: Arc<Shared>,
    context: Arc<PlayContext>,
    hosts: Vec<Str>,
    /// The same with those that failed in earlier plays.
    with_lost: Vec<Str>,
    scheduler: Scheduler<Arc<Task>>,
    builder: Builder,
    forks: Arc<Semaphore>,
    throttles: HashMap<u32, Arc<Semaphore>>,
    notifications: Notifications,
    steps: HashMap<u64, StepRun>,
    strategy: Strategy,
    /// Whether the user looks at all failures.
    debugs: bool,
    /// Whether the user is asked before each task (`--step`).
    asks: bool,
    /// Under `pipelined`, what tasks can see.
    sight: Option<Arc<Sight>>,
    /// Where hosts do not wait, the steps that some host has come to.
    begun: HashMap<StepId, Arc<TaskInfo>>,
    running: JoinSet<(StepId, HostIndex, u64, Outcome, Turn)>,
    max_fail: Option<f64>,
    /// Hosts that failed or were lost in this batch.
    lost: HashSet<HostIndex>,
    /// Hosts that have failed at an include.
    without_include: HashSet<HostIndex>,
    ending: Ending,
    /// Hosts that had failed when errors were cleared; they stay out of this batch only.
    forgiven: HashSet<HostIndex>,
    /// Whether the play has no further batches (`meta: end_play`).
    ends_play: bool,
    /// Whether nothing is begun after this batch: an error was fatal for all hosts.
    stops_after: bool,
}

impl Batch {
    /// A batch at the beginning of its play; `hosts` are those that take part in it, or would if errors were cleared, and
    /// `with_lost` all of them.
    pub fn new(
        shared: &Arc<Shared>,
        context: &Arc<PlayContext>,
        hosts: Vec<Str>,
        with_lost: Vec<Str>,
    ) -> Result<Self, TaskFailure> {
        let play = &context.play;
        let vars = Layers::of_play(shared, play);
        let templar = ksplay_template::Templar::new(&shared.environment, &vars);
        let setting = |name: &str, value: &Option<Value>| {
            let value = value.as_ref().map(|value| templar.resolve(value)).transpose();
            value.map_err(|error| TaskFailure::of_play(name, error))
        };
        let force = match setting("force_handlers", &play.force_handlers)? {
            Some(value) => boolean(&value)?,
            None => shared.options.force_handlers,
        };
        let strategy = setting("strategy", &play.strategy)?;
        let strategy = strategy.map_or_else(|| shared.options.strategy.clone(), |name| name.to_string());
        let debugs = shared.options.debugger || short_name(&strategy) == "debug";
        let strategy = self::strategy(&strategy, shared.options.forks)
            .ok_or_else(|| refuse::no_strategy(&strategy, Some(play.span.clone())))?;
        let max_fail = match setting("max_fail_percentage", &play.max_fail_percentage)? {
            Some(value) => Some(value.to_string().trim_end_matches('%').parse().map_err(|_| {
                TaskFailure::new(format!("the value '{value}' of 'max_fail_percentage' is not a number"))
            })?),
            None => None,
        };
        let mut builder = Builder::new(shared);
        let gathering = steps::gathering(play, shared)?;
        let tasks = builder.play(play, force);
        // Facts are gathered where there is anything to be done.
        let gathering = gathering.filter(|_| shared.has_started()).map(Tree::Step);
        let tree: Vec<Tree<Arc<Task>>> = gathering.into_iter().chain(tasks).collect();
        // What fails on one host may then end it for all, so that every step can see the others.
        let strategy = match strategy {
            Strategy::Pipelined if max_fail.is_some() || shared.options.any_errors_fatal => Strategy::Linear,
            strategy => strategy,
        };
        let sight = (strategy == Strategy::Pipelined).then(|| Arc::new(Sight::of(shared, context, &hosts)));
        let handlers = steps::handlers(&play.handlers);
        let mut notifications = Notifications::default();
        notifications.learn(&handlers, 0);
        let seeing = sight.clone();
        let mut scheduler = Scheduler::with_barriers(tree, handlers.concat(), hosts.len(), strategy, move |task| {
            seeing.as_ref().is_none_or(|sight| sight.sees_others(task))
        });
        let unreachable = hosts.iter().enumerate().filter(|(_, host)| shared.is_unreachable(host));
        unreachable.for_each(|(index, _)| scheduler.keep_out(index));
        Ok(Self {
            shared: Arc::clone(shared),
            context: Arc::clone(context),
            forks: Arc::new(Semaphore::new(shared.options.forks.max(1))),
            hosts,
            with_lost,
            scheduler,
            builder,
            throttles: HashMap::new(),
            notifications,
            steps: HashMap::new(),
            strategy,
            debugs,
            asks: shared.options.step,
            sight,
            begun: HashMap::new(),
            running: JoinSet::new(),
            max_fail,
            lost: HashSet::new(),
            without_include: HashSet::new(),
            forgiven: HashSet::new(),
            ends_play: false,
            ending: Ending::Done,
            stops_after: false,
        })
    }

    /// Runs the batch to its end.
    pub async fn run(mut self, interrupt: &mut watch::Receiver<bool>) -> Result<Ending, TaskFailure> {
        loop {
            while self.ending == Ending::Done {
                let ready = self.scheduler.next();
                if ready.is_empty() {
                    break;
                }
                for ready in ready {
                    let ready = match self.asks {
                        true => self.confirmed(ready, interrupt).await?,
                        false => Some(ready),
                    };
                    match ready {
                        Some(ready) if ready.hosts.is_empty() => {}
                        Some(ready) => self.start(ready)?,
                        None => return Ok(self.interrupted().await),
                    }
                }
            }
            if self.running.is_empty() {
                break;
            }
            let ended = tokio::select! {
                Some(ended) = self.running.join_next() => ended,
                _ = interrupt.wait_for(|interrupted| *interrupted) => return Ok(self.interrupted().await),
            };
            match ended {
                // The turn is over when the outcome has been told, so that the next host is told after this one.
                Ok((step, host, number, outcome, _turn)) => {
                    match self.debugged(number, host, outcome, interrupt).await? {
                        Some(outcome) => self.ended(step, host, number, outcome)?,
                        None => return Ok(self.interrupted().await),
                    }
                }
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => {}
            }
        }
        for (index, host) in self.hosts.iter().enumerate() {
            match self.scheduler.standing(index) {
                _ if self.forgiven.contains(&index) => {}
                Standing::Failed => self.shared.lose(host, false),
                Standing::Unreachable => self.shared.lose(host, true),
                _ if self.without_include.contains(&index) => self.shared.keep_out(host),
                _ => {}
            }
        }
        if self.stops_after || (self.ending == Ending::Done && self.lost.len() == self.with_lost.len()) {
            return Ok(Ending::Stop);
        }
        if self.ends_play && self.ending == Ending::Done {
            return Ok(Ending::EndPlay);
        }
        Ok(self.ending)
    }

    fn scope(&self, task: &Arc<Task>, host: HostIndex) -> HostScope {
        HostScope::new(&self.shared, Some(&self.context), Some(task), &self.hosts[host])
    }

    fn work(&self, task: &Arc<Task>, info: &Arc<TaskInfo>, host: HostIndex) -> Work {
        Work {
            shared: Arc::clone(&self.shared),
            play: Arc::clone(&self.context),
            task: Arc::clone(task),
            info: Arc::clone(info),
            host: self.hosts[host].clone(),
            vars: Map::new(),
        }
    }

    /// Starts a step on its hosts.
    fn start(&mut self, ready: Ready) -> Result<(), TaskFailure> {
        let Ready { step, hosts } = ready;
        let Some(task) = self.scheduler.payload(step).cloned() else {
            self.flush(step, &hosts);
            return Ok(());
        };
        if let Some(meta) = steps::meta_of(&task) {
            return self.meta(step, &task, &meta, &hosts);
        }
        let (known, hosts): (Vec<_>, Vec<_>) =
            hosts.into_iter().partition(|host| steps::knows_already(&task, &self.shared, &self.hosts[*host]));
        known.into_iter().for_each(|host| {
            self.scheduler.complete(step, host, Ended::Ok);
        });
        if hosts.is_empty() {
            return Ok(());
        }
        for host in &hosts {
            vars_files::take_in(&self.shared, &self.context, &self.hosts[*host])?;
        }
        let asked = self.is_run_once(&task, hosts[0])?;
        let run_once = self.is_for_all_hosts(&task, &hosts)? || asked;
        let info = match self.begun.get(&step) {
            Some(info) => Arc::clone(info),
            None => self.info(step, &task, hosts[0]),
        };
        if self.strategy != Strategy::Linear {
            self.begun.insert(step, Arc::clone(&info));
        }
        self.shared.emit(Event::TaskStart(Arc::clone(&info)));
        self.warn_about(&task);
        let hosts = self.without_undecided(step, &info, &task, hosts);
        if hosts.is_empty() {
            return Ok(());
        }
        let throttle = self.throttle(&task, hosts[0])?;
        let working = if run_once { &hosts[..1] } else { &hosts[..] };
        let number = self.shared.next_number();
        let queue = self.queue(&task);
        for host in working.iter().copied() {
            self.shared.tell_reserved_names(&self.hosts[host]);
            let work = self.work(&task, &info, host);
            let turn = self.turn(throttle.as_ref(), queue.as_ref());
            self.running.spawn(async move {
                let turn = turn.await;
                work.shared.emit(Event::HostStart { task: Arc::clone(&work.info), host: work.host.clone() });
                let outcome = work.run_guarded().await;
                (step, host, number, outcome, turn)
            });
        }
        let run = StepRun {
            waiting: working.len(),
            info,
            task,
            hosts,
            run_once,
            shares: asked,
            includes: Vec::new(),
            failed: Vec::new(),
        };
        self.steps.insert(number, run);
        Ok(())
    }

    /// The end of a section: the handlers that were notified run.
    fn flush(&mut self, step: StepId, hosts: &[HostIndex]) {
        hosts.iter().for_each(|host| self.notify_kept(*host));
        self.scheduler.flush(step, hosts);
        hosts.iter().for_each(|host| {
            self.scheduler.complete(step, *host, Ended::Ok);
        });
    }

    /// Ends what runs: the user has ended the run.
    async fn interrupted(&mut self) -> Ending {
        // What blocks its thread does not hear of it; the program ends without it.
        let _ = tokio::time::timeout(PATIENCE, self.running.shutdown()).await;
        Ending::Interrupted
    }

    /// Tells how a task ended on a host.
    fn show(&self, host: HostIndex, outcome: &Outcome) {
        if let Some(error) = &outcome.error {
            self.shared.emit(Event::Error(Arc::clone(error)));
        }
        // Of a loop of includes that failed in part it is told that the failure is ignored.
        if outcome.includes.is_empty() || outcome.ignored {
            self.shared.emit(Event::Result(TaskResult {
                task: Arc::clone(&outcome.info),
                host: self.hosts[host].clone(),
                delegated: outcome.delegated.clone(),
                status: outcome.status,
                ignored: outcome.ignored,
                result: Shown::of(shown(outcome), outcome.no_log),
                label: None,
                looped: outcome.looped,
                verbose: outcome.verbose,
                not_run: outcome.not_run,
            }));
        }
    }

    /// A host ended its work at a step.
    fn ended(&mut self, step: StepId, host: HostIndex, number: u64, outcome: Outcome) -> Result<(), TaskFailure> {
        let Some(run) = self.steps.get(&number) else { return Ok(()) };
        let task = Arc::clone(&run.task);
        let told = if run.run_once { run.hosts.clone() } else { vec![host] };
        let sharing = if run.shares { &told[..] } else { std::slice::from_ref(&host) };
        self.note(&task, host, sharing, &outcome);
        let name = self.hosts[host].clone();
        let is_include = !outcome.includes.is_empty();
        if outcome.status == Status::Undecided {
            self.notify_perhaps(step, &task, host);
        }
        // As in Ansible, what changes the inventory notifies nobody.
        if outcome.status == Status::Changed && !matches!(short_name(&task.action), "add_host" | "group_by") {
            self.notify(step, &task, host, &outcome.notified)?;
        }
        if !outcome.shown {
            self.show(host, &outcome);
        }
        task.reserved.register.iter().for_each(|warning| self.shared.emit(warning.clone().into()));
        if let Some(role) = &task.role
            && !matches!(outcome.status, Status::Skipped | Status::Undecided | Status::Unreachable)
        {
            let role = self.builder.number_of(role);
            self.scheduler.ran(host, role);
        }
        let changed = outcome.result.get("changed").is_some_and(Value::is_true);
        let ended = match outcome.status {
            Status::Unreachable if !outcome.ignored => Ended::Unreachable,
            Status::Failed if !outcome.ignored => Ended::Failed,
            _ => Ended::Ok,
        };
        if ended == Ended::Ok && (!is_include || outcome.ignored) {
            self.shared.count(&name, |counts| match outcome.status {
                Status::Skipped | Status::Undecided => counts.skipped += 1,
                _ => {
                    counts.ok += 1;
                    counts.changed += u32::from(changed && outcome.status != Status::Unreachable);
                    counts.ignored += u32::from(outcome.ignored);
                }
            });
        }
        let Some(run) = self.steps.get_mut(&number) else { return Ok(()) };
        run.waiting -= 1;
        if ended != Ended::Ok {
            run.failed.extend(&told);
        }
        if is_include {
            let failure = (ended != Ended::Ok).then_some(outcome.result);
            run.includes.push(Included { host, includes: outcome.includes, failure });
        } else if ended == Ended::Ok {
            for host in &told {
                self.scheduler.complete(step, *host, Ended::Ok);
            }
        } else {
            for told in &told {
                self.fail(step, *told, ended, *told == host, &task, &outcome.result);
                if *told != host && self.scheduler.standing(*told) == Standing::Running {
                    // As in Ansible: the hosts that did not run it fail a second time, wherever that leads.
                    self.scheduler.fail(*told);
                    self.lost.insert(*told);
                    self.leave_lists(&self.hosts[*told]);
                }
            }
        }
        let run = &self.steps[&number];
        if run.waiting == 0
            && let Some(run) = self.steps.remove(&number)
        {
            self.finish(step, run)?;
        }
        Ok(())
    }

    /// All hosts of a step have ended it.
    fn finish(&mut self, step: StepId, run: StepRun) -> Result<(), TaskFailure> {
        if !run.includes.is_empty() {
            self.include(step, &run)?;
        }
        if !run.failed.is_empty() {
            self.judge(step, &run);
        }
        Ok(())
    }
}

/// What is shown of a result: all but what only programs read.
fn shown(outcome: &Outcome) -> Map {
    let mut result = outcome.result.clone();
    if outcome.status != Status::Failed || !outcome.looped {
        result.remove("failed");
    }
    result
}
