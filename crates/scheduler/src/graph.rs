//! The steps of a play as a graph, and how blocks, includes and handlers become part of it.

use std::collections::HashMap;

use petgraph::stable_graph::{EdgeIndex, NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;

use crate::order::Order;
use crate::scheduler::HostIndex;

/// A step of the graph.
pub type StepId = NodeIndex;

/// What a play (or an included file) consists of.
#[derive(Debug, Clone)]
pub enum Tree<P> {
    /// A task.
    Step(P),
    /// A point at which notified handlers run; with a payload when the play says so itself (`meta: flush_handlers`).
    /// The caller calls [`Scheduler::flush`](crate::Scheduler::flush) there.
    Flush(Option<P>),
    /// A block.
    Block {
        /// What runs first.
        main: Vec<Tree<P>>,
        /// What runs when something in `main` failed.
        rescue: Vec<Tree<P>>,
        /// What runs in any case.
        always: Vec<Tree<P>>,
    },
    /// The tasks of a role.
    Role {
        /// A number for the role as it is used here; uses that count as the same have the same.
        role: usize,
        /// Whether a host that has run it does so again.
        again: bool,
        /// Its tasks.
        main: Vec<Tree<P>>,
    },
}

/// A node of the graph.
#[derive(Debug)]
pub(crate) enum Node<P> {
    Step(P),
    /// A handler with its number; only hosts that notified it stop here.
    Handler(P, usize),
    Flush(Option<P>),
    /// A place without work: the beginning of a rescue or an always, the end of a graft.
    Marker,
    /// The end of a block with an always: a host that owes a failure leaves here by the failure edge.
    BlockEnd,
    /// The beginning of a role; a host that has run it goes on at the end, unless it is to run it again.
    Role {
        role: usize,
        again: bool,
        end: NodeIndex,
    },
    /// The end of a role: a host that has ended one of its tasks has run it.
    RoleEnd(usize),
    /// The beginning of what was grafted behind a step, of which each host does its own part.
    Fork(usize),
    /// The end of the graft of this number behind a fork.
    GraftEnd(usize, usize),
    /// The end of the play.
    End,
}

/// Where an edge leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Then,
    /// Where a failure leads. `owing`: the block end at which the failure goes on. `rescued`: whether a rescue is ahead.
    Failure {
        owing: Option<NodeIndex>,
        rescued: bool,
    },
}

/// What is grafted behind a step.
#[derive(Debug)]
struct Fork {
    node: NodeIndex,
    /// The last node of it in the order of the play.
    last: NodeIndex,
    grafts: usize,
    /// The numbers and beginnings of the grafts that a host goes through.
    ways: HashMap<HostIndex, Vec<(usize, NodeIndex)>>,
}

/// Where a failure leads from inside some part of the play.
#[derive(Debug, Clone, Copy)]
struct FailTo {
    node: NodeIndex,
    owing: Option<NodeIndex>,
    rescued: bool,
}

/// The steps of a play and the ways between them. Every edge leads forward in [`Graph::position`].
#[derive(Debug)]
pub struct Graph<P> {
    graph: StableDiGraph<Node<P>, Edge>,
    start: NodeIndex,
    end: NodeIndex,
    order: Order,
    forks: Vec<Fork>,
    forked: HashMap<NodeIndex, usize>,
}

impl<P> Graph<P> {
    /// The graph of these steps.
    pub fn new(play: Vec<Tree<P>>) -> Self {
        let mut graph = StableDiGraph::new();
        let start = graph.add_node(Node::Marker);
        let end = graph.add_node(Node::End);
        let mut this = Self { graph, start, end, order: Order::default(), forks: Vec::new(), forked: HashMap::new() };
        let out = FailTo { node: end, owing: None, rescued: false };
        let mut order = vec![start];
        let last = this.sequence(play, start, out, &mut order);
        this.graph.add_edge(last, end, Edge::Then);
        order.push(end);
        this.order = Order::of(&order);
        this
    }

