//! The output of a run as Ansible's default callback prints it.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ksplay_engine::{AsyncState, Event, Sink, Status, TaskError, TaskInfo, TaskResult};
use ksplay_value::{Map, Str, Value};
use unicode_width::UnicodeWidthStr;

use crate::log::{Level, Log};
use crate::options::{Form, Options};
use crate::paint::Tone;
use crate::progress::{Live, Ticker};
use crate::stats::CustomStats;
use crate::{diff, excerpt, recap, result};

mod minimal;

/// Prints events as they come.
pub struct Terminal {
    screen: Arc<Mutex<Screen>>,
    // Stopped on drop.
    _ticker: Option<Ticker>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").finish_non_exhaustive()
    }
}

impl Terminal {
    /// A printer to these outputs. With [`Options::progress`], `stdout` has to be a terminal; its last line is redrawn by a
    /// thread that ends with the printer.
    pub fn new(options: Options, stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        let progress = options.progress;
        let screen = Arc::new(Mutex::new(Screen {
            live: progress.then(|| Live::new(options.width)),
            options,
            stdout,
            stderr,
            begun: false,
            task: None,
            banner: None,
            hushed: false,
            error: None,
            stats: CustomStats::default(),
            log: None,
        }));
        let ticker = progress.then(|| {
            let screen = Arc::clone(&screen);
            Ticker::start(move || lock(&screen).draw())
        });
        Self { screen, _ticker: ticker }
    }

    /// Erases the line that shows what is going on, for whoever is about to end the process or to ask the user something.
    /// It comes back with the next change.
    pub fn clear(&self) {
        lock(&self.screen).erase();
    }
}

impl Terminal {
    /// Keeps what is shown in this file too.
    pub fn keep(&self, log: Log) {
        lock(&self.screen).log = Some(log);
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        lock(&self.screen).line(Output::Out, Tone::Plain, line);
    }

    /// Prints a line that is filled up with stars, after a blank one.
    pub fn banner(&self, words: &str) {
        lock(&self.screen).print_banner(words);
    }

    /// Whether somebody types on the terminal now: what is going on is not shown meanwhile.
    pub fn hush(&self, hushed: bool) {
        let mut screen = lock(&self.screen);
        screen.erase();
        screen.hushed = hushed;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self._ticker = None;
        let mut screen = lock(&self.screen);
        screen.erase();
        screen.live = None;
    }
}

