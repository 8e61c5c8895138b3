//! Results alone, as Ansible's callbacks `minimal` and `oneline` print them.

use ksplay_engine::{Event, Status, TaskResult};
use ksplay_value::text::JsonStyle;
use ksplay_value::{Map, Value};

use super::{Output, Screen};
use crate::options::Form;
use crate::paint::Tone;
use crate::{excerpt, result};

/// Modules whose output is shown as it is, not as JSON.
const COMMANDS: &[&str] = &["command", "shell", "raw", "win_command", "win_shell"];

impl Screen {
    /// Shows a result in one of these forms; what is about plays and tasks is left out.
    pub(super) fn show_result_alone(&mut self, event: &Event) {
        match event {
            Event::Result(of) => {
                let error = self.error.take();
                match self.options.form {
                    Form::OneLine => self.one_line(of),
                    _ => {
                        if let Some(error) = error.filter(|_| !of.looped) {
                            self.text(Output::Out, Tone::Failed, &format!("[ERROR]: {}", excerpt::error(&error)));
                        }
                        self.minimal(of);
                    }
                }
            }
            // Told with its result, and not at all with that of an item.
            Event::Error(error) if excerpt::is_of_task(error) => self.error = Some(error.clone()),
            Event::Item(_) => self.error = None,
            Event::Error(_) | Event::Warning(_) | Event::WarningAt { .. } | Event::Notice(_) | Event::Asked(_) => {
                self.show_message(event)
            }
            _ => {}
        }
    }

    /// Shows only what no callback of Ansible would hide.
    pub(super) fn show_no_result(&mut self, event: &Event) {
        match event {
            Event::Error(error) if excerpt::is_of_task(error) => {}
            Event::Error(_) | Event::Warning(_) | Event::WarningAt { .. } | Event::Notice(_) | Event::Asked(_) => {
                self.show_message(event)
            }
            _ => {}
        }
    }

    fn minimal(&mut self, of: &TaskResult) {
        let (state, tone) = state(of);
        let host = &of.host;
        if of.status != Status::Skipped {
            self.diff(of);
        }
        // As in Ansible, all is told of what failed.
        let shown = match of.status {
            Status::Failed | Status::Unreachable => Map::clone(&of.result),
            _ => result::cleaned(&of.task, &of.result),
        };
        let dump = |screen: &Self| result::dump(&shown, &screen.options, true);
        let text = match of.status {
            Status::Skipped => format!("{host} | SKIPPED"),
            Status::Unreachable => format!("{host} | UNREACHABLE! => {}", dump(self)),
            _ if is_command(of) && of.status != Status::Undecided => {
                let part = |name: &str| of.result.get(name).map(Value::to_string).unwrap_or_default();
                format!(
                    "{host} | {state} | rc={} >>\n{}{}{}",
                    rc(&of.result),
                    part("stdout"),
                    part("stderr"),
                    part("msg")
                )
            }
            Status::Failed => format!("{host} | FAILED! => {}", dump(self)),
            _ => format!("{host} | {state} => {}", dump(self)),
        };
        self.line(Output::Out, tone, &text);
    }

    fn one_line(&mut self, of: &TaskResult) {
        let (state, tone) = state(of);
        let host = &of.host;
        // The callback takes the line ends out of a text of several lines, and leaves what it is indented by.
        let dump = match of.verbose {
            true => result::json(result::shown(&of.result, self.options.verbosity), true).replace('\n', ""),
            false => {
                let style = JsonStyle { item_separator: Some(",".to_owned()), ..JsonStyle::result_line() };
                result::written(result::shown(&of.result, self.options.verbosity), &style)
            }
        };
        match of.status {
            Status::Skipped => self.line(Output::Out, tone, &format!("{host} | SKIPPED")),
            Status::Unreachable => {
                let why = of.result.get("msg").map(Value::to_string).unwrap_or_default();
                self.line(Output::Out, tone, &format!("{host} | UNREACHABLE!: {why}"));
            }
            Status::Failed => {
                if is_command(of) {
                    self.line(Output::Out, tone, &command_line(of, state));
                }
                self.line(Output::Out, tone, &format!("{host} | FAILED! => {dump}"));
            }
            Status::Ok | Status::Changed if is_command(of) => self.line(Output::Out, tone, &command_line(of, state)),
            _ => self.line(Output::Out, tone, &format!("{host} | {state} => {dump}")),
        }
    }
}

fn state(of: &TaskResult) -> (&'static str, Tone) {
    match of.status {
        Status::Ok => ("SUCCESS", Tone::Ok),
        Status::Changed => ("CHANGED", Tone::Changed),
        Status::Failed => ("FAILED", Tone::Failed),
        Status::Unreachable => ("UNREACHABLE", Tone::Unreachable),
        Status::Skipped => ("SKIPPED", Tone::Skipped),
        Status::Undecided => ("UNDECIDED", Tone::Skipped),
    }
}

/// Whether the output is shown as it is: of jobs that is so only where they failed.
fn is_command(of: &TaskResult) -> bool {
    let told_otherwise = if of.status == Status::Failed { "module_stderr" } else { "ansible_job_id" };
    COMMANDS.contains(&result::action(&of.task)) && !of.result.contains_key(told_otherwise)
}

fn rc(result: &Map) -> String {
    result.get("rc").map_or_else(|| "-1".to_owned(), Value::to_string)
}

/// What a command printed, its line ends written out.
fn command_line(of: &TaskResult, state: &str) -> String {
    let part = |name: &str| {
        let text = of.result.get(name).map(Value::to_string).unwrap_or_default();
        text.replace('\n', "\\n").replace('\r', "\\r")
    };
    let errors = match part("stderr") {
        text if text.is_empty() => text,
        text => format!(" (stderr) {text}"),
    };
    format!("{} | {state} | rc={} | (stdout) {}{errors}", of.host, rc(&of.result), part("stdout"))
}