    pub(crate) fn start(&self) -> NodeIndex {
        self.start
    }

    pub(crate) fn node(&self, index: NodeIndex) -> &Node<P> {
        &self.graph[index]
    }

    /// What the caller gave for this step.
    pub fn payload(&self, step: StepId) -> Option<&P> {
        match self.graph.node_weight(step)? {
            Node::Step(payload) | Node::Handler(payload, _) | Node::Flush(Some(payload)) => Some(payload),
            _ => None,
        }
    }

    /// The place of a step in the order of the play; every way through the play visits growing positions.
    pub fn position(&self, step: StepId) -> u64 {
        self.order.label(step)
    }

    /// What comes next in the order of the play, whichever way hosts go.
    pub(crate) fn follower(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.order.follower(node)
    }

    pub(crate) fn after(&self, index: NodeIndex) -> NodeIndex {
        self.leading(index, |edge| edge == Edge::Then).map_or(self.end, |(target, _)| target)
    }

    /// Where a host goes on behind this many grafts of a fork.
    pub(crate) fn way(&self, fork: usize, host: HostIndex, passed: usize) -> NodeIndex {
        let fork = &self.forks[fork];
        let ways = fork.ways.get(&host).map_or(&[][..], Vec::as_slice);
        let next = ways.iter().find(|(number, _)| *number >= passed);
        next.map_or_else(|| self.after(fork.node), |(_, start)| *start)
    }

    /// Where a failure at this node leads, the block end where it goes on, and whether a rescue is ahead.
    pub(crate) fn on_failure(&self, index: NodeIndex) -> (NodeIndex, Option<NodeIndex>, bool) {
        match self.leading(index, |edge| matches!(edge, Edge::Failure { .. })) {
            Some((target, Edge::Failure { owing, rescued })) => (target, owing, rescued),
            _ => (self.end, None, false),
        }
    }

    fn leading(&self, index: NodeIndex, wanted: impl Fn(Edge) -> bool) -> Option<(NodeIndex, Edge)> {
        self.graph.edges(index).find(|edge| wanted(*edge.weight())).map(|edge| (edge.target(), *edge.weight()))
    }

    fn then_edge(&self, index: NodeIndex) -> Option<EdgeIndex> {
        self.graph.edges(index).find(|edge| *edge.weight() == Edge::Then).map(|edge| edge.id())
    }

    /// Adds a tree behind a step, to be gone through by these hosts only; what was added there before comes first.
    /// A failure inside leads where a failure of the step leads. The answer is what was added, in its order.
    pub(crate) fn graft(&mut self, step: NodeIndex, hosts: &[HostIndex], tree: Vec<Tree<P>>) -> Vec<NodeIndex> {
        let (node, owing, rescued) = self.on_failure(step);
        self.insert(step, hosts, |graph, start, order| {
            graph.sequence(tree, start, FailTo { node, owing, rescued }, order)
        })
    }

    /// Adds the handlers behind a flush, for these hosts.
    pub(crate) fn graft_handlers(&mut self, flush: NodeIndex, hosts: &[HostIndex], handlers: &[P]) -> Vec<NodeIndex>
    where
        P: Clone,
    {
        let (node, owing, rescued) = self.on_failure(flush);
        self.insert(flush, hosts, |graph, start, order| {
            let mut last = start;
            for (number, handler) in handlers.iter().enumerate() {
                let handler = Node::Handler(handler.clone(), number);
                last = graph.push(handler, last, FailTo { node, owing, rescued }, order);
            }
            last
        })
    }

    fn insert(
        &mut self,
        step: NodeIndex,
        hosts: &[HostIndex],
        fill: impl FnOnce(&mut Self, NodeIndex, &mut Vec<NodeIndex>) -> NodeIndex,
    ) -> Vec<NodeIndex> {
        let index = self.fork_behind(step);
        let number = self.forks[index].grafts;
        let start = self.graph.add_node(Node::Marker);
        let end = self.graph.add_node(Node::GraftEnd(index, number));
        let mut order = vec![start];
        let last = fill(self, start, &mut order);
        self.graph.add_edge(last, end, Edge::Then);
        order.push(end);
        let fork = &mut self.forks[index];
        fork.grafts += 1;
        let before = std::mem::replace(&mut fork.last, end);
        hosts.iter().for_each(|host| fork.ways.entry(*host).or_default().push((number, start)));
        self.order.insert(before, &order);
        order
    }

