//! A configuration file to begin with: every setting with its default and what it means.

use std::fmt::Write as _;

use ksplay_value::Value;

use super::Name;
use crate::args::{ConfigInit, InitFormat};
use crate::failure::Failure;
use crate::output::say;
use crate::settings::{Described, Settings};

pub(super) fn show(args: &ConfigInit) -> Result<(), Failure> {
    super::is_there(args.plugins.config.as_deref())?;
    let mut settings = Settings::described();
    settings.retain(|setting| Name::of(setting.name).is_wanted(&args.plugins));
    let text = match args.format {
        InitFormat::Ini => ini(&settings, args.disabled),
        InitFormat::Env => environment(&settings, args.disabled),
    };
    say!("{}", text.trim_end());
    Ok(())
}

fn ini(settings: &[Described], disabled: bool) -> String {
    let mark = if disabled { ";" } else { "" };
    // The last name is the one that wins.
    let entries = || settings.iter().filter_map(|setting| Some((setting.names.1.last()?, setting)));
    let mut sections: Vec<&str> = Vec::new();
    for ((section, _), _) in entries() {
        if !sections.contains(section) {
            sections.push(section);
        }
    }
    let mut text = String::new();
    for section in sections {
        let _ = writeln!(text, "[{section}]");
        for ((_, key), setting) in entries().filter(|((of, _), _)| *of == section) {
            let _ = writeln!(text, "{}\n{mark}{key}={}\n", comment(setting), written(&setting.kind.default, setting));
        }
        text.push('\n');
    }
    text
}

fn environment(settings: &[Described], disabled: bool) -> String {
    let mark = if disabled { "#" } else { "" };
    let mut text = String::new();
    for setting in settings {
        let Some(name) = setting.names.0.last() else { continue };
        let value = match &setting.kind.default {
            Value::Bool(flag) => i64::from(*flag).to_string(),
            other => ksplay_transport::quoted(&written(other, setting)),
        };
        let _ = writeln!(text, "{}\n{mark}{name}={value}\n", comment(setting));
    }
    text
}

fn comment(setting: &Described) -> String {
    let choices = match setting.kind.choices {
        [] => String::new(),
        words => format!(": {}", words.join(", ")),
    };
    format!("# ({}{choices}) {}", setting.kind.word, setting.about)
}

fn written(value: &Value, setting: &Described) -> String {
    let separator = if setting.kind.word == "pathspec" { ":" } else { ", " };
    match value {
        Value::Null => String::new(),
        Value::List(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(separator),
        other => other.to_string(),
    }
}
