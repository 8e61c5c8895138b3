//! What the callbacks that write JSON say of plays, tasks and results.

use jiff::Timestamp;
use ksplay_engine::{TaskInfo, TaskResult};
use ksplay_value::{Map, Span, Value};

use crate::{excerpt, result};

/// This moment, in universal time.
pub fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// An identifier in the form of a UUID, of something that has this number within the run.
fn id(kind: u16, number: u64) -> String {
    format!("00000000-0000-0000-{kind:04x}-{number:012x}")
}

fn place(span: &Span) -> String {
    format!("{}:{}", excerpt::path(span), span.line)
}

/// A play that began at some time.
pub(super) fn play(name: &str, span: &Span, number: u64, start: &str) -> Map {
    Map::from([
        ("name", Value::from(name)),
        ("id", Value::from(id(1, number))),
        ("path", Value::from(place(span))),
        ("duration", Value::from(Map::from([("start", start)]))),
    ])
}

/// A task that began at some time, and maybe ended.
pub(super) fn task(info: &TaskInfo, start: &str, end: Option<&str>) -> Map {
    let mut duration = Map::from([("start", start)]);
    if let Some(end) = end {
        duration.insert("end", end);
    }
    Map::from([
        ("name", Value::from(info.banner.as_str())),
        ("id", Value::from(id(2, info.number))),
        ("path", Value::from(place(&info.span))),
        ("duration", Value::from(duration)),
    ])
}

/// A result as it is kept of a host.
pub(super) fn outcome(of: &TaskResult) -> Map {
    let mut map = (*of.result).clone();
    if !of.looped {
        map.insert("_ansible_no_log", result::is_censored(&of.result));
    } else if map.get("skipped") == Some(&Value::Bool(false)) {
        map.remove("skipped");
    }
    if of.verbose && !result::is_censored(&of.result) {
        map.insert("_ansible_verbose_always", true);
    }
    map.insert("action", of.task.action.clone());
    map
}

/// The result of including a file on a host.
pub(super) fn inclusion(info: &TaskInfo, file: &str) -> Map {
    Map::from([
        ("_ansible_no_log", Value::Bool(false)),
        ("action", Value::from(info.action.clone())),
        ("changed", Value::Bool(false)),
        ("include", Value::from(file)),
    ])
}
