//! Which hosts each strategy lets begin their next step.

use petgraph::stable_graph::NodeIndex;

use super::{HostIndex, Ready, Scheduler};
use crate::graph::Node;
use crate::strategy::Strategy;

impl<P: Clone> Scheduler<P> {
    /// Finds the hindmost running host.
    pub(super) fn find_front(&mut self) {
        while self.crowd.get(self.front.index()).is_none_or(|crowd| *crowd == 0)
            && let Some(next) = self.graph.follower(self.front)
        {
            self.front = next;
        }
    }

    /// The hosts at the front, when nothing is under way.
    pub(super) fn at_front(&self) -> Option<Ready> {
        if self.busy > 0 {
            return None;
        }
        let step = self.front;
        let hosts: Vec<HostIndex> = self.idle.iter().copied().filter(|host| self.hosts[*host].at == step).collect();
        (!hosts.is_empty()).then_some(Ready { step, hosts })
    }

    /// Each idle host by itself, as far as there are slots.
    pub(super) fn single(&mut self, slots: usize) -> Vec<Ready> {
        let mut ready = Vec::with_capacity(self.idle.len());
        for host in std::mem::take(&mut self.idle) {
            if self.pinned.len() < slots || self.pinned.contains(&host) {
                self.pinned.insert(host);
                self.idle.insert(host);
                ready.push(Ready { step: self.hosts[host].at, hosts: vec![host] });
            } else {
                self.waiting.insert(host);
            }
        }
        ready
    }

    /// A host has come to an end: its slot is another's.
    pub(super) fn unpin(&mut self, host: HostIndex) {
        if self.pinned.remove(&host)
            && let Strategy::HostPinned(_) = self.strategy
        {
            self.idle.extend(self.waiting.pop_first());
        }
    }

    /// Idle hosts before the next step that can see others; that step itself when all have come to it.
    pub(super) fn up_to_the_barrier(&mut self) -> Vec<Ready> {
        let barrier = self.next_barrier();
        let end = self.graph.position(barrier);
        if self.front == barrier && self.opened.replace(barrier) != Some(barrier) {
            self.wake(barrier);
        }
        let mut ready: Vec<Ready> = Vec::new();
        for host in std::mem::take(&mut self.idle) {
            let step = self.hosts[host].at;
            if self.graph.position(step) < end || (step == barrier && self.front == barrier) {
                self.idle.insert(host);
                match ready.iter_mut().find(|ready| ready.step == step) {
                    Some(ready) => ready.hosts.push(host),
                    None => ready.push(Ready { step, hosts: vec![host] }),
                }
            } else {
                self.held.entry(step).or_default().insert(host);
            }
        }
        ready
    }

    /// The first step from the front on that can see other hosts, or the end. Hosts held before it are held no more.
    fn next_barrier(&mut self) -> NodeIndex {
        let front = self.graph.position(self.front);
        if let Some(known) = self.barrier.filter(|barrier| self.graph.position(*barrier) >= front) {
            return known;
        }
        let mut node = self.front;
        while !self.is_barrier(node)
            && let Some(next) = self.graph.follower(node)
        {
            self.wake(node);
            node = next;
        }
        self.barrier = Some(node);
        node
    }

    /// Lets the hosts go on that are held at a node.
    fn wake(&mut self, node: NodeIndex) {
        self.idle.extend(self.held.remove(&node).into_iter().flatten());
    }

    fn is_barrier(&self, node: NodeIndex) -> bool {
        match self.graph.node(node) {
            Node::Step(payload) | Node::Handler(payload, _) => (self.sees_others)(payload),
            Node::Flush(_) | Node::End => true,
            Node::Marker
            | Node::BlockEnd
            | Node::Role { .. }
            | Node::RoleEnd(_)
            | Node::Fork(_)
            | Node::GraftEnd(..) => false,
        }
    }

    /// Looks whether one of the nodes that were added comes before the barrier that is known.
    pub(super) fn note_barriers(&mut self, added: &[NodeIndex]) {
        if let Some(known) = self.barrier
            && let Some(first) = added.iter().copied().find(|node| self.is_barrier(*node))
            && self.graph.position(first) < self.graph.position(known)
        {
            self.barrier = Some(first);
        }
    }
}
