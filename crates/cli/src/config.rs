//! `ksplay config`: the settings that count, and where each was made, as `ansible-config` shows them.

use ksplay_value::text::{JsonStyle, repr, to_json};
use ksplay_value::yaml::{self, EmitOptions};
use ksplay_value::{Map, Value};

use crate::args::{ConfigCommand, ConfigDump, ConfigFormat};
use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;

/// Shows what is asked for; the answer is the exit code.
///
/// # Errors
///
/// If the settings cannot be read, or there is no file to be shown.
pub fn show(command: &ConfigCommand) -> Result<u8, Failure> {
    let settings = Settings::load()?;
    match command {
        ConfigCommand::Dump(dump) => self::dump(&settings, dump)?,
        ConfigCommand::View { .. } => {
            let file = settings.file.as_deref().ok_or_else(|| Failure::error("no configuration file is in use"))?;
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::error(format!("cannot read {}: {error}", file.display())))?;
            say!("{}", text.trim_end_matches('\n'));
        }
    }
    Ok(0)
}

fn dump(settings: &Settings, dump: &ConfigDump) -> Result<(), Failure> {
    let mut known = settings.known();
    // Those of one plugin have a name of several words.
    known.retain(|name, (_, origin)| !name.contains(' ') && (origin != "default" || !dump.only_changed));
    if dump.format == ConfigFormat::Display {
        for (name, (value, origin)) in known {
            let text = value.as_str().map_or_else(|| repr(&value), str::to_owned);
            say!("{name}({origin}) = {text}");
        }
        return Ok(());
    }
    let entries = known.into_iter().map(|(name, (value, origin))| {
        Value::from(Map::from([("name", Value::from(name)), ("origin", Value::from(origin)), ("value", value)]))
    });
    let entries: Value = entries.collect();
    match dump.format {
        ConfigFormat::Yaml => {
            let options = EmitOptions { default_flow_style: Some(false), ..EmitOptions::default() };
            say!("{}", yaml::emit(&entries, &options).map_err(|error| Failure::error(error.message))?.trim_end());
        }
        _ => say!("{}", to_json(&entries, &JsonStyle::indented(4)).map_err(Failure::error)?),
    }
    Ok(())
}
