//! The last line of a terminal while a run goes on: which task, which hosts are still at it, since when.
//!
//! The line never wraps and the cursor is never hidden, so that a process that is killed leaves a sane terminal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ksplay_engine::Event;
use ksplay_value::Str;
use unicode_width::UnicodeWidthChar;

/// How often the line is redrawn at most.
const EVERY: Duration = Duration::from_millis(100);
const ERASE: &str = "\r\x1b[K";

/// What the line shows.
pub(crate) struct Live {
    width: usize,
    task: Option<Running>,
    /// What is on the screen; empty if nothing is.
    drawn: String,
}

struct Running {
    number: u64,
    name: String,
    since: Instant,
    seen: usize,
    busy: Vec<Str>,
}

impl Live {
    /// For a terminal with at least one column more than this.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, task: None, drawn: String::new() }
    }

    /// Takes in what has happened.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::TaskStart(task) => self.begin(task.number, &task.banner),
            Event::HostStart { task, host } => {
                if self.task.as_ref().is_none_or(|running| running.number != task.number) {
                    self.begin(task.number, &task.banner);
                }
                if let Some(running) = self.task.as_mut().filter(|running| !running.busy.contains(host)) {
                    running.seen += 1;
                    running.busy.push(host.clone());
                }
            }
            Event::Result(result) => {
                if let Some(running) = self.task.as_mut().filter(|running| running.number == result.task.number) {
                    running.busy.retain(|host| *host != result.host);
                }
            }
            Event::PlayStart { .. } | Event::NoHostsRemaining | Event::Recap(_) => self.task = None,
            _ => {}
        }
    }

    fn begin(&mut self, number: u64, name: &str) {
        self.task = Some(Running { number, name: name.to_owned(), since: Instant::now(), seen: 0, busy: Vec::new() });
    }

    /// What has to be written for the screen to show how things are now, if it does not.
    pub(crate) fn frame(&mut self) -> Option<String> {
        let Some(running) = self.task.as_ref().filter(|running| !running.busy.is_empty()) else {
            return self.erasure();
        };
        let line = fit(&running.line(running.since.elapsed()), self.width);
        if line == self.drawn {
            return None;
        }
        self.drawn.clone_from(&line);
        Some(format!("{ERASE}{line}"))
    }

    /// What has to be written for the screen to show nothing, if it shows something.
    pub(crate) fn erasure(&mut self) -> Option<String> {
        (!std::mem::take(&mut self.drawn).is_empty()).then(|| ERASE.to_owned())
    }
}

impl Running {
    fn line(&self, time: Duration) -> String {
        let hosts: Vec<&str> = self.busy.iter().map(|host| &**host).collect();
        let (busy, seen, seconds) = (hosts.len(), self.seen, time.as_secs());
        format!("{} · {seconds} s · {busy} of {seen} hosts: {}", self.name, hosts.join(", "))
    }
}

/// The text cut to this many columns, without anything that would move the cursor.
fn fit(text: &str, width: usize) -> String {
    let mut used = 0;
    let mut fitted = String::new();
    for char in text.chars().filter(|char| !char.is_control()) {
        let columns = char.width().unwrap_or(0);
        if used + columns >= width {
            fitted.push('…');
            break;
        }
        used += columns;
        fitted.push(char);
    }
    fitted
}

/// A thread that calls something ten times a second until it is dropped.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(mut tick: impl FnMut() + Send + 'static) -> Self {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        });
        // Without a thread there is no live line; everything else is shown as ever.
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_hosts_that_are_still_busy() {
        let running = Running {
            number: 1,
            name: "install etcd".into(),
            since: Instant::now(),
            seen: 3,
            busy: vec!["node2".into(), "node5".into()],
        };
        assert_eq!(running.line(Duration::from_secs(12)), "install etcd · 12 s · 2 of 3 hosts: node2, node5");
    }

    #[test]
    fn a_long_line_is_cut_so_that_it_never_wraps() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("abc", 4), "abc");
        assert_eq!(fit("中文字", 4), "中…");
        assert_eq!(fit("a\r\nb", 9), "ab");
    }
}
