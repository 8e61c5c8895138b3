//! Many hosts, random plays, random failures and includes, every strategy. What must hold, whatever happens:
//!
//! 1. A host goes forward only: the positions of its steps grow.
//! 2. No host does a step twice, and none is lost: when nothing is left to start, every host has come to an end.
//! 3. A host that finished has run every handler that it notified before its last flush.
//! 4. Under `linear` the steps come in the order of the play: none begins after a later one.

use std::collections::HashSet;

use ksplay_scheduler::{Ended, Scheduler, Standing, Strategy, Tree};

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
    Include(u32),
    Handler(u32),
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
            2 if depth == 0 => tree.push(Tree::Flush(None)),
            _ => tree.push(Tree::Step(Step::Task(number))),
        }
        left -= 1;
    }
    tree
}

fn simulate(seed: u64, hosts: usize, steps: u32, strategy: Strategy) {
    let mut dice = Dice(seed);
    let mut next = 0;
    let mut tree = play(&mut dice, steps, 0, &mut next);
    tree.push(Tree::Flush(None));
    let handlers: Vec<Step> = (0..5).map(Step::Handler).collect();
    let mut scheduler = Scheduler::new(tree, handlers, hosts, strategy);
    let mut last = vec![-1_i64; hosts];
    let mut done: Vec<HashSet<(Step, u32)>> = vec![HashSet::new(); hosts];
    let mut owed: Vec<HashSet<usize>> = vec![HashSet::new(); hosts];
    let mut front = 0;
    loop {
        let ready = scheduler.next();
        if ready.is_empty() {
            break;
        }
        if strategy == Strategy::Linear {
            assert_eq!(ready.len(), 1, "linear starts one step at a time");
            assert!(scheduler.position(ready[0].step) > front, "no step begins after a later one");
            front = scheduler.position(ready[0].step);
        }
        for group in ready {
            let step = *scheduler.payload(group.step).expect("a step has a payload");
            if let Step::Include(number) = step {
                let (even, odd): (Vec<_>, Vec<_>) = group.hosts.iter().partition(|host| **host % 2 == 0);
                for (half, hosts) in [even, odd].iter().enumerate().filter(|(_, hosts)| !hosts.is_empty()) {
                    let inner =
                        (0..3).map(|step| Tree::Step(Step::Task(1_000_000 + number * 10 + half as u32 * 5 + step)));
                    scheduler.graft(group.step, hosts, inner.collect());
                }
            }
            for host in group.hosts {
                let position = i64::from(scheduler.position(group.step));
                assert!(position > last[host], "host {host} goes forward");
                assert_eq!(scheduler.standing(host), Standing::Running, "an ended host gets no work");
                last[host] = position;
                let fresh = done[host].insert((step, group.step.index() as u32));
                assert!(fresh, "host {host} does {step:?} once");
                if let Step::Handler(number) = step {
                    owed[host].remove(&(number as usize));
                }
                let ended = match dice.roll(100) {
                    0 => Ended::Failed,
                    1 if host % 7 == 0 => Ended::Unreachable,
                    _ => Ended::Ok,
                };
                if ended == Ended::Ok && matches!(step, Step::Task(_)) && dice.roll(4) == 0 {
                    let handler = dice.roll(5) as usize;
                    scheduler.notify(host, handler);
                    owed[host].insert(handler);
                }
                scheduler.complete(group.step, host, ended);
            }
        }
    }
    assert!(scheduler.is_finished(), "nothing is left to start, so every host has ended");
    for (host, owed) in owed.iter().enumerate() {
        if scheduler.standing(host) == Standing::Finished {
            assert!(owed.is_empty(), "host {host} finished and owes handlers {owed:?}");
        }
    }
}

#[test]
fn hosts_go_forward_and_none_is_lost_under_linear() {
    for seed in 0..20 {
        simulate(seed, 60, 200, Strategy::Linear);
    }
}

#[test]
fn hosts_go_forward_and_none_is_lost_under_free() {
    for seed in 0..20 {
        simulate(seed, 60, 200, Strategy::Free);
    }
}

#[test]
fn many_hosts_are_no_different() {
    simulate(7, 3_000, 200, Strategy::Linear);
}
