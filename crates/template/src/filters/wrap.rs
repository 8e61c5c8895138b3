//! The filter `wordwrap`.

use ksplay_value::Value;

use super::args::string_with;
use super::strings::split_lines;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("wordwrap", wordwrap)];

/// Lines of at most `width` (79) letters, broken at blanks and hyphens: `'a bc' | wordwrap(2)` is `a\nbc`. Words that
/// are longer are cut unless `break_long_words` is false.
fn wordwrap(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, [width, break_long_words, wrapstring, break_on_hyphens]) =
        call.bind(["width", "break_long_words", "wrapstring", "break_on_hyphens"])?;
    let Some(width) = usize::try_from(width.int_or(79)?).ok().filter(|width| *width > 0) else {
        return Err(Error::operation("invalid width (must be > 0)"));
    };
    let wrap = Wrap { width, cut: break_long_words.flag_or(true), hyphens: break_on_hyphens.flag_or(true) };
    let newline = wrapstring.text_or("\n");
    let lines: Vec<String> =
        split_lines(string_with(&text, "splitlines")?).into_iter().map(|line| wrap.line(line).join(&newline)).collect();
    Ok(lines.join(&newline).into())
}

struct Wrap {
    width: usize,
    cut: bool,
    hyphens: bool,
}

impl Wrap {
    fn line(&self, line: &str) -> Vec<String> {
        let mut chunks = self.chunks(line);
        chunks.reverse();
        let mut lines = Vec::new();
        while !chunks.is_empty() {
            let mut taken: Vec<String> = Vec::new();
            let mut length = 0;
            if !lines.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                chunks.pop();
            }
            while let Some(chunk) = chunks.last() {
                let size = chunk.chars().count();
                if length + size > self.width {
                    break;
                }
                length += size;
                taken.extend(chunks.pop());
            }
            if chunks.last().is_some_and(|chunk| chunk.chars().count() > self.width) {
                self.long(&mut chunks, &mut taken, length);
            }
            if taken.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                taken.pop();
            }
            if !taken.is_empty() {
                lines.push(taken.concat());
            }
        }
        lines
    }

    /// What is done with a word that fits on no line: its beginning fills the line, after a hyphen where it has one.
    fn long(&self, chunks: &mut Vec<String>, taken: &mut Vec<String>, length: usize) {
        let room = self.width - length;
        if !self.cut {
            if taken.is_empty() {
                taken.extend(chunks.pop());
            }
            return;
        }
        let Some(chunk) = chunks.last_mut() else { return };
        let letters: Vec<char> = chunk.chars().collect();
        let mut end = room;
        if self.hyphens && letters.len() > room {
            let hyphen = letters[..room].iter().rposition(|letter| *letter == '-');
            if let Some(hyphen) = hyphen.filter(|hyphen| letters[..*hyphen].iter().any(|letter| *letter != '-')) {
                end = hyphen + 1;
            }
        }
        taken.push(letters[..end].iter().collect());
        *chunk = letters[end..].iter().collect();
    }

    /// Words and the blanks between them; a word with hyphens in it counts as several.
    fn chunks(&self, line: &str) -> Vec<String> {
        let letters: Vec<char> = line.chars().collect();
        let mut chunks = Vec::new();
        let mut chunk = String::new();
        for (at, letter) in letters.iter().enumerate() {
            if !chunk.is_empty() && letter.is_whitespace() != chunk.ends_with(char::is_whitespace) {
                chunks.push(std::mem::take(&mut chunk));
            }
            chunk.push(*letter);
            let word = |index: usize| letters.get(index).is_some_and(|letter| letter.is_alphabetic());
            let splits = self.hyphens
                && *letter == '-'
                && at >= 2
                && word(at - 1)
                && word(at - 2)
                && word(at + 1)
                && word(at + 2);
            if splits {
                chunks.push(std::mem::take(&mut chunk));
            }
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }
}
