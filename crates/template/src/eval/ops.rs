//! Python's operators over plain values.

use std::cmp::Ordering;
use std::sync::Arc;

use ksplay_value::{Undefined, Unknown, Value};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::Nothing;
use super::objects::Range;
use crate::tree::BinaryOp;
use crate::{Error, ErrorKind};

/// A number of any of Python's numeric types.
#[derive(Debug, Clone)]
pub(crate) enum Number {
    Int(BigInt),
    Small(i64),
    Float(f64),
}

impl Number {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(flag) => Self::Small(i64::from(*flag)),
            Value::Int(number) => Self::Small(*number),
            Value::BigInt(number) => Self::Int((**number).clone()),
            Value::Float(number) => Self::Float(*number),
            _ => return None,
        })
    }

    pub(crate) fn float(&self) -> f64 {
        match self {
            Self::Int(number) => number.to_f64().unwrap_or(f64::INFINITY),
            Self::Small(number) => *number as f64,
            Self::Float(number) => *number,
        }
    }

    pub(crate) fn big(self) -> BigInt {
        match self {
            Self::Int(number) => number,
            Self::Small(number) => number.into(),
            Self::Float(number) => num_traits::FromPrimitive::from_f64(number).unwrap_or_default(),
        }
    }

    fn is_float(&self) -> bool {
        matches!(self, Self::Float(_))
    }
}

/// The error that using something undefined is.
pub(crate) fn undefined_error(undefined: &Undefined) -> Error {
    let error = match undefined.failure.as_deref().and_then(|failure| failure.downcast_ref::<Error>()) {
        Some(failure) => Error { of_a_value: true, ..failure.clone() },
        None => Error::new(ErrorKind::Undefined, &*undefined.message),
    };
    Error { span: undefined.span.clone(), ..error }
}

/// The values themselves, unless one of them is undefined.
pub(crate) fn defined(value: &Value) -> Result<(), Error> {
    match value {
        Value::Undefined(undefined) => Err(undefined_error(undefined)),
        _ => Ok(()),
    }
}

/// An error when the value or anything in it is undefined.
pub(crate) fn defined_within(value: &Value) -> Result<(), Error> {
    match value {
        Value::Undefined(undefined) => Err(undefined_error(undefined)),
        Value::List(items) | Value::Tuple(items) => items.iter().try_for_each(defined_within),
        Value::Map(map) => map.values().try_for_each(defined_within),
        _ => Ok(()),
    }
}

/// What a value that rests on these is, when one of them is unknown.
pub(crate) fn unknown_of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<Value> {
    let mut because = Vec::new();
    for value in values {
        collect_unknown(value, &mut because);
    }
    (!because.is_empty()).then(|| Unknown { because }.into())
}

/// As [`unknown_of`], for values that are unknown at any depth.
pub(crate) fn unknown_within<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<Value> {
    fn walk(value: &Value, because: &mut Vec<ksplay_value::Str>) {
        match value {
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| walk(item, because)),
            Value::Map(map) => {
                map.values().for_each(|item| walk(item, because));
                map.rest().into_iter().for_each(|rest| collect(rest, because));
            }
            other => collect_unknown(other, because),
        }
    }
    let mut because = Vec::new();
    values.into_iter().for_each(|value| walk(value, &mut because));
    (!because.is_empty()).then(|| Unknown { because }.into())
}

fn collect_unknown(value: &Value, because: &mut Vec<ksplay_value::Str>) {
    if let Value::Unknown(unknown) = value {
        collect(unknown, because);
    }
}

fn collect(unknown: &Unknown, because: &mut Vec<ksplay_value::Str>) {
    for name in &unknown.because {
        if !because.contains(name) {
            because.push(name.clone());
        }
    }
    if unknown.because.is_empty() {
        because.push("".into());
    }
}

/// `left OP right`, both evaluated to any depth.
pub(crate) fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        let quick = match op {
            BinaryOp::Add => left.checked_add(*right),
            BinaryOp::Sub => left.checked_sub(*right),
            BinaryOp::Mul => left.checked_mul(*right),
            _ => None,
        };
        if let Some(result) = quick {
            return Ok(Value::Int(result));
        }
    }
    let formats = op == BinaryOp::Rem && matches!(left, Value::String(_));
    if !formats && let Some(refusal) = Nothing::refusal([left, right]) {
        return Err(refusal);
    }
    if let Some(result) = super::moments::binary(op, left, right) {
        return result;
    }
    match op {
        BinaryOp::Add => add(left, right),
        BinaryOp::Mul => multiply(left, right),
        BinaryOp::Rem if formats => super::percent::format(left.as_str().unwrap_or_default(), right).map(Value::from),
        BinaryOp::Concat => Ok(Value::from(format!("{left}{right}"))),
        _ => match (Number::of(left), Number::of(right)) {
            (Some(l), Some(r)) => arithmetic(op, l, r),
            _ => Err(unsupported(symbol(op), left, right)),
        },
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "** or pow()",
        BinaryOp::Concat => "~",
    }
}

