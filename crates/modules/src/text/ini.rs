//! Files of sections, `[name]`, and options, `name = value`: one section or option of such a text at a time.

use std::ops::Range;

/// A section, one of its options, and how that is written.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// The name of the section; empty for what stands before the first.
    pub section: &'a str,
    /// What the section must hold to be the one that is meant.
    pub holds: &'a [Condition],
    /// The option; `None` when the section itself is meant.
    pub option: Option<&'a str>,
    /// Its values, each once; `None` is the option alone, without `=`.
    pub values: Vec<Option<&'a str>>,
    /// Whether other values of the option go.
    pub exclusive: bool,
    /// Whether there is nothing around `=`.
    pub no_extra_spaces: bool,
    /// Whether a line that differs in nothing but white space stays as it is.
    pub ignore_spaces: bool,
    /// Whether an option in a comment is taken for the option.
    pub modify_inactive: bool,
}

/// An option that a section must have, with all of these values.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub option: String,
    pub values: Vec<String>,
}

/// What was done, in the words of Ansible.
const UNCHANGED: &str = "OK";
const CHANGED: &str = "option changed";

const BLANKS: [char; 2] = [' ', '\t'];

/// A line that is about an option.
struct Setting<'a> {
    in_comment: bool,
    value: Option<&'a str>,
}

fn setting<'a>(line: &'a str, option: &str) -> Option<Setting<'a>> {
    let text = line.trim_end_matches('\n').trim_start_matches(BLANKS);
    let commented = text.strip_prefix(['#', ';']);
    let text = commented.map_or(text, |text| text.trim_start_matches(BLANKS));
    let rest = text.strip_prefix(option)?.trim_start_matches(BLANKS);
    let value = match rest.strip_prefix('=') {
        Some(value) => Some(value.trim_start_matches(BLANKS)),
        None if rest.is_empty() => None,
        None => return None,
    };
    Some(Setting { in_comment: commented.is_some(), value })
}

fn is_header(line: &str, section: &str) -> bool {
    let name = line.strip_prefix('[').map(str::trim_start).and_then(|text| text.strip_prefix(section));
    name.is_some_and(|rest| rest.trim_start().starts_with(']'))
}

fn is_comment_or_blank(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with(['#', ';'])
}

/// The lines of a text, each with its end.
fn lines_of(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    match lines.last_mut() {
        Some(last) if !last.ends_with('\n') => last.push('\n'),
        Some(_) => {}
        None => lines.push("\n".into()),
    }
    lines
}