impl Sink for Terminal {
    fn event(&self, event: &Event) {
        let mut screen = lock(&self.screen);
        if let Some(live) = &mut screen.live {
            live.note(event);
        }
        screen.stats.note(event);
        screen.show(event);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Output {
    Out,
    Err,
}

struct Screen {
    options: Options,
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    live: Option<Live>,
    begun: bool,
    /// The task that began last.
    task: Option<Arc<TaskInfo>>,
    /// The task whose banner was printed last.
    banner: Option<u64>,
    /// Whether somebody types.
    hushed: bool,
    /// Why a task failed whose result is still to come, for forms that show the two together.
    error: Option<Arc<TaskError>>,
    stats: CustomStats,
    log: Option<Log>,
}

impl Screen {
    fn show(&mut self, event: &Event) {
        match self.options.form {
            Form::Default => self.show_all(event),
            Form::Minimal | Form::OneLine => self.show_result_alone(event),
            Form::Null => self.show_no_result(event),
        }
    }

    fn show_all(&mut self, event: &Event) {
        if !std::mem::replace(&mut self.begun, true) {
            self.dry_run();
        }
        match event {
            Event::PlayStart { name, check, .. } => {
                self.task = None;
                self.print_banner(&format!("PLAY [{name}]{}", self.check_marker(*check)));
            }
            Event::NoHostsMatched => self.line(Output::Out, Tone::Skipped, "skipping: no hosts matched"),
            Event::NoHostsRemaining => self.print_banner("NO MORE HOSTS LEFT"),
            Event::TaskStart(task) => {
                self.task = Some(Arc::clone(task));
                if self.options.show_ok && self.options.show_skipped {
                    self.task_banner_once(task);
                }
            }
            Event::HostStart { task, host } if self.options.host_starts => {
                self.task_banner_once(task);
                let kind = if task.handler { "HANDLER" } else { "TASK" };
                self.line(Output::Out, Tone::Ok, &format!(" [started {kind}: {} on {host}]", task.banner));
            }
            Event::HostStart { .. } => {}
            Event::Item(result) => self.item(result),
            Event::Result(result) => self.result(result),
            Event::Retry { task, host, left, result } => self.retry(task, host, *left, result),
            Event::Async { host, state, result } => self.job(host, *state, result),
            Event::Included { file, hosts, label, .. } => {
                self.current_banner();
                let label = label.as_ref().map(|label| format!(" => (item={label})")).unwrap_or_default();
                self.line(Output::Out, Tone::Included, &format!("included: {file} for {}{label}", hosts.join(", ")));
            }
            Event::Warning(_)
            | Event::WarningAt { .. }
            | Event::Error(_)
            | Event::Notice(_)
            | Event::Detail(_)
            | Event::Asked(_)
            | Event::PlaybookStart { .. } => self.show_message(event),
            Event::Recap(hosts) => {
                self.print_banner("PLAY RECAP");
                let mut hosts: Vec<_> = hosts.iter().collect();
                hosts.sort_by(|(one, _), (other, _)| one.cmp(other));
                for (host, counts) in hosts {
                    let line = |palette| recap::line(host, counts, palette) + "\n";
                    let (painted, plain) = (line(self.options.palette.as_ref()), line(None));
                    self.painted(&painted, || plain);
                }
                self.line(Output::Out, Tone::Plain, "");
                self.custom_stats();
                self.dry_run();
            }
        }
    }

    /// What is said outside of results.
    fn show_message(&mut self, event: &Event) {
        match event {
            Event::Warning(text) => {
                self.text(Output::Err, Tone::Warning, &format!("[WARNING]: {}", excerpt::block(text)));
            }
            Event::Error(error) => {
                let output = if excerpt::is_of_task(error) {
                    self.current_banner();
                    self.failures()
                } else {
                    Output::Err
                };
                self.text(output, Tone::Failed, &format!("[ERROR]: {}", excerpt::error(error)));
            }
            Event::WarningAt { text, span, help } => {
                let help = help.as_ref().map(|help| format!("\n\n{help}")).unwrap_or_default();
                let text = format!("[WARNING]: {}", excerpt::block(&(excerpt::located(text, span) + &help)));
                self.text(Output::Err, Tone::Warning, &text);
            }
            Event::Asked(question) => self.print_banner(question),
            Event::Notice(text) => self.line(Output::Out, Tone::Plain, text),
            Event::Detail(text) if self.options.verbosity > 1 => self.line(Output::Out, Tone::Verbose, text),
            Event::PlaybookStart { file, plays } if self.options.verbosity > 1 => {
                let name = file.rsplit('/').next().unwrap_or(file);
                self.print_banner(&format!("PLAYBOOK: {name}"));
                let below = std::env::current_dir()
                    .ok()
                    .and_then(|dir| Some(Path::new(file).strip_prefix(dir).ok()?.display().to_string()));
                self.line(Output::Out, Tone::Verbose, &format!("{plays} plays in {}", below.as_ref().unwrap_or(file)));
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &TaskResult) {
        let label = format!("(item={})", item.label.as_deref().unwrap_or_default());
        // As in Ansible, what is skipped is so without a word about where it would have been done.
        let host = if item.status == Status::Skipped { item.host.to_string() } else { host_label(item) };
        match item.status {
            Status::Skipped if !self.options.show_skipped => {}
            Status::Ok if !self.options.show_ok => {}
            Status::Skipped => {
                self.outcome(item, Output::Out, Tone::Skipped, &format!("skipping: [{host}] => {label} "))
            }
            Status::Undecided => self.undecided(item, &format!("undecided: [{host}] => {label}")),
            Status::Ok => self.outcome(item, Output::Out, Tone::Ok, &format!("ok: [{host}] => {label}")),
            Status::Changed => self.outcome(item, Output::Out, Tone::Changed, &format!("changed: [{host}] => {label}")),
            Status::Failed | Status::Unreachable => {
                self.failure(item, Tone::Failed, &format!("failed: [{host}] {label}"), &item.result);
            }
        }
    }

    fn result(&mut self, result: &TaskResult) {
        let host = if result.status == Status::Skipped { result.host.to_string() } else { host_label(result) };
        match result.status {
            Status::Ok | Status::Changed if result.looped => {}
            Status::Skipped if !self.options.show_skipped => {}
            Status::Ok if !self.options.show_ok => {}
            Status::Ok => self.outcome(result, Output::Out, Tone::Ok, &format!("ok: [{host}]")),
            Status::Changed => self.outcome(result, Output::Out, Tone::Changed, &format!("changed: [{host}]")),
            Status::Skipped => self.outcome(result, Output::Out, Tone::Skipped, &format!("skipping: [{host}]")),
            Status::Undecided => self.undecided(result, &format!("undecided: [{host}]")),
            Status::Failed => {
                // The items have said it, except that `debug` says it again.
                if !result.looped || (result::action(&result.task) == "debug" && !result::is_censored(&result.result)) {
                    self.task_banner_once(&result.task);
                    if self.options.failure_paths && self.options.verbosity < 2 {
                        self.task_path(&result.task);
                    }
                    self.failure(result, Tone::Failed, &format!("fatal: [{host}]: FAILED!"), &result.result);
                }
            }
            Status::Unreachable => {
                let shown = &result.result;
                self.failure(result, Tone::Unreachable, &format!("fatal: [{host}]: UNREACHABLE!"), shown);
            }
        }
        if result.ignored && matches!(result.status, Status::Failed | Status::Unreachable) {
            self.line(Output::Out, Tone::Skipped, "...ignoring");
        }
    }

    /// A line that says why check mode cannot decide.
    fn undecided(&mut self, of: &TaskResult, head: &str) {
        self.task_banner_once(&of.task);
        self.diff(of);
        let line = match of.result.get("undecided") {
            Some(reason) => format!("{head} => ({reason})"),
            None => head.to_owned(),
        };
        self.line(Output::Out, Tone::Skipped, &line);
    }

    /// A line that has the result after it only if the user wants it or it is the point of the task.
    fn outcome(&mut self, of: &TaskResult, output: Output, tone: Tone, head: &str) {
        self.task_banner_once(&of.task);
        self.diff(of);
        let mut result = result::cleaned(&of.task, &of.result);
        if of.status == Status::Skipped && of.looped {
            result.remove("results");
        }
        let verbose = of.verbose && !result::is_censored(&of.result) && of.status != Status::Skipped;
        let facts = matches!(result::action(&of.task), "setup" | "gather_facts");
        let wanted = self.options.verbosity > if facts { 2 } else { 0 };
        if verbose || wanted {
            let dump = result::dump(&result, &self.options, verbose);
            self.line(output, tone, &format!("{head} => {dump}"));
        } else {
            self.line(output, tone, head);
        }
    }

    fn failure(&mut self, of: &TaskResult, tone: Tone, head: &str, result: &Map) {
        self.task_banner_once(&of.task);
        let result = result::cleaned(&of.task, result);
        let dump = result::dump(&result, &self.options, of.verbose && !result::is_censored(&of.result));
        self.line(self.failures(), tone, &format!("{head} => {dump}"));
    }

    fn diff(&mut self, of: &TaskResult) {
        let changed = match of.status {
            Status::Ok | Status::Changed => {
                of.result.get("changed").map_or(of.status == Status::Changed, Value::is_true)
            }
            Status::Undecided => true,
            Status::Skipped | Status::Failed | Status::Unreachable => false,
        };
        if !(self.options.diff || of.task.diff) || !changed || (of.looped && of.label.is_none()) {
            return;
        }
        if let Some(diff) = of.result.get("diff").filter(|diff| diff.is_true()) {
            let context = self.options.diff_context;
            let mut text = diff::render(diff, context, self.options.palette.as_ref());
            if !text.is_empty() {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                self.painted(&text, || diff::render(diff, context, None) + "\n");
            }
        }
    }

    fn retry(&mut self, task: &TaskInfo, host: &Str, left: u64, result: &Map) {
        let mut text = format!("FAILED - RETRYING: [{host}]: {} ({left} retries left).", task.banner);
        let verbose = matches!(result::action(task), "debug" | "assert") && !result::is_censored(result);
        if verbose || self.options.verbosity > 2 {
            text.push_str("Result was: ");
            text.push_str(&result::dump(result, &self.options, verbose));
        }
        self.line(Output::Out, Tone::Debug, &text);
    }

    /// How the job is that a task waits for.
    fn job(&mut self, host: &Str, state: AsyncState, result: &Map) {
        self.current_banner();
        let value = |name: &str| result.get(name).map_or_else(|| "None".into(), Value::to_string);
        let mut text = match state {
            AsyncState::Running => format!("ASYNC POLL on {host}"),
            AsyncState::Ended => format!("ASYNC OK on {host}"),
            AsyncState::Failed => format!("ASYNC FAILED on {host}"),
        };
        text.push_str(&format!(": jid={}", value("ansible_job_id")));
        if state == AsyncState::Running {
            text.push_str(&format!(" started={} finished={}", value("started"), value("finished")));
        }
        self.line(Output::Out, Tone::Debug, &text);
    }

    fn failures(&self) -> Output {
        if self.options.failed_to_stderr { Output::Err } else { Output::Out }
    }

    fn current_banner(&mut self) {
        if let Some(task) = self.task.clone() {
            self.task_banner_once(&task);
        }
    }

    /// The banner of this task, unless it is the last that was printed: tasks of several hosts may be interleaved.
    fn task_banner_once(&mut self, task: &TaskInfo) {
        if self.banner != Some(task.number) {
            self.task_banner(task);
        }
    }

    fn task_banner(&mut self, task: &TaskInfo) {
        self.banner = Some(task.number);
        let kind = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        let mut name = task.banner.trim().to_owned();
        let arguments = if self.options.arguments { task.arguments.to_string() } else { String::new() };
        if !arguments.is_empty() {
            name += &format!(" {arguments}");
        }
        self.print_banner(&format!("{kind} [{name}]{}", self.check_marker(task.check)));
        if self.options.verbosity > 1 {
            self.task_path(task);
        }
    }

    fn task_path(&mut self, task: &TaskInfo) {
        let place = format!("task path: {}:{}", excerpt::path(&task.span), task.span.line);
        self.line(Output::Out, Tone::Debug, &place);
    }

    /// What `set_stats` has set, by host and for the run.
    fn custom_stats(&mut self) {
        let (hosts, run) = self.stats.take();
        if !self.options.custom_stats || (hosts.is_empty() && run.is_empty()) {
            return;
        }
        self.print_banner("CUSTOM STATS: ");
        for (host, stats) in hosts {
            self.line(
                Output::Out,
                Tone::Plain,
                &format!("\t{host}: {}", result::stats_line(stats, self.options.results)),
            );
        }
        if !run.is_empty() {
            let stats = result::stats_line(run, self.options.results);
            self.line(Output::Out, Tone::Plain, &format!("\n\tRUN: {stats}"));
        }
        self.line(Output::Out, Tone::Plain, "");
    }

    fn check_marker(&self, check: bool) -> &'static str {
        if check && self.options.check_markers { " [CHECK MODE]" } else { "" }
    }

    fn dry_run(&mut self) {
        if self.options.check && self.options.check_markers {
            self.print_banner("DRY RUN");
        }
    }

    fn print_banner(&mut self, words: &str) {
        let words = words.trim();
        let stars = self.options.width.saturating_sub(words.width()).max(3);
        self.line(Output::Out, Tone::Plain, &format!("\n{words} {}", "*".repeat(stars)));
    }

    fn line(&mut self, output: Output, tone: Tone, line: &str) {
        self.text(output, tone, &format!("{line}\n"));
    }

    /// A text that has its colours already; without them it is kept.
    fn painted(&mut self, painted: &str, plain: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.write(Level::Info, &plain());
        }
        self.write(Output::Out, painted);
    }

    /// A text whose last character is its line's end, which is not coloured.
    fn text(&mut self, output: Output, tone: Tone, text: &str) {
        if let Some(log) = &mut self.log {
            let level = match tone {
                Tone::Warning => Level::Warning,
                Tone::Failed if text.starts_with("[ERROR]: ") => Level::Error,
                _ => Level::Info,
            };
            log.write(level, text);
        }
        match &self.options.palette {
            Some(palette) => {
                let painted = palette.paint(tone, text.strip_suffix('\n').unwrap_or(text));
                self.write(output, &format!("{painted}\n"));
            }
            None => self.write(output, text),
        }
    }

    /// Writes at once, so that the order is kept when both outputs are the same pipe. Errors are ignored: there is no one
    /// left to tell. Line ends of Windows become plain ones, as in Ansible.
    fn write(&mut self, output: Output, text: &str) {
        self.erase();
        let writer = match output {
            Output::Out => &mut self.stdout,
            Output::Err => &mut self.stderr,
        };
        let _ = writer.write_all(text.replace("\r\n", "\n").as_bytes()).and_then(|()| writer.flush());
    }

    fn draw(&mut self) {
        if self.hushed {
            return;
        }
        if let Some(frame) = self.live.as_mut().and_then(Live::frame) {
            let _ = self.stdout.write_all(frame.as_bytes()).and_then(|()| self.stdout.flush());
        }
    }

    fn erase(&mut self) {
        if let Some(erasure) = self.live.as_mut().and_then(Live::erasure) {
            let _ = self.stdout.write_all(erasure.as_bytes()).and_then(|()| self.stdout.flush());
        }
    }
}

/// `host`, `host -> delegate` or `host -> delegate(address)`.
fn host_label(result: &TaskResult) -> String {
    match &result.delegated {
        None => result.host.to_string(),
        Some((name, None)) => format!("{} -> {name}", result.host),
        Some((name, Some(address))) => format!("{} -> {name}({address})", result.host),
    }
}
