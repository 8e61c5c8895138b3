//! What is printed is what Ansible prints: `tests/data/*.yml` are the playbooks, `*.txt` what ansible-core 2.19.14 wrote
//! for them to its two outputs; the events are those that the playbooks lead to.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ksplay_engine::{Arguments, Counts, ErrorFrame, Event, Shown, Sink, Status, TaskError, TaskInfo, TaskResult};
use ksplay_report::{JsonLines, Options, Palette, Terminal};
use ksplay_value::text::from_json;
use ksplay_value::{Map, Source, Span};

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn printed(options: Options, events: &[Event]) -> (String, String) {
    let (out, err) = (Pipe::default(), Pipe::default());
    let terminal = Terminal::new(options, Box::new(out.clone()), Box::new(err.clone()));
    events.iter().for_each(|event| terminal.event(event));
    drop(terminal);
    (out.text(), err.text())
}

fn map(json: &str) -> Map {
    from_json(json).unwrap().as_map().unwrap().clone()
}

struct Play {
    source: Arc<Source>,
    task: Arc<TaskInfo>,
    hosts: Vec<&'static str>,
    events: Vec<Event>,
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl Play {
    fn new(name: &str, text: &str, hosts: &[&'static str]) -> Self {
        let source = Source::new(name, text);
        let task = info(&source, "", "debug", 1, 1);
        Self { source, task, hosts: hosts.to_vec(), events: Vec::new() }
    }

    fn at(&self, line: u32, column: u32) -> Span {
        Span::new(&self.source, line, column)
    }

    fn task(&mut self, name: &str, action: &str, line: u32) {
        self.task = info(&self.source, name, action, line, 7);
        self.events.push(Event::TaskStart(Arc::clone(&self.task)));
    }

    fn result(&self, host: &str, status: Status, json: &str) -> TaskResult {
        let result = TaskResult::of(Arc::clone(&self.task), host.into(), status, Shown::of(map(json), false));
        TaskResult { ignored: status == Status::Failed, ..result }
    }

    fn each(&mut self, status: Status, verbose: bool, json: &str) {
        for host in self.hosts.clone() {
            let result = TaskResult { verbose, ..self.result(host, status, json) };
            self.events.push(Event::Result(result));
        }
    }

    fn error(&mut self, title: &str, frames: Vec<(&str, Span, Option<&str>)>) {
        let frames = frames.into_iter().map(|(message, span, help)| ErrorFrame {
            message: message.into(),
            span: Some(span),
            help: help.map(Into::into),
        });
        self.events.push(Event::Error(Arc::new(TaskError { title: title.into(), frames: frames.collect() })));
    }

    fn task_error(&mut self, title: &str) {
        let span = self.task.span.clone();
        self.error(title, vec![(title, span, None)]);
    }
}

fn info(source: &Arc<Source>, name: &str, action: &str, line: u32, column: u32) -> Arc<TaskInfo> {
    Arc::new(TaskInfo {
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
        banner: name.into(),
        action: action.into(),
        arguments: Arguments::default(),
        role: None,
        span: Span::new(source, line, column),
        handler: false,
        check: false,
        diff: false,
    })
}

fn diff_events() -> Vec<Event> {
    let mut play = Play::new("/srv/play/diff.yml", include_str!("data/diff.yml"), &["a"]);
    play.start("a");
    let old = "a\\nb\\n\\n".repeat(90);
    let new = format!("{}b\\n{}", "a\\nc\\n\\n".repeat(40), "a\\nb\\n\\n".repeat(40));
    let many = format!(r#"{{"before": "{old}", "after": "{new}"}}"#);
    let numbers: Vec<String> = (1..=16).map(|number| number.to_string()).collect();
    let numbers = numbers.join("\\n");
    let changed = format!("0\\n{}\\n", numbers.replace("\\n6", "\\nsix"));
    let path = "/etc/x (content)";
    let headed = format!(
        r#"{{"before": "{numbers}", "after": "{changed}", "before_header": "{path}", "after_header": "{path}"}}"#
    );
    let diffs = [
        r#"{"before": "", "after": "a\nb\n", "after_header": "/etc/x"}"#,
        &headed,
        r#"[{"before": {"mode": "0644", "path": "é", "list": []}, "after": {"mode": "0600", "path": "é", "list": [1]}},
            {"before": {}, "after": {}}, {"prepared": "said as it is"}]"#,
        r#"{"before": "a", "after": "b"}"#,
        r#"{"src_binary": 1, "dst_larger": 104448}"#,
        r#"{"before": "a\r\nb\fq\n", "after": "a\nb\u000bq\u2028z\n"}"#,
        r#"{"before": "abc\nx\nabc\n", "after": "x\nabc\nabc\nx\n"}"#,
        &many,
    ];
    for (number, diff) in (4..).zip(diffs) {
        play.task("report_back", "report_back", number);
        let changed = number != 7;
        let status = if changed { Status::Changed } else { Status::Ok };
        play.each(status, false, &format!(r#"{{"changed": {changed}, "diff": {diff}}}"#));
    }
    play.task("report_back", "report_back", 12);
    play.task_error("Task failed: Module failed: failed");
    let failed = r#"{"changed": true, "failed": true, "msg": "failed", "diff": {"before": "1\n", "after": "2\n"}}"#;
    play.each(Status::Failed, false, failed);
    let counts = Counts { ok: 9, changed: 8, ignored: 1, ..Counts::default() };
    play.events.push(Event::Recap(vec![("a".into(), counts)]));
    play.events
}

#[test]
fn diffs_are_printed_as_ansible_prints_them() {
    let options = Options { diff: true, ..Options::default() };
    let (out, err) = printed(options, &diff_events());
    assert_eq!(out, include_str!("data/diff.out.txt"));
    assert_eq!(err, include_str!("data/diff.err.txt"));
}

#[test]
fn coloured_diffs_have_the_bytes_that_ansible_writes() {
    let options = Options { diff: true, palette: Some(Palette::default()), ..Options::default() };
    assert_eq!(printed(options, &diff_events()).0, include_str!("data/diff-colour.out.txt"));
}

#[test]
fn every_event_is_one_line_of_json() {
    let pipe = Pipe::default();
    let lines = JsonLines::new(Box::new(pipe.clone()));
    let events = diff_events();
    events.iter().for_each(|event| lines.event(event));
    let text = pipe.text();
    assert_eq!(text.lines().count(), events.len());
    assert_eq!(text.lines().next(), Some(r#"{"event":"play_start","name":"a","check":false}"#));
    assert!(text.lines().all(|line| from_json(line).unwrap().get("event").is_some()));
}

const TWO: [&str; 2] = ["a", "b"];
const UNDEFINED: &str = "Finalization of task args for 'ansible.builtin.debug' failed";
const NOPE: &str = "Error while resolving value for 'msg': 'nope' is undefined";
const CENSORED: &str = r#"{"censored": "the output has been hidden due to the fact that 'no_log: true' was specified for this result", "changed": true}"#;
const SKIPPED: &str = r#"{"changed": false, "skipped": true, "skip_reason": "Conditional result was False", "ansible_loop_var": "item", "#;

impl Play {
    fn item(&mut self, host: &str, status: Status, label: &str, json: &str) {
        let verbose = &*self.task.action == "debug";
        let item = TaskResult { label: Some(label.into()), looped: true, verbose, ..self.result(host, status, json) };
        self.events.push(Event::Item(item));
    }

    fn loop_end(&mut self, host: &str, status: Status, json: &str) {
        let result = TaskResult { looped: true, ..self.result(host, status, json) };
        self.events.push(Event::Result(result));
    }

    /// Three reasons, the second at the task's arguments and the third inside of them.
    fn undefined(&mut self, line: u32, column: u32) {
        let title = format!("Task failed: {UNDEFINED}: {NOPE}");
        let places = [self.at(line, 7), self.at(line + 1, 7), self.at(line + 1, column)];
        let step = format!("{UNDEFINED}.");
        let messages = ["Task failed.", step.as_str(), NOPE];
        self.error(&title, messages.into_iter().zip(places).map(|(message, place)| (message, place, None)).collect());
        self.each(Status::Failed, false, &format!(r#"{{"failed": true, "msg": "{title}"}}"#));
    }

    fn start(&mut self, name: &str) {
        let span = Span::new(&self.source, 1, 3);
        self.events.push(Event::PlayStart { name: name.into(), check: false, span });
    }

    fn nested_debug(&mut self, source: &Arc<Source>) {
        self.task = info(source, "debug", "debug", 1, 3);
        self.events.push(Event::TaskStart(Arc::clone(&self.task)));
        self.each(Status::Ok, true, r#"{"msg": "inc", "changed": false, "failed": false}"#);
    }
}

fn main_events() -> Vec<Event> {
    let mut play = Play::new("/srv/play/main.yml", include_str!("data/main.yml"), &TWO);
    play.start("everything");
    play.task("show", "debug", 5);
    play.each(Status::Ok, true, r#"{"msg": "hello", "changed": false, "failed": false}"#);
    play.task("Ünïcode 中文 name", "debug", 7);
    play.each(Status::Ok, true, r#"{"msg": [1, {"a": "é"}], "changed": false}"#);
    play.task("items", "debug", 9);
    for host in TWO {
        let skipped = format!(r#"{SKIPPED} "false_condition": "item == 'two'", "item": "one"}}"#);
        play.item(host, Status::Skipped, "one", &skipped);
        let two = r#"{"msg": "two", "item": "two", "ansible_loop_var": "item", "changed": false}"#;
        play.item(host, Status::Ok, "two", two);
        play.loop_end(host, Status::Ok, r#"{"results": [], "changed": false, "msg": "All items completed"}"#);
    }
    play.task("none", "report_back", 13);
    for host in TWO {
        play.item(host, Status::Skipped, "1", &format!(r#"{SKIPPED} "false_condition": false, "item": 1}}"#));
        let end = r#"{"results": [{}], "skipped": true, "msg": "All items skipped", "changed": false}"#;
        play.loop_end(host, Status::Skipped, end);
    }
    let long = "a name that is so long that there is hardly any room left for the stars of it";
    play.task(long, "report_back", 17);
    let output = r#""stdout": "x\ny", "stdout_lines": ["x", "y"]"#;
    play.each(Status::Changed, false, &format!(r#"{{"changed": true, "rc": 0, {output}, "invocation": {{"x": 1}}}}"#));
    play.task("elsewhere", "report_back", 19);
    for host in TWO {
        let delegated = Some(("c".into(), None));
        let result = play.result(host, Status::Ok, r#"{"rc": 0, "changed": false, "_ansible_no_log": false}"#);
        play.events.push(Event::Result(TaskResult { delegated, ..result }));
    }
    play.task("at an address", "report_back", 22);
    for host in TWO {
        for item in 0..2 {
            let json = format!(r#"{{"rc": 0, "changed": false, "item": {item}, "ansible_loop_var": "item"}}"#);
            let result = play.result(host, Status::Ok, &json);
            let delegated = Some(("d".into(), Some("10.0.0.2".into())));
            let label = Some(item.to_string());
            play.events.push(Event::Item(TaskResult { delegated, label, looped: true, ..result }));
        }
        play.loop_end(host, Status::Ok, r#"{"results": [], "changed": false}"#);
    }
    play.task("warn", "report_back", 26);
    let warning = "a warning that is quite long so that it would be wrapped at 79 columns if anything were";
    play.events.push(Event::Warning(warning.into()));
    play.events.push(Event::Warning("two\nlines".into()));
    play.each(Status::Ok, false, r#"{"rc": 0, "changed": false, "warnings": ["x"]}"#);
    play.task("broken", "report_back", 28);
    play.task_error("Task failed: Module failed: it is\nbroken");
    let output = r#""stderr": "e", "stderr_lines": ["e"], "stdout": "", "stdout_lines": []"#;
    let broken = format!(r#"{{"changed": false, "failed": true, "msg": "it is\nbroken", "rc": 3, {output}}}"#);
    play.each(Status::Failed, false, &broken);
    play.task("some broken", "report_back", 31);
    for host in TWO {
        for item in 1..=2 {
            if host == "a" {
                play.task_error(&format!("Task failed: Module failed: broken {item}"));
            }
            let loop_var = r#""ansible_loop_var": "item""#;
            let json =
                format!(r#"{{"changed": false, {loop_var}, "item": {item}, "failed": true, "msg": "broken {item}"}}"#);
            play.item(host, Status::Failed, &item.to_string(), &json);
        }
        play.loop_end(host, Status::Failed, r#"{"results": [], "failed": true, "msg": "One or more items failed"}"#);
    }
    play.task("assert", "assert", 35);
    play.task_error("Task failed: Action failed: Assertion failed");
    let assertion = r#""assertion": "1 == 2", "evaluated_to": false"#;
    play.each(
        Status::Failed,
        true,
        &format!(r#"{{"failed": true, "changed": false, {assertion}, "msg": "Assertion failed"}}"#),
    );
    play.task("again", "debug", 37);
    for host in TWO {
        let result = map(r#"{"attempts": 1, "changed": false, "msg": "1", "retries": 2, "failed": true}"#);
        let result = Shown::of(result, false);
        let task = Arc::clone(&play.task);
        play.events.push(Event::Retry { task, host: host.into(), left: 1, result });
        if host == "a" {
            play.task_error("Task failed: Action failed: 1");
        }
        let result =
            play.result(host, Status::Failed, r#"{"attempts": 1, "changed": false, "msg": "1", "failed": true}"#);
        play.events.push(Event::Result(TaskResult { verbose: true, ..result }));
    }
    let source = Source::new("/srv/play/inc.yml", "- debug: msg=inc\n");
    let task = Arc::clone(&play.task);
    let included = |label: Option<&str>| Event::Included {
        task: Arc::clone(&task),
        file: "/srv/play/inc.yml".into(),
        hosts: TWO.map(Into::into).to_vec(),
        label: label.map(Into::into),
    };
    play.task("include_tasks", "include_tasks", 43);
    play.events.push(included(None));
    play.nested_debug(&source);
    play.task("include_tasks", "include_tasks", 44);
    play.events.extend([included(Some("x")), included(Some("y"))]);
    play.nested_debug(&source);
    play.nested_debug(&source);
    play.task("undefined", "debug", 46);
    play.undefined(46, 14);
    play.task("hidden", "report_back", 49);
    for host in TWO {
        play.item(host, Status::Changed, "(censored due to no_log)", CENSORED);
        play.loop_end(host, Status::Changed, CENSORED);
    }
    play.task("text as condition", "debug", 54);
    let cause = "Conditional result (True) was derived from value of type 'str' at '/srv/play/main.yml:56:13'. Conditionals must have a boolean result.";
    let help =
        "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.";
    let frames = vec![("Task failed.", play.at(54, 7), None), (cause, play.at(56, 13), Some(help))];
    play.error(&format!("Task failed: {cause}"), frames);
    play.each(Status::Failed, false, &format!(r#"{{"failed": true, "msg": "Task failed: {cause}"}}"#));
    play.task("long line", "debug", 58);
    play.undefined(58, 20);
    play.task("fail", "fail", 62);
    play.task = info(&play.source, "fail", "fail", 62, 11);
    play.events.pop();
    play.events.push(Event::TaskStart(Arc::clone(&play.task)));
    play.task_error("Task failed: Action failed: x");
    for host in TWO {
        let result = play.result(host, Status::Failed, r#"{"failed": true, "changed": false, "msg": "x"}"#);
        play.events.push(Event::Result(TaskResult { ignored: false, ..result }));
    }
    play.task("debug", "debug", 64);
    for host in TWO {
        let result = play.result(host, Status::Ok, &format!(r#"{{"inventory_hostname": "{host}", "changed": false}}"#));
        play.events.push(Event::Result(TaskResult { verbose: true, ..result }));
    }
    play.task = Arc::new(TaskInfo { handler: true, ..(*info(&play.source, "told", "debug", 66, 7)).clone() });
    play.events.push(Event::TaskStart(Arc::clone(&play.task)));
    play.each(Status::Ok, true, r#"{"msg": "handled", "changed": false}"#);
    play.events.push(Event::Warning("Could not match supplied host pattern, ignoring: nosuch".into()));
    play.start("nosuch");
    play.events.push(Event::NoHostsMatched);
    let counts = Counts { ok: 23, changed: 2, skipped: 1, rescued: 1, ignored: 7, ..Counts::default() };
    play.events.push(Event::Recap(vec![("b".into(), counts), ("a".into(), counts)]));
    play.events
}

/// Fails with the first line that differs rather than with all of both.
fn same(ours: &str, ansibles: &str) {
    for (number, (our, ansible)) in ours.lines().zip(ansibles.lines()).enumerate() {
        assert_eq!(our, ansible, "line {}", number + 1);
    }
    assert_eq!(ours.len(), ansibles.len());
}

#[test]
fn a_whole_run_is_printed_as_ansible_prints_it() {
    let (out, err) = printed(Options::default(), &main_events());
    same(&out, include_str!("data/main.out.txt"));
    same(&err, include_str!("data/main.err.txt"));
}

#[test]
fn results_are_on_one_line_when_asked_for() {
    same(
        &printed(Options { verbosity: 1, ..Options::default() }, &main_events()).0,
        include_str!("data/main-v.out.txt"),
    );
}

#[test]
fn banners_of_tasks_that_show_nothing_are_left_out() {
    let options = Options { show_ok: false, show_skipped: false, ..Options::default() };
    same(&printed(options, &main_events()).0, include_str!("data/main-quiet.out.txt"));
}

#[test]
fn colours_have_the_bytes_that_ansible_writes() {
    let options = Options { palette: Some(Palette::default()), ..Options::default() };
    same(&printed(options, &main_events()).0, include_str!("data/main-colour.out.txt"));
}

#[test]
fn the_live_line_is_gone_when_the_run_ends() {
    let mut play = Play::new("/srv/play/main.yml", "", &["a"]);
    play.task("wait", "command", 1);
    let (task, host) = (Arc::clone(&play.task), "a".into());
    play.events.push(Event::HostStart { task, host });
    let pipe = Pipe::default();
    let options = Options { progress: true, ..Options::default() };
    let terminal = Terminal::new(options, Box::new(pipe.clone()), Box::new(std::io::sink()));
    play.events.iter().for_each(|event| terminal.event(event));
    for _ in 0..100 {
        if pipe.text().contains("1 of 1 hosts: a") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(terminal);
    let text = pipe.text();
    assert!(text.contains("1 of 1 hosts: a"), "{text:?}");
    assert!(text.ends_with("\r\x1b[K"), "{text:?}");
}
