//! How long the run took, at its end.

use std::sync::Arc;
use std::time::Instant;

use ksplay_engine::{Event, Sink};

use crate::terminal::Terminal;

/// The callback `ansible.posix.timer`.
#[derive(Debug)]
pub struct Timer {
    terminal: Arc<Terminal>,
    begun: Instant,
}

impl Timer {
    /// Measures from now on.
    pub fn new(terminal: Arc<Terminal>) -> Self {
        Self { terminal, begun: Instant::now() }
    }
}

impl Sink for Timer {
    fn event(&self, event: &Event) {
        let Event::Recap(_) = event else { return };
        let seconds = self.begun.elapsed().as_secs();
        let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
        self.terminal.banner("PLAYBOOK RECAP");
        self.terminal.say(&format!(
            "Playbook run took {days} days, {hours} hours, {minutes} minutes, {} seconds\n",
            seconds % 60
        ));
    }
}
