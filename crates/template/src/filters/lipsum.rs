//! The global function `lipsum`: text to fill a page with.

use ksplay_value::Value;

use super::random::below;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("lipsum", lipsum)];

const WORDS: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et \
    dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo \
    consequat duis aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint \
    occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum";

/// `lipsum(n=5, html=true, min=20, max=100)`: so many paragraphs of `min` to `max` words by chance.
fn lipsum(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    // A function has no subject: its first argument stands where a filter's subject does.
    call.args.insert(0, Value::Null);
    let (_, [count, html, least, most]) = call.bind(["n", "html", "min", "max"])?;
    let (count, least, most) = (count.int_or(5)?, least.int_or(20)?, most.int_or(100)?);
    let html = html.flag_or(true);
    let span = u64::try_from(most.saturating_sub(least)).ok().filter(|span| *span > 0);
    let span = span.ok_or_else(|| Error::operation(format!("empty range for randrange() ({least}, {most})")))?;
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let paragraphs: Vec<String> =
        (0..count).map(|_| paragraph(&words, least.saturating_add_unsigned(below(span)), html)).collect();
    Ok(paragraphs.join(if html { "\n" } else { "\n\n" }).into())
}

fn paragraph(words: &[&str], length: i64, html: bool) -> String {
    let mut text = String::new();
    let mut begins = true;
    for index in 0..length {
        let word = words[below(words.len() as u64) as usize];
        if begins {
            text.extend(word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)));
        } else {
            text.push_str(word);
        }
        let last = index + 1 == length;
        begins = last || below(12) == 0;
        match begins {
            true => text.push('.'),
            false if below(6) == 0 => text.push(','),
            false => {}
        }
        if !last {
            text.push(' ');
        }
    }
    if html { format!("<p>{text}</p>") } else { text }
}
