//! Values that are computed when they are looked at.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt::Debug;

use crate::{Key, Value};

/// What an [`Object`] can answer with when looking fails.
pub type ObjectError = Box<dyn std::error::Error + Send + Sync>;

/// A value with behaviour: `hostvars`, a namespace, a macro, a date. Lives in evaluation only, never in stored data
/// (dates and the like excepted, which are data of their own type).
pub trait Object: Debug + Send + Sync + Any {
    /// The name of its type as Python's `type(x).__name__` would give it.
    fn type_name(&self) -> &str;

    /// The attribute or item of this name; `None` when there is none.
    fn get(&self, _key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(None)
    }

    /// What iterating gives: the keys of something that is like a mapping, the items of something that is like a list.
    fn iterate(&self) -> Option<Vec<Value>> {
        None
    }

    /// Whether this behaves as a mapping: `iterate` gives keys, and `get` their values.
    fn is_mapping(&self) -> bool {
        false
    }

    /// Python's truth of it: false for what is like a mapping and empty.
    fn is_true(&self) -> bool {
        !self.is_mapping() || self.iterate().is_none_or(|items| !items.is_empty())
    }

    /// Python's `str()` of it.
    fn text(&self) -> String {
        format!("<{} object>", self.type_name())
    }

    /// Python's `repr()` of it.
    fn repr(&self) -> String {
        self.text()
    }

    /// The text that stands for it in JSON and other stored data.
    fn json(&self) -> String {
        self.text()
    }

    /// Python's ordering and equality with another object; `None` when they cannot be compared.
    fn compare(&self, _other: &dyn Object) -> Option<Ordering> {
        None
    }

    /// For those who know the concrete type.
    fn as_any(&self) -> &dyn Any;
}
