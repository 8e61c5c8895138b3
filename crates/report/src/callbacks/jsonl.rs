//! A JSON object a line for each event, as soon as it happens.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ksplay_engine::{Event, Sink, Status, TaskInfo};
use ksplay_value::text::JsonStyle;
use ksplay_value::{Map, Str, Value};

use super::output::Output;
use super::record;

/// The callback `ansible.posix.jsonl`.
pub struct Jsonl(Mutex<State>);

struct State {
    output: Output,
    plays: u64,
    /// When the tasks of the play began.
    begun: HashMap<u64, String>,
}

impl std::fmt::Debug for Jsonl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jsonl").finish_non_exhaustive()
    }
}

impl Jsonl {
    /// Writes to this output, indented by so many spaces or else on one line, and with what `set_stats` set if wanted.
    pub fn new(writer: Box<dyn Write + Send>, indent: usize, custom_stats: bool) -> Self {
        let output = Output::new(writer, indent, JsonStyle::compact(), custom_stats);
        Self(Mutex::new(State { output, plays: 0, begun: HashMap::new() }))
    }
}

impl State {
    fn write(&mut self, event: &str, mut map: Map) {
        map.insert("_event", event);
        map.insert("_timestamp", record::now());
        self.output.write(map);
    }

    fn outcome(&mut self, event: &str, task: &TaskInfo, host: &Str, outcome: Map) {
        let now = record::now();
        let start = self.begun.entry(task.number).or_insert_with(|| now.clone()).clone();
        let hosts = Map::from([(&**host, outcome)]);
        self.write(event, Map::from([("hosts", hosts), ("task", record::task(task, &start, Some(&now)))]));
    }
}

impl Sink for Jsonl {
    fn event(&self, event: &Event) {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.output.note(event);
        match event {
            Event::PlayStart { name, span, .. } => {
                state.begun.clear();
                state.plays += 1;
                let play = record::play(name, span, state.plays, &record::now());
                let map = Map::from([("play", Value::from(play)), ("tasks", Value::from_iter::<[Value; 0]>([]))]);
                state.write("v2_playbook_on_play_start", map);
            }
            Event::TaskStart(info) => {
                let start = record::now();
                let task = record::task(info, &start, None);
                state.begun.insert(info.number, start);
                let kind = if info.handler { "v2_playbook_on_handler_task_start" } else { "v2_playbook_on_task_start" };
                state.write(kind, Map::from([("hosts", Map::new()), ("task", task)]));
            }
            Event::Result(of) => {
                let kind = match of.status {
                    Status::Ok | Status::Changed => "v2_runner_on_ok",
                    Status::Skipped | Status::Undecided => "v2_runner_on_skipped",
                    Status::Failed => "v2_runner_on_failed",
                    Status::Unreachable => "v2_runner_on_unreachable",
                };
                state.outcome(kind, &of.task, &of.host, record::outcome(of));
            }
            Event::Included { task, file, hosts, .. } => {
                for host in hosts {
                    state.outcome("v2_runner_on_ok", task, host, record::inclusion(task, file));
                }
            }
            Event::Recap(hosts) => {
                let map = state.output.end(hosts);
                state.write("v2_playbook_on_stats", map);
            }
            _ => {}
        }
    }
}
