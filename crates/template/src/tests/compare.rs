//! Tests that compare values.

use std::cmp::Ordering;

use ksplay_value::Value;

use crate::eval::ops;
use crate::filters::args::number;
use crate::filters::order::compare;
use crate::tree::BinaryOp;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("!=", ne),
    ("<", lt),
    ("<=", le),
    ("==", eq),
    (">", gt),
    (">=", ge),
    ("divisibleby", divisibleby),
    ("eq", eq),
    ("equalto", eq),
    ("even", even),
    ("ge", ge),
    ("greaterthan", gt),
    ("gt", gt),
    ("isnan", nan),
    ("le", le),
    ("lessthan", lt),
    ("lt", lt),
    ("nan", nan),
    ("ne", ne),
    ("odd", odd),
    ("sameas", sameas),
];

fn operands(call: &mut Call<'_, '_>) -> Result<(Value, Value), Error> {
    let (left, [right]) = call.bind(["other"])?;
    Ok((left, right.required()?))
}

/// Whether both are equal: `1 is eq 1.0`.
fn eq(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = operands(call)?;
    Ok((left == right).into())
}

/// Whether they differ: `1 is ne 2`.
fn ne(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = operands(call)?;
    Ok((left != right).into())
}

fn ordered(call: &mut Call<'_, '_>, symbol: &str, holds: fn(Ordering) -> bool) -> Result<Value, Error> {
    let (left, right) = operands(call)?;
    if matches!((number(&left), number(&right)), (Some(left), Some(right)) if left.is_nan() || right.is_nan()) {
        return Ok(false.into());
    }
    Ok(holds(compare(&left, &right, symbol)?).into())
}

/// Whether the subject is less: `1 is lt 2`.
fn lt(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    ordered(call, "<", Ordering::is_lt)
}

/// Whether the subject is less or equal: `1 is le 1`.
fn le(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    ordered(call, "<=", Ordering::is_le)
}

/// Whether the subject is greater: `2 is gt 1`.
fn gt(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    ordered(call, ">", Ordering::is_gt)
}

/// Whether the subject is greater or equal: `1 is ge 1`.
fn ge(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    ordered(call, ">=", Ordering::is_ge)
}

/// Whether both are the same object: equal values of one type that Python keeps once (null, booleans, small numbers).
fn sameas(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (left, right) = operands(call)?;
    let same = match (&left, &right) {
        (Value::List(left), Value::List(right)) => std::sync::Arc::ptr_eq(left, right),
        (Value::Map(left), Value::Map(right)) => std::sync::Arc::ptr_eq(left, right),
        _ => left.type_name() == right.type_name() && left == right,
    };
    Ok(same.into())
}

/// What is left when a number is divided.
fn rest(value: &Value, divisor: &Value) -> Result<Value, Error> {
    ops::binary(BinaryOp::Rem, value, divisor)
}

/// Whether a number is odd: `3 is odd`.
fn odd(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok((rest(&value, &Value::Int(2))? == Value::Int(1)).into())
}

/// Whether a number is even: `2 is even`.
fn even(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok((rest(&value, &Value::Int(2))? == Value::Int(0)).into())
}

/// Whether a number is a multiple: `6 is divisibleby 3`.
fn divisibleby(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [num]) = call.bind(["num"])?;
    Ok((rest(&value, &num.required()?)? == Value::Int(0)).into())
}

/// Whether a float is not a number.
fn nan(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(number(&value).is_some_and(f64::is_nan).into())
}
