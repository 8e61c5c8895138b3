//! Filters that read and write JSON, and query what was read.

use std::collections::HashMap;

use ksplay_value::text::{self, JsonStyle};
use ksplay_value::{Map, Value};

use super::args::{Arg, iterate, string};
use crate::eval::objects::is_transient;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("from_json", from_json),
    ("json_query", json_query),
    ("to_json", to_json),
    ("to_nice_json", to_nice_json),
    ("tojson", tojson),
];

const OPTIONS: [&str; 9] = [
    "indent",
    "sort_keys",
    "separators",
    "ensure_ascii",
    "allow_nan",
    "check_circular",
    "skipkeys",
    "vault_to_text",
    "preprocess_unsafe",
];

fn write(value: &Value, style: &JsonStyle) -> Result<String, Error> {
    if let Some(kind) = transient_within(value) {
        return Err(Error::operation(format!(
            "Object of type '{kind}' is not JSON serializable by the 'tagless' profile."
        )));
    }
    text::to_json(value, style).map_err(|error| Error::operation(error.to_string()))
}

/// The type of a value that is no data, when there is one in it.
fn transient_within(value: &Value) -> Option<&str> {
    match value {
        Value::Object(object) => is_transient(object.as_ref()).then(|| object.type_name()),
        Value::List(items) | Value::Tuple(items) => items.iter().find_map(transient_within),
        Value::Map(map) => map.values().find_map(transient_within),
        _ => None,
    }
}

fn indent_of(arg: Arg) -> Result<Option<String>, Error> {
    Ok(match arg.value() {
        None => None,
        Some(Value::String(text)) => Some(text.to_string()),
        Some(Value::Int(width)) => Some(" ".repeat(usize::try_from(width).unwrap_or(0))),
        Some(other) => return Err(Error::operation(format!("cannot indent by a {}", other.type_name()))),
    })
}

fn separators_of(arg: Arg) -> Result<Option<[String; 2]>, Error> {
    let Some(pair) = arg.value() else { return Ok(None) };
    match iterate(&pair)?.as_slice() {
        [item, key] => Ok(Some([item.to_string(), key.to_string()])),
        _ => Err(Error::operation("separators must be a pair of an item and a key separator")),
    }
}

/// JSON as the options ask for, where they ask for something else than what is usual.
fn styled(value: &Value, options: [Arg; OPTIONS.len()], usual: JsonStyle) -> Result<Value, Error> {
    let [indent, sort_keys, separators, ensure_ascii, ..] = options;
    let mut style = JsonStyle {
        indent: indent_of(indent)?.or(usual.indent),
        sort_keys: sort_keys.flag_or(usual.sort_keys),
        ensure_ascii: ensure_ascii.flag_or(usual.ensure_ascii),
        ..usual
    };
    if let Some([item, key]) = separators_of(separators)? {
        style.item_separator = Some(item);
        style.key_separator = key;
    }
    write(value, &style).map(Value::from)
}

/// JSON in one line as Python writes it: `{'a': [1]} | to_json` is `{"a": [1]}`. Options: `indent`, `sort_keys`,
/// `separators`, `ensure_ascii`.
fn to_json(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, rest, options) = call.bind_rest(OPTIONS)?;
    if !rest.is_empty() {
        return Err(Error::operation("takes 1 positional argument"));
    }
    styled(&value, options, JsonStyle::default())
}

/// JSON for people: four blanks, keys sorted. `{'a': 1} | to_nice_json(indent=2)`.
fn to_nice_json(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    if call.args.len() > 3 {
        return Err(Error::operation("takes from 1 to 3 positional arguments"));
    }
    let (value, options) = call.bind(OPTIONS)?;
    styled(&value, options, JsonStyle { sort_keys: true, ..JsonStyle::indented(4) })
}

/// JSON that is safe inside HTML, as Jinja's own filter: `'<' | tojson` is `"\u003c"`; keys sorted.
fn tojson(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [indent]) = call.bind(["indent"])?;
    let style = JsonStyle { indent: indent_of(indent)?, sort_keys: true, ..JsonStyle::default() };
    let text = write(&value, &style)?;
    let safe = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(safe.into())
}

