//! The filter `attr`.

use ksplay_value::Value;

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("attr", attr)];

/// An attribute, and never an item, of the subject: `x | attr('name')`. Undefined when it has none.
fn attr(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [name]) = call.bind_lazy(["name"])?;
    let name = name.required()?.to_string();
    match &value {
        Value::Map(map) if map.contains_key(&name) => {
            Ok(super::args::undefined(format!("object of type 'dict' has no attribute '{name}'")))
        }
        value => call.templar.get_attr(value, &name),
    }
}
