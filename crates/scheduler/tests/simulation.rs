//! Many hosts, random plays, random failures and includes, every strategy. What must hold, whatever happens:
//!
//! 1. A host goes forward only: the positions of its steps grow.
//! 2. No host does a step twice, and none is lost: when nothing is left to start, every host has come to an end.
//! 3. A host that finished has run every handler that it notified before its last flush.
//! 4. Under `linear` the steps come in the order of the play: none begins after a later one.
//! 5. Under `pipelined` a step that can see other hosts begins when all running hosts have come to it or beyond, and none
//!    goes beyond it before all have ended it.
//! 6. A host does no task of a role that it has run to its end, unless the role is used again.
//! 7. Under `host_pinned` no more hosts are on their way than there are slots.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use ksplay_scheduler::{Ended, HostIndex, Ready, Scheduler, Standing, StepId, Strategy, Tree};

/// The slots of `host_pinned`.
const SLOTS: usize = 5;

const STRATEGIES: [Strategy; 4] = [Strategy::Linear, Strategy::Free, Strategy::HostPinned(SLOTS), Strategy::Pipelined];

/// A small generator of numbers that look random; the same seed gives the same play.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Task(u32),
    /// A task of this role, in a use that does not say `again`.
    OfRole(usize),
    /// A task of this role that every use ends with.
    LastOfRole(usize),
    Include(u32),
    Handler(u32),
}

/// One in eight steps can see other hosts.
fn sees_others(step: &Step) -> bool {
    matches!(step, Step::Task(number) if number % 8 == 0)
}

/// Blocks, includes and flushes, at most three deep.
fn play(dice: &mut Dice, steps: u32, depth: u32, next: &mut u32) -> Vec<Tree<Step>> {
    let mut tree = Vec::new();
    let mut left = steps;
    while left > 0 {
        let number = *next;
        *next += 1;
        match dice.roll(10) {
            0 if depth < 3 => {
                let size = left.min(6);
                left -= size - 1;
                let mut part = |count| play(dice, count, depth + 1, next);
                tree.push(Tree::Block { main: part(size), rescue: part(1), always: part(1) });
            }
            1 => tree.push(Tree::Step(Step::Include(number))),
            3 if depth == 0 => {
                let (role, again) = (dice.roll(4) as usize, dice.roll(4) == 0);
                let task = if again { Step::Task(number) } else { Step::OfRole(role) };
                let main = vec![Tree::Step(task), Tree::Step(Step::LastOfRole(role))];
                tree.push(Tree::Role { role, again, main });
            }
            2 if depth == 0 => tree.push(Tree::Flush(None)),
            _ => tree.push(Tree::Step(Step::Task(number))),
        }
        left -= 1;
    }
    tree
}

/// A play on its way, and what was seen of it.
struct Simulation {
    dice: Dice,
    strategy: Strategy,
    scheduler: Scheduler<Step>,
    /// What hosts have begun and not ended, in the order of the beginning.
    under_way: VecDeque<(StepId, HostIndex)>,
    last: Vec<Option<StepId>>,
    done: Vec<HashSet<StepId>>,
    owed: Vec<HashSet<usize>>,
    /// The roles that each host has run.
    run: Vec<HashSet<usize>>,
    begun: HashSet<HostIndex>,
    front: Option<StepId>,
    /// How many times a host began a step.
    count: u64,
}

impl Simulation {
    fn new(seed: u64, hosts: usize, steps: u32, strategy: Strategy) -> Self {
        let mut dice = Dice(seed);
        let mut tree = play(&mut dice, steps, 0, &mut 0);
        tree.push(Tree::Flush(None));
        let handlers: Vec<Step> = (0..5).map(Step::Handler).collect();
        Self {
            scheduler: Scheduler::with_barriers(tree, handlers, hosts, strategy, sees_others),
            dice,
            strategy,
            under_way: VecDeque::new(),
            last: vec![None; hosts],
            done: vec![HashSet::new(); hosts],
            owed: vec![HashSet::new(); hosts],
            run: vec![HashSet::new(); hosts],
            begun: HashSet::new(),
            front: None,
            count: 0,
        }
    }

    /// To the end: as the engine does it, each end of a step is followed by a look at what can begin.
    fn run(mut self) -> u64 {
        loop {
            loop {
                let ready = self.scheduler.next();
                if ready.is_empty() {
                    break;
                }
                ready.into_iter().for_each(|ready| self.begin(ready));
            }
            // Hosts end in another order than that in which they began.
            let chosen = self.dice.roll(self.under_way.len().clamp(1, 64) as u64) as usize;
            match self.under_way.swap_remove_front(chosen) {
                Some((step, host)) => self.end(step, host),
                None => break,
            }
        }
        assert!(self.scheduler.is_finished(), "nothing is left to start, so every host has ended");
        for (host, owed) in self.owed.iter().enumerate() {
            if self.scheduler.standing(host) == Standing::Finished {
                assert!(owed.is_empty(), "host {host} finished and owes handlers {owed:?}");
            }
        }
        self.count
    }

