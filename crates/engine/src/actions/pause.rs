//! `pause`: waits for a time, or for the user.

use std::io::IsTerminal;
use std::time::SystemTime;

use ksplay_value::{Map, Value};

use super::{ActionCall, refuse_rest, take_flag, take_text};
use crate::event::Event;
use crate::failure::TaskFailure;

/// Waits `seconds` or `minutes`; without either, for Enter on the terminal.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    refuse_rest(call.task(), &args, &["echo", "minutes", "prompt", "seconds"], &[])?;
    if args.contains_key("seconds") && args.contains_key("minutes") {
        return Err(TaskFailure::raised("parameters are mutually exclusive: minutes|seconds"));
    }
    let number = |name: &'static str, text: Option<String>| {
        match text {
        None => Ok(None),
        Some(text) => text.parse::<f64>().map(Some).map_err(|_| {
            TaskFailure::raised(format!(
                "argument '{name}' is of type str and we were unable to convert to int: invalid literal for int() with base 10: '{text}'"
            ))
        }),
    }
    };
    let seconds = number("seconds", take_text(&mut args, &["seconds"]))?;
    let minutes = number("minutes", take_text(&mut args, &["minutes"]))?;
    let echo = take_flag(&mut args, &["echo"], true)?;
    let prompt = take_text(&mut args, &["prompt"]);
    let wait = match (seconds, minutes) {
        (Some(wait), _) => Some((wait, crate::keywords::seconds(wait, "seconds")?)),
        (None, Some(minutes)) => Some((minutes * 60.0, crate::keywords::seconds(minutes * 60.0, "minutes")?)),
        (None, None) => None,
    };
    let started = SystemTime::now();
    let clock = std::time::Instant::now();
    let mut input = String::new();
    let mut warnings = Vec::new();
    match wait {
        Some((wait, time)) => {
            let shown = prompt.clone().unwrap_or_else(|| format!("Pausing for {wait} seconds"));
            call.work.shared.emit(Event::Notice(shown));
            tokio::time::sleep(time).await;
        }
        None if std::io::stdin().is_terminal() => {
            let shown = prompt.clone().unwrap_or_else(|| "Press enter to continue, Ctrl+C to interrupt".into());
            call.work.shared.emit(Event::Notice(format!("[{}]\n{shown}:", call.work.info.banner)));
            let line = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).map(|_| line)
            });
            let line = line.await.map_err(|error| TaskFailure::action(error.to_string()))?;
            input = line.map_err(|error| TaskFailure::action(error.to_string()))?.trim_end_matches('\n').to_owned();
        }
        None => {
            let warning = "Not waiting for response to prompt as stdin is not interactive";
            call.work.shared.emit(Event::Warning(warning.into()));
            warnings.push(Value::from(warning));
        }
    }
    let elapsed = clock.elapsed();
    let time = |time: SystemTime| crate::clock::local_text(time);
    let lasted = match seconds {
        Some(_) => format!("{} seconds", round(elapsed.as_secs_f64())),
        None => format!("{} minutes", round(elapsed.as_secs_f64() / 60.0)),
    };
    let mut result = Map::from([
        ("changed", Value::Bool(false)),
        ("delta", Value::from(elapsed.as_secs())),
        ("echo", Value::Bool(echo)),
        ("rc", Value::Int(0)),
        ("start", Value::from(time(started))),
        ("stderr", Value::from("")),
        ("stdout", Value::from(format!("Paused for {lasted}"))),
        ("stop", Value::from(time(started + elapsed))),
        ("user_input", Value::from(input)),
    ]);
    if !warnings.is_empty() {
        result.insert("warnings", warnings);
    }
    Ok(result)
}

/// To two places, as Python rounds for people.
fn round(number: f64) -> Value {
    Value::Float((number * 100.0).round() / 100.0)
}
