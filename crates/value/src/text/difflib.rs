//! Which lines two texts have in common, chosen as Python's `difflib` chooses them: the longest common run, then the same
//! on both sides of it. Other algorithms find shorter edits, but not the ones that Ansible prints.

use std::collections::HashMap;
use std::ops::Range;

/// A stretch of both sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whether the lines are the same.
    pub equal: bool,
    /// Where in the old text.
    pub old: Range<usize>,
    /// Where in the new one.
    pub new: Range<usize>,
}

/// From this many lines on, lines that are frequent do not start a match.
const MANY: usize = 200;

/// The changes with up to `context` equal lines around them, in groups that are further apart than that.
pub fn hunks(old: &[String], new: &[String], context: usize) -> Vec<Vec<Step>> {
    let mut steps = steps(old, new);
    if let Some(first) = steps.first_mut().filter(|step| step.equal) {
        first.old.start = first.old.start.max(first.old.end.saturating_sub(context));
        first.new.start = first.new.start.max(first.new.end.saturating_sub(context));
    }
    if let Some(last) = steps.last_mut().filter(|step| step.equal) {
        last.old.end = last.old.end.min(last.old.start.saturating_add(context));
        last.new.end = last.new.end.min(last.new.start.saturating_add(context));
    }
    let mut groups = Vec::new();
    let mut group = Vec::new();
    for mut step in steps {
        if step.equal && step.old.len() > context.saturating_mul(2) {
            let (old_end, new_end) = (step.old.start + context, step.new.start + context);
            group.push(Step { equal: true, old: step.old.start..old_end, new: step.new.start..new_end });
            groups.push(std::mem::take(&mut group));
            step.old.start = step.old.end - context;
            step.new.start = step.new.end - context;
        }
        group.push(step);
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|step| !step.equal));
    groups
}

fn steps(old: &[String], new: &[String]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let mut add = |equal: bool, old: Range<usize>, new: Range<usize>| {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match steps.last_mut() {
            Some(last) if last.equal == equal => (last.old.end, last.new.end) = (old.end, new.end),
            _ => steps.push(Step { equal, old, new }),
        }
    };
    for (from, to, size) in Matcher::new(old, new).blocks() {
        add(false, i..from, j..to);
        add(true, from..from + size, to..to + size);
        (i, j) = (from + size, to + size);
    }
    add(false, i..old.len(), j..new.len());
    steps
}

struct Matcher<'a> {
    old: &'a [String],
    new: &'a [String],
    places: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Matcher<'a> {
    fn new(old: &'a [String], new: &'a [String]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, line) in new.iter().enumerate() {
            places.entry(line).or_default().push(place);
        }
        if new.len() >= MANY {
            let frequent = new.len() / 100 + 1;
            places.retain(|_, places| places.len() <= frequent);
        }
        Self { old, new, places }
    }

    /// The common runs in order: where in the old, where in the new, how long.
    fn blocks(&self) -> Vec<(usize, usize, usize)> {
        let mut blocks = Vec::new();
        let mut todo = vec![(0..self.old.len(), 0..self.new.len())];
        while let Some((old, new)) = todo.pop() {
            let (i, j, size) = self.longest(&old, &new);
            if size > 0 {
                blocks.push((i, j, size));
                todo.push((old.start..i, new.start..j));
                todo.push((i + size..old.end, j + size..new.end));
            }
        }
        blocks.sort_unstable();
        blocks
    }

    /// The longest common run within these stretches, the first in the old text, then in the new, of those as long.
    fn longest(&self, old: &Range<usize>, new: &Range<usize>) -> (usize, usize, usize) {
        let (mut i, mut j, mut size) = (old.start, new.start, 0);
        let mut ending: HashMap<usize, usize> = HashMap::new();
        for from in old.clone() {
            let mut next = HashMap::new();
            for &to in self.places.get(self.old[from].as_str()).map_or(&[][..], Vec::as_slice) {
                if to < new.start {
                    continue;
                }
                if to >= new.end {
                    break;
                }
                let length = to.checked_sub(1).and_then(|before| ending.get(&before)).copied().unwrap_or(0) + 1;
                next.insert(to, length);
                if length > size {
                    (i, j, size) = (from + 1 - length, to + 1 - length, length);
                }
            }
            ending = next;
        }
        // Frequent lines start no match but extend one.
        while i > old.start && j > new.start && self.old[i - 1] == self.new[j - 1] {
            (i, j, size) = (i - 1, j - 1, size + 1);
        }
        while i + size < old.end && j + size < new.end && self.old[i + size] == self.new[j + size] {
            size += 1;
        }
        (i, j, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn changes_far_apart_are_in_hunks_of_their_own() {
        let old = lines("abcdefghijklmnop");
        let new = lines("abXdefghijklmnYp");
        assert_eq!(hunks(&old, &new, 3).len(), 2);
        assert_eq!(hunks(&old, &lines("abXdefghYjklmnop"), 3).len(), 1);
    }

    #[test]
    fn equal_texts_have_no_hunks() {
        assert!(hunks(&lines("abc"), &lines("abc"), 3).is_empty());
        assert!(hunks(&[], &[], 3).is_empty());
    }
}
