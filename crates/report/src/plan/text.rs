//! A plan as a terminal shows it.

use std::fmt::Write;

use super::{Kind, Step, Summary, by_task, grouped};
use crate::paint::{Palette, Tone, painted};

/// The steps in the order of the tasks, hosts that do the same together; at the end how many there are.
pub fn text(steps: &[Step], palette: Option<&Palette>) -> String {
    let mut text = String::new();
    let paint = |tone: Tone, text: &str| painted(palette, tone, text);
    let mut play = 0;
    for task in by_task(steps) {
        let first = task[0];
        if first.play != play {
            play = first.play;
            let _ = writeln!(text, "PLAY [{}]\n", first.play_name);
        }
        let kind = if first.handler { "HANDLER" } else { "TASK" };
        let _ = writeln!(text, "{kind} [{}]  {}", first.task, first.place);
        for group in alike(&task) {
            let step = group[0];
            let hosts: Vec<String> = group.iter().map(|step| host(step)).collect();
            let item = step.item.as_ref().map(|item| format!(" (item={item})")).unwrap_or_default();
            let why = step.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let (mark, tone) = match step.kind {
                Kind::Change => ("~ changes", Tone::Changed),
                Kind::Run => ("> runs", Tone::Changed),
                Kind::Undecided => ("? decided while applying", Tone::Skipped),
            };
            let _ = writeln!(text, "{}", paint(tone, &format!("  {mark}: {}{item}{why}", hosts.join(", "))));
            for line in step.command.iter().flat_map(|command| command.trim_end().lines()) {
                let _ = writeln!(text, "      $ {line}");
            }
            for line in step.diff.iter().flat_map(|diff| diff.trim_end().lines()) {
                let _ = writeln!(text, "      {}", paint(tone_of(line), line));
            }
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", Summary::of(steps));
    text
}

/// The colour of a line of a difference.
fn tone_of(line: &str) -> Tone {
    match line.chars().next() {
        Some('+') => Tone::DiffAdd,
        Some('-') => Tone::DiffRemove,
        Some('@') => Tone::DiffLines,
        _ => Tone::Plain,
    }
}

pub(super) fn host(step: &Step) -> String {
    match &step.delegated_to {
        Some(delegate) => format!("{} -> {delegate}", step.host),
        None => step.host.clone(),
    }
}

/// The steps of a task that differ in nothing but the host.
pub(super) fn alike<'s>(task: &[&'s Step]) -> Vec<Vec<&'s Step>> {
    grouped(task.iter().copied(), |step| (step.kind, &step.item, &step.why, &step.command, &step.diff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::step;

    #[test]
    fn hosts_that_do_the_same_stand_together() {
        let changed = |host: &str, diff: &str| Step { diff: Some(diff.into()), ..step("write it", host, Kind::Change) };
        let undecided = Step { why: Some("rests on x".into()), ..step("maybe", "b", Kind::Undecided) };
        let item = Step { item: Some("p".into()), handler: true, ..step("restart", "a", Kind::Run) };
        let steps = [changed("a", "+x\n\n"), changed("b", "+x\n\n"), changed("c", "+y\n\n"), undecided, item];
        let expected = "\
PLAY [Set up]

TASK [write it]  site.yml:7
  ~ changes: a, b
      +x
  ~ changes: c
      +y

TASK [maybe]  site.yml:7
  ? decided while applying: b: rests on x

HANDLER [restart]  site.yml:7
  > runs: a (item=p)

Plan: 3 changes, 1 command, 1 decided while applying; on 3 hosts.
";
        assert_eq!(text(&steps, None), expected);
    }
}
