//! Methods of `dict`, and of objects that behave as one.

use std::sync::Arc;

use ksplay_value::{Key, Map, Object, Value, text::repr};

use super::{Arguments, hashable};
use crate::Error;

pub(super) const METHODS: &[&str] =
    &["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

fn pair(key: Value, value: Value) -> Value {
    Value::Tuple(Arc::new(vec![key, value]))
}

/// Calls a method of a mapping, which may change it.
pub(super) fn call(receiver: &mut Value, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let Value::Map(shared) = receiver else { return Err(Error::operation("not a dict")) };
    let templar = arguments.templar;
    let shallow = |value: &Value| templar.shallow(value);
    match arguments.name {
        "keys" => return Ok(shared.keys().map(|key| key.as_value().clone()).collect()),
        "values" => return shared.values().map(shallow).collect::<Result<Vec<_>, _>>().map(Value::from),
        "items" => {
            let pairs = shared.iter().map(|(key, value)| Ok(pair(key.as_value().clone(), shallow(value)?)));
            return pairs.collect::<Result<Vec<_>, Error>>().map(Value::from);
        }
        "get" => {
            let key = hashable(arguments.require(0, "key")?.clone())?;
            return match shared.get_key(&key) {
                Some(value) => shallow(value),
                None => Ok(arguments.get(1, "default").cloned().unwrap_or_default()),
            };
        }
        "copy" => return Ok(Value::Map(Arc::clone(shared))),
        "fromkeys" => {
            let value = arguments.get(1, "value").cloned().unwrap_or_default();
            let mut map = Map::new();
            for key in templar.iterate(arguments.require(0, "iterable")?)? {
                map.insert(hashable(key)?, value.clone());
            }
            return Ok(map.into());
        }
        _ => {}
    }
    let map = Arc::make_mut(shared);
    match arguments.name {
        "update" => {
            if let Some(source) = arguments.values.first() {
                match source {
                    Value::Map(entries) => {
                        map.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                    pairs => {
                        for entry in templar.iterate(pairs)? {
                            let entry = templar.iterate(&entry)?;
                            let [key, value] = <[Value; 2]>::try_from(entry).map_err(|entry| {
                                Error::operation(format!(
                                    "dictionary update sequence element has length {}; 2 is required",
                                    entry.len()
                                ))
                            })?;
                            map.insert(hashable(key)?, value);
                        }
                    }
                }
            }
            map.extend(arguments.kwargs.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        "setdefault" => {
            let key = hashable(arguments.require(0, "key")?.clone())?;
            if let Some(value) = map.get_key(&key) {
                return shallow(value);
            }
            let value = arguments.get(1, "default").cloned().unwrap_or_default();
            map.insert(key.into_value(), value.clone());
            return Ok(value);
        }
        "pop" => {
            let key = hashable(arguments.require(0, "key")?.clone())?;
            return match (map.remove_key(&key), arguments.get(1, "default")) {
                (Some(value), _) => shallow(&value),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => Err(Error::operation(repr(key.as_value()))),
            };
        }
        "popitem" => {
            let (key, value) = map.pop().ok_or_else(|| Error::operation("popitem(): dictionary is empty"))?;
            return Ok(pair(key.into_value(), shallow(&value)?));
        }
        "clear" => map.clear(),
        name => return Err(Error::operation(format!("object of type 'dict' has no attribute '{name}'"))),
    }
    Ok(Value::Null)
}

/// Calls a method of an object that behaves as a mapping.
pub(super) fn object(object: &dyn Object, arguments: &Arguments<'_, '_>) -> Result<Value, Error> {
    let get = |key: &Value| -> Result<Option<Value>, Error> {
        let found = object.get(&Key::from(key.clone())).map_err(|error| Error::operation(error.to_string()))?;
        found.map(|value| arguments.templar.shallow(&value)).transpose()
    };
    let keys = object.iterate().unwrap_or_default();
    match arguments.name {
        "keys" => Ok(Value::from(keys)),
        "values" => {
            keys.iter().map(|key| Ok(get(key)?.unwrap_or_default())).collect::<Result<Vec<_>, Error>>().map(Value::from)
        }
        "items" => keys
            .into_iter()
            .map(|key| {
                let value = get(&key)?.unwrap_or_default();
                Ok(pair(key, value))
            })
            .collect::<Result<Vec<_>, Error>>()
            .map(Value::from),
        "get" => {
            let key = arguments.require(0, "key")?;
            Ok(get(key)?.or_else(|| arguments.get(1, "default").cloned()).unwrap_or_default())
        }
        name => Err(Error::operation(format!("object of type '{}' has no attribute '{name}'", object.type_name()))),
    }
}
