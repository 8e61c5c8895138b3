//! The filter `comment`.

use ksplay_value::Value;

use super::args::string_with;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("comment", comment)];

/// The text as a comment: `'x' | comment` is `#\n# x\n#`. Styles: `plain`, `erlang`, `c`, `cblock`, `xml`; every part can
/// be set by keyword (`decoration`, `beginning`, `end`, `prefix`, `prefix_count`, `postfix`, `postfix_count`, `newline`).
fn comment(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (text, rest, [style, newline, decoration, beginning, end, prefix, prefix_count, postfix, postfix_count]) = call
        .bind_rest([
            "style",
            "newline",
            "decoration",
            "beginning",
            "end",
            "prefix",
            "prefix_count",
            "postfix",
            "postfix_count",
        ])?;
    let style = match rest.as_slice() {
        [] => style.text_or("plain"),
        [style] => style.to_string(),
        _ => return Err(Error::operation("comment() takes from 1 to 2 positional arguments")),
    };
    let (first, mark, last) = match style.as_str() {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        other => return Err(Error::operation(format!("Invalid style '{other}'."))),
    };
    let newline = newline.text_or("\n");
    let decoration = decoration.text_or(mark);
    let bare = decoration.trim_end();
    let (beginning, end) = (beginning.text_or(first), end.text_or(last));
    let (prefix, postfix) = (prefix.text_or(bare), postfix.text_or(bare));
    let count = |count: i64| usize::try_from(count).unwrap_or(0);
    let (prefixes, postfixes) = (count(prefix_count.int_or(1)?), count(postfix_count.int_or(1)?));
    let mut lines = Vec::new();
    if !beginning.is_empty() {
        lines.push(beginning);
    }
    if !prefix.is_empty() {
        lines.extend(std::iter::repeat_n(prefix, prefixes));
    }
    // Lines without text get no blank after the mark, but text without any line break may be empty.
    let text = string_with(&text, "replace")?;
    let body = format!("{decoration}{}", text.replace('\n', &format!("{newline}{decoration}")));
    lines.push(body.replace(&format!("{decoration}{newline}"), &format!("{bare}{newline}")));
    if !postfix.is_empty() {
        lines.extend(std::iter::repeat_n(postfix, postfixes));
    }
    if !end.is_empty() {
        lines.push(end);
    }
    Ok(lines.join(&newline).into())
}