fn unsupported(symbol: &str, left: &Value, right: &Value) -> Error {
    Error::operation(format!(
        "unsupported operand type(s) for {symbol}: '{}' and '{}'",
        operand_type(left),
        operand_type(right)
    ))
}

/// The name of a type as Python says it of operands.
fn operand_type(value: &Value) -> String {
    match value.type_name() {
        name @ ("date" | "datetime" | "time" | "timedelta") => format!("datetime.{name}"),
        name => name.to_owned(),
    }
}

fn add(left: &Value, right: &Value) -> Result<Value, Error> {
    let concatenate = |what: &str| {
        Error::operation(format!("can only concatenate {what} (not \"{}\") to {what}", operand_type(right)))
    };
    match (left, right) {
        (Value::String(l), Value::String(r)) => Ok(Value::from([&**l, &**r].concat())),
        (Value::List(l), Value::List(r)) => Ok(Value::from([l.as_slice(), r.as_slice()].concat())),
        (Value::Tuple(l), Value::Tuple(r)) => Ok(Value::Tuple(Arc::new([l.as_slice(), r.as_slice()].concat()))),
        (Value::String(_), _) => Err(concatenate("str")),
        (Value::List(_), _) => Err(concatenate("list")),
        (Value::Tuple(_), _) => Err(concatenate("tuple")),
        _ => match (Number::of(left), Number::of(right)) {
            (Some(l), Some(r)) => arithmetic(BinaryOp::Add, l, r),
            _ => Err(unsupported("+", left, right)),
        },
    }
}

fn multiply(left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(l), Some(r)) = (Number::of(left), Number::of(right)) {
        return arithmetic(BinaryOp::Mul, l, r);
    }
    let (sequence, count) = match (left, right) {
        (Value::List(_), count) => (left, count),
        (count, Value::List(_)) => (right, count),
        (Value::String(_) | Value::Tuple(_), count) => (left, count),
        (count, Value::String(_) | Value::Tuple(_)) => (right, count),
        _ => return Err(unsupported("*", left, right)),
    };
    let times = match count {
        Value::Int(count) => usize::try_from(*count).unwrap_or(0),
        Value::Bool(flag) => usize::from(*flag),
        Value::BigInt(_) => return Err(Error::operation("cannot fit 'int' into an index-sized integer")),
        // Lists are ansible-core's own, whose words come first.
        other if matches!(sequence, Value::List(_)) => {
            let kind = operand_type(other);
            return Err(Error::operation(format!("'{kind}' object cannot be interpreted as an integer")));
        }
        other => {
            let kind = operand_type(other);
            return Err(Error::operation(format!("can't multiply sequence by non-int of type '{kind}'")));
        }
    };
    let length = match sequence {
        Value::String(text) => text.len(),
        other => other.as_list().map_or(0, <[Value]>::len),
    };
    if length.saturating_mul(times) > 1 << 30 {
        return Err(Error::operation("the repeated sequence would be too large"));
    }
    Ok(match sequence {
        Value::String(text) => Value::from(text.repeat(times)),
        other => {
            let items = other.as_list().unwrap_or_default();
            let repeated: Vec<Value> = (0..times).flat_map(|_| items.iter().cloned()).collect();
            if let Value::Tuple(_) = other { Value::Tuple(Arc::new(repeated)) } else { Value::from(repeated) }
        }
    })
}

fn arithmetic(op: BinaryOp, left: Number, right: Number) -> Result<Value, Error> {
    if left.is_float() || right.is_float() {
        return float_arithmetic(op, left.float(), right.float());
    }
    let zero = match &right {
        Number::Small(number) => *number == 0,
        Number::Int(number) => number.is_zero(),
        Number::Float(_) => false,
    };
    match op {
        BinaryOp::Div if zero => return Err(Error::operation("division by zero")),
        BinaryOp::FloorDiv if zero => return Err(Error::operation("integer division or modulo by zero")),
        BinaryOp::Rem if zero => return Err(Error::operation("integer modulo by zero")),
        _ => {}
    }
    if op == BinaryOp::Div {
        return divide(left, right);
    }
    if op == BinaryOp::Pow {
        return power(left, right);
    }
    let (l, r) = (left.big(), right.big());
    Ok(Value::from_big(match op {
        BinaryOp::Add => l + r,
        BinaryOp::Sub => l - r,
        BinaryOp::Mul => l * r,
        BinaryOp::FloorDiv => floor_divide(&l, &r).0,
        _ => floor_divide(&l, &r).1,
    }))
}

