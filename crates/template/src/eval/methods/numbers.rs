//! Methods of `int` and `float`.

use std::sync::Arc;

use ksplay_value::{Bytes, Value};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::Arguments;
use crate::Error;
use crate::eval::ops::Number;

/// Whether the number has a method of this name.
pub(super) fn has(receiver: &Value, name: &str) -> bool {
    match receiver {
        Value::Float(_) => matches!(name, "is_integer" | "conjugate" | "hex" | "as_integer_ratio" | "fromhex"),
        _ => {
            matches!(name, "bit_length" | "bit_count" | "conjugate" | "as_integer_ratio" | "to_bytes")
        }
    }
}

/// An attribute of a number that is no method.
pub(crate) fn attribute(number: &Value, name: &str) -> Option<Value> {
    let whole = match number {
        Value::Bool(flag) => Value::from(i64::from(*flag)),
        Value::Int(_) | Value::BigInt(_) => number.clone(),
        Value::Float(_) => {
            return match name {
                "real" => Some(number.clone()),
                "imag" => Some(Value::Float(0.0)),
                _ => None,
            };
        }
        _ => return None,
    };
    match name {
        "real" | "numerator" => Some(whole),
        "imag" => Some(Value::Int(0)),
        "denominator" => Some(Value::Int(1)),
        _ => None,
    }
}

/// Calls a method of a number.
pub(super) fn call(receiver: &Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let number = Number::of(receiver).ok_or_else(|| {
        Error::operation(format!("object of type '{}' has no method '{}'", receiver.type_name(), arguments.name))
    })?;
    Ok(match (arguments.name, number) {
        ("is_integer", Number::Float(number)) => Value::Bool(number.is_finite() && number.fract() == 0.0),
        ("bit_length", Number::Small(number)) => Value::from(u64::from(64 - number.unsigned_abs().leading_zeros())),
        ("bit_length", Number::Int(number)) => Value::from(number.bits()),
        ("bit_count", Number::Small(number)) => Value::from(number.unsigned_abs().count_ones()),
        ("as_integer_ratio", Number::Small(number)) => Value::Tuple(Arc::new(vec![Value::Int(number), Value::Int(1)])),
        ("bit_count", Number::Int(number)) => Value::from(number.magnitude().count_ones()),
        ("as_integer_ratio", Number::Int(_)) => Value::Tuple(Arc::new(vec![receiver.clone(), Value::Int(1)])),
        ("as_integer_ratio", Number::Float(number)) => ratio(number)?,
        ("hex", Number::Float(number)) => hex(number).into(),
        ("fromhex", _) => from_hex(arguments.text(0, "string")?.unwrap_or_default())?.into(),
        ("to_bytes", number) => to_bytes(&number.big(), arguments)?,
        ("conjugate", Number::Small(number)) => Value::Int(number),
        ("conjugate", _) => receiver.clone(),
        (name, _) => {
            return Err(Error::operation(format!(
                "the method '{name}' of '{}' is not supported",
                receiver.type_name()
            )));
        }
    })
}

/// The mantissa and the exponent of two that a number is.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn ratio(number: f64) -> Result<Value, Error> {
    if !number.is_finite() {
        let what = if number.is_nan() { "NaN" } else { "Infinity" };
        return Err(Error::operation(format!("cannot convert {what} to integer ratio")));
    }
    let (mantissa, exponent) = parts(number);
    // 0 is 0/1, and what both sides share is left out.
    let shift = if mantissa == 0 { exponent.unsigned_abs() } else { mantissa.trailing_zeros() };
    let shared = shift.min(exponent.min(0).unsigned_abs());
    let sign = if number < 0.0 { -1 } else { 1 };
    let above: BigInt = (BigInt::from(mantissa) >> shared << exponent.max(0).unsigned_abs()) * sign;
    let below = BigInt::from(1) << (exponent.min(0).unsigned_abs() - shared);
    Ok(Value::Tuple(Arc::new(vec![above.into(), below.into()])))
}

/// Python's `float.hex`.
fn hex(number: f64) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if !number.is_finite() {
        return Value::Float(number).to_string();
    }
    if number == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (mantissa, exponent) = parts(number);
    format!("{sign}0x{}.{:013x}p{:+}", mantissa >> 52, mantissa & ((1 << 52) - 1), exponent + 52)
}

/// Python's `float.fromhex`, of texts that a float can hold exactly.
fn from_hex(text: &str) -> Result<f64, Error> {
    let wrong = || Error::operation("invalid hexadecimal floating-point string");
    let text = text.trim().to_lowercase();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    match digits {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let (digits, exponent) = digits.split_once('p').unwrap_or((digits, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| wrong())?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).map_err(|_| wrong())?;
    Ok(sign * mantissa as f64 * 2f64.powi(exponent.saturating_sub(4 * fraction.len() as i32)))
}

fn to_bytes(number: &BigInt, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let length = usize::try_from(arguments.int(0, "length", 1)?)
        .map_err(|_| Error::operation("length argument must be non-negative"))?;
    let signed = arguments.kwargs.get("signed").is_some_and(Value::is_true);
    if number.is_negative() && !signed {
        return Err(Error::operation("can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { number.to_signed_bytes_le() } else { number.to_bytes_le().1 };
    if number.is_zero() {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(Error::operation("int too big to convert"));
    }
    if length > 1 << 30 {
        return Err(Error::operation("the bytes would be too many"));
    }
    bytes.resize(length, if number.is_negative() { 0xff } else { 0 });
    match arguments.text(1, "byteorder")?.unwrap_or("big") {
        "little" => {}
        "big" => bytes.reverse(),
        _ => return Err(Error::operation("byteorder must be either 'little' or 'big'")),
    }
    Ok(Bytes(bytes).into())
}
