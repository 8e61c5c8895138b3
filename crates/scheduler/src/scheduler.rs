//! Where hosts stand, and where they go from there.

mod ready;

use std::collections::{BTreeSet, HashMap};

use petgraph::stable_graph::NodeIndex;

use crate::graph::{Graph, Node, StepId, Tree};
use crate::strategy::Strategy;

/// The number of a host within the batch.
pub type HostIndex = usize;

/// A step that these hosts may begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The step.
    pub step: StepId,
    /// The hosts, in the order of the batch.
    pub hosts: Vec<HostIndex>,
}

/// How a step ended on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Ok, changed, skipped, or a failure that is ignored.
    Ok,
    /// It failed.
    Failed,
    /// The host could not be reached: it leaves the play, nothing rescues that.
    Unreachable,
    /// The host leaves the play without having failed (`meta: end_host`, `end_play`).
    Left,
}

/// What a failure means for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// It goes on (there was no failure).
    GoesOn,
    /// A rescue is ahead.
    Rescued,
    /// The host has failed; what is ahead of it is at most an always.
    Failed,
}

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is on its way.
    Running,
    /// It reached the end.
    Finished,
    /// It failed.
    Failed,
    /// It could not be reached.
    Unreachable,
    /// It left on request.
    Left,
}

#[derive(Debug)]
struct Host {
    at: NodeIndex,
    busy: bool,
    /// The ends of blocks at which a failure goes on.
    owing: Vec<NodeIndex>,
    notified: BTreeSet<usize>,
    /// The roles of which it has ended a task.
    begun_roles: BTreeSet<usize>,
    /// Those of them whose end it has come to.
    run_roles: BTreeSet<usize>,
    standing: Standing,
    failing: bool,
}

/// The state of one batch of hosts in one play.
pub struct Scheduler<P> {
    graph: Graph<P>,
    handlers: Vec<P>,
    hosts: Vec<Host>,
    strategy: Strategy,
    busy: usize,
    /// How many running hosts stand at each node.
    crowd: Vec<u32>,
    /// Hosts that are on their way and may be ready to begin the step that they are at.
    idle: BTreeSet<HostIndex>,
    /// Hosts that wait for a slot.
    waiting: BTreeSet<HostIndex>,
    /// Hosts that wait for all others to come to a step, by where they stand.
    held: HashMap<NodeIndex, BTreeSet<HostIndex>>,
    /// Where the hindmost running host stands. It only moves forward, but for hosts that come back.
    front: NodeIndex,
    /// Hosts that could not be reached and are to go on when all others have ended.
    late: Vec<HostIndex>,
    /// The hosts that have a slot.
    pinned: BTreeSet<HostIndex>,
    /// The step that can see other hosts which is next from the front on, while it is known.
    barrier: Option<NodeIndex>,
    /// The last of those that all hosts have come to.
    opened: Option<NodeIndex>,
    sees_others: Box<dyn Fn(&P) -> bool + Send>,
}

impl<P: Clone> Scheduler<P> {
    /// A batch of this many hosts at the beginning of a play with these handlers.
    pub fn new(play: Vec<Tree<P>>, handlers: Vec<P>, hosts: usize, strategy: Strategy) -> Self {
        Self::with_barriers(play, handlers, hosts, strategy, |_| true)
    }

    /// The same; `sees_others` says of a step whether it can see another host, for [`Strategy::Pipelined`].
    pub fn with_barriers(
        play: Vec<Tree<P>>,
        handlers: Vec<P>,
        hosts: usize,
        strategy: Strategy,
        sees_others: impl Fn(&P) -> bool + Send + 'static,
    ) -> Self {
        let graph = Graph::new(play);
        let at = graph.start();
        let host = || Host {
            at,
            busy: false,
            owing: Vec::new(),
            notified: BTreeSet::new(),
            begun_roles: BTreeSet::new(),
            run_roles: BTreeSet::new(),
            standing: Standing::Running,
            failing: false,
        };
        let hosts: Vec<Host> = (0..hosts).map(|_| host()).collect();
        let mut this = Self {
            crowd: Vec::new(),
            idle: BTreeSet::new(),
            waiting: BTreeSet::new(),
            held: HashMap::new(),
            front: at,
            late: Vec::new(),
            pinned: BTreeSet::new(),
            barrier: None,
            opened: None,
            sees_others: Box::new(sees_others),
            graph,
            handlers,
            hosts,
            strategy,
            busy: 0,
        };
        for host in 0..this.hosts.len() {
            this.settle(host);
        }
        this
    }

