//! The words of a line as a POSIX shell would split it, with comments, and where each begins.

/// A word without its quotes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word.
    pub text: String,
    /// Its first character in the line, counted from 0.
    pub column: usize,
}

/// Splits a line. `#` outside quotes ends it, also in the middle of a word.
pub(crate) fn split(line: &str) -> Result<Vec<Word>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = line.chars().enumerate();
    while let Some((column, char)) = chars.next() {
        if char == '#' {
            break;
        }
        if matches!(char, ' ' | '\t' | '\r' | '\n') {
            words.extend(word.take());
            continue;
        }
        let text = &mut word.get_or_insert(Word { text: String::new(), column }).text;
        match char {
            '\\' => text.push(chars.next().ok_or("No escaped character")?.1),
            '\'' => quoted(&mut chars, '\'', text)?,
            '"' => quoted(&mut chars, '"', text)?,
            _ => text.push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

/// What stands up to the closing quote. In double quotes a backslash escapes itself and the quote, nothing else.
fn quoted(chars: &mut impl Iterator<Item = (usize, char)>, quote: char, text: &mut String) -> Result<(), &'static str> {
    while let Some((_, char)) = chars.next() {
        if char == quote {
            return Ok(());
        }
        if char == '\\' && quote == '"' {
            let escaped = chars.next().ok_or("No closing quotation")?.1;
            if !matches!(escaped, '\\' | '"') {
                text.push('\\');
            }
            text.push(escaped);
        } else {
            text.push(char);
        }
    }
    Err("No closing quotation")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_backslashes_are_taken_away_as_a_shell_does() {
        assert_eq!(
            texts(r#"h x=a\ b y="a\"b" z='a\"b' w="a\nb" v=a\\b"#),
            ["h", "x=a b", "y=a\"b", "z=a\\\"b", "w=a\\nb", "v=a\\b"]
        );
    }

    #[test]
    fn a_hash_ends_the_line_even_inside_a_word() {
        assert_eq!(texts("h x=a#b y=1"), ["h", "x=a"]);
        assert_eq!(texts("h x='a#b' # c"), ["h", "x=a#b"]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert_eq!(split("h x=\"a"), Err("No closing quotation"));
    }
}