impl Target<'_> {
    /// The text in which the section or the option is there, and what was done for it.
    pub fn present(&self, text: &str) -> (String, &'static str) {
        let mut lines = lines_of(text);
        let message = match self.body(&lines) {
            Some(body) => self.set(&mut lines, body),
            None => {
                lines.extend(self.new_section());
                if self.option.is_some() { "section and option added" } else { "only section added" }
            }
        };
        // The line of an empty text is not one that somebody wrote.
        if message == UNCHANGED && text.is_empty() {
            return (String::new(), message);
        }
        (lines.concat(), message)
    }

    /// The text in which the section or the option is not, and what was done for it.
    pub fn absent(&self, text: &str) -> (String, &'static str) {
        if text.is_empty() {
            return (String::new(), UNCHANGED);
        }
        let mut lines = lines_of(text);
        let Some(body) = self.body(&lines) else { return (lines.concat(), UNCHANGED) };
        let before = lines.len();
        let message = match self.option {
            None => {
                let header = usize::from(!self.section.is_empty());
                lines.drain(body.start - header..body.end);
                "section removed"
            }
            Some(option) => {
                let goes = |line: &str| {
                    setting(line, option).is_some_and(|found| {
                        !found.in_comment && (self.exclusive || self.values.contains(&found.value))
                    })
                };
                let mut at = 0;
                lines.retain(|line| {
                    at += 1;
                    !(body.contains(&(at - 1)) && goes(line))
                });
                CHANGED
            }
        };
        (lines.concat(), if lines.len() == before { UNCHANGED } else { message })
    }

    /// Whether the text has the section with what it must hold.
    pub fn is_in(&self, text: &str) -> bool {
        self.body(&lines_of(text)).is_some()
    }

    /// The lines of the section, without its header.
    fn body(&self, lines: &[String]) -> Option<Range<usize>> {
        let mut from = 0;
        loop {
            let begin = match self.section {
                "" => 0,
                section => from + lines[from..].iter().position(|line| is_header(line, section))? + 1,
            };
            let length = lines[begin..].iter().position(|line| line.starts_with('['));
            let end = length.map_or(lines.len(), |length| begin + length);
            if self.holds.iter().all(|condition| condition.is_met(&lines[begin..end])) {
                return Some(begin..end);
            }
            if self.section.is_empty() {
                return None;
            }
            from = end;
        }
    }

    fn set(&self, lines: &mut Vec<String>, body: Range<usize>) -> &'static str {
        let Some(option) = self.option.filter(|option| !option.is_empty()) else { return UNCHANGED };
        let mut wanted = self.values.clone();
        // Each line of the section that is about the option, with what becomes of it.
        let mut found: Vec<(usize, Option<String>)> = Vec::new();
        for (at, line) in lines[body.clone()].iter().enumerate() {
            let Some(setting) = setting(line, option).filter(|found| self.modify_inactive || !found.in_comment) else {
                continue;
            };
            let index = wanted.iter().position(|value| *value == setting.value);
            // An option alone that is there is enough.
            if setting.value.is_none() && index.is_some() && !setting.in_comment {
                return UNCHANGED;
            }
            let new = index.map(|index| {
                let value = wanted.remove(index);
                if self.ignore_spaces && !setting.in_comment { line.clone() } else { self.line(option, value) }
            });
            found.push((body.start + at, new));
        }
        let mut changed = false;
        let mut end = body.end;
        // From the last on, so that the numbers of those before stay.
        let mut unused = wanted.into_iter();
        if self.exclusive {
            for (_, new) in found.iter_mut().filter(|(_, new)| new.is_none()) {
                *new = unused.next().map(|value| self.line(option, value));
            }
        }
        for (at, new) in found.into_iter().rev() {
            match new {
                Some(new) => {
                    changed |= lines[at] != new;
                    lines[at] = new;
                }
                None if self.exclusive => {
                    lines.remove(at);
                    end -= 1;
                    changed = true;
                }
                None => {}
            }
        }
        let added: Vec<String> = unused.map(|value| self.line(option, value)).collect();
        if added.is_empty() {
            return if changed { CHANGED } else { UNCHANGED };
        }
        let last = lines[body.start..end].iter().rposition(|line| !is_comment_or_blank(line));
        let place = last.map_or(body.start, |last| body.start + last + 1);
        lines.splice(place..place, added);
        "option added"
    }

    fn new_section(&self) -> Vec<String> {
        let mut new = vec![format!("[{}]\n", self.section)];
        let mut add = |line: String| {
            if !new.contains(&line) {
                new.push(line);
            }
        };
        for condition in self.holds {
            condition.values.iter().for_each(|value| add(self.line(&condition.option, Some(value))));
        }
        if let Some(option) = self.option.filter(|option| !option.is_empty()) {
            self.values.iter().for_each(|value| add(self.line(option, *value)));
        }
        new
    }

    fn line(&self, option: &str, value: Option<&str>) -> String {
        match value {
            None => format!("{option}\n"),
            Some(value) if self.no_extra_spaces => format!("{option}={value}\n"),
            Some(value) => format!("{option} = {value}\n"),
        }
    }
}

impl Condition {
    fn is_met(&self, lines: &[String]) -> bool {
        let mut found = lines.iter().filter_map(|line| setting(line, &self.option));
        if self.values.is_empty() {
            return found.next().is_some();
        }
        let found: Vec<Option<&str>> = found.map(|setting| setting.value).collect();
        self.values.iter().all(|value| found.contains(&Some(value)))
    }
}