fn floor_divide(left: &BigInt, right: &BigInt) -> (BigInt, BigInt) {
    let quotient = left / right;
    let remainder = left % right;
    if !remainder.is_zero() && (remainder.is_negative() != right.is_negative()) {
        (quotient - 1, remainder + right)
    } else {
        (quotient, remainder)
    }
}

fn divide(left: Number, right: Number) -> Result<Value, Error> {
    let result = left.float() / right.float();
    if result.is_finite() {
        return Ok(Value::Float(result));
    }
    let (l, r) = (left.big(), right.big());
    match (l / r).to_f64() {
        Some(result) if result.is_finite() => Ok(Value::Float(result)),
        _ => Err(Error::operation("integer division result too large for a float")),
    }
}

fn power(left: Number, right: Number) -> Result<Value, Error> {
    let exponent = match &right {
        Number::Small(exponent) => *exponent,
        _ => return Err(Error::operation("the power would be too large")),
    };
    if exponent < 0 {
        if left.float() == 0.0 {
            return Err(Error::operation("0.0 cannot be raised to a negative power"));
        }
        return Ok(Value::Float(left.float().powf(exponent as f64)));
    }
    let base = left.big();
    let bits = base.bits().saturating_mul(exponent.unsigned_abs());
    if base.bits() > 1 && bits > 1 << 24 {
        return Err(Error::operation("the power would be too large"));
    }
    let exponent = if base.bits() <= 1 { exponent.min(2 + exponent % 2) } else { exponent };
    Ok(Value::from_big(num_traits::pow(base, usize::try_from(exponent).unwrap_or(0))))
}

fn float_arithmetic(op: BinaryOp, left: f64, right: f64) -> Result<Value, Error> {
    let zero = |what: &str| if right == 0.0 { Err(Error::operation(what)) } else { Ok(()) };
    Ok(Value::Float(match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => {
            zero("float division by zero")?;
            left / right
        }
        BinaryOp::FloorDiv => {
            zero("float floor division by zero")?;
            (left / right).floor()
        }
        BinaryOp::Rem => {
            zero("float modulo")?;
            let remainder = left % right;
            match remainder == 0.0 {
                true => 0f64.copysign(right),
                false if (remainder < 0.0) != (right < 0.0) => remainder + right,
                false => remainder,
            }
        }
        BinaryOp::Pow if left == 0.0 && right < 0.0 => {
            return Err(Error::operation("0.0 cannot be raised to a negative power"));
        }
        BinaryOp::Pow if left < 0.0 && left.is_finite() && right.is_finite() && right.fract() != 0.0 => {
            return Err(Error::operation("Type 'complex' is unsupported for variable storage."));
        }
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Concat => 0.0,
    }))
}

/// `-value`.
pub(crate) fn negate(value: &Value) -> Result<Value, Error> {
    match Number::of(value) {
        Some(Number::Float(number)) => Ok(Value::Float(-number)),
        Some(number) => Ok(Value::from_big(-number.big())),
        None => super::moments::negate(value).ok_or_else(|| {
            let refused = || Error::operation(format!("bad operand type for unary -: '{}'", operand_type(value)));
            Nothing::refusal([value]).unwrap_or_else(refused)
        }),
    }
}

/// Python's order of two values evaluated to any depth; `symbol` is for the message.
pub(crate) fn compare(left: &Value, right: &Value, symbol: &str) -> Result<Ordering, Error> {
    match (left, right) {
        (Value::Int(l), Value::Int(r)) => return Ok(l.cmp(r)),
        (Value::String(l), Value::String(r)) => return Ok(l.chars().cmp(r.chars())),
        (Value::List(l), Value::List(r)) | (Value::Tuple(l), Value::Tuple(r)) => {
            for (l, r) in l.iter().zip(r.iter()) {
                if l != r {
                    return compare(l, r, symbol);
                }
            }
            return Ok(l.len().cmp(&r.len()));
        }
        _ => {}
    }
    match (Number::of(left), Number::of(right)) {
        (Some(Number::Float(l)), Some(r)) => Ok(l.partial_cmp(&r.float()).unwrap_or(Ordering::Greater)),
        (Some(l), Some(Number::Float(r))) => Ok(l.float().partial_cmp(&r).unwrap_or(Ordering::Greater)),
        (Some(l), Some(r)) => Ok(l.big().cmp(&r.big())),
        _ => match (left, right) {
            (Value::Object(l), Value::Object(r)) if l.type_name() == r.type_name() && l.type_name() != "range" => {
                l.compare(r.as_ref()).ok_or_else(|| match l.type_name() {
                    name @ ("datetime" | "time") => {
                        Error::operation(format!("can't compare offset-naive and offset-aware {name}s"))
                    }
                    name => {
                        Error::operation(format!("'{symbol}' not supported between instances of '{name}' and '{name}'"))
                    }
                })
            }
            _ => Err(Nothing::refusal([left, right]).unwrap_or_else(|| {
                Error::operation(format!(
                    "'{symbol}' not supported between instances of '{}' and '{}'",
                    operand_type(left),
                    operand_type(right)
                ))
            })),
        },
    }
}

