//! Writes down what a run in check mode would do, or what a real one has done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ksplay_engine::{Event, Sink, Status, TaskResult};
use ksplay_value::{Str, Value};

use super::{Kind, Step};
use crate::{Terminal, diff, excerpt};

/// Records the steps of a run. The terminal, if any, is told only what goes wrong, and how far it is.
#[derive(Debug)]
pub struct Recorder {
    screen: Option<Arc<Terminal>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    play: usize,
    play_name: String,
    steps: Vec<Step>,
    /// The hosts in the order of the recap.
    hosts: Vec<Str>,
}

impl Recorder {
    /// Of a run in check mode that nobody else tells about.
    pub fn new(screen: Arc<Terminal>) -> Self {
        Self { screen: Some(screen), state: Mutex::default() }
    }

    /// Of a run that is told by others.
    pub fn silent() -> Self {
        Self { screen: None, state: Mutex::default() }
    }

    /// The steps recorded so far, which are no longer kept: in the order of the tasks, of each in that of the hosts.
    pub fn take_steps(&self) -> Vec<Step> {
        let mut state = self.state();
        let steps = std::mem::take(&mut state.steps);
        let positions: HashMap<&str, usize> = state.hosts.iter().enumerate().map(|(at, host)| (&**host, at)).collect();
        let mut tasks = super::by_task(&steps);
        tasks.iter_mut().for_each(|task| task.sort_by_key(|step| positions.get(&*step.host)));
        tasks.into_iter().flatten().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: &Event) {
        if let Some(screen) = &self.screen {
            screen.event(event);
        }
    }

    /// Notes what a host would do. Of a loop each item is a step.
    fn note(&self, of: &TaskResult) {
        let Some(kind) = kind(of) else { return };
        let mut state = self.state();
        let text = |name: &str| of.result.get(name).and_then(Value::as_str).map(str::to_owned);
        let difference =
            of.result.get("diff").map(|value| diff::render(value, 3, None)).filter(|text| !text.is_empty());
        let step = Step {
            play: state.play,
            play_name: state.play_name.clone(),
            task: of.task.banner.clone(),
            place: format!("{}:{}", excerpt::path(&of.task.span), of.task.span.line),
            action: of.task.action.to_string(),
            handler: of.task.handler,
            host: of.host.to_string(),
            delegated_to: of.delegated.as_ref().map(|(host, _)| host.to_string()),
            item: of.label.clone(),
            kind,
            why: text("undecided"),
            command: of.result.get("cmd").filter(|_| kind == Kind::Run).map(command),
            diff: difference,
        };
        state.steps.push(step);
    }
}