    /// What the caller gave for this step.
    pub fn payload(&self, step: StepId) -> Option<&P> {
        self.graph.payload(step)
    }

    /// The place of a step in the order of the play.
    pub fn position(&self, step: StepId) -> u64 {
        self.graph.position(step)
    }

    /// The number of the handler that the step is, when it is one in a flush.
    pub fn handler(&self, step: StepId) -> Option<usize> {
        match self.graph.node(step) {
            Node::Handler(_, number) => Some(*number),
            _ => None,
        }
    }

    /// Where a host stands.
    pub fn standing(&self, host: HostIndex) -> Standing {
        self.hosts[host].standing
    }

    /// Whether the host has failed, even if an always part is still ahead of it.
    pub fn is_failing(&self, host: HostIndex) -> bool {
        self.hosts[host].failing || self.hosts[host].standing == Standing::Failed
    }

    /// Whether no host is on its way any more.
    pub fn is_finished(&self) -> bool {
        self.hosts.iter().all(|host| host.standing != Standing::Running)
    }

    /// The handlers, in the order in which they run; their numbers are those of [`Scheduler::notify`].
    pub fn handlers(&self) -> &[P] {
        &self.handlers
    }

    /// Adds a handler that a dynamic include brought; the answer is its number.
    pub fn add_handler(&mut self, handler: P) -> usize {
        self.handlers.push(handler);
        self.handlers.len() - 1
    }

    /// Notifies a handler for a host; once per flush however often it is said. The answer is whether it is the first time.
    pub fn notify(&mut self, host: HostIndex, handler: usize) -> bool {
        self.hosts[host].notified.insert(handler)
    }

    /// What can be started now. Every host named here must be completed once. A step without a payload is a flush at the
    /// end of a section.
    #[expect(clippy::should_implement_trait, reason = "an iterator ends; this may have more after `complete`")]
    pub fn next(&mut self) -> Vec<Ready> {
        if !self.late.is_empty() && self.is_finished() {
            self.bring_back();
        }
        self.find_front();
        let ready = match self.strategy {
            Strategy::Linear => self.at_front().into_iter().collect(),
            Strategy::Free => self.single(usize::MAX),
            Strategy::HostPinned(slots) => self.single(slots.max(1)),
            Strategy::Pipelined => self.up_to_the_barrier(),
        };
        for host in ready.iter().flat_map(|ready: &Ready| &ready.hosts) {
            self.hosts[*host].busy = true;
            self.busy += 1;
            self.idle.remove(host);
            if let Node::Handler(_, number) = self.graph.node(self.hosts[*host].at) {
                self.hosts[*host].notified.remove(number);
            }
        }
        ready
    }

    /// Lets the late hosts go on behind the steps at which they were lost.
    fn bring_back(&mut self) {
        self.front = self.graph.start();
        (self.barrier, self.opened) = (None, None);
        for host in std::mem::take(&mut self.late) {
            let state = &mut self.hosts[host];
            state.standing = Standing::Running;
            state.at = self.graph.after(state.at);
            self.settle(host);
        }
    }

    /// Adds what a dynamic include found behind its step, for these hosts. To be called before they complete the step;
    /// several calls for one step run in the order of the calls.
    pub fn graft(&mut self, step: StepId, hosts: &[HostIndex], tree: Vec<Tree<P>>) {
        let added = self.graph.graft(step, hosts, tree);
        self.note_barriers(&added);
    }

    /// Lets the handlers that these hosts notified run behind a step. To be called for every flush, before the hosts
    /// complete it.
    pub fn flush(&mut self, step: StepId, hosts: &[HostIndex]) {
        if hosts.iter().any(|host| !self.hosts[*host].notified.is_empty()) {
            let added = self.graph.graft_handlers(step, hosts, &self.handlers);
            self.note_barriers(&added);
        }
    }