/// `item in container`, both evaluated to any depth.
pub(crate) fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    match container {
        Value::String(text) => match item {
            Value::String(part) => Ok(text.contains(&**part)),
            other => Err(Error::operation(format!(
                "'in <string>' requires string as left operand, not {}",
                operand_type(other)
            ))),
        },
        Value::List(items) | Value::Tuple(items) => {
            for other in items.iter() {
                defined(other)?;
                if other == item {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Map(map) => Ok(match item {
            Value::String(key) => map.contains_key(key),
            Value::List(_) => return Err(Error::operation("unhashable type: 'list'")),
            Value::Map(_) => return Err(Error::operation("unhashable type: 'dict'")),
            other => map.get_key(&ksplay_value::Key::from(other.clone())).is_some(),
        }),
        Value::Object(object) => match object.iterate() {
            Some(items) => Ok(items.contains(item)),
            None => Err(Error::operation(format!("argument of type '{}' is not iterable", operand_type(container)))),
        },
        other => Err(Error::operation(format!("argument of type '{}' is not iterable", operand_type(other)))),
    }
}

/// `base[start:stop:step]`.
pub(crate) fn slice(base: &Value, parts: [Option<Value>; 3]) -> Result<Value, Error> {
    match base {
        Value::Map(_) => return Err(Error::operation("unhashable type: 'slice'")),
        Value::String(_) | Value::List(_) | Value::Tuple(_) => {}
        Value::Object(object) if !object.is_mapping() && object.iterate().is_some() => {}
        other => return Err(Error::operation(format!("'{}' object is not subscriptable", operand_type(other)))),
    }
    let index = |part: &Option<Value>| match part {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Int(number)) => Ok(Some(*number)),
        Some(Value::BigInt(number)) => Ok(Some(if number.is_negative() { i64::MIN } else { i64::MAX })),
        Some(Value::Bool(flag)) => Ok(Some(i64::from(*flag))),
        Some(_) => Err(Error::operation("slice indices must be integers or None or have an __index__ method")),
    };
    let (start, stop, step) = (index(&parts[0])?, index(&parts[1])?, index(&parts[2])?.unwrap_or(1));
    if let Some(refusal) = Nothing::refusal([base]) {
        return Err(refusal);
    }
    if step == 0 {
        return Err(Error::operation("slice step cannot be zero"));
    }
    let pick = |length: usize| indices(length as i64, start, stop, step);
    match base {
        Value::String(text) => {
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::from(pick(chars.len()).into_iter().map(|index| chars[index]).collect::<String>()))
        }
        Value::List(items) => Ok(pick(items.len()).into_iter().map(|index| items[index].clone()).collect()),
        Value::Tuple(items) => {
            Ok(Value::Tuple(Arc::new(pick(items.len()).into_iter().map(|index| items[index].clone()).collect())))
        }
        Value::Object(object) if object.as_any().is::<Range>() => {
            let range = object.as_any().downcast_ref::<Range>();
            Ok(range.map_or(Value::Null, |range| range.part(&pick(range.length()), step)))
        }
        Value::Object(object) => slice(&Value::from(object.iterate().unwrap_or_default()), parts),
        other => Ok(other.clone()),
    }
}

fn indices(length: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<usize> {
    let clamp = |index: i64, low: i64, high: i64| {
        let index = if index < 0 { index.saturating_add(length) } else { index };
        index.clamp(low, high)
    };
    let mut found = Vec::new();
    if step > 0 {
        let mut at = start.map_or(0, |index| clamp(index, 0, length));
        let stop = stop.map_or(length, |index| clamp(index, 0, length));
        while at < stop {
            found.push(at as usize);
            at = at.saturating_add(step);
        }
    } else {
        let mut at = start.map_or(length - 1, |index| clamp(index, -1, length - 1));
        let stop = stop.map_or(-1, |index| clamp(index, -1, length - 1));
        while at > stop {
            found.push(at as usize);
            at = at.saturating_add(step);
        }
    }
    found
}
