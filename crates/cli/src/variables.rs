//! `-e`: variables of the command line.

use std::path::Path;

use ksplay_playbook::Loader;
use ksplay_value::{Key, Map, Source, Value, yaml};

/// The variables of all `-e` arguments, later ones over earlier ones.
///
/// # Errors
///
/// If an argument is neither `key=value` nor a mapping, or a file cannot be read.
pub fn extra_vars(arguments: &[String], loader: &Loader) -> Result<Map, String> {
    let mut vars = Map::new();
    for argument in arguments {
        let read = match argument.strip_prefix('@') {
            Some(file) => loader.load_vars_file(Path::new(file)).map_err(|error| error.render())?,
            None if argument.trim_start().starts_with(['{', '[']) => mapping(argument)?,
            None => pairs(argument)?,
        };
        vars.extend(read.into_iter().map(|(key, value)| (key.into_value(), value)));
    }
    Ok(vars)
}

fn mapping(text: &str) -> Result<Map, String> {
    let source = Source::new("<-e>", text);
    let document = yaml::load(&source).map_err(|error| format!("-e {text}: {error}"))?;
    match document.root.map(|root| (root.to_value(), root.kind)) {
        Some((Value::Map(map), yaml::NodeKind::Map(_))) => Ok((*map).clone()),
        _ => Err(format!("-e {text}: variables are a mapping, `key=value` pairs, or `@file`")),
    }
}

/// `key=value` pairs; a value with blanks is quoted.
fn pairs(text: &str) -> Result<Map, String> {
    let words = ksplay_engine::split_words(text).ok_or_else(|| format!("-e {text}: a quote is not closed"))?;
    let mut vars = Map::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(format!("-e {text}: `{word}` is not `key=value`"));
        };
        let source = Source::new("<-e>", value);
        let value = match ksplay_value::has_markers(value) {
            true => ksplay_value::Template::new(
                ksplay_value::TemplateKind::Jinja,
                value,
                Some(ksplay_value::Span::new(&source, 1, 1)),
            )
            .into(),
            false => Value::from(value),
        };
        vars.insert(Key::from(name).into_value(), value);
    }
    Ok(vars)
}
