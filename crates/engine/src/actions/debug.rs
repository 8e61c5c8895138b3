//! `debug`: shows a message or a variable.

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_rest, take};
use crate::event::Event;
use crate::failure::TaskFailure;

/// Shows `msg`, or the value of the expression `var`, unless `verbosity` is above the run's.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut raw = call.raw_args()?;
    refuse_rest(&call.task().action, &raw, &["msg", "var", "verbosity"])?;
    if raw.contains_key("msg") && raw.contains_key("var") {
        return Err(TaskFailure::raised("parameters are mutually exclusive: msg|var"));
    }
    *call.verbose = true;
    if let Some(verbosity) = raw.get("verbosity") {
        let given = call.templar().resolve(verbosity)?;
        let wanted = given.to_string().trim().parse::<i64>().map_err(|_| {
            let (kind, mut shown) = (given.type_name(), String::new());
            let _ = ksplay_value::text::write_repr(&mut shown, &given);
            TaskFailure::raised(format!(
                "argument 'verbosity' is of type {kind} and we were unable to convert to int: \"{shown}\" cannot be \
                 converted to an int"
            ))
        })?;
        if wanted > i64::from(call.work.shared.options.verbosity) {
            return Ok(Map::from([
                ("skipped", Value::Bool(true)),
                ("skipped_reason", Value::from("Verbosity threshold not met.")),
                ("changed", Value::Bool(false)),
                ("failed", Value::Bool(false)),
            ]));
        }
    }
    if let Some(var) = take(&mut raw, &["var"]) {
        let name = super::as_written(&var).to_string();
        let shown = match call.templar().expression(&var) {
            Ok(value) => match ksplay_template::unknown_in(&value) {
                None => value,
                Some(unknown) => return Err(TaskFailure::undecided(&name, &unknown)),
            },
            Err(error) if error.kind == ksplay_template::ErrorKind::Undefined => {
                let text = format!("Encountered 1 template error.\nerror 1 - {error}");
                let span = match &var {
                    Value::Template(template) => template.span.clone(),
                    _ => None,
                };
                let span = span.unwrap_or_else(|| call.work.task.span.clone());
                call.work.shared.emit(Event::WarningAt { text, span, help: None });
                Value::from(format!("<< error 1 - {error} >>"))
            }
            Err(error) => return Err(error.into()),
        };
        return Ok(Map::from([(name.as_str(), shown)]));
    }
    let args = call.args()?;
    let message = args.get("msg").cloned().unwrap_or_else(|| Value::from("Hello world!"));
    Ok(Map::from([("msg", message)]))
}
