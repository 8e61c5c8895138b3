//! When each task began, and how long roles took; tasks of no role count for their module.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ksplay_engine::{Event, Sink};
use ksplay_value::Str;

use super::clock::{Clock, filled, row};
use crate::terminal::Terminal;

/// The callback `ansible.posix.profile_roles`.
#[derive(Debug)]
pub struct ProfileRoles {
    terminal: Arc<Terminal>,
    summary_only: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    roles: Vec<(Str, Duration)>,
}

impl State {
    fn end(&mut self) {
        let Some((name, lap)) = self.clock.end() else { return };
        match self.roles.iter_mut().find(|(role, _)| *role == name) {
            Some((_, took)) => *took += lap,
            None => self.roles.push((name, lap)),
        }
    }
}

impl ProfileRoles {
    /// Measures from now on; tells all of it, or only the summary.
    pub fn new(terminal: Arc<Terminal>, summary_only: bool) -> Self {
        let state = State { clock: Clock::start(), roles: Vec::new() };
        Self { terminal, summary_only, state: Mutex::new(state) }
    }

    fn summary(&self, state: &mut State) {
        state.end();
        self.terminal.banner("ROLES RECAP");
        self.terminal.say(&state.clock.line());
        self.terminal.say(&filled("", '='));
        state.roles.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        for (name, took) in &state.roles {
            self.terminal.say(&row(name, *took));
        }
        self.terminal.say(&filled("", '~'));
        self.terminal.say(&row("total", state.roles.iter().map(|(_, took)| *took).sum()));
    }
}

impl Sink for ProfileRoles {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::TaskStart(task) => {
                if state.clock.runs(task.number) {
                    return;
                }
                state.end();
                let line = state.clock.begin(task.number, task.role.clone().unwrap_or_else(|| task.action.clone()));
                if !self.summary_only {
                    self.terminal.say(&line);
                }
            }
            Event::Recap(_) => self.summary(&mut state),
            _ => {}
        }
    }
}
