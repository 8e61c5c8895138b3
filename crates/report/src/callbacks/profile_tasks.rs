//! When each task began, and the tasks that took longest.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ksplay_engine::{Event, Sink};
use ksplay_value::Str;

use super::clock::{Clock, filled, row};
use crate::terminal::Terminal;

/// The order of tasks in the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The longest first.
    #[default]
    Descending,
    /// The shortest first.
    Ascending,
    /// As they ran.
    None,
}

/// What the user chose about the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileTasksOptions {
    /// How many tasks the summary has at most.
    pub limit: usize,
    /// Their order.
    pub order: Order,
    /// Whether there is nothing but the summary.
    pub summary_only: bool,
}

/// The callback `ansible.posix.profile_tasks`.
#[derive(Debug)]
pub struct ProfileTasks {
    terminal: Arc<Terminal>,
    options: ProfileTasksOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    tasks: Vec<(Str, Duration)>,
}

impl State {
    fn end(&mut self) {
        self.tasks.extend(self.clock.end());
    }
}

impl ProfileTasks {
    /// Measures from now on.
    pub fn new(terminal: Arc<Terminal>, options: ProfileTasksOptions) -> Self {
        let state = State { clock: Clock::start(), tasks: Vec::new() };
        Self { terminal, options, state: Mutex::new(state) }
    }

    fn summary(&self, state: &mut State) {
        state.end();
        self.terminal.banner("TASKS RECAP");
        self.terminal.say(&state.clock.line());
        self.terminal.say(&filled("", '='));
        match self.options.order {
            Order::Descending => state.tasks.sort_by_key(|(_, took)| std::cmp::Reverse(*took)),
            Order::Ascending => state.tasks.sort_by_key(|(_, took)| *took),
            Order::None => {}
        }
        for (name, took) in state.tasks.iter().take(self.options.limit) {
            self.terminal.say(&row(name, *took));
        }
    }
}

impl Sink for ProfileTasks {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::TaskStart(task) => {
                if state.clock.runs(task.number) {
                    return;
                }
                state.end();
                let line = state.clock.begin(task.number, Str::from(task.banner.as_str()));
                if !self.options.summary_only {
                    self.terminal.say(&line);
                }
            }
            Event::Recap(_) => self.summary(&mut state),
            _ => {}
        }
    }
}
