//! A command line split as Python's `shlex.split` does it.

/// The words of a command line.
///
/// # Errors
///
/// If a quote is not closed or nothing follows a backslash.
pub(crate) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("No escaped character")?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("No closing quotation")? {
                        '\'' => break,
                        char => word.push(char),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next().ok_or("No closing quotation")? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or("No escaped character")? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            char => word.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_and_backslashes_are_those_of_posix() {
        assert_eq!(
            split(r#"a 'b c' "d \"e\" \n" f\ g '' h'i'"#).unwrap(),
            ["a", "b c", r#"d "e" \n"#, "f g", "", "hi"]
        );
        assert_eq!(split("a 'b").unwrap_err(), "No closing quotation");
        assert_eq!(split("a # b").unwrap(), ["a", "#", "b"]);
    }
}
