//! The words of a line as a POSIX shell would split it, with comments, and where each begins.

use std::borrow::Cow;

/// A word without its quotes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The word.
    pub text: Cow<'a, str>,
    /// Its first character in the line, counted from 0.
    pub column: usize,
}

/// Splits a line. `#` outside quotes ends it, also in the middle of a word. Nothing comes after an error.
pub(crate) fn words(line: &str) -> Words<'_> {
    Words { line, at: 0, counted: 0, column: 0 }
}

/// The words of a line, one after the other.
pub(crate) struct Words<'a> {
    line: &'a str,
    /// What stands before this byte is done with.
    at: usize,
    /// As many characters as `column` stand before this byte.
    counted: usize,
    column: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.line.as_bytes();
        while bytes.get(self.at).copied().is_some_and(is_blank) {
            self.at += 1;
        }
        if matches!(bytes.get(self.at), None | Some(b'#')) {
            self.at = bytes.len();
            return None;
        }
        self.column += self.line[self.counted..self.at].chars().count();
        self.counted = self.at;
        let word = self.word();
        if word.is_err() {
            self.at = bytes.len();
        }
        Some(word.map(|text| Word { text, column: self.column }))
    }
}

impl<'a> Words<'a> {
    /// The word that begins here.
    fn word(&mut self) -> Result<Cow<'a, str>, &'static str> {
        let line = self.line;
        // What is left of quotes and backslashes so far; what follows from `plain` on is as it stands.
        let mut text = Cow::Borrowed("");
        let mut plain = self.at;
        loop {
            let rest = &line.as_bytes()[self.at..];
            let is_special = |byte: &u8| is_blank(*byte) || matches!(byte, b'#' | b'\\' | b'\'' | b'"');
            self.at += rest.iter().position(is_special).unwrap_or(rest.len());
            text += &line[plain..self.at];
            let special = line.as_bytes().get(self.at);
            if !matches!(special, Some(b'\\' | b'\'' | b'"')) {
                if special == Some(&b'#') {
                    self.at = line.len();
                }
                return Ok(text);
            }
            self.at += 1;
            match special {
                Some(b'\\') => text.to_mut().push(self.char("No escaped character")?),
                Some(b'\'') => self.quoted('\'', text.to_mut())?,
                _ => self.quoted('"', text.to_mut())?,
            }
            plain = self.at;
        }
    }

    fn char(&mut self, missing: &'static str) -> Result<char, &'static str> {
        let char = self.line[self.at..].chars().next().ok_or(missing)?;
        self.at += char.len_utf8();
        Ok(char)
    }

    /// What stands up to the closing quote. In double quotes a backslash escapes itself and the quote, nothing else.
    fn quoted(&mut self, quote: char, text: &mut String) -> Result<(), &'static str> {
        loop {
            let char = self.char("No closing quotation")?;
            if char == quote {
                return Ok(());
            }
            if char == '\\' && quote == '"' {
                let escaped = self.char("No closing quotation")?;
                if !matches!(escaped, '\\' | '"') {
                    text.push('\\');
                }
                text.push(escaped);
            } else {
                text.push(char);
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line).map(|word| word.unwrap().text.into_owned()).collect()
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
    fn an_empty_quoted_word_is_a_word() {
        assert_eq!(texts("h '' x=\"\""), ["h", "", "x="]);
    }

    #[test]
    fn columns_count_characters() {
        let columns: Vec<usize> = words("hö x='ä ö'  y=1").map(|word| word.unwrap().column).collect();
        assert_eq!(columns, [0, 3, 12]);
    }

    #[test]
    fn an_open_quote_is_an_error_and_the_end() {
        let mut words = words("h x=\"a y=1");
        assert!(words.next().is_some_and(|word| word.is_ok()));
        assert_eq!(words.next(), Some(Err("No closing quotation")));
        assert_eq!(words.next(), None);
    }
}