    /// A host is about to complete a task of this role which was carried out there, well or not: at the end of the role it
    /// has run it.
    pub fn ran(&mut self, host: HostIndex, role: usize) {
        self.hosts[host].begun_roles.insert(role);
    }

    /// A host ended a step that [`Scheduler::next`] gave it.
    pub fn complete(&mut self, step: StepId, host: HostIndex, ended: Ended) -> Consequence {
        if self.hosts[host].standing != Standing::Running {
            // It was taken out of the play while it was at work.
            return Consequence::GoesOn;
        }
        debug_assert_eq!(self.hosts[host].at, step, "a host completes the step it is at");
        match ended {
            Ended::Ok => {
                self.advance(host);
                Consequence::GoesOn
            }
            Ended::Failed => self.fail(host),
            Ended::Unreachable => {
                self.leave(host, Standing::Unreachable);
                Consequence::Failed
            }
            Ended::Left => {
                self.leave(host, Standing::Left);
                Consequence::GoesOn
            }
        }
    }

    /// A host ended a step and leaves out those behind it that are one thing with it, up to the first that is not
    /// (`meta: end_role`).
    pub fn skip(&mut self, step: StepId, host: HostIndex, is_part: impl Fn(&P) -> bool) {
        self.complete(step, host, Ended::Ok);
        while self.hosts[host].standing == Standing::Running
            && self.graph.payload(self.hosts[host].at).is_some_and(&is_part)
        {
            self.advance(host);
        }
    }

    /// Fails a host where it stands, such as all others of an `any_errors_fatal` task.
    pub fn fail(&mut self, host: HostIndex) -> Consequence {
        self.fail_as_of(self.hosts[host].at, host)
    }

    /// Fails a host as if it had failed at this step, which it has just ended, and has begun none since.
    pub fn fail_as_of(&mut self, step: StepId, host: HostIndex) -> Consequence {
        let (target, owing, rescued) = self.graph.on_failure(step);
        self.lift(host);
        let state = &mut self.hosts[host];
        state.at = target;
        state.owing.extend(owing);
        state.failing = !rescued;
        self.settle(host);
        if rescued { Consequence::Rescued } else { Consequence::Failed }
    }

    /// A host leaves the play where it stands.
    pub fn leave(&mut self, host: HostIndex, standing: Standing) {
        if self.hosts[host].standing == Standing::Running {
            self.lift(host);
            self.unpin(host);
        }
        self.hosts[host].standing = standing;
    }

    /// A host that could not be reached before the play began takes no part in it, unless it is forgiven.
    pub fn keep_out(&mut self, host: HostIndex) {
        self.leave(host, Standing::Unreachable);
        self.hosts[host].at = self.graph.start();
    }

    /// A failed host is forgiven (`meta: clear_host_errors`). One that could not be reached goes on when all others have
    /// come to their ends.
    pub fn forgive(&mut self, host: HostIndex) {
        if self.hosts[host].standing == Standing::Unreachable && !self.late.contains(&host) {
            self.late.push(host);
        }
        self.hosts[host].failing = false;
        self.hosts[host].owing.clear();
    }

    fn advance(&mut self, host: HostIndex) {
        self.lift(host);
        self.hosts[host].at = self.graph.after(self.hosts[host].at);
        self.settle(host);
    }

    /// Takes a host from where it stands; it is at work no more.
    fn lift(&mut self, host: HostIndex) {
        if std::mem::take(&mut self.hosts[host].busy) {
            self.busy -= 1;
        }
        self.idle.remove(&host);
        self.waiting.remove(&host);
        if let Some(held) = self.held.get_mut(&self.hosts[host].at) {
            held.remove(&host);
        }
        self.crowd[self.hosts[host].at.index()] -= 1;
    }

