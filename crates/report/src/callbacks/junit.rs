//! The run as a JUnit report: each task on each host is a test.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ksplay_engine::{Event, Sink, Status, TaskInfo, TaskResult};
use ksplay_value::text::JsonStyle;
use ksplay_value::{Map, Value};

use crate::terminal::Terminal;
use crate::{excerpt, result};

/// What the user chose about the report.
#[derive(Debug, Clone, Default)]
pub struct JunitOptions {
    /// The folder that it is written to.
    pub dir: PathBuf,
    /// Whether a change is a failure.
    pub fail_on_change: bool,
    /// Whether a failure that the playbook ignores is one.
    pub fail_on_ignore: bool,
    /// Whether tests are of files, not of lines in them.
    pub task_class: bool,
    /// Whether facts that are gathered are not among the tests.
    pub without_setup: bool,
    /// Whether tests are named without the arguments of their tasks.
    pub without_arguments: bool,
    /// The folder that paths begin at.
    pub relative_to: Option<PathBuf>,
    /// What stands in place of the folders of files that are not below it.
    pub out_of_tree: Option<String>,
    /// What the names of tests begin with; of other tasks only failures count.
    pub prefix: String,
}

/// The callback `ansible.builtin.junit`.
#[derive(Debug)]
pub struct Junit {
    options: JunitOptions,
    terminal: Arc<Terminal>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    playbook: String,
    play: String,
    begun: HashMap<u64, Instant>,
    /// What the next failure is about.
    error: Option<String>,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    class: String,
    name: String,
    time: Duration,
    outcome: Outcome,
    text: String,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Passed,
    Skipped,
    Failure(String),
    Error(String),
}

impl Junit {
    /// Writes to a file that begins with the name of the playbook; what goes wrong is told on the terminal.
    pub fn new(options: JunitOptions, terminal: Arc<Terminal>) -> Self {
        Self { options, terminal, state: Mutex::default() }
    }

    /// Adds a test, unless it is none by its name.
    fn add(&self, state: &mut State, info: &TaskInfo, host: &str, outcome: Outcome, text: String) {
        let failed = matches!(outcome, Outcome::Failure(_) | Outcome::Error(_));
        if !failed && !info.banner.starts_with(&self.options.prefix) {
            return;
        }
        let path = self.path(&excerpt::path(&info.span));
        let class = match self.options.task_class {
            true => path.trim_end_matches(".yml").to_owned(),
            false => format!("{path}:{}", info.span.line),
        };
        let mut name = format!("[{host}] {}: {}", state.play, info.banner);
        let arguments = if self.options.without_arguments { String::new() } else { info.arguments.to_string() };
        if !arguments.is_empty() {
            name += &format!(" {arguments}");
        }
        let time = state.begun.get(&info.number).map(Instant::elapsed).unwrap_or_default();
        state.cases.push(Case { class, name, time, outcome, text });
    }

    /// The path of a file as the options want it.
    fn path(&self, path: &str) -> String {
        let Some(base) = &self.options.relative_to else { return path.to_owned() };
        let path = relative(Path::new(path), &std::path::absolute(base).unwrap_or_else(|_| base.clone()));
        match (&self.options.out_of_tree, path.file_name()) {
            (Some(instead), Some(name)) if path.starts_with("..") => format!("{instead}{}", name.to_string_lossy()),
            _ => path.display().to_string(),
        }
    }

    fn result(&self, state: &mut State, of: &TaskResult) {
        let error = state.error.take();
        if self.options.without_setup && matches!(result::action(&of.task), "setup" | "gather_facts") {
            return;
        }
        let toggled = of.task.banner.contains("TOGGLE RESULT");
        let expected = toggled || of.task.banner.contains("EXPECTED FAILURE");
        let said = |map: &Map, key: &str| map.get(key).map(Value::to_string).unwrap_or_default();
        let outcome = match of.status {
            Status::Skipped | Status::Undecided => Outcome::Skipped,
            Status::Failed | Status::Unreachable if expected || (of.ignored && !self.options.fail_on_ignore) => {
                Outcome::Passed
            }
            Status::Failed | Status::Unreachable => Outcome::Error(error.unwrap_or_else(|| said(&of.result, "msg"))),
            Status::Ok if toggled => Outcome::Failure("the task is to fail".to_owned()),
            Status::Changed if toggled || self.options.fail_on_change => {
                Outcome::Failure("something changed".to_owned())
            }
            Status::Ok | Status::Changed => Outcome::Passed,
        };
        let text = match outcome {
            Outcome::Skipped if of.status == Status::Undecided => said(&of.result, "undecided"),
            Outcome::Skipped => said(&of.result, "skip_reason"),
            _ => {
                let style = if of.verbose { JsonStyle::indented(4) } else { JsonStyle::indented(0) };
                let style = JsonStyle { sort_keys: true, ensure_ascii: false, ..style };
                result::written(result::shown(&of.result, 0), &style)
            }
        };
        self.add(state, &of.task, &of.host, outcome, text);
    }

