//! JSON as Python's `json.loads` reads it.

use num_bigint::BigInt;

use crate::{Map, Value};

/// How deep lists and mappings may stand in each other.
const DEPTH_LIMIT: usize = 900;

/// The longest integer that Python reads.
const DIGIT_LIMIT: usize = 4300;

/// Why a text is not JSON, in Python's words: `Expecting value: line 1 column 1 (char 0)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: line {line} column {column} (char {offset})")]
pub struct JsonError {
    /// What is wrong.
    pub message: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Characters before it, counted from 0.
    pub offset: usize,
}

/// Reads JSON as Python's `json.loads`: `NaN` and `Infinity` are numbers, integers have any size, of equal keys the
/// last one wins.
///
/// # Errors
///
/// If the text is not JSON.
pub fn from_json(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
    reader.document().map_err(|Refusal(message, at)| {
        let before = &text.as_bytes()[..at.min(text.len())];
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        JsonError {
            message,
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: characters(&before[line_start..]) + 1,
            offset: characters(before),
        }
    })
}

/// What is wrong, and at which byte.
struct Refusal(String, usize);

type Answer<T> = Result<T, Refusal>;

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn refuse<T>(&self, message: &str, at: usize) -> Answer<T> {
        Err(Refusal(message.to_owned(), at))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Answer<Value> {
        if self.text.starts_with('\u{feff}') {
            return self.refuse("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
        }
        self.skip_blanks();
        let value = self.value(0)?;
        self.skip_blanks();
        if self.at < self.bytes.len() {
            return self.refuse("Extra data", self.at);
        }
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Answer<Value> {
        if depth > DEPTH_LIMIT {
            return self.refuse("Nested too deep", self.at);
        }
        const WORDS: [(&str, Value); 6] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        match self.peek() {
            Some(b'"') => self.string().map(Value::from),
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            _ => {
                for (word, value) in WORDS {
                    if self.bytes[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                self.number()
            }
        }
    }

    fn map(&mut self, depth: usize) -> Answer<Value> {
        let mut map = Map::new();
        self.at += 1;
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(map.into());
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.refuse("Expecting property name enclosed in double quotes", self.at);
            }
            let key = self.string()?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return self.refuse("Expecting ':' delimiter", self.at);
            }
            self.at += 1;
            self.skip_blanks();
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.skip_blanks();
            match self.peek() {
                Some(b'}') => break,
                Some(b',') => self.at += 1,
                _ => return self.refuse("Expecting ',' delimiter", self.at),
            }
            self.skip_blanks();
        }
        self.at += 1;
        Ok(map.into())
    }

    fn list(&mut self, depth: usize) -> Answer<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items.into());
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_blanks();
            match self.peek() {
                Some(b']') => break,
                Some(b',') => self.at += 1,
                _ => return self.refuse("Expecting ',' delimiter", self.at),
            }
            self.skip_blanks();
        }
        self.at += 1;
        Ok(items.into())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Answer<Value> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                let digits = self.digits();
                if digits > DIGIT_LIMIT && !matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
                    return self.refuse(&format!("An integer of {digits} digits is too large"), start);
                }
            }
            _ => return self.refuse("Expecting value", start),
        }
        let whole = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                self.at = whole;
            }
        }
        let before_exponent = self.at;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'-' | b'+')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                self.at = before_exponent;
            }
        }
        let text = &self.text[start..self.at];
        if self.at > whole {
            return match text.parse() {
                Ok(number) => Ok(Value::Float(number)),
                Err(_) => self.refuse("Expecting value", start),
            };
        }
        match text.parse::<i64>() {
            Ok(number) => Ok(Value::Int(number)),
            Err(_) => match text.parse::<BigInt>() {
                Ok(number) => Ok(Value::from(number)),
                Err(_) => self.refuse("Expecting value", start),
            },
        }
    }

    fn string(&mut self) -> Answer<String> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte > 0x1f && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(&self.text[start..self.at]);
            match self.peek() {
                None => return self.refuse("Unterminated string starting at", begin),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape(begin, &mut text)?,
                Some(_) => return self.refuse("Invalid control character at", self.at),
            }
        }
    }

    fn escape(&mut self, begin: usize, text: &mut String) -> Answer<()> {
        let backslash = self.at;
        self.at += 1;
        let character = match self.peek() {
            None => return self.refuse("Unterminated string starting at", begin),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(text),
            Some(_) => return self.refuse("Invalid \\escape", backslash),
        };
        self.at += 1;
        text.push(character);
        Ok(())
    }

    /// The four digits after a `\u`, whose `u` is the current byte.
    fn unit(&self, u: usize) -> Answer<u16> {
        let Some(digits) = self.bytes.get(u + 1..u + 5).filter(|_| u + 5 < self.bytes.len()) else {
            return self.refuse("Invalid \\uXXXX escape", u);
        };
        digits.iter().try_fold(0u16, |unit, digit| match char::from(*digit).to_digit(16) {
            Some(digit) => Ok(unit << 4 | digit as u16),
            None => self.refuse("Invalid \\uXXXX escape", u),
        })
    }

    fn unicode(&mut self, text: &mut String) -> Answer<()> {
        let first = self.unit(self.at)?;
        self.at += 5;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            // As Python: what follows a high surrogate without being its partner is read again on its own.
            if let Ok(second @ 0xdc00..0xe000) = self.unit(self.at + 1) {
                units.push(second);
                self.at += 6;
            }
        }
        // Python keeps half a pair; text here cannot, so it becomes the replacement character.
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Ok(())
    }
}
