//! What a template has put out so far.

use ksplay_value::{Str, Unknown, Value};

use super::ops::{undefined_error, unknown_of};
use crate::{Error, Templar};

/// Collects output: a single value keeps its type, more than one become text.
#[derive(Default)]
pub(crate) struct Output {
    first: Option<Value>,
    text: Option<String>,
    /// Lists and mappings that may still be changed, with their places in the text.
    held: Vec<(usize, Value)>,
    because: Vec<Str>,
    unknown: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a value. `None` and `omit` put out nothing.
    pub(crate) fn push(&mut self, templar: &Templar<'_>, value: Value) -> Result<(), Error> {
        let value = templar.detached(value);
        match &value {
            Value::Null => return Ok(()),
            Value::Omit if self.first.is_some() || self.text.is_some() => return Ok(()),
            Value::Unknown(unknown) if self.first.is_some() || self.text.is_some() => {
                self.unknown(unknown);
                return Ok(());
            }
            _ => {}
        }
        match (&mut self.text, self.first.take()) {
            (Some(_), _) => self.append(templar, &value)?,
            (None, None) => self.first = Some(value),
            (None, Some(first)) => {
                if let Value::Unknown(unknown) = &first {
                    self.unknown(unknown);
                }
                self.text = Some(String::new());
                self.append(templar, &first)?;
                self.append(templar, &value)?;
            }
        }
        Ok(())
    }

    /// Adds text.
    pub(crate) fn push_str(&mut self, templar: &Templar<'_>, more: &Str) -> Result<(), Error> {
        match &mut self.text {
            Some(text) => {
                text.push_str(more);
                Ok(())
            }
            None => self.push(templar, Value::String(more.clone())),
        }
    }

    fn unknown(&mut self, unknown: &Unknown) {
        self.unknown = true;
        for name in &unknown.because {
            if !self.because.contains(name) {
                self.because.push(name.clone());
            }
        }
    }

    /// The value: of its own type when there was exactly one, `None` when there was nothing.
    ///
    /// # Errors
    ///
    /// If something undefined is in it.
    pub(crate) fn value(mut self, templar: &Templar<'_>) -> Result<Value, Error> {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            let text = self.text.take().unwrap_or_default();
            let mut at = 0;
            for (end, value) in held {
                self.text.get_or_insert_default().push_str(&text[at..end]);
                self.append_container(templar, &value)?;
                at = end;
            }
            self.text.get_or_insert_default().push_str(&text[at..]);
        }
        Ok(self.known())
    }

    fn known(self) -> Value {
        if self.unknown {
            if let Some(first @ Value::Unknown(_)) = &self.first {
                let rest = Value::from(Unknown { because: self.because });
                return unknown_of([first, &rest]).unwrap_or_default();
            }
            return Unknown { because: self.because }.into();
        }
        match (self.text, self.first) {
            (Some(text), _) => Value::from(text),
            (None, Some(first)) => first,
            (None, None) => Value::Null,
        }
    }

    /// The text, even of a single value.
    pub(crate) fn into_text(self, templar: &Templar<'_>) -> Result<Value, Error> {
        match self.value(templar)? {
            Value::Null | Value::Omit => Ok(Value::from("")),
            value @ (Value::String(_) | Value::Unknown(_)) => Ok(value),
            other => {
                let mut output = Self { text: Some(String::new()), ..Self::default() };
                output.append(templar, &other)?;
                output.value(templar)
            }
        }
    }

    fn append(&mut self, templar: &Templar<'_>, value: &Value) -> Result<(), Error> {
        let text = self.text.get_or_insert_default();
        match value {
            Value::String(more) => text.push_str(more),
            Value::Unknown(_) | Value::Omit => {}
            Value::Undefined(undefined) => return Err(undefined_error(undefined)),
            Value::Object(object) if !object.is_mapping() => text.push_str(&object.text()),
            container if templar.may_change() => self.held.push((text.len(), container.clone())),
            container => self.append_container(templar, container)?,
        }
        Ok(())
    }

    fn append_container(&mut self, templar: &Templar<'_>, value: &Value) -> Result<(), Error> {
        use std::fmt::Write;
        let resolved = templar.resolved(value)?;
        let _ = write!(self.text.get_or_insert_default(), "{resolved}");
        if let Some(Value::Unknown(unknown)) = super::ops::unknown_within([&resolved]) {
            self.unknown(&unknown);
        }
        Ok(())
    }
}
