//! Filters about presence, truth and type.

use ksplay_value::Value;

use super::args::undefined_error;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("bool", to_bool),
    ("d", default),
    ("default", default),
    ("mandatory", mandatory),
    ("pprint", pprint),
    ("ternary", ternary),
    ("type_debug", type_debug),
];

/// Another value for what is undefined: `nope | default('x')` is `x`. With `boolean` also for what is false.
fn default(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [default_value, boolean]) = call.bind_lazy(["default_value", "boolean"])?;
    let boolean = match boolean.given() {
        None => false,
        Some(Value::Bool(flag)) => flag,
        Some(other) => {
            let kind = other.type_name();
            return Err(Error::operation(format!("The 'boolean' argument must be of type 'bool', not '{kind}'.")));
        }
    };
    let absent = match &value {
        Value::Undefined(_) => true,
        value => boolean && !value.is_true(),
    };
    Ok(if absent { default_value.given().unwrap_or_else(|| "".into()) } else { value })
}

/// The boolean that a value stands for: `'yes' | bool` is true. True are `yes`, `on`, `true`, `1` in any case; null
/// stays null only in older releases, here it is false as everything else.
fn to_bool(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(truth(&value).into())
}

/// Whether a value means true as the filter `bool` sees it.
pub(crate) fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Int(number) => *number == 1,
        Value::Float(number) => *number == 1.0,
        Value::String(text) => matches!(text.to_lowercase().as_str(), "yes" | "on" | "1" | "true"),
        _ => false,
    }
}

/// The value; an error with `msg` when it is undefined: `nope | mandatory` fails.
fn mandatory(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [msg]) = call.bind_lazy(["msg"])?;
    match value {
        Value::Undefined(undefined) => Err(match msg.text() {
            Some(message) => Error { message, ..undefined_error(&undefined) },
            None => {
                let message = format!("Mandatory variable '{}' not defined.", undefined.name);
                Error { message, ..undefined_error(&undefined) }
            }
        }),
        value => Ok(value),
    }
}

/// The first value when the subject is true, else the second; the third for null: `true | ternary('a', 'b')` is `a`.
fn ternary(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [true_val, false_val, none_val]) = call.bind_lazy(["true_val", "false_val", "none_val"])?;
    let (yes, no) = (true_val.required()?, false_val.required()?);
    match (value, none_val.value()) {
        (Value::Undefined(undefined), _) => Err(undefined_error(&undefined)),
        (Value::Null, Some(none)) => Ok(none),
        (value, _) => Ok(if value.is_true() { yes } else { no }),
    }
}

/// The name of the type in Python: `1 | type_debug` is `int`.
fn type_debug(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind_lazy([])?;
    Ok(match &value {
        Value::Undefined(undefined) if undefined.failure.is_some() => "CapturedExceptionMarker",
        Value::Undefined(_) => "UndefinedMarker",
        value => value.type_name(),
    }
    .into())
}

/// Python's representation of a value: `'a' | pprint` is `'a'` with its quotes.
fn pprint(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(ksplay_value::text::repr(&value).into())
}
