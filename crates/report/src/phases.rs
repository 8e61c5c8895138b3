//! A run told by its phases: a line a play, and in full only what goes wrong and what the playbook itself has to say.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ksplay_engine::{Counts, Event, Sink, Status, TaskResult};
use ksplay_value::{Str, Value};

use crate::options::Options;
use crate::result;
use crate::terminal::Terminal;

/// Tells the phases on the terminal, and everything to a log.
#[derive(Debug)]
pub struct Phases {
    screen: Arc<Terminal>,
    log: Option<Terminal>,
    total: usize,
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    number: usize,
    /// What was said last: several hosts may say the same.
    said: String,
}

impl Phases {
    /// For a run of this many plays.
    pub fn new(total: usize, options: Options, stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        let quiet = Options { show_ok: false, show_skipped: false, ..options };
        let screen = Arc::new(Terminal::new(quiet, stdout, stderr));
        Self { screen, log: None, total, begun: Instant::now(), state: Mutex::default() }
    }

    /// Writes all that a run usually says to this file, too.
    ///
    /// # Errors
    ///
    /// If the system has no second handle for the file.
    pub fn with_log(self, file: std::fs::File) -> std::io::Result<Self> {
        let errors = file.try_clone()?;
        Ok(Self { log: Some(Terminal::new(Options::default(), Box::new(file), Box::new(errors))), ..self })
    }

    /// The terminal that is told.
    pub fn screen(&self) -> Arc<Terminal> {
        Arc::clone(&self.screen)
    }

    fn say(&self, line: String) {
        self.screen.event(&Event::Notice(line));
    }

    fn result(&self, state: &mut State, result: &TaskResult) {
        if matches!(result.status, Status::Ok | Status::Changed) {
            // The line of progress has to know that the host is done.
            self.screen.event(&Event::Result(TaskResult { status: Status::Ok, ..result.clone() }));
        } else {
            self.screen.event(&Event::Result(result.clone()));
        }
        if result.status == Status::Ok
            && result.verbose
            && result::action(&result.task) == "debug"
            && let Some(message) = result.result.get("msg").map(message).filter(|message| *message != state.said)
        {
            self.say(message.clone());
            state.said = message;
        }
    }

    fn recap(&self, hosts: &[(Str, Counts)]) {
        if hosts.iter().any(|(_, counts)| counts.failed > 0 || counts.unreachable > 0) {
            return self.screen.event(&Event::Recap(hosts.to_vec()));
        }
        let changed: u32 = hosts.iter().map(|(_, counts)| counts.changed).sum();
        let machines = if hosts.len() == 1 { "machine" } else { "machines" };
        let changes = if changed == 1 { "change" } else { "changes" };
        self.say(format!("{} {machines}, {changed} {changes}, {}", hosts.len(), time(self.begun.elapsed())));
    }
}

impl Sink for Phases {
    fn event(&self, event: &Event) {
        if let Some(log) = &self.log {
            log.event(event);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::PlayStart { name, .. } => {
                state.number += 1;
                state.said.clear();
                let after = match self.begun.elapsed() {
                    short if short < Duration::from_secs(1) => String::new(),
                    long => format!(" (after {})", time(long)),
                };
                self.say(format!("[{}/{}] {name}{after}", state.number, self.total));
            }
            Event::Result(result) => self.result(&mut state, result),
            Event::Item(item) if !matches!(item.status, Status::Failed | Status::Unreachable) => {}
            Event::Included { .. } | Event::Retry { .. } | Event::Async { .. } => {}
            Event::Recap(hosts) => self.recap(hosts),
            Event::NoHostsMatched
            | Event::NoHostsRemaining
            | Event::TaskStart(_)
            | Event::HostStart { .. }
            | Event::Item(_)
            | Event::Warning(_)
            | Event::WarningAt { .. }
            | Event::Detail(_)
            | Event::PlaybookStart { .. }
            | Event::Error(_)
            | Event::Notice(_)
            | Event::Asked(_) => self.screen.event(event),
        }
    }
}

/// The message of `debug` as lines of text.
fn message(value: &Value) -> String {
    match value {
        Value::List(lines) => lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// `42 s`, or `1 min 30 s`.
fn time(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use ksplay_engine::{Arguments, Shown, TaskInfo};
    use ksplay_value::{Map, Source, Span};

    use super::*;

    /// An output that can be read.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn result(action: &str, host: &str, status: Status, result: Map) -> Event {
        let span = Span::new(&Source::new("site.yml", "- x\n"), 1, 1);
        let banner = format!("the task of {action}");
        let task = TaskInfo {
            number: 1,
            banner,
            action: action.into(),
            arguments: Arguments::default(),
            span,
            role: None,
            handler: false,
            check: false,
            diff: false,
        };
        let result = TaskResult::of(Arc::new(task), host.into(), status, Shown::of(result, false));
        Event::Result(TaskResult { verbose: action == "debug", ..result })
    }

    fn told(events: &[Event]) -> String {
        let paper = Paper::default();
        let phases = Phases::new(2, Options::default(), Box::new(paper.clone()), Box::new(paper.clone()));
        events.iter().for_each(|event| phases.event(event));
        drop(phases);
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    fn play(name: &str) -> Event {
        Event::PlayStart { name: name.into(), check: false, span: Span::new(&Source::new("site.yml", ""), 1, 1) }
    }

    #[test]
    fn a_good_run_is_a_line_a_play_and_what_the_playbook_says() {
        let lines = Map::from([("msg", ["Console: http://a", ""].into_iter().map(Value::from).collect::<Value>())]);
        let counts = Counts { ok: 2, changed: 2, ..Counts::default() };
        let told = told(&[
            play("Prepare the machines"),
            result("command", "node1", Status::Changed, Map::new()),
            play("Finish"),
            result("debug", "node1", Status::Ok, lines.clone()),
            result("debug", "node2", Status::Ok, lines),
            Event::Recap(vec![("node1".into(), counts), ("node2".into(), Counts::default())]),
        ]);
        assert_eq!(told, "[1/2] Prepare the machines\n[2/2] Finish\nConsole: http://a\n\n2 machines, 2 changes, 0 s\n");
    }

    #[test]
    fn a_failure_is_shown_in_full_with_its_task_and_the_recap() {
        let counts = Counts { failed: 1, ..Counts::default() };
        let told = told(&[
            play("Prepare"),
            result("command", "node1", Status::Failed, Map::from([("msg", "no disk")])),
            Event::Recap(vec![("node1".into(), counts)]),
        ]);
        assert!(told.contains("TASK [the task of command]"), "{told}");
        assert!(told.contains("fatal: [node1]: FAILED! => {\"msg\": \"no disk\"}"), "{told}");
        assert!(told.contains("PLAY RECAP") && told.contains("failed=1"), "{told}");
    }
}
