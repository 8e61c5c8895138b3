//! Tests of what a value is.

use ksplay_value::Value;

use crate::eval::Nothing;
use crate::filters::args::iterate;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("boolean", boolean),
    ("callable", callable),
    ("defined", defined),
    ("escaped", escaped),
    ("false", is_false),
    ("falsy", falsy),
    ("filter", filter),
    ("float", float),
    ("integer", integer),
    ("iterable", iterable),
    ("lower", lower),
    ("mapping", mapping),
    ("none", none),
    ("number", number),
    ("sequence", sequence),
    ("string", string),
    ("test", test),
    ("true", is_true),
    ("truthy", truthy),
    ("undefined", undefined),
    ("upper", upper),
    ("vault_encrypted", vault_encrypted),
];

fn subject(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(call.bind_lazy([])?.0)
}

/// Whether there is a value at all: `x is defined`.
fn defined(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok((!is_undefined(&subject(call)?)).into())
}

/// Whether there is no value: `x is undefined`.
fn undefined(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(is_undefined(&subject(call)?).into())
}

fn is_undefined(value: &Value) -> bool {
    match value {
        Value::Undefined(_) => true,
        Value::Object(object) => object.as_any().is::<Nothing>(),
        _ => false,
    }
}

/// Whether it is null: `x is none`.
fn none(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(subject(call)?.is_null().into())
}

/// Whether it is the boolean true: `x is true`.
fn is_true(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok((subject(call)?.as_bool() == Some(true)).into())
}

/// Whether it is the boolean false: `x is false`.
fn is_false(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok((subject(call)?.as_bool() == Some(false)).into())
}

/// Whether it is a boolean: `x is boolean`.
fn boolean(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(subject(call)?.as_bool().is_some().into())
}

/// Whether it is an integer: `1 is integer`.
fn integer(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(matches!(subject(call)?, Value::Int(_) | Value::BigInt(_)).into())
}

/// Whether it is a float: `1.5 is float`.
fn float(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(matches!(subject(call)?, Value::Float(_)).into())
}

/// Whether it is a number, booleans included as in Python: `1 is number`.
fn number(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(matches!(subject(call)?, Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_)).into())
}

/// Whether it is text: `'a' is string`.
fn string(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(matches!(subject(call)?, Value::String(_)).into())
}

/// Whether it has keys and values: `{} is mapping`.
fn mapping(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(match subject(call)? {
        Value::Map(_) => true,
        Value::Object(object) => object.is_mapping(),
        _ => false,
    }
    .into())
}

/// Whether it has a length and items, as lists, mappings and text: `[] is sequence`.
fn sequence(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(iterate(&subject(call)?).is_ok().into())
}

/// Whether it can be iterated over: `[] is iterable`.
fn iterable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(iterate(&subject(call)?).is_ok().into())
}

/// Whether it can be called: `range is callable`.
fn callable(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let value = subject(call)?;
    let kind = value.type_name();
    Ok((matches!(value, Value::Object(_))
        && (kind.contains("function") || kind.contains("method") || matches!(kind, "type" | "Macro" | "Undefined")))
    .into())
}

/// Whether it is text marked as safe HTML; nothing is here.
fn escaped(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    subject(call)?;
    Ok(false.into())
}

/// Whether all letters are lower case and there is one: `'a1' is lower`.
fn lower(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let text = value.to_string();
    Ok((text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)).into())
}

/// Whether all letters are upper case and there is one: `'A1' is upper`.
fn upper(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let text = value.to_string();
    Ok((text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)).into())
}

fn truth(call: &mut Call<'_, '_>) -> Result<bool, Error> {
    let (value, [convert_bool]) = call.bind(["convert_bool"])?;
    if !convert_bool.flag_or(false) {
        return Ok(value.is_true());
    }
    let lower = value.as_str().map(|text| text.trim().to_lowercase());
    Ok(match lower.as_deref() {
        Some("y" | "yes" | "on" | "1" | "true" | "t") => true,
        Some("n" | "no" | "off" | "0" | "false" | "f") => false,
        _ => value.is_true(),
    })
}

/// Whether it counts as true; with `convert_bool` texts such as `no` count as what they say: `'a' is truthy`.
fn truthy(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(truth(call)?.into())
}

/// Whether it counts as false: `'' is falsy`.
fn falsy(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok((!truth(call)?).into())
}

/// Whether there is a filter of this name, as the reference says of all that is no text: `'upper' is filter`.
fn filter(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let name = crate::eval::hashable(subject(call)?)?;
    Ok(name.as_str().is_none_or(|name| crate::filters::find(name).is_some()).into())
}

/// Whether there is a test of this name, as the reference says of all that is no text: `'odd' is test`.
fn test(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let name = crate::eval::hashable(subject(call)?)?;
    Ok(name.as_str().is_none_or(|name| crate::tests::find(name).is_some()).into())
}

/// Whether it is an inline vault value that nobody has opened yet.
fn vault_encrypted(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    Ok(match subject(call)? {
        Value::Template(template) => template.kind == ksplay_value::TemplateKind::Vault,
        _ => false,
    }
    .into())
}
