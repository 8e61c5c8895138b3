//! A JSON object a line for each event, as soon as it happens.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ksplay_engine::{Event, Sink, Status, TaskInfo};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Str, Value};

use super::record;
use crate::stats::CustomStats;

/// The callback `ansible.posix.jsonl`.
pub struct Jsonl {
    custom_stats: bool,
    style: JsonStyle,
    state: Mutex<State>,
}

struct State {
    writer: Box<dyn Write + Send>,
    plays: u64,
    /// When the tasks of the play began.
    begun: HashMap<u64, String>,
    stats: CustomStats,
}

impl std::fmt::Debug for Jsonl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jsonl").finish_non_exhaustive()
    }
}

impl Jsonl {
    /// Writes to this output, indented by so many spaces or else on one line, and with what `set_stats` set if wanted.
    pub fn new(writer: Box<dyn Write + Send>, indent: usize, custom_stats: bool) -> Self {
        let style = if indent > 0 { JsonStyle::indented(indent) } else { JsonStyle::compact() };
        let state = State { writer, plays: 0, begun: HashMap::new(), stats: CustomStats::default() };
        Self { custom_stats, style: JsonStyle { sort_keys: true, ..style }, state: Mutex::new(state) }
    }

    fn write(&self, state: &mut State, event: &str, mut map: Map) {
        map.insert("_event", event);
        map.insert("_timestamp", record::now());
        let value = Value::from(map);
        let text = to_json(&value, &self.style).unwrap_or_else(|_| value.to_string());
        // A reader that has gone must not end the run.
        let _ = writeln!(state.writer, "{text}").and_then(|()| state.writer.flush());
    }

    fn outcome(&self, state: &mut State, event: &str, task: &TaskInfo, host: &Str, outcome: Map) {
        let now = record::now();
        let start = state.begun.entry(task.number).or_insert_with(|| now.clone()).clone();
        let hosts = Map::from([(&**host, outcome)]);
        self.write(state, event, Map::from([("hosts", hosts), ("task", record::task(task, &start, Some(&now)))]));
    }
}

impl Sink for Jsonl {
    fn event(&self, event: &Event) {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.stats.note(event);
        match event {
            Event::PlayStart { name, span, .. } => {
                state.begun.clear();
                state.plays += 1;
                let play = record::play(name, span, state.plays, &record::now());
                let map = Map::from([("play", Value::from(play)), ("tasks", Value::from_iter::<[Value; 0]>([]))]);
                self.write(state, "v2_playbook_on_play_start", map);
            }
            Event::TaskStart(info) => {
                let start = record::now();
                let task = record::task(info, &start, None);
                state.begun.insert(info.number, start);
                let kind = if info.handler { "v2_playbook_on_handler_task_start" } else { "v2_playbook_on_task_start" };
                self.write(state, kind, Map::from([("hosts", Map::new()), ("task", task)]));
            }
            Event::Result(of) => {
                let kind = match of.status {
                    Status::Ok | Status::Changed => "v2_runner_on_ok",
                    Status::Skipped | Status::Undecided => "v2_runner_on_skipped",
                    Status::Failed => "v2_runner_on_failed",
                    Status::Unreachable => "v2_runner_on_unreachable",
                };
                self.outcome(state, kind, &of.task, &of.host, record::outcome(of));
            }
            Event::Included { task, file, hosts, .. } => {
                for host in hosts {
                    self.outcome(state, "v2_runner_on_ok", task, host, record::inclusion(task, file));
                }
            }
            Event::Recap(hosts) => {
                let mut map = Map::from([("stats", record::counts(hosts))]);
                record::add_custom(&mut map, &mut state.stats, self.custom_stats);
                self.write(state, "v2_playbook_on_stats", map);
            }
            _ => {}
        }
    }
}