/// The value that a JSON text holds: `'[1]' | from_json` is `[1]`. Text in it is never evaluated.
fn from_json(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [profile]) = call.bind(["profile"])?;
    drop(profile);
    let Some(json) = value.as_str() else {
        return Err(Error::operation(format!(
            "the JSON object must be str, bytes or bytearray, not {}",
            value.type_name()
        )));
    };
    text::from_json(json).map_err(|error| Error::operation(error.to_string()))
}

/// What a JMESPath expression finds: `{'a': [1, 2]} | json_query('a[0]')` is 1; null when there is nothing.
fn json_query(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [expression]) = call.bind(["expr"])?;
    let expression = expression.required()?;
    let query = jmespath::compile(string(&expression)?)
        .map_err(|error| Error::operation(format!("invalid JMESPath expression: {error}")))?;
    let found = query.search(to_jmespath(&value)?).map_err(|error| Error::operation(format!("JMESPath: {error}")))?;
    let mut orders = Orders { known: HashMap::new(), expression: string(&expression)? };
    orders.learn(&value);
    Ok(from_jmespath(&found, &orders))
}

/// In which order mappings had their keys, which the library puts in that of the alphabet.
struct Orders<'v> {
    /// The orders in the value that is queried, by the keys in that of the alphabet.
    known: HashMap<Vec<&'v str>, Vec<&'v str>>,
    /// The query: mappings that it makes have their keys as it names them.
    expression: &'v str,
}

impl<'v> Orders<'v> {
    fn learn(&mut self, value: &'v Value) {
        match value {
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Map(map) => {
                let keys: Vec<&str> = map.keys().filter_map(|key| key.as_str()).collect();
                let mut sorted = keys.clone();
                sorted.sort_unstable();
                self.known.entry(sorted).or_insert(keys);
                map.values().for_each(|item| self.learn(item));
            }
            _ => {}
        }
    }

    /// These keys, which are in the order of the alphabet, in their own.
    fn of<'k>(&'k self, keys: Vec<&'k str>) -> Vec<&'k str> {
        match self.known.get(&keys) {
            Some(known) => known.clone(),
            None => {
                let mut keys = keys;
                keys.sort_by_key(|key| self.expression.find(*key));
                keys
            }
        }
    }
}

fn to_jmespath(value: &Value) -> Result<jmespath::Rcvar, Error> {
    use jmespath::Variable;
    let number = |text: String| {
        Variable::from_json(&text).map_err(|_| Error::operation(format!("{text} cannot be queried with JMESPath")))
    };
    Ok(jmespath::Rcvar::new(match value {
        Value::Null => Variable::Null,
        Value::Bool(flag) => Variable::Bool(*flag),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => number(value.to_string())?,
        Value::List(items) | Value::Tuple(items) => {
            Variable::Array(items.iter().map(to_jmespath).collect::<Result<_, _>>()?)
        }
        Value::Map(map) => Variable::Object(
            map.iter()
                .map(|(key, value)| Ok((key.as_value().to_string(), to_jmespath(value)?)))
                .collect::<Result<_, Error>>()?,
        ),
        other => Variable::String(other.to_string()),
    }))
}

fn from_jmespath(found: &jmespath::Variable, orders: &Orders<'_>) -> Value {
    use jmespath::Variable;
    match found {
        Variable::Null | Variable::Expref(_) => Value::Null,
        Variable::Bool(flag) => (*flag).into(),
        Variable::String(text) => text.into(),
        Variable::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => text::from_json(&number.to_string()).unwrap_or_default(),
        },
        Variable::Array(items) => items.iter().map(|item| from_jmespath(item, orders)).collect(),
        Variable::Object(map) => {
            let keys = orders.of(map.keys().map(String::as_str).collect());
            keys.into_iter().map(|key| (key, from_jmespath(&map[key], orders))).collect::<Map>().into()
        }
    }
}
