//! What is set, and where.

use indexmap::IndexMap;
use ksplay_value::text::{JsonStyle, repr, to_json};
use ksplay_value::{Map, Value};

use super::Name;
use crate::args::{ConfigDump, ConfigFormat};
use crate::eval;
use crate::failure::Failure;
use crate::output::say;

pub(super) fn show(args: &ConfigDump) -> Result<(), Failure> {
    let settings = super::load(args.plugins.config.as_deref())?;
    let mut known = settings.known();
    known.retain(|name, (_, origin)| {
        Name::of(name).is_wanted(&args.plugins) && (origin != "default" || !args.only_changed)
    });
    if args.format == ConfigFormat::Display {
        let mut last = "";
        for (name, (value, origin)) in known {
            let option = match Name::of(name) {
                Name::Base(name) => name,
                Name::Plugin { plugin, option, .. } => {
                    if plugin != last {
                        say!("\n{plugin}:\n{}", "_".repeat(plugin.len()));
                    }
                    last = plugin;
                    option
                }
            };
            let text = value.as_str().map_or_else(|| repr(&value), str::to_owned);
            say!("{option}({origin}) = {text}");
        }
        return Ok(());
    }
    let mut entries = Vec::new();
    let mut plugins: IndexMap<&str, Vec<Value>> = IndexMap::new();
    for (name, (value, origin)) in known {
        let entry = |name: &str| {
            let entry = [("name", Value::from(name)), ("origin", Value::from(&*origin)), ("value", value.clone())];
            Value::from(Map::from(entry))
        };
        match Name::of(name) {
            Name::Base(name) => entries.push(entry(name)),
            Name::Plugin { plugin, option, .. } => plugins.entry(plugin).or_default().push(entry(option)),
        }
    }
    entries.extend(plugins.into_iter().map(|(plugin, options)| Map::from([(plugin, Value::from(options))]).into()));
    let entries: Value = entries.into_iter().collect();
    match args.format {
        ConfigFormat::Yaml => say!("{}", eval::yaml_text(&entries)?.trim_end()),
        _ => say!("{}", to_json(&entries, &JsonStyle::indented(4)).map_err(Failure::error)?),
    }
    Ok(())
}
