//! How hosts wait for each other.

/// A strategy: nothing but a choice of edges between hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// All hosts finish a step before any begins the next.
    Linear,
    /// No host waits for another.
    Free,
    /// As [`Strategy::Free`], but only this many hosts are on their way at a time: one begins the play when another has
    /// come to its end.
    HostPinned(usize),
    /// As [`Strategy::Linear`] at the steps that can see another host and at flushes, as [`Strategy::Free`] between them.
    Pipelined,
}

impl Strategy {
    /// Whether no host ever waits for another to end a step.
    pub fn is_free(self) -> bool {
        matches!(self, Self::Free | Self::HostPinned(_))
    }
}