/// A command as it is shown: one that was written as a list word by word.
fn command(cmd: &Value) -> String {
    match cmd {
        Value::List(words) => words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// What a result comes to when it is not in check mode; `None` when that is nothing.
fn kind(of: &TaskResult) -> Option<Kind> {
    match of.status {
        Status::Undecided => Some(Kind::Undecided),
        Status::Failed | Status::Unreachable => None,
        _ if of.not_run => Some(Kind::Run),
        Status::Changed => Some(Kind::Change),
        Status::Ok | Status::Skipped => None,
    }
}

impl Sink for Recorder {
    fn event(&self, event: &Event) {
        match event {
            Event::PlayStart { name, .. } => {
                let mut state = self.state();
                state.play += 1;
                state.play_name.clone_from(name);
            }
            Event::Item(item) => {
                self.note(item);
                if item.status == Status::Failed {
                    self.tell(event);
                }
            }
            Event::Result(result) => {
                if !result.looped {
                    self.note(result);
                }
                match result.status {
                    Status::Failed | Status::Unreachable => self.tell(event),
                    // The line of progress has to know that the host is done.
                    _ => self.tell(&Event::Result(TaskResult { status: Status::Ok, ..result.clone() })),
                }
            }
            Event::Recap(hosts) => {
                self.state().hosts = hosts.iter().map(|(host, _)| host.clone()).collect();
                if hosts.iter().any(|(_, counts)| counts.failed > 0 || counts.unreachable > 0) {
                    self.tell(event);
                }
            }
            Event::Included { .. } | Event::Retry { .. } | Event::Async { .. } | Event::PlaybookStart { .. } => {}
            Event::NoHostsMatched
            | Event::NoHostsRemaining
            | Event::TaskStart(_)
            | Event::HostStart { .. }
            | Event::Warning(_)
            | Event::WarningAt { .. }
            | Event::Detail(_)
            | Event::Error(_)
            | Event::Notice(_)
            | Event::Asked(_) => self.tell(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use ksplay_engine::{Arguments, Counts, Shown, TaskInfo};
    use ksplay_value::{Map, Source, Span};

    use super::*;
    use crate::Options;

    fn result(status: Status, result: Map) -> TaskResult {
        let span = Span::new(&Source::new("site.yml", "- x\n"), 1, 1);
        let task = TaskInfo {
            number: 1,
            banner: "role : do it".into(),
            action: "command".into(),
            arguments: Arguments::default(),
            span,
            role: None,
            handler: false,
            check: true,
            diff: true,
        };
        TaskResult::of(Arc::new(task), "a".into(), status, Shown::of(result, false))
    }

    fn recorded(events: &[Event]) -> Vec<Step> {
        let paper = || Box::new(std::io::sink());
        let recorder = Recorder::new(Arc::new(Terminal::new(Options::default(), paper(), paper())));
        let span = Span::new(&Source::new("site.yml", ""), 1, 1);
        recorder.event(&Event::PlayStart { name: "first".into(), check: true, span });
        events.iter().for_each(|event| recorder.event(event));
        recorder.take_steps()
    }

    #[test]
    fn only_what_would_do_something_is_a_step() {
        let because = Map::from([("undecided", "the output of x")]);
        let not_run = TaskResult { not_run: true, ..result(Status::Skipped, Map::new()) };
        let steps = recorded(&[
            Event::Result(result(Status::Ok, Map::new())),
            Event::Result(result(Status::Skipped, Map::new())),
            Event::Result(result(Status::Changed, Map::new())),
            Event::Result(not_run),
            Event::Result(result(Status::Undecided, because)),
            Event::Result(result(Status::Failed, Map::from([("changed", true)]))),
        ]);
        let kinds: Vec<_> = steps.iter().map(|step| (step.kind, step.why.as_deref())).collect();
        assert_eq!(kinds, [(Kind::Change, None), (Kind::Run, None), (Kind::Undecided, Some("the output of x"))]);
        assert_eq!((steps[0].play, &*steps[0].play_name, &*steps[0].task), (1, "first", "role : do it"));
    }

    #[test]
    fn of_a_loop_each_item_is_a_step_and_the_loop_none() {
        let item =
            |label: &str, status| TaskResult { label: Some(label.into()), looped: true, ..result(status, Map::new()) };
        let steps = recorded(&[
            Event::Item(item("x", Status::Changed)),
            Event::Item(item("y", Status::Ok)),
            Event::Result(TaskResult { looped: true, ..result(Status::Changed, Map::new()) }),
        ]);
        assert_eq!(steps.iter().map(|step| step.item.as_deref()).collect::<Vec<_>>(), [Some("x")]);
    }

    #[test]
    fn steps_come_in_the_order_of_tasks_and_of_each_in_that_of_the_hosts() {
        let on = |host: &str| Event::Result(TaskResult { host: host.into(), ..result(Status::Changed, Map::new()) });
        let recap = ["a", "b"].map(|host| (Str::from(host), Counts::default()));
        let steps = recorded(&[on("b"), on("a"), Event::Recap(recap.into())]);
        assert_eq!(steps.iter().map(|step| &*step.host).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_difference_is_kept_as_it_is_shown() {
        let diff = Map::from([("before", ""), ("after", "x\n"), ("after_header", "/etc/x")]);
        let changed = result(Status::Changed, Map::from([("diff", Value::from(diff))]));
        let steps = recorded(&[Event::Result(changed)]);
        assert_eq!(steps[0].diff.as_deref(), Some("--- before\n+++ after: /etc/x\n@@ -0,0 +1 @@\n+x\n\n"));
    }
}
