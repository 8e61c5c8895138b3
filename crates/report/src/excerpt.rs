//! A failure or warning as it is shown: what happened, the place with its lines, the chain of causes.

use ksplay_engine::TaskError;
use ksplay_value::Span;

/// Lines shown before the one that is meant.
const BEFORE: u32 = 2;
/// How wide a line of source can be with its number.
const WIDTH: usize = 120;
const CUT: &str = "...";

/// Whether it is the failure of a task, whose result will be told too.
pub(crate) fn is_of_task(error: &TaskError) -> bool {
    error.title.starts_with("Task failed")
}

/// The whole text of an error, after `[ERROR]: `.
pub(crate) fn error(error: &TaskError) -> String {
    let several = error.frames.len() > 1;
    let frames: Vec<String> = error
        .frames
        .iter()
        .map(|frame| {
            let mut parts = vec![if several { frame.message.clone() } else { error.title.clone() }];
            if let Some(span) = &frame.span {
                parts[0].push_str(&format!("\nOrigin: {}", origin(span)));
                parts.extend(excerpt(span));
            }
            parts.extend(frame.help.clone());
            parts.join("\n\n")
        })
        .collect();
    let chain = frames.join("\n\n<<< caused by >>>\n\n");
    block(&if several {
        format!("{}\n\n{chain}", error.title)
    } else if frames.is_empty() {
        error.title.clone()
    } else {
        chain
    })
}

/// A message with its line's end; a message of several lines has a blank line below it.
pub(crate) fn block(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.contains('\n') { format!("{text}\n\n") } else { format!("{text}\n") }
}

/// A message with the place that it is about, and its lines.
pub(crate) fn located(text: &str, span: &Span) -> String {
    let excerpt = excerpt(span).map(|lines| format!("\n\n{lines}")).unwrap_or_default();
    format!("{}\nOrigin: {}{excerpt}", text.trim_end(), origin(span))
}

/// The place as Ansible names it, with the whole path.
pub(crate) fn origin(span: &Span) -> String {
    if is_made_up(span) {
        return span.source.name.clone();
    }
    format!("{}:{}:{}", path(span), span.line, span.column)
}

/// The file of a place with its whole path.
pub(crate) fn path(span: &Span) -> String {
    let name = &span.source.name;
    if name.is_empty() || name.starts_with('<') {
        return name.clone();
    }
    std::path::absolute(name).map_or_else(|_| name.clone(), |path| path.display().to_string())
}

/// Whether the text was made of the command line: nobody wrote its lines.
fn is_made_up(span: &Span) -> bool {
    span.source.name.starts_with("<adhoc ")
}

fn excerpt(span: &Span) -> Option<String> {
    if is_made_up(span) {
        return None;
    }
    span.source.line(span.line)?;
    let gutter = span.line.to_string().len();
    let mut lines: Vec<String> = (span.line.saturating_sub(BEFORE).max(1)..=span.line)
        .map(|number| {
            let line = format!("{number:>gutter$} {}", span.source.line_to_show(number).unwrap_or_default());
            cut(line.trim_end())
        })
        .collect();
    lines.extend(marker(gutter + span.column as usize, span.column));
    Some(lines.join("\n"))
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - CUT.len()).chain(CUT.chars()).collect()
}

/// The line that points at a column: its words stand to the right of the caret, or to the left if there is no room, and
/// there is none where the line was cut.
fn marker(before: usize, column: u32) -> Option<String> {
    let words = format!("column {column}");
    if before >= WIDTH - CUT.len() {
        None
    } else if before + words.len() + 2 <= WIDTH {
        Some(format!("{:before$}^ {words}", ""))
    } else {
        Some(format!("{:>before$}^", format!("{words} ")))
    }
}
