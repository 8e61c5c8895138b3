//! `validate_argument_spec`: checks variables against a specification, as a role's `argument_specs` does.

use ksplay_modules::declared_errors;
use ksplay_template::Scope;
use ksplay_value::{Map, Value};

use super::{ActionCall, take};
use crate::failure::TaskFailure;

/// Checks the variables that `argument_spec` names, and all of `provided_arguments`.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(spec) = take(&mut args, &["argument_spec"]) else {
        return Err(TaskFailure::new(format!("\"argument_spec\" arg is required in args: {}", Value::from(args))));
    };
    let mapping = |name: &str, value: Value| match value {
        Value::Map(map) => Ok(map),
        other => Err(TaskFailure::new(format!(
            "Incorrect type for {name}, expected dict and got <class '{}'>",
            other.type_name()
        ))),
    };
    let spec = mapping("argument_spec", spec)?;
    let provided =
        mapping("provided_arguments", take(&mut args, &["provided_arguments"]).unwrap_or_else(Value::empty_map))?;
    let context = take(&mut args, &["validate_args_context"]).unwrap_or_else(Value::empty_map);
    let templar = call.templar();
    let mut given = Map::new();
    for name in spec.keys().filter_map(|key| key.as_str()) {
        if let Some(value) = call.scope.get(name) {
            given.insert(name, templar.resolve(&value)?);
        }
    }
    given.extend(provided.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
    let errors = declared_errors(&spec, &given);
    if errors.is_empty() {
        return Ok(Map::from([
            ("changed", Value::Bool(false)),
            ("msg", Value::from("The arg spec validation passed")),
            ("validate_args_context", context),
        ]));
    }
    Err(TaskFailure::action(format!("Validation of arguments failed:\n{}", errors.join("\n")))
        .with("argument_errors", errors.into_iter().collect::<Value>())
        .with("argument_spec_data", Value::Map(spec))
        .with("validate_args_context", context))
}
