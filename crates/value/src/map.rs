//! The insertion-ordered mapping, with Python's idea of equal keys.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};
use num_bigint::BigInt;
use num_traits::FromPrimitive;

use crate::{Unknown, Value};

/// A key of a [`Map`]: nearly always a string, but YAML and Python allow any scalar.
///
/// As in Python, `1`, `1.0` and `true` are the same key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key(Value);

impl Key {
    /// The key as a value.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The text of a string key.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// The key as a value of its own.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        // Exactly as `str` hashes, so that a map can be asked with a `&str`.
        Value::String(text) => text.hash(state),
        Value::Bool(flag) => i64::from(*flag).hash(state),
        Value::Int(number) => number.hash(state),
        // Exactly as the integer that it equals.
        Value::Float(number) if number.fract() == 0.0 => match BigInt::from_f64(*number).map(Value::from_big) {
            Some(whole) => hash(&whole, state),
            None => number.to_bits().hash(state),
        },
        Value::Float(number) => number.to_bits().hash(state),
        Value::BigInt(number) => number.hash(state),
        Value::Tuple(items) => items.iter().for_each(|item| hash(item, state)),
        _ => 0u8.hash(state),
    }
}

impl<T: Into<Value>> From<T> for Key {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self)
    }
}

/// An insertion-ordered mapping from scalars to values.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: IndexMap<Key, Value, RandomState>,
    rest: Option<Arc<Unknown>>,
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty mapping with room for this many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Self { entries: IndexMap::with_capacity_and_hasher(entries, RandomState::default()), rest: None }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under this string key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// The value under a key of any type.
    pub fn get_key(&self, key: &Key) -> Option<&Value> {
        self.entries.get(key)
    }

    /// The value under this string key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.get_mut(key)
    }

    /// The value under a key of any type, to be changed.
    pub fn get_key_mut(&mut self, key: &Key) -> Option<&mut Value> {
        self.entries.get_mut(key)
    }

    /// Whether there is an entry under this string key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts a value under a key; an existing entry keeps its place and its old value is returned.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) -> Option<Value> {
        self.entries.insert(key.into(), value.into())
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(key)
    }

    /// Takes an entry with a key of any type out; the others keep their order.
    pub fn remove_key(&mut self, key: &Key) -> Option<Value> {
        self.entries.shift_remove(key)
    }

    /// Takes the last entry out.
    pub fn pop(&mut self) -> Option<(Key, Value)> {
        self.entries.pop()
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Keeps only the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Value) -> bool) {
        self.entries.retain(|key, value| keep(key, value));
    }

    /// Says that more entries may come of carrying the play out: what else is looked for is unknown, not missing.
    pub fn leave_open(&mut self, rest: impl Into<Arc<Unknown>>) {
        self.rest = Some(rest.into());
    }

    /// Leaves the mapping open where `other`, of which it is made, is.
    pub fn keep_open_as(&mut self, other: &Self) {
        self.rest.clone_from(&other.rest);
    }

    /// What entries that are not there rest on, when more may come.
    pub fn rest(&self) -> Option<&Arc<Unknown>> {
        self.rest.as_ref()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The entries in order, values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Key, &mut Value)> + ExactSizeIterator {
        self.entries.iter_mut()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator {
        self.entries.keys()
    }

    /// The values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.entries.values()
    }

    /// Sorts by the text of the keys; entries keep their values.
    pub fn sort_by_key_text(&mut self) {
        self.entries.sort_by(|left, _, right, _| match (left.as_str(), right.as_str()) {
            (Some(left), Some(right)) => left.cmp(right),
            _ => left.0.to_string().cmp(&right.0.to_string()),
        });
    }
}

/// As Python: equal when they hold the same entries, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = indexmap::map::IntoIter<Key, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self { entries: entries.collect(), rest: None }
    }
}

impl<K: Into<Key>, V: Into<Value>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.entries.extend(entries.into_iter().map(|(key, value)| (key.into(), value.into())));
    }
}

impl<K: Into<Key>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Map {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_true_and_one_point_zero_are_the_same_key() {
        let mut map = Map::new();
        map.insert(Value::Int(1), "int");
        map.insert(Value::Bool(true), "bool");
        map.insert(Value::Float(1.0), "float");
        assert_eq!(map.len(), 1);
        assert_eq!(map.get_key(&Key::from(Value::Int(1))), Some(&Value::from("float")));
    }

    #[test]
    fn a_large_float_is_the_same_key_as_its_integer() {
        let large = 10_000_000_000_000_000;
        let map = Map::from([(Value::Int(large), 1)]);
        assert!(map.get_key(&Key::from(Value::Float(large as f64))).is_some());
        let map = Map::from([(Value::from(BigInt::from(1) << 100), 1)]);
        assert!(map.get_key(&Key::from(Value::Float(2f64.powi(100)))).is_some());
        assert!(map.get_key(&Key::from(Value::Float(f64::INFINITY))).is_none());
    }

    #[test]
    fn a_string_key_is_found_by_its_text() {
        let map = Map::from([("a", 1), ("b", 2)]);
        assert_eq!(map.get("b"), Some(&Value::Int(2)));
        assert_eq!(map.get("c"), None);
    }
}
