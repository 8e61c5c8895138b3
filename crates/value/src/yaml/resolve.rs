//! What a scalar is: the rules of YAML 1.1 as PyYAML's `SafeLoader` has them.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, Engine};
use num_bigint::BigInt;

use crate::{Bytes, Date, DateTime, Value};

/// The type that a plain scalar has by its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Merge,
}

/// The type of a plain, untagged scalar.
pub(super) fn looks_like(text: &str) -> Kind {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return Kind::Null };
    match first {
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Kind::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' if is_bool(text) => Kind::Bool,
        b'<' if text == "<<" => Kind::Merge,
        b'-' | b'+' | b'.' | b'0'..=b'9' => {
            if is_float(bytes) {
                Kind::Float
            } else if is_int(bytes) {
                Kind::Int
            } else if first.is_ascii_digit() && Timestamp::parse(bytes).is_some() {
                Kind::Timestamp
            } else {
                Kind::Text
            }
        }
        _ => Kind::Text,
    }
}

fn is_bool(text: &str) -> bool {
    const WORDS: [&str; 6] = ["yes", "no", "true", "false", "on", "off"];
    let capital =
        |word: &str| text.len() == word.len() && text[..1].eq_ignore_ascii_case(&word[..1]) && text[1..] == word[1..];
    text.is_ascii() && WORDS.iter().any(|word| capital(word) || text == word.to_ascii_uppercase())
}

/// Takes the bytes from the front for which `take` is true.
fn span(bytes: &[u8], take: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| !take(*byte)).unwrap_or(bytes.len()))
}

fn unsigned(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'-' | b'+', rest @ ..] => rest,
        _ => bytes,
    }
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

/// Skips one or more `:30`; `None` when there is none.
fn sixtieths(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    while let [b':', rest @ ..] = bytes {
        bytes = match rest {
            [b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b'0'..=b'9', rest @ ..] => rest,
            _ => break,
        };
        found = Some(bytes);
    }
    found
}

fn is_int(bytes: &[u8]) -> bool {
    match unsigned(bytes) {
        [b'0', b'b', rest @ ..] => !rest.is_empty() && rest.iter().all(|byte| matches!(byte, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => {
            !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'_')
        }
        [b'0', rest @ ..] => rest.iter().all(|byte| matches!(byte, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', rest @ ..] => {
            let (_, rest) = span(rest, digit_or_underscore);
            rest.is_empty() || sixtieths(rest).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// An exponent, whose sign YAML 1.1 demands, or nothing.
fn is_exponent(bytes: &[u8]) -> bool {
    match bytes {
        [] => true,
        [b'e' | b'E', b'-' | b'+', rest @ ..] => !rest.is_empty() && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_float(bytes: &[u8]) -> bool {
    if let [b'.', rest @ ..] = bytes {
        if let [b'0'..=b'9', rest @ ..] = rest {
            return is_exponent(span(rest, digit_or_underscore).1);
        }
        if matches!(rest, b"nan" | b"NaN" | b"NAN") {
            return true;
        }
    }
    let bytes = unsigned(bytes);
    match bytes {
        [b'.', rest @ ..] => matches!(rest, b"inf" | b"Inf" | b"INF"),
        [b'0'..=b'9', rest @ ..] => {
            let (_, rest) = span(rest, digit_or_underscore);
            match rest {
                [b'.', rest @ ..] => is_exponent(span(rest, digit_or_underscore).1),
                [b':', ..] => match sixtieths(rest) {
                    Some([b'.', rest @ ..]) => rest.iter().all(|byte| digit_or_underscore(*byte)),
                    _ => false,
                },
                _ => false,
            }
        }
        _ => false,
    }
}

/// The value of a scalar of this type, or why it has none.
pub(super) fn construct(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text | Kind::Merge => Ok(Value::from(text)),
        Kind::Null => Ok(Value::Null),
        Kind::Bool => boolean(text).ok_or_else(|| format!("`{text}` is not a boolean")),
        Kind::Int => int(text).ok_or_else(|| format!("`{text}` is not an integer")),
        Kind::Float => float(text).ok_or_else(|| format!("`{text}` is not a number")),
        Kind::Timestamp => timestamp(text).ok_or_else(|| format!("`{text}` is not a date that exists")),
    }
}

fn boolean(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(Value::Bool(true)),
        "no" | "false" | "off" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn int(text: &str) -> Option<Value> {
    let digits = text.replace('_', "");
    let (negative, digits) = signed(&digits);
    let (radix, digits) = match digits {
        "0" => (10, digits),
        _ if digits.starts_with("0b") => (2, &digits[2..]),
        _ if digits.starts_with("0x") => (16, &digits[2..]),
        _ if digits.starts_with('0') => (8, digits.trim_start_matches("0o")),
        _ => (10, digits),
    };
    let number = if radix == 10 && digits.contains(':') {
        let mut total = BigInt::ZERO;
        for part in digits.split(':') {
            total = total * 60 + part.parse::<u64>().ok()?;
        }
        total
    } else {
        BigInt::parse_bytes(digits.trim().as_bytes(), radix)?
    };
    Some(Value::from_big(if negative { -number } else { number }))
}

fn float(text: &str) -> Option<Value> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let (negative, digits) = signed(&digits);
    let number = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        _ if digits.contains(':') => {
            let mut total = 0.0;
            for part in digits.split(':') {
                total = total * 60.0 + part.parse::<f64>().ok()?;
            }
            total
        }
        _ => digits.trim().parse().ok()?,
    };
    Some(Value::Float(if negative { -number } else { number }))
}

/// The bytes of a `!!binary` scalar. As in Python, what is not of the alphabet does not count, and the text ends where its
/// padding is complete.
pub(super) fn binary(text: &str) -> Option<Value> {
    let mut digits = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                digits.push(byte);
                padding = 0;
            }
            b'=' if digits.len() % 4 >= 2 => {
                padding += 1;
                if digits.len() % 4 + padding == 4 {
                    break;
                }
            }
            _ => {}
        }
    }
    let is_complete = digits.len() % 4 == 0 || digits.len() % 4 + padding == 4;
    let rules = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, rules).decode(digits).ok();
    bytes.filter(|_| is_complete).map(|bytes| Bytes(bytes).into())
}

/// The parts of a timestamp that has the right form, whether or not there is such a day.
#[derive(Debug, Default)]
struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    time: Option<Time>,
}