    fn fork_behind(&mut self, step: NodeIndex) -> usize {
        if let Some(fork) = self.forked.get(&step) {
            return *fork;
        }
        let index = self.forks.len();
        let next = self.after(step);
        if let Some(edge) = self.then_edge(step) {
            self.graph.remove_edge(edge);
        }
        let node = self.graph.add_node(Node::Fork(index));
        self.graph.add_edge(step, node, Edge::Then);
        self.graph.add_edge(node, next, Edge::Then);
        self.order.insert(step, &[node]);
        self.forks.push(Fork { node, last: node, grafts: 0, ways: HashMap::new() });
        self.forked.insert(step, index);
        index
    }

    fn push(&mut self, node: Node<P>, last: NodeIndex, fail: FailTo, order: &mut Vec<NodeIndex>) -> NodeIndex {
        let index = self.graph.add_node(node);
        self.graph.add_edge(last, index, Edge::Then);
        self.graph.add_edge(index, fail.node, Edge::Failure { owing: fail.owing, rescued: fail.rescued });
        order.push(index);
        index
    }

    fn sequence(
        &mut self,
        trees: Vec<Tree<P>>,
        mut last: NodeIndex,
        fail: FailTo,
        order: &mut Vec<NodeIndex>,
    ) -> NodeIndex {
        for tree in trees {
            last = match tree {
                Tree::Step(payload) => self.push(Node::Step(payload), last, fail, order),
                Tree::Flush(payload) => self.push(Node::Flush(payload), last, fail, order),
                Tree::Block { main, rescue, always } => self.block(main, rescue, always, last, fail, order),
                Tree::Role { role, again, main } => {
                    let end = self.graph.add_node(Node::RoleEnd(role));
                    let start = self.graph.add_node(Node::Role { role, again, end });
                    self.graph.add_edge(last, start, Edge::Then);
                    order.push(start);
                    let from_main = self.sequence(main, start, fail, order);
                    self.graph.add_edge(from_main, end, Edge::Then);
                    order.push(end);
                    end
                }
            };
        }
        last
    }

    fn block(
        &mut self,
        main: Vec<Tree<P>>,
        rescue: Vec<Tree<P>>,
        always: Vec<Tree<P>>,
        last: NodeIndex,
        fail: FailTo,
        order: &mut Vec<NodeIndex>,
    ) -> NodeIndex {
        let close = self.graph.add_node(Node::BlockEnd);
        let always_start = self.graph.add_node(Node::Marker);
        self.graph.add_edge(close, fail.node, Edge::Failure { owing: fail.owing, rescued: fail.rescued });
        // Where a failure goes that this block does not rescue: through the always part, or straight out.
        let beyond = if always.is_empty() {
            fail
        } else {
            FailTo { node: always_start, owing: Some(close), rescued: fail.rescued }
        };
        let from_main = if rescue.is_empty() {
            self.sequence(main, last, beyond, order)
        } else {
            let rescue_start = self.graph.add_node(Node::Marker);
            let rescued = FailTo { node: rescue_start, owing: None, rescued: true };
            let from_main = self.sequence(main, last, rescued, order);
            order.push(rescue_start);
            let from_rescue = self.sequence(rescue, rescue_start, beyond, order);
            self.graph.add_edge(from_rescue, always_start, Edge::Then);
            from_main
        };
        self.graph.add_edge(from_main, always_start, Edge::Then);
        order.push(always_start);
        let from_always = self.sequence(always, always_start, fail, order);
        self.graph.add_edge(from_always, close, Edge::Then);
        order.push(close);
        close
    }
}
