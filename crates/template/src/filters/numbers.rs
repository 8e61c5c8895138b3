//! Filters over numbers: conversion, rounding, powers, sizes for people.

use ksplay_value::Value;
use num_bigint::BigInt;
use num_traits::{FromPrimitive, Num, Signed};

use super::args::number;
use super::regex::{Flags, Pattern};
use crate::eval::Nothing;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("abs", abs),
    ("filesizeformat", filesizeformat),
    ("float", float),
    ("human_readable", human_readable),
    ("human_to_bytes", human_to_bytes),
    ("int", int),
    ("log", log),
    ("pow", pow),
    ("root", root),
    ("round", round),
];

/// The integer that a number or text stands for, or `default` (0): `'5.7' | int` is 5, `'1f' | int(base=16)` is 31.
fn int(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [default, base]) = call.bind(["default", "base"])?;
    let (default, base) = (default.given().unwrap_or(Value::Int(0)), base.int_or(10)?);
    if let Some(refusal) = Nothing::refusal([&value]) {
        return Err(refusal);
    }
    let found = match &value {
        Value::String(text) => parse_int(text, base).or_else(|| parse_float(text).and_then(whole)),
        Value::Int(_) | Value::BigInt(_) => Some(value.clone()),
        Value::Bool(flag) => Some(Value::Int(i64::from(*flag))),
        Value::Float(number) => whole(*number),
        _ => None,
    };
    Ok(found.unwrap_or(default))
}

fn whole(number: f64) -> Option<Value> {
    BigInt::from_f64(number.trunc()).map(Value::from_big)
}

/// Python's `int(text, base)`: blanks around, a sign, `0x` and the like, single underscores between digits.
pub(crate) fn parse_int(text: &str, base: i64) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let prefixed = |digits: &str| match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    let (base, digits) = match (base, prefixed(digits)) {
        (0, Some(base)) => (base, &digits[2..]),
        (0, None) if digits.len() > 1 && digits.starts_with('0') && !digits.trim_matches(['0', '_']).is_empty() => {
            return None;
        }
        (0, None) => (10, digits),
        (wanted, Some(base)) if wanted == i64::from(base) => (base, digits[2..].trim_start_matches('_')),
        (wanted @ 2..=36, _) => (wanted as u32, digits),
        _ => return None,
    };
    let misplaced = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if digits.is_empty() || misplaced || digits.starts_with(['+', '-']) {
        return None;
    }
    let number = BigInt::from_str_radix(&digits.replace('_', ""), base).ok()?;
    Some(Value::from_big(if negative { -number } else { number }))
}

/// Python's `float(text)`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    if misplaced {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// The float that a number or text stands for, or `default` (0.0): `'1.5' | float` is 1.5.
fn float(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [default]) = call.bind(["default"])?;
    if let Some(refusal) = Nothing::refusal([&value]) {
        return Err(refusal);
    }
    let found = match &value {
        Value::String(text) => parse_float(text),
        other => number(other),
    };
    Ok(found.map_or_else(|| default.given().unwrap_or(Value::Float(0.0)), Value::Float))
}

/// The number without its sign: `-5 | abs` is 5.
fn abs(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    match &value {
        Value::Bool(flag) => Ok(i64::from(*flag).into()),
        Value::Int(number) => Ok(Value::from_big(BigInt::from(*number).abs())),
        Value::BigInt(number) => Ok(Value::from_big(number.abs())),
        Value::Float(number) => Ok(number.abs().into()),
        other => Err(Error::operation(format!("bad operand type for abs(): '{}'", other.type_name()))),
    }
}

/// The number rounded to a precision (0), half to even; `method` may be `ceil` or `floor`: `2.56 | round(1)` is 2.6.
fn round(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [precision, method]) = call.bind(["precision", "method"])?;
    let (precision, method) = (precision.int_or(0)?, method.text_or("common"));
    let refuse = || Error::operation(format!("type {} doesn't define __round__ method", value.type_name()));
    match method.as_str() {
        "common" => match &value {
            Value::Bool(flag) => Ok(round_int(i64::from(*flag), precision)),
            Value::Int(number) => Ok(round_int(*number, precision)),
            Value::BigInt(_) => Ok(value),
            Value::Float(number) => Ok(round_float(*number, precision).into()),
            _ => Err(refuse()),
        },
        "ceil" | "floor" => {
            let scale = 10f64.powi(precision as i32);
            let scaled = number(&value).ok_or_else(refuse)? * scale;
            Ok((if method == "ceil" { scaled.ceil() } else { scaled.floor() } / scale).into())
        }
        _ => Err(Error::operation("method must be common, ceil or floor")),
    }
}

