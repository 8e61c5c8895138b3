//! Text as bytes, and methods of `bytes`.

use ksplay_value::{Bytes, Object, Value, text::hex};

use super::Arguments;
use crate::Error;
use crate::filters::{bytes_in, text_in};

/// Whether the object has a method of this name.
pub(super) fn has(object: &dyn Object, name: &str) -> bool {
    object.as_any().is::<Bytes>() && matches!(name, "decode" | "hex" | "upper" | "lower")
}

/// Calls a method; `None` when the object is no bytes.
pub(super) fn call(object: &dyn Object, arguments: &Arguments<'_, '_>) -> Option<Result<Value, Error>> {
    let Bytes(bytes) = object.as_any().downcast_ref()?;
    Some(match arguments.name {
        "decode" => encoding(arguments).and_then(|encoding| text_in(bytes, encoding)).map(Value::from),
        "hex" => Ok(hex(bytes).into()),
        "upper" => Ok(Bytes(bytes.to_ascii_uppercase()).into()),
        "lower" => Ok(Bytes(bytes.to_ascii_lowercase()).into()),
        name => Err(Error::operation(format!("object of type 'bytes' has no attribute '{name}'"))),
    })
}

/// What `encode` of a text gives.
pub(super) fn encoded(text: &str, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    Ok(Bytes(bytes_in(text, encoding(arguments)?)?).into())
}

fn encoding<'a>(arguments: &'a Arguments<'_, '_>) -> Result<&'a str, Error> {
    match arguments.get(0, "encoding") {
        None => Ok("utf-8"),
        Some(Value::String(name)) => Ok(name),
        Some(other) => Err(Error::operation(format!(
            "{}() argument 'encoding' must be str, not {}",
            arguments.name,
            if other.is_null() { "None" } else { other.type_name() }
        ))),
    }
}
