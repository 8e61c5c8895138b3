//! One JSON object an event, for programs that follow a run.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ksplay_engine::{AsyncState, Event, Sink, Status, TaskInfo, TaskResult};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Str, Value};

use crate::recap;

/// Writes each event as an object on a line of its own; `event` says which it is.
pub struct JsonLines {
    writer: Mutex<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

impl JsonLines {
    /// A writer of events to this output.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer: Mutex::new(writer) }
    }
}

impl Sink for JsonLines {
    fn event(&self, event: &Event) {
        let style = JsonStyle { ensure_ascii: false, ..JsonStyle::compact() };
        let Ok(line) = to_json(&Value::from(object(event)), &style) else { return };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A reader that has gone must not end the run.
        let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
    }
}

fn object(event: &Event) -> Map {
    let mut map = Map::new();
    let mut name = |name: &str| {
        map.insert("event", name);
    };
    match event {
        Event::PlayStart { name: play, check, .. } => {
            name("play_start");
            map.insert("name", play.as_str());
            map.insert("check", *check);
        }
        Event::NoHostsMatched => name("no_hosts_matched"),
        Event::NoHostsRemaining => name("no_hosts_remaining"),
        Event::TaskStart(info) => {
            name("task_start");
            map.insert("task", task(info));
            map.insert("handler", info.handler);
            map.insert("check", info.check);
        }
        Event::HostStart { task: info, host } => {
            name("host_start");
            map.insert("task", task(info));
            map.insert("host", host.clone());
        }
        Event::Item(item) => {
            name("item");
            outcome(&mut map, item);
        }
        Event::Result(result) => {
            name("result");
            outcome(&mut map, result);
        }
        Event::Retry { task: info, host, left, result } => {
            name("retry");
            map.insert("task", task(info));
            map.insert("host", host.clone());
            map.insert("left", i64::try_from(*left).unwrap_or(i64::MAX));
            map.insert("result", (**result).clone());
        }
        Event::Async { host, state, result } => {
            name("async");
            map.insert("host", host.clone());
            map.insert(
                "state",
                match state {
                    AsyncState::Running => "running",
                    AsyncState::Ended => "ended",
                    AsyncState::Failed => "failed",
                },
            );
            map.insert("result", (**result).clone());
        }
        Event::Included { file, hosts, label, .. } => {
            name("included");
            map.insert("file", file.as_str());
            map.insert("hosts", list(hosts));
            if let Some(label) = label {
                map.insert("item", label.as_str());
            }
        }
        Event::Warning(text) => {
            name("warning");
            map.insert("text", text.as_str());
        }
        Event::WarningAt { text, span, .. } => {
            name("warning");
            map.insert("text", text.as_str());
            map.insert("place", span.to_string());
        }
        Event::Detail(text) => {
            name("detail");
            map.insert("text", text.as_str());
        }
        Event::PlaybookStart { file, plays } => {
            name("playbook_start");
            map.insert("file", file.as_str());
            map.insert("plays", *plays as u64);
        }
        Event::Error(error) => {
            name("error");
            map.insert("text", error.title.as_str());
            let frames = error.frames.iter().map(|frame| {
                let mut map = Map::from([("text", Value::from(frame.message.as_str()))]);
                if let Some(span) = &frame.span {
                    map.insert("place", span.to_string());
                }
                if let Some(help) = &frame.help {
                    map.insert("help", help.as_str());
                }
                Value::from(map)
            });
            map.insert("frames", Value::from(frames.collect::<Vec<_>>()));
        }
        Event::Notice(text) => {
            name("notice");
            map.insert("text", text.as_str());
        }
        Event::Asked(question) => {
            name("asked");
            map.insert("text", question.as_str());
        }
        Event::Recap(hosts) => {
            name("recap");
            map.insert("hosts", recap::data(hosts, "failed"));
        }
    }
    map
}

fn task(info: &TaskInfo) -> Map {
    Map::from([
        ("number", Value::from(i64::try_from(info.number).unwrap_or(i64::MAX))),
        ("name", Value::from(info.banner.as_str())),
        ("action", Value::from(info.action.clone())),
        ("place", Value::from(info.span.to_string())),
    ])
}

fn outcome(map: &mut Map, result: &TaskResult) {
    let status = match result.status {
        Status::Ok => "ok",
        Status::Changed => "changed",
        Status::Skipped => "skipped",
        Status::Undecided => "undecided",
        Status::Failed => "failed",
        Status::Unreachable => "unreachable",
    };
    map.insert("task", task(&result.task));
    map.insert("host", result.host.clone());
    if let Some((delegate, _)) = &result.delegated {
        map.insert("delegate", delegate.clone());
    }
    if let Some(label) = &result.label {
        map.insert("item", label.as_str());
    }
    map.insert("status", status);
    map.insert("ignored", result.ignored);
    map.insert("result", (*result.result).clone());
}

fn list(hosts: &[Str]) -> Value {
    Value::from(hosts.iter().cloned().map(Value::from).collect::<Vec<_>>())
}
