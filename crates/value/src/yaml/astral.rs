//! Characters beyond U+FFFF, which libyaml escapes and its Rust port writes as they are.
//!
//! Before a text goes to the emitter each such character is replaced by two that are escaped to the same ten columns
//! (`\uFFFE\x01` for `\U0001F600`) and have the same four bytes, so that lines are folded where libyaml folds them. In what
//! comes out the escapes are put right again.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write;

const STAND_IN: &str = "\u{fffe}\u{1}";
const ESCAPED: &str = "\\uFFFE\\x01";

/// What was replaced, in order.
#[derive(Default)]
pub(super) struct Astral {
    /// `None` is a text that held the two characters itself.
    replaced: VecDeque<Option<char>>,
    /// Some text looks as what comes out does, so what comes out cannot be put right.
    ambiguous: bool,
}

impl Astral {
    /// The text as the emitter should get it.
    pub(super) fn hide<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        self.ambiguous |= text.contains(ESCAPED);
        let is_astral = |character| character > '\u{ffff}';
        if !text.contains(is_astral) && !text.contains(STAND_IN) {
            return Cow::Borrowed(text);
        }
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if rest.starts_with(STAND_IN) {
                self.replaced.push_back(None);
                hidden.push_str(STAND_IN);
                rest = &rest[STAND_IN.len()..];
                continue;
            }
            if is_astral(character) {
                self.replaced.push_back(Some(character));
                hidden.push_str(STAND_IN);
            } else {
                hidden.push(character);
            }
            rest = &rest[character.len_utf8()..];
        }
        Cow::Owned(hidden)
    }

    /// What the emitter wrote, with the right escapes; `None` when it cannot be told which they are.
    pub(super) fn reveal(mut self, written: String) -> Option<String> {
        if self.replaced.is_empty() {
            return Some(written);
        }
        if self.ambiguous {
            return None;
        }
        let mut text = String::with_capacity(written.len());
        for (index, part) in written.split(ESCAPED).enumerate() {
            if index > 0 {
                match self.replaced.pop_front().flatten() {
                    // Writing to a string cannot fail.
                    Some(character) => drop(write!(text, "\\U{:08X}", u32::from(character))),
                    None => text.push_str(ESCAPED),
                }
            }
            text.push_str(part);
        }
        Some(text)
    }
}
