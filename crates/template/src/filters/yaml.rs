//! Filters that read and write YAML.

use ksplay_value::yaml::{self, EmitOptions, ScalarStyle};
use ksplay_value::{Source, Value};

use super::args::Arg;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] =
    &[("from_yaml", from_yaml), ("from_yaml_all", from_yaml_all), ("to_nice_yaml", to_nice_yaml), ("to_yaml", to_yaml)];

/// The options of `yaml.dump` that change the text; `indent` is the only one that can be positional.
const OPTIONS: [&str; 11] = [
    "indent",
    "default_flow_style",
    "default_style",
    "width",
    "sort_keys",
    "explicit_start",
    "explicit_end",
    "canonical",
    "line_break",
    "version",
    "encoding",
];

/// YAML, collections of scalars in one line: `{'a': [1]} | to_yaml` is `a: [1]`. Options as those of PyYAML's `dump`.
fn to_yaml(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    write(call, EmitOptions::default(), &["default_flow_style"])
}

/// YAML for people, every item in a line of its own: `{'a': [1]} | to_nice_yaml(indent=2)`.
fn to_nice_yaml(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    if call.kwargs.contains_key("default_flow_style") {
        return Err(Error::operation("got multiple values for keyword argument 'default_flow_style'"));
    }
    write(call, EmitOptions::nice(), &["indent"])
}

fn write(call: &mut Call<'_, '_>, mut options: EmitOptions, positional: &[&str]) -> Result<Value, Error> {
    for (name, value) in positional.iter().zip(call.args.split_off(call.args.len().min(1))) {
        if call.kwargs.insert(*name, value).is_some() {
            return Err(Error::operation(format!("got multiple values for argument '{name}'")));
        }
    }
    let (value, [indent, flow, style, width, sort_keys, start, end, canonical, _, _, _]) = call.bind(OPTIONS)?;
    let size =
        |arg: Arg| -> Result<Option<i32>, Error> { Ok(arg.int()?.map(|size| size.clamp(-1, 100_000_000) as i32)) };
    options.indent = size(indent)?.or(options.indent);
    options.width = size(width)?;
    if let Some(flow) = flow.given() {
        options.default_flow_style = (!flow.is_null()).then(|| flow.is_true());
    }
    options.default_style = match style.text().as_deref() {
        None | Some("") => ScalarStyle::Any,
        Some("'") => ScalarStyle::SingleQuoted,
        Some("\"") => ScalarStyle::DoubleQuoted,
        Some("|") => ScalarStyle::Literal,
        Some(">") => ScalarStyle::Folded,
        Some(other) => return Err(Error::operation(format!("unknown style {other:?}"))),
    };
    options.sort_keys = sort_keys.flag_or(true);
    options.explicit_start = start.flag_or(false);
    options.explicit_end = end.flag_or(false);
    options.canonical = canonical.flag_or(false);
    yaml::emit(&value, &options).map(Value::from).map_err(|error| Error::operation(error.message))
}

/// The value that a YAML text holds: `'a: 1' | from_yaml` is `{'a': 1}`. Text in it is never evaluated; what is no text
/// stays as it is.
fn from_yaml(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let Some(text) = value.as_str() else { return Ok(value) };
    let document =
        yaml::load(&Source::new("<filter from_yaml>", text)).map_err(|error| Error::operation(error.message))?;
    Ok(document.root.map_or(Value::Null, |root| root.to_data()))
}

/// The values of all documents in a YAML text: `'---\n1\n---\n2' | from_yaml_all` is `[1, 2]`.
fn from_yaml_all(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let text = match &value {
        Value::String(text) => text,
        Value::Null => return Ok(Value::List(Default::default())),
        _ => return Ok(value),
    };
    let documents = yaml::load_all(&Source::new("<filter from_yaml_all>", &**text))
        .map_err(|error| Error::operation(error.message))?;
    Ok(documents.into_iter().map(|document| document.root.map_or(Value::Null, |root| root.to_data())).collect())
}