    fn write(&self, state: &State) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.options.dir)?;
        let stem = Path::new(&state.playbook).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(&self.options.dir)?;
        file.write_all(report(&stem, &state.cases).as_bytes())?;
        file.persist(self.options.dir.join(format!("{stem}-{now}.xml")))?;
        Ok(())
    }
}

impl Sink for Junit {
    fn event(&self, event: &Event) {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        match event {
            Event::PlaybookStart { file, .. } if state.playbook.is_empty() => state.playbook.clone_from(file),
            Event::PlayStart { name, .. } => state.play.clone_from(name),
            Event::TaskStart(info) => {
                state.begun.entry(info.number).or_insert_with(Instant::now);
            }
            Event::Error(error) if excerpt::is_of_task(error) => state.error = Some(error.title.clone()),
            Event::Item(_) => state.error = None,
            Event::Result(of) => self.result(state, of),
            Event::Included { task, file, hosts, .. } => {
                let text = format!("{file}: [{}]", hosts.join(", "));
                self.add(state, task, "include", Outcome::Passed, text);
            }
            Event::Recap(_) => {
                if let Err(error) = self.write(state) {
                    let text = format!("cannot write the report to {}: {error}", self.options.dir.display());
                    self.terminal.event(&Event::Warning(text));
                }
            }
            _ => {}
        }
    }
}

/// The way from a folder to a file; both are absolute.
fn relative(path: &Path, base: &Path) -> PathBuf {
    let same = path.components().zip(base.components()).take_while(|(one, other)| one == other).count();
    let up = base.components().skip(same).map(|_| Component::ParentDir);
    up.chain(path.components().skip(same)).collect()
}

/// The whole report.
fn report(name: &str, cases: &[Case]) -> String {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    let errors = count(|outcome| matches!(outcome, Outcome::Error(_)));
    let failures = count(|outcome| matches!(outcome, Outcome::Failure(_)));
    let skipped = count(|outcome| *outcome == Outcome::Skipped);
    let time: f64 = cases.iter().map(|case| case.time.as_secs_f64()).sum();
    let tests = cases.len();
    let mut xml = format!(
        "<?xml version=\"1.0\" ?>\n<testsuites disabled=\"0\" errors=\"{errors}\" failures=\"{failures}\" \
         tests=\"{tests}\" time=\"{time}\">\n\t<testsuite disabled=\"0\" errors=\"{errors}\" failures=\"{failures}\" \
         name=\"{}\" skipped=\"{skipped}\" tests=\"{tests}\" time=\"{time}\">\n",
        escaped(name)
    );
    for case in cases {
        let (class, name, time) = (escaped(&case.class), escaped(&case.name), case.time.as_secs_f64());
        let _ = writeln!(xml, "\t\t<testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\">");
        let text = escaped(&case.text);
        let _ = match &case.outcome {
            Outcome::Passed => writeln!(xml, "\t\t\t<system-out>{text}</system-out>"),
            Outcome::Skipped => writeln!(xml, "\t\t\t<skipped>{text}</skipped>"),
            Outcome::Failure(why) => {
                writeln!(xml, "\t\t\t<failure message=\"{}\" type=\"failure\">{text}</failure>", escaped(why))
            }
            Outcome::Error(why) => {
                writeln!(xml, "\t\t\t<error message=\"{}\" type=\"error\">{text}</error>", escaped(why))
            }
        };
        xml.push_str("\t\t</testcase>\n");
    }
    xml + "\t</testsuite>\n</testsuites>\n"
}

/// The text as XML can hold it: what XML 1.0 has no place for becomes a mark.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(char),
            _ if char < ' ' || matches!(char, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_its_tests_and_escapes_what_they_say() {
        let case = |outcome| Case {
            class: "site.yml:3".into(),
            name: "[a] all: \"x\" & <y>".into(),
            time: Duration::from_millis(1500),
            outcome,
            text: "1 > 0\u{1b}".into(),
        };
        let xml = report("site", &[case(Outcome::Passed), case(Outcome::Skipped), case(Outcome::Error("no".into()))]);
        assert!(xml.contains(r#"errors="1" failures="0" name="site" skipped="1" tests="3" time="4.5""#), "{xml}");
        assert!(xml.contains(r#"name="[a] all: &quot;x&quot; &amp; &lt;y&gt;" time="1.5">"#), "{xml}");
        assert!(xml.contains("<system-out>1 &gt; 0\u{fffd}</system-out>"), "{xml}");
        assert!(xml.contains(r#"<error message="no" type="error">"#), "{xml}");
    }
}
