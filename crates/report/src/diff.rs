//! The `diff` of a result, as `--diff` shows it.

use std::ops::Range;

use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::text::{Step, hunks};
use ksplay_value::{Map, Value};

use crate::paint::{Palette, Tone, painted};

const NO_NEWLINE: &str = "\n\\ No newline at end of file\n";

/// The text of a `diff` value, a map or a list of them; empty when there is nothing to show.
///
/// `context` lines are shown around a change.
pub(crate) fn render(diff: &Value, context: usize, palette: Option<&Palette>) -> String {
    let one = std::slice::from_ref(diff);
    let maps = diff.as_list().unwrap_or(one).iter().filter_map(Value::as_map);
    maps.map(|diff| render_one(diff, context, palette)).collect()
}

fn render_one(diff: &Map, context: usize, palette: Option<&Palette>) -> String {
    let mut text = String::new();
    for (key, side) in [("dst_binary", "destination"), ("src_binary", "source")] {
        if diff.contains_key(key) {
            text.push_str(&format!("diff skipped: {side} file appears to be binary\n"));
        }
    }
    for (key, side) in [("dst_larger", "destination"), ("src_larger", "source")] {
        if let Some(limit) = diff.get(key) {
            text.push_str(&format!("diff skipped: {side} file size is greater than {limit}\n"));
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after"))
        && let (Some(old), Some(new)) = (lines(before), lines(after))
    {
        let hunks = hunks(&old, &new, context);
        if !hunks.is_empty() {
            let paint = |tone: Tone, line: &str| painted(palette, tone, line);
            text.push_str(&paint(Tone::DiffRemove, &format!("--- before{}\n", header(diff, "before_header"))));
            text.push_str(&paint(Tone::DiffAdd, &format!("+++ after{}\n", header(diff, "after_header"))));
            for hunk in &hunks {
                let place = format!("@@ -{} +{} @@\n", range(hunk, |step| &step.old), range(hunk, |step| &step.new));
                text.push_str(&paint(Tone::DiffLines, &place));
                for step in hunk {
                    if step.equal {
                        old[step.old.clone()].iter().for_each(|line| text.push_str(&format!(" {line}")));
                        continue;
                    }
                    for line in &old[step.old.clone()] {
                        text.push_str(&paint(Tone::DiffRemove, &format!("-{line}")));
                    }
                    for line in &new[step.new.clone()] {
                        text.push_str(&paint(Tone::DiffAdd, &format!("+{line}")));
                    }
                }
            }
            text.push('\n');
        }
    }
    if let Some(prepared) = diff.get("prepared") {
        text.push_str(&prepared.to_string());
    }
    text
}

fn header(diff: &Map, key: &str) -> String {
    diff.get(key).filter(|header| header.is_true()).map(|header| format!(": {header}")).unwrap_or_default()
}

/// One side as lines that keep their ends; `None` for what is neither text nor a map.
fn lines(side: &Value) -> Option<Vec<String>> {
    let text = match side {
        Value::Null => String::new(),
        Value::Map(_) => {
            let style = JsonStyle { sort_keys: true, ..JsonStyle::indented(4) };
            to_json(side, &style).ok()? + "\n"
        }
        _ => side.as_str()?.to_owned(),
    };
    let mut lines = split_lines(&text);
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str(NO_NEWLINE);
    }
    Some(lines)
}

/// Lines with their ends, at every character that Python takes for a line's end.
fn split_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        line.push(char);
        let ends = match char {
            '\r' => chars.peek() != Some(&'\n'),
            '\n' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        if ends {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `first,count` of a hunk's side as a unified diff has it.
fn range(hunk: &[Step], side: impl Fn(&Step) -> &Range<usize>) -> String {
    let start = hunk.first().map_or(0, |step| side(step).start);
    let length = hunk.last().map_or(0, |step| side(step).end) - start;
    match length {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        _ => format!("{},{length}", start + 1),
    }
}
