//! Python's `text % values` and the format specifications that it shares with `str.format`.

use ksplay_value::Value;
use num_bigint::BigInt;
use num_traits::Signed;

use super::ops::Number;
use crate::Error;

/// How a value is to be written: `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spec {
    pub fill: Option<char>,
    pub align: Option<char>,
    pub sign: Option<char>,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub group: Option<char>,
    pub precision: Option<usize>,
    pub kind: Option<char>,
}

/// `template % values`.
pub(crate) fn format(template: &str, values: &Value) -> Result<String, Error> {
    let positional: Vec<Value> = match values {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut next = positional.iter();
    let mut used_name = false;
    let mut text = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    let short = || Error::operation("not enough arguments for format string");
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut named = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let key: String = chars.by_ref().take_while(|c| *c != ')').collect();
            let Value::Map(map) = values else { return Err(Error::operation("format requires a mapping")) };
            used_name = true;
            let found = map.get(&key).cloned().ok_or_else(|| Error::operation(format!("'{key}'")))?;
            named = Some(found);
        }
        let mut spec = Spec::default();
        let mut left = false;
        while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
            match flag {
                '-' => left = true,
                '0' => spec.zero = true,
                '#' => spec.alternate = true,
                '+' => spec.sign = Some('+'),
                _ => spec.sign = spec.sign.or(Some(' ')),
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Result<Option<usize>, Error> {
            if chars.next_if_eq(&'*').is_some() {
                let Some(Value::Int(width)) = next.next() else { return Err(Error::operation("* wants int")) };
                return Ok(usize::try_from(*width).ok());
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            Ok(digits.parse().ok())
        };
        spec.width = number(&mut chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else { return Err(Error::operation("incomplete format")) };
        if kind == '%' {
            text.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => next.next().cloned().ok_or_else(short)?,
        };
        super::ops::defined_within(&value)?;
        spec.align = Some(if left { '<' } else { '>' });
        if left {
            spec.zero = false;
        }
        let at = template.chars().count() - chars.clone().count() - 1;
        text.push_str(&conversion(kind, at, &value, spec)?);
    }
    // What has items may be left over, and so may what is undefined.
    let may_be_left = matches!(values, Value::Map(_) | Value::List(_) | Value::Undefined(_));
    if next.next().is_some() && !used_name && !may_be_left {
        return Err(Error::operation("not all arguments converted during string formatting"));
    }
    Ok(text)
}

/// One value written; `at` is where the letter that says how stands in the template.
fn conversion(kind: char, at: usize, value: &Value, mut spec: Spec) -> Result<String, Error> {
    match kind {
        's' | 'r' | 'a' => {
            let text = if kind == 's' { value.to_string() } else { ksplay_value::text::repr(value) };
            spec.zero = false;
            spec.sign = None;
            spec.kind = Some('s');
            string(&text, &spec)
        }
        'd' | 'i' | 'u' => {
            let number = match Number::of(value) {
                Some(Number::Float(number)) => Value::Int(number.trunc() as i64),
                Some(_) => value.clone(),
                None => {
                    return Err(Error::operation(format!(
                        "%{kind} format: a real number is required, not {}",
                        value.type_name()
                    )));
                }
            };
            spec.kind = Some('d');
            apply(&number, &spec)
        }
        'x' | 'X' | 'o' => match value {
            Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => {
                spec.kind = Some(kind);
                apply(value, &spec)
            }
            other => {
                Err(Error::operation(format!("%{kind} format: an integer is required, not {}", other.type_name())))
            }
        },
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => match Number::of(value) {
            Some(number) => {
                spec.kind = Some(kind);
                apply(&Value::Float(number.float()), &spec)
            }
            None => Err(Error::operation(format!("must be real number, not {}", value.type_name()))),
        },
        'c' => {
            let text = match value {
                Value::String(text) if text.chars().count() == 1 => text.to_string(),
                Value::Int(code) => u32::try_from(*code)
                    .ok()
                    .and_then(char::from_u32)
                    .map(String::from)
                    .ok_or_else(|| Error::operation("%c arg not in range(0x110000)"))?,
                _ => return Err(Error::operation("%c requires an int or a unicode character")),
            };
            string(&text, &spec)
        }
        other => {
            let message = format!("unsupported format character '{other}' (0x{:x}) at index {at}", other as u32);
            Err(Error::operation(message))
        }
    }
}

/// Reads a format specification.
pub(crate) fn parse_spec(text: &str) -> Result<Spec, Error> {
    let chars: Vec<char> = text.chars().collect();
    let mut spec = Spec::default();
    let mut at = 0;
    if chars.len() > 1 && "<>=^".contains(chars[1]) {
        spec.fill = Some(chars[0]);
        spec.align = Some(chars[1]);
        at = 2;
    } else if chars.first().is_some_and(|c| "<>=^".contains(*c)) {
        spec.align = Some(chars[0]);
        at = 1;
    }
    if let Some(sign) = chars.get(at).filter(|c| "+- ".contains(**c)) {
        spec.sign = Some(*sign);
        at += 1;
    }
    if chars.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if chars.get(at) == Some(&'0') {
        spec.zero = true;
        at += 1;
    }
    let number = |at: &mut usize| {
        let digits: String = chars[*at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        *at += digits.len();
        digits.parse::<usize>().ok()
    };
    spec.width = number(&mut at).unwrap_or(0);
    if let Some(group) = chars.get(at).filter(|c| ",_".contains(**c)) {
        spec.group = Some(*group);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        spec.precision = Some(number(&mut at).ok_or_else(|| Error::operation("Format specifier missing precision"))?);
    }
    spec.kind = chars.get(at).copied();
    if chars.len() > at + 1 {
        return Err(Error::operation("Invalid format specifier"));
    }
    Ok(spec)
}

/// Writes a value by a specification.
pub(crate) fn apply(value: &Value, spec: &Spec) -> Result<String, Error> {
    let unknown = |kind: char| {
        Error::operation(format!("Unknown format code '{kind}' for object of type '{}'", value.type_name()))
    };
    match (Number::of(value), spec.kind) {
        (None, _) if !matches!(value, Value::String(_)) => {
            Err(Error::operation(format!("unsupported format string passed to {}.__format__", value.type_name())))
        }
        (None, None | Some('s')) => string(&value.to_string(), spec),
        (None, Some(kind)) => Err(unknown(kind)),
        (Some(_), None) if matches!(value, Value::Bool(_)) && spec.width == 0 => Ok(value.to_string()),
        (Some(Number::Float(number)), kind) => float(number, kind, spec),
        (Some(number), Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%'))) => {
            float(number.float(), Some(kind), spec)
        }
        (Some(Number::Small(number)), kind) => {
            integer(&BigInt::from(number), kind, spec).ok_or_else(|| unknown(kind.unwrap_or('s')))
        }
        (Some(Number::Int(number)), kind) => integer(&number, kind, spec).ok_or_else(|| unknown(kind.unwrap_or('s'))),
    }
}

fn string(text: &str, spec: &Spec) -> Result<String, Error> {
    let text: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    Ok(pad("", &text, spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' }), spec.align.unwrap_or('<'), spec.width))
}

fn integer(number: &BigInt, kind: Option<char>, spec: &Spec) -> Option<String> {
    let magnitude = number.magnitude();
    let (digits, prefix) = match kind {
        None | Some('d' | 'n') => (magnitude.to_str_radix(10), ""),
        Some('x') => (magnitude.to_str_radix(16), "0x"),
        Some('X') => (magnitude.to_str_radix(16).to_uppercase(), "0X"),
        Some('o') => (magnitude.to_str_radix(8), "0o"),
        Some('b') => (magnitude.to_str_radix(2), "0b"),
        Some('c') => {
            let c = u32::try_from(magnitude).ok().and_then(char::from_u32)?;
            return string(&c.to_string(), spec).ok();
        }
        Some(_) => return None,
    };
    let digits = match spec.precision {
        Some(precision) if digits.len() < precision => "0".repeat(precision - digits.len()) + &digits,
        _ => digits,
    };
    let every = if prefix.is_empty() { 3 } else { 4 };
    let digits = spec.group.map_or(digits.clone(), |separator| grouped(&digits, separator, every));
    let sign = sign(number.is_negative(), spec);
    let head = if spec.alternate { format!("{sign}{prefix}") } else { sign.to_owned() };
    Some(numeric(&head, &digits, spec))
}

fn float(number: f64, kind: Option<char>, spec: &Spec) -> Result<String, Error> {
    let magnitude = number.abs();
    let precision = spec.precision.unwrap_or(6);
    let body = match kind {
        _ if magnitude.is_nan() => "nan".to_owned(),
        _ if magnitude.is_infinite() => "inf".to_owned(),
        Some('f' | 'F') => format!("{magnitude:.precision$}"),
        Some('%') => format!("{:.precision$}%", magnitude * 100.0),
        Some('e') => exponent(magnitude, precision),
        Some('E') => exponent(magnitude, precision).to_uppercase(),
        Some('g' | 'n') => general(magnitude, precision, spec.alternate),
        Some('G') => general(magnitude, precision, spec.alternate).to_uppercase(),
        None if spec.precision.is_some() => {
            let text = general(magnitude, precision, false);
            if text.contains(['.', 'e']) { text } else { text + ".0" }
        }
        None => Value::Float(magnitude).to_string(),
        Some(other) => {
            return Err(Error::operation(format!("Unknown format code '{other}' for object of type 'float'")));
        }
    };
    let body = match spec.group {
        Some(separator) => match body.split_once('.') {
            Some((whole, rest)) => format!("{}.{rest}", grouped(whole, separator, 3)),
            None => grouped(&body, separator, 3),
        },
        None => body,
    };
    Ok(numeric(sign(number.is_sign_negative() && !number.is_nan(), spec), &body, spec))
}

fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = power.strip_prefix('-').map_or(('+', power), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn general(number: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    let scientific = exponent(number, precision - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let (body, tail) = if power < -4 || power >= precision as i32 {
        let (mantissa, tail) = scientific.split_once('e').unwrap_or((&scientific, ""));
        (mantissa.to_owned(), format!("e{tail}"))
    } else {
        let decimals = usize::try_from(precision as i32 - 1 - power).unwrap_or(0);
        (format!("{number:.decimals$}"), String::new())
    };
    let body = if body.contains('.') && !alternate {
        body.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        body
    };
    body + &tail
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

fn grouped(digits: &str, separator: char, every: usize) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(every) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

fn numeric(head: &str, digits: &str, spec: &Spec) -> String {
    let explicit = spec.align.filter(|_| spec.fill.is_some() || !spec.zero);
    let align = explicit.unwrap_or(if spec.zero { '=' } else { '>' });
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    if align == '=' {
        return pad(head, digits, fill, '=', spec.width);
    }
    pad("", &format!("{head}{digits}"), fill, align, spec.width)
}

fn pad(head: &str, text: &str, fill: char, align: char, width: usize) -> String {
    let missing = width.saturating_sub(head.chars().count() + text.chars().count());
    let fills = |count: usize| fill.to_string().repeat(count);
    match align {
        '<' => format!("{head}{text}{}", fills(missing)),
        '^' => format!("{head}{}{text}{}", fills(missing / 2), fills(missing - missing / 2)),
        '=' => format!("{head}{}{text}", fills(missing)),
        _ => format!("{}{head}{text}", fills(missing)),
    }
}
