//! Python literals, as `ast.literal_eval` reads them: what a variable in a hosts file is.

use std::str::FromStr;

use num_bigint::BigInt;

use crate::{Bytes, Map, Value};

/// Reads a Python literal as `ast.literal_eval` does: `None` when the text is none. Tuples and sets, which data does not
/// have, become lists. A comment may follow.
pub fn from_literal(text: &str) -> Option<Value> {
    Reader { rest: text.trim_start_matches([' ', '\t']) }.whole()
}

/// How deeply literals may be nested; CPython's parser stops at 200 brackets.
const MAX_DEPTH: usize = 200;
/// How many decimal digits an integer may have; CPython's limit.
const MAX_DIGITS: usize = 4300;

struct Reader<'a> {
    rest: &'a str,
}

/// Every method gives `None` when the text is no literal, which is then the end of it.
impl Reader<'_> {
    fn whole(&mut self) -> Option<Value> {
        let first = self.item(0)?;
        self.space();
        let value = if self.rest.starts_with(',') { self.tuple_after(first, 0)? } else { first };
        self.space();
        (self.rest.is_empty() || self.rest.starts_with('#')).then_some(value)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\x0c']);
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.rest.chars().next()? {
            '[' => {
                self.eat("[");
                self.items("]", depth).map(Value::from)
            }
            '(' => self.parenthesis(depth),
            '{' => self.braces(depth),
            '+' | '-' => {
                let negative = self.rest.starts_with('-');
                self.rest = &self.rest[1..];
                self.space();
                let number = self.number()?;
                if negative { negate(&number) } else { Some(number) }
            }
            '0'..='9' | '.' => self.number(),
            _ => self.word(),
        }
    }

    fn items(&mut self, end: &str, depth: usize) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        loop {
            self.space();
            if self.eat(end) {
                return Some(items);
            }
            items.push(self.item(depth + 1)?);
            self.space();
            if !self.eat(",") {
                return self.eat(end).then_some(items);
            }
        }
    }

    fn parenthesis(&mut self, depth: usize) -> Option<Value> {
        self.eat("(");
        self.space();
        if self.eat(")") {
            return Some(Vec::new().into());
        }
        let first = self.item(depth + 1)?;
        self.space();
        let value = if self.rest.starts_with(',') { self.tuple_after(first, depth)? } else { first };
        self.space();
        self.eat(")").then_some(value)
    }

    /// The rest of a tuple whose first item has been read. Data has no tuples, so it is a list.
    fn tuple_after(&mut self, first: Value, depth: usize) -> Option<Value> {
        let mut items = vec![first];
        while self.eat(",") {
            self.space();
            if self.rest.is_empty() || self.rest.starts_with([')', '#']) {
                break;
            }
            items.push(self.item(depth + 1)?);
            self.space();
        }
        Some(items.into())
    }

    /// A mapping, or a set, which becomes a list.
    fn braces(&mut self, depth: usize) -> Option<Value> {
        self.eat("{");
        self.space();
        if self.eat("}") {
            return Some(Value::empty_map());
        }
        let first = self.item(depth + 1)?;
        self.space();
        if !self.eat(":") {
            let mut set = vec![first];
            if self.eat(",") {
                for item in self.items("}", depth)? {
                    if !set.contains(&item) {
                        set.push(item);
                    }
                }
                return Some(set.into());
            }
            return self.eat("}").then(|| set.into());
        }
        let mut map = Map::new();
        let mut key = first;
        loop {
            if matches!(key, Value::List(_) | Value::Map(_)) {
                return None;
            }
            let value = self.item(depth + 1)?;
            map.insert(key, value);
            self.space();
            if !self.eat(",") {
                break;
            }
            self.space();
            if self.rest.starts_with('}') {
                break;
            }
            key = self.item(depth + 1)?;
            self.space();
            if !self.eat(":") {
                return None;
            }
        }
        self.eat("}").then(|| map.into())
    }

    /// A number without a sign. Complex numbers are no data.
    fn number(&mut self) -> Option<Value> {
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while let Some(byte) = bytes.get(end) {
            let exponent_sign = matches!(byte, b'+' | b'-')
                && matches!(bytes[end.saturating_sub(1)], b'e' | b'E')
                && end > 0
                && !matches!(bytes.get(..2), Some(b"0x" | b"0X"));
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
                break;
            }
            end += 1;
        }
        let token = &self.rest[..end];
        if end == 0 || token.starts_with('_') || token.ends_with('_') || token.contains("__") {
            return None;
        }
        let digits: String = token.chars().filter(|char| *char != '_').collect();
        let value = radix(&digits).or_else(|| decimal(token, &digits))?;
        self.rest = &self.rest[end..];
        Some(value)
    }

    fn word(&mut self) -> Option<Value> {
        for (word, value) in [("None", Value::Null), ("True", Value::Bool(true)), ("False", Value::Bool(false))] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                if rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '"' | '\'')) {
                    return None;
                }
                self.rest = rest;
                return Some(value);
            }
        }
        if self.eat("set()") {
            return Some(Vec::new().into());
        }
        self.strings()
    }

    /// One string literal, or several beside each other, which are one text.
    fn strings(&mut self) -> Option<Value> {
        let mut text = String::new();
        let mut bytes = None;
        while let Some(prefix) = self.string_prefix() {
            if *bytes.get_or_insert(prefix.bytes) != prefix.bytes {
                return None;
            }
            self.string_body(&prefix, &mut text)?;
            self.space();
        }
        match bytes? {
            true => text
                .chars()
                .map(|char| u8::try_from(u32::from(char)).ok())
                .collect::<Option<_>>()
                .map(|bytes| Bytes(bytes).into()),
            false => Some(Value::from(text)),
        }
    }

    fn string_prefix(&mut self) -> Option<Prefix> {
        let letters = self.rest.find(['"', '\''])?;
        let (raw, bytes) = match self.rest[..letters].to_ascii_lowercase().as_str() {
            "" | "u" => (false, false),
            "r" => (true, false),
            "b" => (false, true),
            "br" | "rb" => (true, true),
            _ => return None,
        };
        self.rest = &self.rest[letters..];
        let one = &self.rest[..1];
        let triple = one.repeat(3);
        let quote = if self.rest.starts_with(&triple) { triple } else { one.to_owned() };
        self.rest = &self.rest[quote.len()..];
        Some(Prefix { raw, bytes, quote })
    }

    fn string_body(&mut self, prefix: &Prefix, text: &mut String) -> Option<()> {
        loop {
            if self.eat(&prefix.quote) {
                return Some(());
            }
            let next = self.rest.chars().next()?;
            self.rest = &self.rest[next.len_utf8()..];
            if (next == '\n' && prefix.quote.len() == 1) || (prefix.bytes && !next.is_ascii()) {
                return None;
            }
            if next != '\\' {
                text.push(next);
            } else if prefix.raw {
                let escaped = self.rest.chars().next()?;
                self.rest = &self.rest[escaped.len_utf8()..];
                text.extend(['\\', escaped]);
            } else {
                self.escape(prefix.bytes, text)?;
            }
        }
    }

    fn escape(&mut self, bytes: bool, text: &mut String) -> Option<()> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        match letter {
            '\n' => {}
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'a' => text.push('\x07'),
            'b' => text.push('\x08'),
            'f' => text.push('\x0c'),
            'v' => text.push('\x0b'),
            '\\' | '\'' | '"' => text.push(letter),
            '0'..='7' => {
                let more = self.rest.bytes().take(2).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let digits = format!("{letter}{}", &self.rest[..more]);
                self.rest = &self.rest[more..];
                text.push(char::from_u32(u32::from_str_radix(&digits, 8).ok()?)?);
            }
            'x' => text.push(self.code(2)?),
            'u' if !bytes => text.push(self.code(4)?),
            'U' if !bytes => text.push(self.code(8)?),
            // A named character would need Unicode's table of names.
            'N' if !bytes => return None,
            other => text.extend(['\\', other]),
        }
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let code = self.rest.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.rest = &self.rest[digits..];
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }
}

