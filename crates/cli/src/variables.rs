//! `-e`: variables of the command line.

use std::path::Path;

use ksplay_playbook::{Loader, key_values};
use ksplay_value::{Diagnostic, Key, Map, Source, Span, Value, yaml};

use crate::failure::Failure;

/// The variables of all `-e` arguments, later ones over earlier ones.
///
/// # Errors
///
/// If an argument is neither `key=value` nor a mapping, or a file cannot be read.
pub fn extra_vars(arguments: &[String], loader: &Loader) -> Result<Map, Failure> {
    let mut vars = Map::new();
    for argument in arguments {
        let read = match argument.strip_prefix('@') {
            Some(file) => loader.load_vars_file(Path::new(&ksplay_engine::expand_home(file)))?,
            None if argument.starts_with(['{', '[']) => mapping(argument)?,
            None => pairs(argument)?,
        };
        vars.extend(read.into_iter().map(|(key, value)| (key.into_value(), value)));
    }
    Ok(vars)
}

/// What is to be said of the names of these variables that keywords and templates have.
pub fn reserved(arguments: &[String], vars: &Map, loader: &Loader) -> Vec<Diagnostic> {
    let names = vars.keys().filter_map(Key::as_str).filter(|name| ksplay_playbook::is_reserved(name));
    let files: Vec<&str> = arguments.iter().filter_map(|argument| argument.strip_prefix('@')).collect();
    let of_file = |file: &&str| loader.reserved_names(Path::new(&ksplay_engine::expand_home(file)));
    let of_files: Vec<Diagnostic> = files.iter().flat_map(of_file).collect();
    let of_argument = |name: &str| ksplay_playbook::reserved_name(name, None);
    let warning = |name: &str| {
        let told = of_argument(name);
        of_files.iter().find(|known| known.message == told.message).cloned().unwrap_or(told)
    };
    names.map(warning).collect()
}

fn mapping(text: &str) -> Result<Map, Failure> {
    let source = Source::new("<-e>", text);
    let document = yaml::load(&source)
        .map_err(|error| Failure::of(4, &Diagnostic::new(error.message).at(error.span).help(error.help)))?;
    match document.root.map(|root| root.to_value()) {
        Some(Value::Map(map)) => Ok((*map).clone()),
        _ => Err(refused(&source, "the variables of `-e` are no mapping")),
    }
}

/// `key=value` pairs; values are texts, one with blanks is quoted.
fn pairs(text: &str) -> Result<Map, Failure> {
    let source = Source::new("<-e>", text);
    if text.starts_with(['/', '.']) {
        let help = format!("a file of variables is written `-e @{text}`");
        return Err(refused(&source, "the variables of `-e` are no `key=value` pairs").help(&help));
    }
    key_values(text, &Span::new(&source, 1, 1)).map_err(|reason| {
        refused(&source, &format!("the variables of `-e` cannot be read: {reason}"))
            .help("write `key=value`, quote values with blanks, or pass a mapping: `-e '{\"key\": [1, 2]}'`")
    })
}

fn refused(source: &std::sync::Arc<Source>, message: &str) -> Failure {
    Failure::of(5, &Diagnostic::new(message).at(Some(Span::new(source, 1, 1))))
}
