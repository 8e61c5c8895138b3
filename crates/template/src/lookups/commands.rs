//! Lookups that run commands on the controller: `pipe`, `lines`.

use std::process::{Command, Stdio};

use ksplay_value::Value;

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("lines", lines), ("pipe", pipe)];

fn output(call: &Call<'_, '_>, command: &str) -> Result<String, Error> {
    let run = Command::new("/bin/sh")
        .args(["-c", command])
        .current_dir(&call.templar.environment().base_dir)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Error::operation(format!("lookup_plugin.{}({command}): {error}", call.name)))?;
    match run.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&run.stdout).into_owned()),
        code => {
            Err(Error::operation(format!("lookup_plugin.{}({command}) returned {}", call.name, code.unwrap_or(-1))))
        }
    }
}

/// What commands write, blanks at its end removed: `lookup('pipe', 'date')`. Run in the folder of the playbook.
fn pipe(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let commands = call.terms();
    commands
        .iter()
        .map(|command| Ok(Value::from(output(call, &command.to_string())?.trim_end())))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::from)
}

/// The lines that commands write: `query('lines', 'cat x')`.
fn lines(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut found = Vec::new();
    for command in call.terms() {
        found.extend(output(call, &command.to_string())?.lines().map(Value::from));
    }
    Ok(found.into())
}
