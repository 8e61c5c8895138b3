//! The whole run as one JSON object, at its end.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_engine::{Event, Sink, TaskInfo};
use ksplay_value::text::JsonStyle;
use ksplay_value::{Map, Str, Value};

use super::output::Output;
use super::record;

/// The callback `ansible.posix.json`.
pub struct Json(Mutex<State>);

struct State {
    output: Output,
    plays: Vec<PlayRecord>,
}

struct PlayRecord {
    play: Map,
    start: String,
    end: String,
    tasks: Vec<TaskRecord>,
}

struct TaskRecord {
    number: u64,
    info: Arc<TaskInfo>,
    start: String,
    end: Option<String>,
    hosts: Map,
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Json").finish_non_exhaustive()
    }
}

impl Json {
    /// Writes to this output, indented by so many spaces or else on one line, and with what `set_stats` set if wanted.
    pub fn new(writer: Box<dyn Write + Send>, indent: usize, custom_stats: bool) -> Self {
        let output = Output::new(writer, indent, JsonStyle::default(), custom_stats);
        Self(Mutex::new(State { output, plays: Vec::new() }))
    }
}

impl State {
    fn begin(&mut self, info: &Arc<TaskInfo>) {
        if let Some(play) = self.plays.last_mut()
            && play.tasks.last().is_none_or(|task| task.number != info.number)
        {
            let start = record::now();
            let info = Arc::clone(info);
            play.tasks.push(TaskRecord { number: info.number, info, start, end: None, hosts: Map::new() });
        }
    }

    fn result(&mut self, number: u64, host: &Str, outcome: Map) {
        let Some(play) = self.plays.last_mut() else { return };
        let now = record::now();
        play.end.clone_from(&now);
        if let Some(task) = play.tasks.iter_mut().rev().find(|task| task.number == number) {
            task.end = Some(now);
            task.hosts.insert(&**host, outcome);
        }
    }
}

impl PlayRecord {
    fn into_map(self) -> Map {
        let Self { mut play, start, end, tasks } = self;
        play.insert("duration", Map::from([("start", start), ("end", end)]));
        let tasks = tasks.into_iter().map(|task| {
            let about = record::task(&task.info, &task.start, task.end.as_deref());
            Value::from(Map::from([("task", about), ("hosts", task.hosts)]))
        });
        Map::from([("play", Value::from(play)), ("tasks", tasks.collect())])
    }
}

impl Sink for Json {
    fn event(&self, event: &Event) {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.output.note(event);
        match event {
            Event::PlayStart { name, span, .. } => {
                let start = record::now();
                let play = record::play(name, span, state.plays.len() as u64 + 1, &start);
                state.plays.push(PlayRecord { play, end: start.clone(), start, tasks: Vec::new() });
            }
            Event::TaskStart(info) => state.begin(info),
            Event::Result(of) => {
                state.begin(&of.task);
                state.result(of.task.number, &of.host, record::outcome(of));
            }
            Event::Included { task, file, hosts, .. } => {
                for host in hosts {
                    state.result(task.number, host, record::inclusion(task, file));
                }
            }
            Event::Recap(hosts) => {
                let plays = std::mem::take(&mut state.plays);
                let mut all = state.output.end(hosts);
                all.insert("plays", plays.into_iter().map(|play| Value::from(play.into_map())).collect::<Value>());
                state.output.write(all);
            }
            _ => {}
        }
    }
}
