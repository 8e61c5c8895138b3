//! A list in which everything has a number that says what comes first, and in whose middle can be inserted.

use petgraph::stable_graph::NodeIndex;

/// The distance of the numbers of what is inserted together: the rest of the gap is left to what comes behind it.
const STEP: u64 = 1 << 12;

/// The nodes of a graph, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Order {
    first: Option<NodeIndex>,
    labels: Vec<u64>,
    followers: Vec<Option<NodeIndex>>,
}

impl Order {
    pub fn of(nodes: &[NodeIndex]) -> Self {
        let mut this = Self { first: nodes.first().copied(), ..Self::default() };
        this.make_room(nodes);
        for pair in nodes.windows(2) {
            this.followers[pair[0].index()] = Some(pair[1]);
        }
        this.number();
        this
    }

    /// A number that grows along the list. It changes when room has to be made, the order of numbers does not.
    pub fn label(&self, node: NodeIndex) -> u64 {
        self.labels[node.index()]
    }

    pub fn follower(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.followers[node.index()]
    }

    /// Inserts nodes behind one that is there.
    pub fn insert(&mut self, before: NodeIndex, nodes: &[NodeIndex]) {
        self.make_room(nodes);
        let next = self.follower(before);
        let mut last = before;
        for node in nodes {
            self.followers[last.index()] = Some(*node);
            last = *node;
        }
        self.followers[last.index()] = next;
        let low = self.label(before);
        let high = next.map_or(u64::MAX, |next| self.label(next));
        let step = ((high - low) / (nodes.len() as u64 + 1)).min(STEP);
        if step == 0 {
            return self.number();
        }
        for (node, label) in nodes.iter().zip((1..).map(|count| low + count * step)) {
            self.labels[node.index()] = label;
        }
    }

    fn make_room(&mut self, nodes: &[NodeIndex]) {
        let needed = nodes.iter().map(|node| node.index() + 1).max().unwrap_or(0).max(self.labels.len());
        self.labels.resize(needed, 0);
        self.followers.resize(needed, None);
    }

    /// Numbers all of it anew, evenly.
    fn number(&mut self) {
        let distance = u64::MAX / (self.labels.len() as u64 + 1);
        let nodes = std::iter::successors(self.first, |node| self.followers[node.index()]);
        for (label, node) in (1..).zip(nodes) {
            self.labels[node.index()] = label * distance;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_along_the_list_however_much_is_inserted_at_one_place() {
        let node = |index: usize| NodeIndex::new(index);
        let mut order = Order::of(&[node(0), node(1)]);
        // Always right behind the first: the gap closes again and again.
        for index in 2..2_000 {
            order.insert(node(0), &[node(index)]);
        }
        let list: Vec<_> = std::iter::successors(Some(node(0)), |node| order.follower(*node)).collect();
        assert_eq!(list.len(), 2_000);
        assert_eq!(list[..3], [node(0), node(1_999), node(1_998)]);
        assert!(list.is_sorted_by_key(|node| order.label(*node)));
        assert!(list.windows(2).all(|pair| order.label(pair[0]) < order.label(pair[1])));
    }
}