struct Prefix {
    raw: bool,
    bytes: bool,
    quote: String,
}

fn radix(digits: &str) -> Option<Value> {
    let (radix, digits) = match digits.get(..2)? {
        "0x" | "0X" => (16, &digits[2..]),
        "0o" | "0O" => (8, &digits[2..]),
        "0b" | "0B" => (2, &digits[2..]),
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    BigInt::parse_bytes(digits.as_bytes(), radix).map(Value::from_big)
}

fn decimal(token: &str, digits: &str) -> Option<Value> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let leading_zero = digits.starts_with('0') && digits.bytes().any(|byte| byte != b'0');
        if leading_zero || digits.len() > MAX_DIGITS {
            return None;
        }
        return BigInt::from_str(digits).ok().map(Value::from_big);
    }
    let misplaced = ["_.", "._", "_e", "_E", "e_", "E_"].iter().any(|pair| token.contains(pair));
    let letters = digits.bytes().filter(u8::is_ascii_alphabetic).collect::<Vec<_>>();
    if misplaced || !matches!(letters.as_slice(), [] | [b'e' | b'E']) {
        return None;
    }
    digits.parse().ok().map(Value::Float)
}

fn negate(number: &Value) -> Option<Value> {
    match number {
        Value::Float(number) => Some(Value::Float(-number)),
        Value::Int(number) => Some(Value::from_big(-BigInt::from(*number))),
        Value::BigInt(number) => Some(Value::from_big(-(**number).clone())),
        _ => None,
    }
}
