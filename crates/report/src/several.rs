//! Several readers of one run.

use ksplay_engine::{Event, Sink};

/// Tells each event to each of them, in order.
pub struct Several(pub Vec<Box<dyn Sink>>);

impl Sink for Several {
    fn event(&self, event: &Event) {
        self.0.iter().for_each(|sink| sink.event(event));
    }
}
