//! `debug`: shows a message or a variable.

use ksplay_template::Templar;
use ksplay_value::text::repr;
use ksplay_value::{Map, TemplateKind, Value};

use super::{ActionCall, refuse_rest};
use crate::event::Event;
use crate::failure::TaskFailure;
use crate::written::as_written;

/// Shows `msg`, or the value of the expression `var`, unless `verbosity` is above the run's.
pub(super) fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let raw = call.raw_args()?;
    refuse_rest(call.task(), &raw, &["msg", "var", "verbosity"], &[])?;
    if raw.contains_key("msg") && raw.contains_key("var") {
        return Err(TaskFailure::raised("parameters are mutually exclusive: msg|var"));
    }
    if let Some(verbosity) = raw.get("verbosity") {
        let given = call.templar().resolve(verbosity)?;
        let wanted = given.to_string().trim().parse::<i64>().map_err(|_| {
            let (kind, shown) = (given.type_name(), repr(&given));
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
    let var = match raw.get("var").filter(|var| !var.is_null()) {
        Some(var) => expression(&call.templar(), var.clone())?,
        None => None,
    };
    *call.verbose = true;
    if let Some(var) = var {
        let name = as_written(&var).to_string();
        let shown = match call.templar().expression(&var) {
            Ok(value) => match ksplay_template::unknown_in(&value) {
                None => value,
                Some(unknown) => return Err(TaskFailure::undecided(&name, &unknown)),
            },
            // What can be shown is shown.
            Err(error) if error.kind == ksplay_template::ErrorKind::Undefined => {
                let mut number = 0;
                call.templar().expression_with(&var, &mut |error| {
                    number += 1;
                    let message = format!("error {number} - {error}");
                    let shown = Value::from(format!("<< {message} >>"));
                    let span = error.span.unwrap_or_else(|| call.work.task.span.clone());
                    let text = format!("Encountered 1 template error.\n{message}");
                    call.work.shared.emit(Event::WarningAt { text, span, help: None });
                    shown
                })?
            }
            Err(error) => return Err(error.into()),
        };
        return Ok(Map::from([(name.as_str(), shown)]));
    }
    let args = call.evaluated(&raw)?;
    let message = args.get("msg").cloned().unwrap_or_else(|| Value::from("Hello world!"));
    Ok(Map::from([("msg", message)]))
}

/// What `var` asks for: an expression, or a template whose value is one that the play's author wrote.
fn expression(templar: &Templar<'_>, var: Value) -> Result<Option<Value>, TaskFailure> {
    let wrong = |value: &Value| {
        TaskFailure::raised(format!(
            "argument 'var' is of type {} and we were unable to convert to _check_type_str_no_conversion: '{value}' is not a string and conversion is not allowed",
            value.type_name()
        ))
    };
    match &var {
        Value::String(text) if text.is_empty() => Ok(None),
        Value::Template(template) if template.text.is_empty() => Ok(None),
        Value::Template(template) if template.kind == TemplateKind::Jinja => match resolved(templar, &var)? {
            Value::String(text) if text.is_empty() => Ok(None),
            // Its text may come from a machine: only a variable is looked up by it.
            Value::String(text) if text.chars().all(|c| c.is_alphanumeric() || "_.[]'\"".contains(c)) => {
                Ok(Some(Value::String(text)))
            }
            Value::String(_) => Err(TaskFailure::new(
                "Error while resolving `var` expression: Encountered untrusted template or expression.",
            )),
            value => Err(wrong(&value)),
        },
        Value::String(_) | Value::Template(_) => Ok(Some(var)),
        other => Err(wrong(other)),
    }
}

fn resolved(templar: &Templar<'_>, var: &Value) -> Result<Value, TaskFailure> {
    templar.resolve(var).map_err(|error| {
        let step = "Finalization of task args for 'ansible.builtin.debug' failed.";
        TaskFailure::from(error).within("Error while resolving value for 'var'").during(step)
    })
}