fn round_int(number: i64, precision: i64) -> Value {
    if precision >= 0 {
        return number.into();
    }
    let Some(unit) = u32::try_from(-precision).ok().and_then(|digits| 10i64.checked_pow(digits)) else {
        return Value::Int(0);
    };
    let (down, rest) = (number.div_euclid(unit), number.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && down % 2 != 0);
    Value::Int((down + i64::from(up)) * unit)
}

/// Python's correctly rounded `round(x, n)`, through the shortest decimal text of that precision.
fn round_float(number: f64, precision: i64) -> f64 {
    if !number.is_finite() {
        return number;
    }
    match usize::try_from(precision) {
        Ok(0) => number.round_ties_even(),
        Ok(digits) if digits < 300 => format!("{number:.digits$}").parse().unwrap_or(number),
        Ok(_) => number,
        Err(_) => {
            let scale = 10f64.powi(-precision as i32);
            (number / scale).round_ties_even() * scale
        }
    }
}

fn operands(value: &Value, other: &Value, name: &str) -> Result<(f64, f64), Error> {
    let real = |value: &Value| match value {
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Bool(_) => number(value),
        _ => None,
    };
    match (real(value), real(other)) {
        (Some(left), Some(right)) => Ok((left, right)),
        (None, _) => Err(not_real(name, value)),
        (_, None) => Err(not_real(name, other)),
    }
}

fn not_real(name: &str, value: &Value) -> Error {
    Error::operation(format!("{name}() can only be used on numbers: must be real number, not {}", value.type_name()))
}

/// The power, always a float: `2 | pow(3)` is 8.0.
fn pow(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [exponent]) = call.bind(["y"])?;
    let (base, exponent) = operands(&value, &exponent.required()?, "pow")?;
    let power = base.powf(exponent);
    if power.is_nan() && !base.is_nan() && !exponent.is_nan() || power.is_infinite() && base == 0.0 {
        return Err(Error::operation("pow() can only be used on numbers: math domain error"));
    }
    if power.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(Error::operation("math range error"));
    }
    Ok(power.into())
}

/// The root, the square one unless another base is named: `8 | root(3)` is 2.0.
fn root(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [base]) = call.bind(["base"])?;
    let (radicand, base) = operands(&value, &base.value().unwrap_or(Value::Int(2)), "root")?;
    if radicand < 0.0 || base == 0.0 {
        return Err(Error::operation("root() can only be used on numbers: math domain error"));
    }
    Ok(if base == 2.0 { radicand.sqrt() } else { radicand.powf(1.0 / base) }.into())
}

/// The logarithm, the natural one unless a base is named: `8 | log(2)` is 3.0.
fn log(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [base]) = call.bind(["base"])?;
    let (number, base) = operands(&value, &base.value().unwrap_or(Value::Float(std::f64::consts::E)), "log")?;
    if number <= 0.0 || base <= 0.0 || base == 1.0 {
        return Err(Error::operation("math domain error"));
    }
    Ok(match base {
        10.0 => number.log10(),
        std::f64::consts::E => number.ln(),
        base => number.ln() / base.ln(),
    }
    .into())
}

/// A size in bytes for people, decimal unless `binary`: `1234567 | filesizeformat` is `1.2 MB`.
fn filesizeformat(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [binary]) = call.bind(["binary"])?;
    let bytes = match &value {
        Value::String(text) => parse_float(text)
            .ok_or_else(|| format!("could not convert string to float: {}", ksplay_value::text::repr(&value))),
        other => number(other)
            .ok_or_else(|| format!("float() argument must be a string or a real number, not '{}'", value.type_name())),
    };
    let bytes = bytes.map_err(Error::operation)?;
    let (base, infix) = if binary.flag_or(false) { (1024.0, "i") } else { (1000.0, "") };
    if bytes == 1.0 {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()).into());
    }
    let mut unit = base;
    let mut text = String::new();
    for prefix in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
        unit *= base;
        let prefix = if infix.is_empty() { prefix.to_owned() } else { prefix.to_uppercase() };
        text = format!("{:.1} {prefix}{infix}B", base * bytes / unit);
        if bytes < unit {
            break;
        }
    }
    Ok(text.into())
}