#[derive(Debug, Default)]
struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
    offset: Option<i32>,
}

/// Reads between `least` and `most` digits.
fn digits<'a>(bytes: &mut &'a [u8], least: usize, most: usize) -> Option<&'a [u8]> {
    let length = span(bytes, digit).0.len().min(most);
    if length < least {
        return None;
    }
    let (found, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(found)
}

fn value_of(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |total, digit| total * 10 + u32::from(digit - b'0'))
}

fn expect(bytes: &mut &[u8], wanted: u8) -> Option<()> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    (*first == wanted).then_some(())
}

fn blanks(bytes: &mut &[u8]) -> bool {
    let (blanks, rest) = span(bytes, |byte| matches!(byte, b' ' | b'\t'));
    *bytes = rest;
    !blanks.is_empty()
}

impl Timestamp {
    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let rest = &mut bytes;
        let year = value_of(digits(rest, 4, 4)?) as u16;
        expect(rest, b'-')?;
        let month = digits(rest, 1, 2)?;
        expect(rest, b'-')?;
        let day = digits(rest, 1, 2)?;
        let mut stamp = Self { year, month: value_of(month) as u8, day: value_of(day) as u8, time: None };
        if rest.is_empty() {
            return (month.len() == 2 && day.len() == 2).then_some(stamp);
        }
        if let [b'T' | b't', after @ ..] = *rest {
            *rest = after;
        } else if !blanks(rest) {
            return None;
        }
        stamp.time = Some(Time::parse(rest)?);
        Some(stamp)
    }
}

impl Time {
    fn parse(rest: &mut &[u8]) -> Option<Self> {
        let mut time = Self { hour: value_of(digits(rest, 1, 2)?) as u8, ..Self::default() };
        expect(rest, b':')?;
        time.minute = value_of(digits(rest, 2, 2)?) as u8;
        expect(rest, b':')?;
        time.second = value_of(digits(rest, 2, 2)?) as u8;
        if let [b'.', after @ ..] = *rest {
            let (fraction, after) = span(after, digit);
            let mut six = [b'0'; 6];
            let kept = fraction.len().min(6);
            six[..kept].copy_from_slice(&fraction[..kept]);
            time.microsecond = value_of(&six);
            *rest = after;
        }
        if rest.is_empty() {
            return Some(time);
        }
        blanks(rest);
        let (sign, after) = rest.split_first()?;
        *rest = after;
        time.offset = Some(match sign {
            b'Z' => 0,
            b'+' | b'-' => {
                let hours = value_of(digits(rest, 1, 2)?) as i32;
                let minutes = if rest.is_empty() {
                    0
                } else {
                    expect(rest, b':')?;
                    value_of(digits(rest, 2, 2)?) as i32
                };
                (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return None,
        });
        rest.is_empty().then_some(time)
    }
}

fn timestamp(text: &str) -> Option<Value> {
    let Timestamp { year, month, day, time } = Timestamp::parse(text.as_bytes())?;
    let date = Date::new(year, month, day)?;
    let Some(Time { hour, minute, second, microsecond, offset }) = time else { return Some(date.into()) };
    let real = hour < 24 && minute < 60 && second < 60 && offset.is_none_or(|offset| offset.abs() < 86_400);
    real.then(|| DateTime { date, hour, minute, second, microsecond, offset }.into())
}

/// Base64 in lines of 76 characters, each with its line break, as Python's `base64.encodebytes`.
pub(super) fn base64(bytes: &[u8]) -> String {
    bytes.chunks(57).map(|line| STANDARD.encode(line) + "\n").collect()
}
