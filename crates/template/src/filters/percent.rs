//! Python's `%` formatting.

use ksplay_value::{Map, Value, text};
use num_bigint::{BigInt, Sign};
use num_traits::FromPrimitive;

use super::args::number;
use crate::Error;

/// The template with its conversions filled in, from `values` or, for `%(name)s`, from `names`.
pub(crate) fn format(template: &str, values: &[Value], names: &Map) -> Result<String, Error> {
    let mut values = values.iter();
    let mut out = String::new();
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut named = None;
        if letters.next_if_eq(&'(').is_some() {
            let name: String = letters.by_ref().take_while(|letter| *letter != ')').collect();
            let found = names.get(&name).ok_or_else(|| Error::operation(format!("KeyError: '{name}'")))?;
            named = Some(found.clone());
        }
        let mut next =
            || values.next().cloned().ok_or_else(|| Error::operation("not enough arguments for format string"));
        let mut spec = Spec::default();
        while let Some(flag) = letters.next_if(|letter| "-+ #0".contains(*letter)) {
            spec.flags.push(flag);
        }
        let mut size = |next: &mut dyn FnMut() -> Result<Value, Error>| -> Result<Option<usize>, Error> {
            if letters.next_if_eq(&'*').is_some() {
                return Ok(next()?.as_int().and_then(|size| usize::try_from(size).ok()));
            }
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            Ok(digits.parse().ok())
        };
        spec.width = size(&mut next)?.unwrap_or(0);
        if letters.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            spec.precision = Some(digits.parse().unwrap_or(0));
        }
        while letters.next_if(|letter| "hlL".contains(*letter)).is_some() {}
        let Some(conversion) = letters.next() else { return Err(Error::operation("incomplete format")) };
        if conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => next()?,
        };
        out += &spec.apply(conversion, &value)?;
    }
    match values.next() {
        Some(_) => Err(Error::operation("not all arguments converted during string formatting")),
        None => Ok(out),
    }
}

#[derive(Default)]
struct Spec {
    flags: String,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn apply(&self, conversion: char, value: &Value) -> Result<String, Error> {
        let cut = |text: String| match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        };
        match conversion {
            's' => Ok(self.padded("", &cut(value.to_string()), false)),
            'r' | 'a' => Ok(self.padded("", &cut(text::repr(value)), false)),
            'c' => match value {
                Value::Int(code) => {
                    let letter = u32::try_from(*code).ok().and_then(char::from_u32);
                    let letter = letter.ok_or_else(|| Error::operation("%c arg not in range(0x110000)"))?;
                    Ok(self.padded("", &letter.to_string(), false))
                }
                Value::String(text) if text.chars().count() == 1 => Ok(self.padded("", text, false)),
                _ => Err(Error::operation("%c requires int or char")),
            },
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => self.integer(conversion, value),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => self.float(conversion, value),
            other => Err(Error::operation(format!("unsupported format character '{other}'"))),
        }
    }

    fn integer(&self, conversion: char, value: &Value) -> Result<String, Error> {
        let decimal = matches!(conversion, 'd' | 'i' | 'u');
        let whole = match value {
            Value::Bool(flag) => Some(BigInt::from(i64::from(*flag))),
            Value::Int(number) => Some((*number).into()),
            Value::BigInt(number) => Some(number.as_ref().clone()),
            Value::Float(number) if decimal => BigInt::from_f64(number.trunc()),
            _ => None,
        };
        let Some(whole) = whole else {
            let wanted = if decimal { "a real number" } else { "an integer" };
            let kind = value.type_name();
            return Err(Error::operation(format!("%{conversion} format: {wanted} is required, not {kind}")));
        };
        let (radix, prefix) = match conversion {
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            'o' => (8, "0o"),
            _ => (10, ""),
        };
        let mut digits = whole.magnitude().to_str_radix(radix);
        if conversion == 'X' {
            digits = digits.to_uppercase();
        }
        if let Some(least) = self.precision {
            digits = format!("{digits:0>least$}");
        }
        let prefix = if self.flags.contains('#') { prefix } else { "" };
        Ok(self.padded(&format!("{}{prefix}", self.sign(whole.sign() == Sign::Minus)), &digits, true))
    }

    fn float(&self, conversion: char, value: &Value) -> Result<String, Error> {
        let number = match value {
            Value::String(_) => None,
            other => number(other),
        };
        let Some(number) = number else {
            return Err(Error::operation(format!("must be real number, not {}", value.type_name())));
        };
        let size = number.abs();
        let precision = self.precision.unwrap_or(6);
        let mut digits = if size.is_nan() {
            "nan".to_owned()
        } else if size.is_infinite() {
            "inf".to_owned()
        } else {
            match conversion.to_ascii_lowercase() {
                'f' => format!("{size:.precision$}"),
                'e' => exponential(size, precision),
                _ => general(size, precision.max(1), self.flags.contains('#')),
            }
        };
        if conversion.is_ascii_uppercase() {
            digits = digits.to_uppercase();
        }
        Ok(self.padded(self.sign(number.is_sign_negative() && !number.is_nan()), &digits, number.is_finite()))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match negative {
            true => "-",
            false if self.flags.contains('+') => "+",
            false if self.flags.contains(' ') => " ",
            false => "",
        }
    }

    fn padded(&self, sign: &str, text: &str, zeros: bool) -> String {
        let padding = self.width.saturating_sub(sign.chars().count() + text.chars().count());
        if self.flags.contains('-') {
            format!("{sign}{text}{}", " ".repeat(padding))
        } else if zeros && self.flags.contains('0') {
            format!("{sign}{}{text}", "0".repeat(padding))
        } else {
            format!("{}{sign}{text}", " ".repeat(padding))
        }
    }
}

fn exponential(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn general(size: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let strip = |text: &str| match text.contains('.') && !keep_zeros {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= precision as i32 {
        let text = exponential(size, precision - 1);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", strip(digits));
    }
    strip(&format!("{size:.*}", (precision as i32 - 1 - exponent).max(0) as usize))
}
