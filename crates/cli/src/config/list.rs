//! What can be set.

use indexmap::IndexMap;
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

use super::Name;
use crate::args::{ConfigList, ListFormat};
use crate::eval;
use crate::failure::Failure;
use crate::output::say;
use crate::settings::{Described, Settings};

pub(super) fn show(args: &ConfigList) -> Result<(), Failure> {
    super::is_there(args.plugins.config.as_deref())?;
    let mut settings = Settings::described();
    settings.sort_by_key(|setting| setting.name);
    let mut shown = Map::new();
    let mut plugins: IndexMap<&str, IndexMap<&str, Map>> = IndexMap::new();
    for setting in settings.iter().filter(|setting| Name::of(setting.name).is_wanted(&args.plugins)) {
        match Name::of(setting.name) {
            Name::Base(name) => {
                shown.insert(name, described(setting));
            }
            Name::Plugin { kind, plugin, option } => {
                plugins.entry(kind).or_default().entry(plugin).or_default().insert(option, described(setting));
            }
        }
    }
    if !plugins.is_empty() {
        let plugins = plugins.into_iter().map(|(kind, of_kind)| (kind, of_kind.into_iter().collect::<Map>()));
        shown.insert("PLUGINS", plugins.collect::<Map>());
    }
    let shown = Value::from(shown);
    match args.format {
        ListFormat::Yaml => say!("{}", eval::yaml_text(&shown)?.trim_end()),
        ListFormat::Json => say!("{}", to_json(&shown, &JsonStyle::indented(4)).map_err(Failure::error)?),
    }
    Ok(())
}

fn described(setting: &Described) -> Value {
    let variables = setting.names.0.iter().map(|name| Value::from(Map::from([("name", *name)])));
    let entries =
        setting.names.1.iter().map(|(section, key)| Value::from(Map::from([("key", *key), ("section", *section)])));
    let mut all = Map::new();
    if !setting.kind.choices.is_empty() {
        all.insert("choices", setting.kind.choices.iter().map(|word| Value::from(*word)).collect::<Value>());
    }
    all.insert("default", setting.kind.default.clone());
    all.insert("description", Value::from_iter([Value::from(setting.about)]));
    all.insert("env", Value::from_iter(variables));
    all.insert("ini", Value::from_iter(entries));
    all.insert("type", Value::from(setting.kind.word));
    all.into()
}