const UNITS: [(&str, u32); 8] =
    [("Y", 80), ("Z", 70), ("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10)];

/// A number of bytes, or bits, with the unit that fits, or the one asked for: `1048576 | human_readable` is `1.00 MB`.
fn human_readable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [isbits, unit]) = call.bind(["isbits", "unit"])?;
    let Some(size) = number(&value) else {
        let kind = value.type_name();
        let refusal = || Error::operation(format!("'>=' not supported between instances of '{kind}' and 'int'"));
        let refusal = Nothing::refusal([&value]).unwrap_or_else(refusal);
        return Err(Error::operation(format!("human_readable() failed on bad input: {refusal}")));
    };
    let base = if isbits.flag_or(false) { "bits" } else { "Bytes" };
    let unit = unit.text();
    let fits = UNITS.iter().find(|(name, bits)| match &unit {
        None => size >= 2f64.powi(*bits as i32),
        Some(wanted) => wanted.to_uppercase() == *name,
    });
    Ok(match fits {
        Some((name, bits)) => format!("{:.2} {name}{}", size / 2f64.powi(*bits as i32), &base[..1]),
        None => format!("{size:.2} {base}"),
    }
    .into())
}

/// The number of bytes, or bits, that a size for people stands for: `'1 GB' | human_to_bytes` is 1073741824.
fn human_to_bytes(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [default_unit, isbits]) = call.bind(["default_unit", "isbits"])?;
    let (text, default_unit, isbits) = (value.to_string(), default_unit.text(), isbits.flag_or(false));
    let refusal =
        |why: String| Error::operation(format!("human_to_bytes() can't interpret the input: human_to_bytes() {why}"));
    let refuse = || refusal(format!("can't interpret following string: {text}"));
    let pattern = Pattern::new(r"^([0-9]*\.?[0-9]+)(?:\s*([A-Za-z]+))?\s*$", Flags::default())?;
    let found = pattern.search(&text)?.ok_or_else(refuse)?;
    let size: f64 = found.get(1).and_then(|size| size.as_str().parse().ok()).ok_or_else(refuse)?;
    let unit = found.get(2).map(|unit| unit.as_str().to_owned()).or(default_unit);
    let Some(unit) = unit else { return Ok((size.round_ties_even() as i64).into()) };
    let letter = unit.chars().next().map(|letter| letter.to_ascii_uppercase().to_string()).unwrap_or_default();
    let (short, long) = if isbits { ("b", "bit") } else { ("B", "byte") };
    let factor = match UNITS.iter().find(|(name, _)| *name == letter) {
        None if letter == "B" => {
            let valid = unit.len() == 1 || unit.to_lowercase().trim_end_matches('s') == long;
            valid.then_some(1.0).ok_or_else(refuse)?
        }
        None => {
            let why = "The suffix must be one of Y, Z, E, P, T, G, M, K, B";
            return Err(refusal(format!("failed to convert {text} (unit = {unit}). {why}")));
        }
        Some((name, bits)) => {
            let names = [("Y", "yotta"), ("Z", "zetta"), ("E", "exa"), ("P", "peta")];
            let more = [("T", "tera"), ("G", "giga"), ("M", "mega"), ("K", "kilo")];
            let prefix = names.iter().chain(&more).find(|(known, _)| known == name).map_or("", |(_, prefix)| prefix);
            let lower = unit.to_lowercase();
            let spelled = lower.trim_end_matches('s') == format!("{prefix}{long}");
            let valid = unit.len() == 1 || unit[1..] == *short || (unit.len() > 2 && spelled);
            valid.then_some(2f64.powi(*bits as i32)).ok_or_else(refuse)?
        }
    };
    Ok(Value::from_big(BigInt::from_f64((size * factor).round_ties_even()).ok_or_else(refuse)?))
}