    /// Puts a host down where there is work for it, or ends its way.
    fn settle(&mut self, host: HostIndex) {
        self.pass(host);
        let Host { at, standing, .. } = self.hosts[host];
        if standing != Standing::Running {
            self.unpin(host);
            return;
        }
        if self.crowd.len() <= at.index() {
            self.crowd.resize(at.index() + 1, 0);
        }
        self.crowd[at.index()] += 1;
        self.idle.insert(host);
    }

    /// Moves a host over whatever holds no work for it.
    fn pass(&mut self, host: HostIndex) {
        loop {
            let state = &mut self.hosts[host];
            let at = state.at;
            state.at = match self.graph.node(at) {
                Node::Marker => self.graph.after(at),
                Node::Fork(fork) => self.graph.way(*fork, host, 0),
                Node::GraftEnd(fork, number) => self.graph.way(*fork, host, number + 1),
                Node::BlockEnd => match state.owing.iter().position(|owed| *owed == at) {
                    Some(found) => {
                        state.owing.remove(found);
                        let (target, owing, rescued) = self.graph.on_failure(at);
                        state.owing.extend(owing);
                        state.failing = !rescued;
                        target
                    }
                    None => self.graph.after(at),
                },
                Node::Role { role, again, end } if !again && state.run_roles.contains(role) => *end,
                Node::RoleEnd(role) => {
                    if state.begun_roles.contains(role) {
                        state.run_roles.insert(*role);
                    }
                    self.graph.after(at)
                }
                Node::Role { .. } => self.graph.after(at),
                Node::Handler(_, number) if !state.notified.contains(number) => self.graph.after(at),
                Node::End => {
                    state.standing = if state.failing { Standing::Failed } else { Standing::Finished };
                    return;
                }
                Node::Step(_) | Node::Handler(..) | Node::Flush(_) => return,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(scheduler: &mut Scheduler<&'static str>, fails: impl Fn(&str, usize) -> bool) -> Vec<String> {
        let mut log = Vec::new();
        loop {
            let ready = scheduler.next();
            if ready.is_empty() {
                return log;
            }
            for Ready { step, hosts } in ready {
                for host in hosts {
                    let name = *scheduler.payload(step).expect("a step has a payload");
                    log.push(format!("{name}{host}"));
                    let ended = if fails(name, host) { Ended::Failed } else { Ended::Ok };
                    scheduler.complete(step, host, ended);
                }
            }
        }
    }

    fn block(main: &[&'static str], rescue: &[&'static str], always: &[&'static str]) -> Tree<&'static str> {
        let steps = |names: &[&'static str]| names.iter().map(|name| Tree::Step(*name)).collect();
        Tree::Block { main: steps(main), rescue: steps(rescue), always: steps(always) }
    }

    #[test]
    fn a_failed_host_goes_through_rescue_and_always_and_on() {
        let play = vec![block(&["a", "b"], &["r"], &["z"]), Tree::Step("next")];
        let mut scheduler = Scheduler::new(play, vec![], 2, Strategy::Linear);
        let log = run(&mut scheduler, |name, host| name == "a" && host == 1);
        assert_eq!(log, ["a0", "a1", "b0", "r1", "z0", "z1", "next0", "next1"]);
        assert_eq!(scheduler.standing(1), Standing::Finished);
    }

    #[test]
    fn a_failure_in_rescue_runs_always_and_ends_the_host() {
        let play = vec![block(&["a"], &["r"], &["z"]), Tree::Step("next")];
        let mut scheduler = Scheduler::new(play, vec![], 1, Strategy::Linear);
        let log = run(&mut scheduler, |name, _| name == "a" || name == "r");
        assert_eq!(log, ["a0", "r0", "z0"]);
        assert_eq!(scheduler.standing(0), Standing::Failed);
    }

    #[test]
    fn an_inner_always_runs_before_an_outer_rescue() {
        let inner = block(&["a"], &[], &["z"]);
        let play = vec![Tree::Block { main: vec![inner], rescue: vec![Tree::Step("r")], always: vec![] }];
        let mut scheduler = Scheduler::new(play, vec![], 1, Strategy::Linear);
        assert_eq!(run(&mut scheduler, |name, _| name == "a"), ["a0", "z0", "r0"]);
        assert_eq!(scheduler.standing(0), Standing::Finished);
    }

    #[test]
    fn a_failure_with_a_rescue_ahead_counts_as_rescued() {
        let inner = block(&["a"], &[], &["z"]);
        let play = vec![Tree::Block { main: vec![inner], rescue: vec![Tree::Step("r")], always: vec![] }];
        let mut scheduler = Scheduler::new(play, vec![], 1, Strategy::Linear);
        let step = scheduler.next()[0].step;
        assert_eq!(scheduler.complete(step, 0, Ended::Failed), Consequence::Rescued);
    }

    #[test]
    fn an_included_file_runs_in_lockstep_for_its_hosts_only() {
        let mut scheduler = Scheduler::new(vec![Tree::Step("inc"), Tree::Step("next")], vec![], 3, Strategy::Linear);
        let Ready { step, hosts } = scheduler.next().remove(0);
        scheduler.graft(step, &[0, 2], vec![Tree::Step("x"), Tree::Step("y")]);
        scheduler.graft(step, &[1], vec![Tree::Step("z")]);
        for host in hosts {
            scheduler.complete(step, host, Ended::Ok);
        }
        let log = run(&mut scheduler, |_, _| false);
        assert_eq!(log, ["x0", "x2", "y0", "y2", "z1", "next0", "next1", "next2"]);
    }

    #[test]
    fn a_failing_include_in_a_block_is_rescued() {
        let mut scheduler = Scheduler::new(vec![block(&["inc"], &["r"], &[])], vec![], 1, Strategy::Linear);
        let step = scheduler.next()[0].step;
        scheduler.graft(step, &[0], vec![Tree::Step("x"), Tree::Step("y")]);
        scheduler.complete(step, 0, Ended::Ok);
        assert_eq!(run(&mut scheduler, |name, _| name == "x"), ["x0", "r0"]);
    }

    #[test]
    fn handlers_run_once_in_their_order_and_an_earlier_one_waits_for_the_next_flush() {
        let play = vec![Tree::Step("a"), Tree::Flush(None), Tree::Step("b"), Tree::Flush(None)];
        let mut scheduler = Scheduler::new(play, vec!["h0", "h1", "h2"], 2, Strategy::Linear);
        let mut log = Vec::new();
        loop {
            let ready = scheduler.next();
            let Some(Ready { step, hosts }) = ready.into_iter().next() else { break };
            if scheduler.payload(step).is_none() {
                scheduler.flush(step, &hosts);
            }
            for host in hosts {
                let Some(name) = scheduler.payload(step).copied() else {
                    scheduler.complete(step, host, Ended::Ok);
                    continue;
                };
                log.push(format!("{name}{host}"));
                if name == "a" {
                    scheduler.notify(host, 1);
                    scheduler.notify(host, 1);
                }
                if name == "h1" && host == 0 {
                    scheduler.notify(host, 0);
                    scheduler.notify(host, 2);
                }
                scheduler.complete(step, host, Ended::Ok);
            }
        }
        assert_eq!(log, ["a0", "a1", "h10", "h11", "h20", "b0", "b1", "h00"]);
    }

    #[test]
    fn a_role_is_passed_by_hosts_that_have_ended_one_of_its_tasks() {
        let role = |again| Tree::Role { role: 0, again, main: vec![Tree::Step("r"), Tree::Step("s")] };
        let play = vec![role(false), role(false), role(true), Tree::Step("next")];
        let mut scheduler = Scheduler::new(play, vec![], 2, Strategy::Linear);
        let mut log = Vec::new();
        loop {
            let ready = scheduler.next();
            let Some(Ready { step, hosts }) = ready.into_iter().next() else { break };
            for host in hosts {
                let name = *scheduler.payload(step).expect("a step has a payload");
                log.push(format!("{name}{host}"));
                if host == 1 && name == "s" {
                    scheduler.ran(host, 0);
                }
                scheduler.complete(step, host, Ended::Ok);
            }
        }
        assert_eq!(log, ["r0", "r1", "s0", "s1", "r0", "s0", "r0", "r1", "s0", "s1", "next0", "next1"]);
    }

    #[test]
    fn a_role_that_a_failure_left_has_not_run() {
        let role = |again| Tree::Role { role: 0, again, main: vec![Tree::Step("r"), Tree::Step("s")] };
        let rescued = Tree::Block { main: vec![role(false)], rescue: vec![Tree::Step("z")], always: vec![] };
        let mut scheduler = Scheduler::new(vec![rescued, role(false)], vec![], 1, Strategy::Linear);
        scheduler.ran(0, 0);
        let mut failures = 1;
        let mut log = Vec::new();
        while let Some(Ready { step, .. }) = scheduler.next().pop() {
            let name = *scheduler.payload(step).expect("a step has a payload");
            log.push(name);
            let fails = name == "r" && std::mem::take(&mut failures) > 0;
            scheduler.complete(step, 0, if fails { Ended::Failed } else { Ended::Ok });
        }
        assert_eq!(log, ["r", "z", "r", "s"]);
    }

    #[test]
    fn a_host_that_was_taken_out_at_work_may_end_its_step() {
        let mut scheduler = Scheduler::new(vec![Tree::Step("a"), Tree::Step("b")], vec![], 2, Strategy::Free);
        let ready = scheduler.next();
        scheduler.leave(0, Standing::Left);
        scheduler.complete(ready[0].step, 0, Ended::Ok);
        scheduler.complete(ready[1].step, 1, Ended::Ok);
        assert_eq!(scheduler.standing(0), Standing::Left);
        assert_eq!(scheduler.next().len(), 1);
    }

    #[test]
    fn under_free_no_host_waits() {
        let mut scheduler = Scheduler::new(vec![Tree::Step("a"), Tree::Step("b")], vec![], 2, Strategy::Free);
        let ready = scheduler.next();
        assert_eq!(ready.len(), 2);
        scheduler.complete(ready[0].step, 0, Ended::Ok);
        let more = scheduler.next();
        assert_eq!(more.len(), 1);
        assert_eq!((scheduler.payload(more[0].step), &more[0].hosts), (Some(&"b"), &vec![0]));
    }

    #[test]
    fn an_unreachable_host_that_is_forgiven_goes_on_when_the_others_have_ended() {
        let play = vec![block(&["a", "b"], &["r"], &["z"]), Tree::Step("next")];
        let mut scheduler = Scheduler::new(play, vec![], 2, Strategy::Linear);
        let step = scheduler.next()[0].step;
        scheduler.complete(step, 0, Ended::Unreachable);
        scheduler.complete(step, 1, Ended::Ok);
        scheduler.forgive(0);
        let log = run(&mut scheduler, |_, _| false);
        assert_eq!(log, ["b1", "z1", "next1", "b0", "z0", "next0"]);
    }

    #[test]
    fn a_host_that_was_kept_out_goes_through_the_whole_play_once_it_is_forgiven() {
        let play = || vec![Tree::Step("a"), Tree::Step("b")];
        let mut scheduler = Scheduler::new(play(), vec![], 2, Strategy::Linear);
        scheduler.keep_out(0);
        assert_eq!(run(&mut scheduler, |_, _| false), ["a1", "b1"]);
        assert_eq!(scheduler.standing(0), Standing::Unreachable);
        let mut scheduler = Scheduler::new(play(), vec![], 2, Strategy::Linear);
        scheduler.keep_out(0);
        scheduler.forgive(0);
        assert_eq!(run(&mut scheduler, |_, _| false), ["a1", "b1", "a0", "b0"]);
        assert_eq!(scheduler.standing(0), Standing::Finished);
    }

    #[test]
    fn an_unreachable_host_is_not_rescued() {
        let mut scheduler = Scheduler::new(vec![block(&["a"], &["r"], &["z"])], vec![], 1, Strategy::Linear);
        let step = scheduler.next()[0].step;
        scheduler.complete(step, 0, Ended::Unreachable);
        assert!(scheduler.next().is_empty());
        assert_eq!(scheduler.standing(0), Standing::Unreachable);
    }
}