    fn begin(&mut self, Ready { step, hosts }: Ready) {
        let position = self.scheduler.position(step);
        let Some(what) = self.scheduler.payload(step).copied() else {
            self.scheduler.flush(step, &hosts);
            for host in hosts {
                self.scheduler.complete(step, host, Ended::Ok);
            }
            return;
        };
        match self.strategy {
            Strategy::Linear => {
                assert!(self.under_way.is_empty(), "linear begins a step when all have ended the last");
                let before = self.front.replace(step);
                let in_order = before.is_none_or(|before| self.scheduler.position(before) < position);
                assert!(in_order, "no step begins after a later one");
            }
            // What each of 10,000 hosts is at need not be looked at for each of them.
            Strategy::Pipelined if self.done.len() > 1_000 => {}
            Strategy::Pipelined => {
                let behind = || self.under_way.iter().filter(|(other, _)| self.scheduler.position(*other) < position);
                let barrier = behind().find(|(other, _)| self.scheduler.payload(*other).is_some_and(sees_others));
                assert_eq!(barrier, None, "none goes beyond a step that sees others before all have ended it");
                assert!(!sees_others(&what) || behind().next().is_none(), "all have come to {what:?}");
            }
            Strategy::Free | Strategy::HostPinned(_) => {}
        }
        if let Step::Include(number) = what {
            let (even, odd): (Vec<_>, Vec<_>) = hosts.iter().partition(|host| **host % 2 == 0);
            for (half, hosts) in [even, odd].iter().enumerate().filter(|(_, hosts)| !hosts.is_empty()) {
                let inner = (0..3).map(|step| Tree::Step(Step::Task(1_000_000 + number * 10 + half as u32 * 5 + step)));
                self.scheduler.graft(step, hosts, inner.collect());
            }
        }
        for host in hosts {
            let last = self.last[host].replace(step);
            assert!(
                last.is_none_or(|last| self.scheduler.position(last) < self.scheduler.position(step)),
                "host {host} goes forward"
            );
            assert_eq!(self.scheduler.standing(host), Standing::Running, "an ended host gets no work");
            assert!(self.done[host].insert(step), "host {host} does {what:?} once");
            if let Step::OfRole(role) = what {
                assert!(!self.run[host].contains(&role), "host {host} has run role {role}");
            }
            if let Step::Handler(number) = what {
                self.owed[host].remove(&(number as usize));
            }
            self.begun.insert(host);
            self.under_way.push_back((step, host));
            self.count += 1;
        }
        if let Strategy::HostPinned(slots) = self.strategy {
            let begun = &mut self.begun;
            begun.retain(|host| self.scheduler.standing(*host) == Standing::Running);
            assert!(begun.len() <= slots, "{} hosts are on their way", begun.len());
        }
    }

    fn end(&mut self, step: StepId, host: HostIndex) {
        let what = *self.scheduler.payload(step).expect("a step has a payload");
        let ended = match self.dice.roll(100) {
            0 => Ended::Failed,
            1 if host.is_multiple_of(7) => Ended::Unreachable,
            _ => Ended::Ok,
        };
        if ended == Ended::Ok && matches!(what, Step::Task(_)) && self.dice.roll(4) == 0 {
            let handler = self.dice.roll(5) as usize;
            self.scheduler.notify(host, handler);
            self.owed[host].insert(handler);
        }
        if let Step::LastOfRole(role) = what
            && ended == Ended::Ok
        {
            self.scheduler.ran(host, role);
            self.run[host].insert(role);
        }
        self.scheduler.complete(step, host, ended);
    }
}

#[test]
fn hosts_go_forward_and_none_is_lost_under_every_strategy() {
    for strategy in STRATEGIES {
        for seed in 0..20 {
            Simulation::new(seed, 40, 120, strategy).run();
        }
    }
}

#[test]
fn many_hosts_are_no_different() {
    for strategy in [Strategy::Linear, Strategy::HostPinned(SLOTS)] {
        Simulation::new(7, 600, 60, strategy).run();
    }
}

/// 10,000 hosts, 200 steps. The figure counts what the simulation itself does too. Run it in release:
/// `cargo test --release -p ksplay-scheduler --test simulation -- --ignored --nocapture`.
#[test]
#[ignore = "takes long without optimization; its point is the figure"]
fn ten_thousand_hosts_and_two_hundred_steps() {
    for strategy in STRATEGIES {
        let begin = Instant::now();
        let count = Simulation::new(7, 10_000, 200, strategy).run();
        let each = begin.elapsed().as_secs_f64() * 1e6 / count as f64;
        println!("{strategy:?}: {count} steps of hosts, {each:.2} µs each");
        assert!(each < 20.0, "a step costs {each:.2} µs");
    }
}
