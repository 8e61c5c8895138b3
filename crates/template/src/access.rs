//! Looking into values: items, attributes, iteration, text, comparison. Templates are evaluated where they are touched.

use std::borrow::Cow;
use std::sync::Arc;

use ksplay_value::{Map, Template, TemplateKind, Undefined, Value, has_markers};

use crate::eval::{self, changes, objects, ops};
use crate::templar::undefined_of;
use crate::{Error, ErrorKind, Templar};

/// How deep lists and mappings may nest.
const MAX_DEPTH: usize = 500;

impl Templar<'_> {
    /// One level of the value evaluated: no template itself, but its items may be. What is undefined or cannot be
    /// evaluated is [`Value::Undefined`], no error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn shallow(&self, value: &Value) -> Result<Value, Error> {
        match value {
            Value::Template(template) => match self.result_of(template) {
                Err(error) if error.kind != ErrorKind::Recursion => Ok(undefined_of(error)),
                other => other,
            },
            other => Ok(other.clone()),
        }
    }

    /// The value evaluated to any depth, with [`Value::Undefined`] where something is undefined, instead of an error.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn deep(&self, value: &Value) -> Result<Value, Error> {
        if !self.has_changed() && !holds_template(value) {
            return Ok(value.clone());
        }
        Ok(self.deepened(value, 0)?.unwrap_or_else(|| value.clone()))
    }

    fn result_of(&self, template: &Arc<Template>) -> Result<Value, Error> {
        if self.may_change() { self.own_result(template) } else { self.template(template) }
    }

    /// As [`Templar::deep`]; `None` when that is the value itself.
    fn deepened(&self, value: &Value, depth: usize) -> Result<Option<Value>, Error> {
        if depth > MAX_DEPTH {
            return Err(changes::endless());
        }
        if let Value::Template(_) = value {
            let value = self.shallow(value)?;
            return Ok(Some(self.deepened(&value, depth + 1)?.unwrap_or(value)));
        }
        let now = self.now(value);
        let deep = match &*now {
            Value::List(items) => self.deepened_items(items, depth)?.map(Value::from),
            Value::Tuple(items) => self.deepened_items(items, depth)?.map(|items| Value::Tuple(items.into())),
            Value::Map(map) => {
                let mut deep: Option<Map> = None;
                for (key, item) in map.iter() {
                    if let Some(item) = self.deepened(item, depth + 1)? {
                        deep.get_or_insert_with(|| (**map).clone()).insert(key.clone().into_value(), item);
                    }
                }
                deep.map(Value::from)
            }
            _ => None,
        };
        let deep = match now {
            Cow::Owned(now) => Some(deep.unwrap_or(now)),
            Cow::Borrowed(_) => deep,
        };
        if let Some(deep) = &deep {
            self.note_copy(deep, value);
        }
        Ok(deep)
    }

    fn deepened_items(&self, items: &[Value], depth: usize) -> Result<Option<Vec<Value>>, Error> {
        let mut deep: Option<Vec<Value>> = None;
        for (index, item) in items.iter().enumerate() {
            if let Some(item) = self.deepened(item, depth + 1)? {
                deep.get_or_insert_with(|| items.to_vec())[index] = item;
            }
        }
        Ok(deep)
    }

    /// `base[key]`, evaluated one level; [`Value::Undefined`] when there is no such item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_item(&self, base: &Value, key: &Value) -> Result<Value, Error> {
        let base = self.shallow(base)?;
        if let Value::Undefined(_) | Value::Unknown(_) = base {
            return Ok(base);
        }
        if let Value::Undefined(_) | Value::Unknown(_) = key {
            return Ok(key.clone());
        }
        let now = self.now(&base);
        if let Value::Unknown(_) = *now {
            return Ok(now.into_owned());
        }
        if let Some(found) = self.item(&now, key)? {
            return Ok(found);
        }
        if let Value::String(name) = key
            && eval::has_method(&base, name)
        {
            return Ok(objects::method(&base, name));
        }
        Ok(self.no_attribute(&base, key))
    }

    fn item(&self, base: &Value, key: &Value) -> Result<Option<Value>, Error> {
        let index = |length: usize| {
            let index = match key {
                Value::Int(index) => *index,
                Value::Bool(flag) => i64::from(*flag),
                _ => return None,
            };
            usize::try_from(if index < 0 { index + length as i64 } else { index }).ok()
        };
        Ok(match base {
            Value::Map(map) => match key {
                Value::String(name) => map.get(name),
                Value::List(_) | Value::Map(_) => None,
                other => map.get_key(&eval::key_of(other)),
            }
            .map(|value| self.shallow(value))
            .transpose()?
            .or_else(|| map.rest().cloned().map(Value::Unknown)),
            Value::Tuple(items) if let Some(place) = place_in_group(items, key) => Some(self.shallow(&items[place])?),
            Value::List(items) | Value::Tuple(items) => {
                index(items.len()).and_then(|index| items.get(index)).map(|value| self.shallow(value)).transpose()?
            }
            Value::String(text) => match key {
                Value::Int(_) => index(text.chars().count())
                    .and_then(|index| text.chars().nth(index))
                    .map(|c| Value::from(c.to_string())),
                _ => None,
            },
            Value::Object(object) => {
                let found = object.get(&eval::key_of(key)).map_err(|error| Error::operation(error.to_string()))?;
                found.map(|value| self.shallow(&value)).transpose()?
            }
            _ => None,
        })
    }

    /// `base.name`, evaluated one level; [`Value::Undefined`] when there is no such attribute or item.
    ///
    /// # Errors
    ///
    /// If a template is wrong.
    pub fn get_attr(&self, base: &Value, name: &str) -> Result<Value, Error> {
        let base = self.shallow(base)?;
        match &base {
            Value::Undefined(_) | Value::Unknown(_) => Ok(base),
            base if eval::has_method(base, name) => Ok(objects::method(base, name)),
            Value::Map(_) => match &*self.now(&base) {
                Value::Map(map) => match (map.get(name), map.rest()) {
                    (Some(value), _) => self.shallow(value),
                    (None, Some(rest)) => Ok(Value::Unknown(Arc::clone(rest))),
                    (None, None) => Ok(self.no_attribute(&base, &Value::from(name))),
                },
                unknown => Ok(unknown.clone()),
            },
            Value::Object(object) => {
                let found = object.get(&name.into()).map_err(|error| Error::operation(error.to_string()))?;
                found.map_or_else(|| Ok(self.no_attribute(&base, &Value::from(name))), |value| self.shallow(&value))
            }
            Value::Tuple(items) if let Some(place) = place_in_group(items, &name.into()) => self.shallow(&items[place]),
            base => {
                Ok(eval::number_attribute(base, name).unwrap_or_else(|| self.no_attribute(base, &Value::from(name))))
            }
        }
    }

    fn no_attribute(&self, base: &Value, key: &Value) -> Value {
        let shown = ksplay_value::text::repr(key);
        let message = match key {
            Value::String(name) if name.starts_with("__") && !matches!(base, Value::Map(_)) => {
                format!("access to attribute {shown} of '{}' object is unsafe.", base.type_name())
            }
            _ => format!("object of type '{}' has no attribute {shown}", base.type_name()),
        };
        Undefined { name: key.to_string(), message, ..Undefined::default() }.into()
    }

    /// The items that a `for` loop over the value would see.
    ///
    /// # Errors
    ///
    /// If it cannot be iterated over.
    pub fn iterate(&self, value: &Value) -> Result<Vec<Value>, Error> {
        match &*self.now(value) {
            Value::Template(_) => self.iterate(&self.shallow(value)?),
            Value::List(items) | Value::Tuple(items) => items.iter().map(|item| self.shallow(item)).collect(),
            Value::Map(map) => Ok(map.keys().map(|key| key.as_value().clone()).collect()),
            Value::String(text) => Ok(text.chars().map(|c| Value::from(c.to_string())).collect()),
            Value::Undefined(undefined) => Err(ops::undefined_error(undefined)),
            Value::Object(object) => match object.iterate() {
                Some(items) => Ok(items),
                None => Err(Error::operation(format!("'{}' object is not iterable", object.type_name()))),
            },
            other => Err(Error::operation(format!("'{}' object is not iterable", other.type_name()))),
        }
    }

    /// Python's `str()` of the value, templates in it evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn text(&self, value: &Value) -> Result<String, Error> {
        match value {
            Value::String(text) => Ok(text.to_string()),
            Value::Object(object) if !object.is_mapping() => Ok(object.text()),
            other => Ok(self.resolved(other)?.to_string()),
        }
    }

    /// The value of a trusted text: evaluated when it has markers.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn evaluate_text(&self, text: &str) -> Result<Value, Error> {
        if !has_markers(text) {
            return Ok(Value::from(text));
        }
        let template = Arc::new(Template::new(TemplateKind::Jinja, text, None));
        let value = self.template(&template)?;
        self.resolve(&value)
    }

    /// Python's `==` with templates in the values evaluated.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn equals(&self, left: &Value, right: &Value) -> Result<bool, Error> {
        Ok(self.deep(left)? == self.deep(right)?)
    }

    /// Python's order of the values; an error when they have none.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn compare(&self, left: &Value, right: &Value) -> Result<std::cmp::Ordering, Error> {
        ops::compare(&self.deep(left)?, &self.deep(right)?, "<")
    }

    /// Python's `item in container`.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn contains(&self, container: &Value, item: &Value) -> Result<bool, Error> {
        ops::contains(&self.deep(container)?, &self.deep(item)?)
    }
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::Template(_) => true,
        Value::List(items) | Value::Tuple(items) => items.iter().any(holds_template),
        Value::Map(map) => map.values().any(holds_template),
        _ => false,
    }
}

/// Where a name is in what `groupby` gives: pairs whose parts have names.
fn place_in_group(items: &[Value], name: &Value) -> Option<usize> {
    let [_, Value::List(_)] = items else { return None };
    match name.as_str()? {
        "grouper" => Some(0),
        "list" => Some(1),
        _ => None,
    }
}
