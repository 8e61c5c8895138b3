//! What a template changes: Python's references, over values that are shared and immutable.
//!
//! A list or mapping is known by its address. When a method changes one, what it has become is noted here, and whoever
//! looks into a value asks for that, by whatever name it came. As in ansible-core, each template works on copies of its
//! own of the variables, and a list or mapping that it has written itself (`[…]`, `{…}`) is copied when it is given to a
//! call or a filter, or put out.
//!
//! All of this is kept only for templates that mention a method that changes something.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use ksplay_value::{Map, Str, Template, Value};

use crate::templar::Evaluated;
use crate::{Error, ErrorKind, Templar};

/// Whether a method of this name changes its list or mapping.
pub(crate) fn is_change(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "extend"
            | "insert"
            | "pop"
            | "popitem"
            | "remove"
            | "clear"
            | "sort"
            | "reverse"
            | "update"
            | "setdefault"
    )
}

/// The lists and mappings of one template, as far as it matters which is which.
#[derive(Default)]
pub(crate) struct Changes {
    changed: HashMap<usize, Changed>,
    /// What was made of a list or mapping when it was evaluated to any depth: another name of it.
    copies: HashMap<usize, (Place, Value)>,
    /// What the template has written.
    written: HashMap<usize, Value>,
    /// The template's copies of variables, and of the results of templates in them.
    variables: HashMap<Str, Value>,
    results: HashMap<usize, Evaluated>,
}

struct Changed {
    /// What it was when it was changed first: keeps its address from being used again.
    before: Value,
    now: Value,
    times: u64,
}

/// Keeps an address from being used again.
enum Place {
    List { _at: Weak<Vec<Value>> },
    Map { _at: Weak<Map> },
}

impl Place {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::List(items) => Some(Self::List { _at: Arc::downgrade(items) }),
            Value::Map(map) => Some(Self::Map { _at: Arc::downgrade(map) }),
            _ => None,
        }
    }
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(Arc::as_ptr(items).cast::<()>() as usize),
        Value::Map(map) => Some(Arc::as_ptr(map).cast::<()>() as usize),
        _ => None,
    }
}

fn is_shared(value: &Value) -> bool {
    match value {
        Value::List(items) => Arc::strong_count(items) > 1,
        Value::Map(map) => Arc::strong_count(map) > 1,
        _ => false,
    }
}

/// The value with lists and mappings of its own, at any depth.
fn own(value: &Value) -> Value {
    rebuilt(value, &own)
}

/// The value with this done to its items.
fn rebuilt(value: &Value, item: &dyn Fn(&Value) -> Value) -> Value {
    let all = |items: &[Value]| Arc::new(items.iter().map(item).collect());
    match value {
        Value::List(items) => Value::List(all(items)),
        Value::Tuple(items) => Value::Tuple(all(items)),
        Value::Map(map) => {
            let mut map = (**map).clone();
            map.iter_mut().for_each(|(_, value)| *value = item(value));
            map.into()
        }
        other => other.clone(),
    }
}

impl Changes {
    /// The list or mapping that this is, or is a copy of.
    fn original<'v>(&'v self, value: &'v Value) -> &'v Value {
        match address(value).and_then(|address| self.copies.get(&address)) {
            Some((_, original)) => original,
            None => value,
        }
    }

    fn changed(&self, value: &Value) -> Option<&Changed> {
        self.changed.get(&address(self.original(value))?)
    }

    fn is_written(&self, value: &Value) -> bool {
        address(self.original(value)).is_some_and(|address| self.written.contains_key(&address))
    }

    fn take(&mut self, value: &Value) -> Changed {
        let before = self.original(value).clone();
        let known = address(&before).and_then(|address| self.changed.remove(&address));
        let changed = known.unwrap_or_else(|| Changed { now: before.clone(), before, times: 0 });
        if !is_shared(&changed.now) {
            // Nobody has it under another name, so it can be changed where it is.
            address(&changed.now).and_then(|address| self.copies.remove(&address));
        }
        changed
    }

    fn put(&mut self, changed: Changed) {
        if let Some(address) = address(&changed.before) {
            self.changed.insert(address, changed);
        }
    }

    fn detached(&self, value: &Value) -> Value {
        match value {
            Value::Tuple(_) => rebuilt(value, &|item| self.detached(item)),
            value if self.is_written(value) => {
                let now = self.changed(value).map_or(value, |changed| &changed.now);
                rebuilt(now, &|item| self.detached(item))
            }
            other => other.clone(),
        }
    }
}

impl Templar<'_> {
    /// Carries out a template by itself; what it changes is not seen by others.
    pub(crate) fn apart<T>(&self, changes: Option<Box<Changes>>, run: impl FnOnce() -> T) -> T {
        let (outside, seen) = (self.changes.replace(changes), self.seen.replace(Some(Vec::new())));
        let result = run();
        self.changes.replace(outside);
        self.seen.replace(seen);
        result
    }

    /// Whether the template may change lists and mappings.
    pub(crate) fn may_change(&self) -> bool {
        self.changes.borrow().is_some()
    }

    /// Whether it has.
    pub(crate) fn has_changed(&self) -> bool {
        self.changes.borrow().as_ref().is_some_and(|changes| !changes.changed.is_empty())
    }

    /// A list or mapping as the template has changed it; anything else as it is.
    pub(crate) fn now<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        if let Value::List(_) | Value::Map(_) = value
            && let Some(changes) = self.changes.borrow().as_ref()
            && let Some(changed) = changes.changed(value)
        {
            return Cow::Owned(changed.now.clone());
        }
        Cow::Borrowed(value)
    }

    /// How many times a list or mapping was changed.
    pub(crate) fn times_changed(&self, value: &Value) -> u64 {
        let changes = self.changes.borrow();
        changes.as_ref().and_then(|changes| changes.changed(value)).map_or(0, |changed| changed.times)
    }

    /// Changes a list or mapping under all of its names.
    pub(crate) fn change(
        &self,
        value: &Value,
        change: impl FnOnce(&mut Value) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        let taken = self.changes.borrow_mut().as_mut().map(|changes| changes.take(value));
        let Some(mut changed) = taken else { return change(&mut value.clone()) };
        let result = change(&mut changed.now);
        changed.times += 1;
        if let Some(changes) = self.changes.borrow_mut().as_mut() {
            changes.put(changed);
        }
        result
    }

    /// Notes that `copy` is another name of a list or mapping.
    pub(crate) fn note_copy(&self, copy: &Value, value: &Value) {
        if let Some(changes) = self.changes.borrow_mut().as_mut()
            && let Some((place, at)) = Place::of(copy).zip(address(copy))
        {
            let original = changes.original(value).clone();
            if address(&original) != Some(at) {
                changes.copies.insert(at, (place, original));
            }
        }
    }

    /// A list or mapping that the template has written.
    pub(crate) fn written(&self, value: Value) -> Value {
        if let Some(changes) = self.changes.borrow_mut().as_mut()
            && let Some(address) = address(&value)
        {
            changes.written.insert(address, value.clone());
        }
        value
    }

    /// What an operator or a slice makes of a list: written when the list is, else with items of its own.
    pub(crate) fn made_of(&self, value: &Value, made: Value) -> Value {
        match made {
            Value::List(_) if self.is_written(value) => self.written(made),
            Value::List(_) if self.may_change() => own(&made),
            _ => made,
        }
    }

    /// What a sum takes of a list: its items when it is written, else copies of them.
    pub(crate) fn items_of(&self, list: &Value) -> Value {
        if self.is_written(list) { list.clone() } else { own(list) }
    }

    /// Whether the template has written this list or mapping.
    pub(crate) fn is_written(&self, value: &Value) -> bool {
        self.changes.borrow().as_ref().is_some_and(|changes| changes.is_written(value))
    }

    /// What a method gives, as its caller gets it.
    pub(crate) fn returned(&self, method: &str, result: Value) -> Value {
        match method {
            _ if !self.may_change() => result,
            "copy" => own(&result),
            "items" | "values" => rebuilt(&result, &|item| self.detached(item.clone())),
            _ => self.detached(result),
        }
    }

    /// The arguments of a call as the callee gets them.
    pub(crate) fn passed(&self, values: &mut [Value], kwargs: &mut Map) {
        if self.may_change() {
            for value in values.iter_mut().chain(kwargs.iter_mut().map(|(_, value)| value)) {
                *value = self.detached(std::mem::take(value));
            }
        }
    }

    /// The value as calls and filters get it: copied when the template has written it.
    pub(crate) fn detached(&self, value: Value) -> Value {
        match (&value, self.changes.borrow().as_ref()) {
            (Value::List(_) | Value::Map(_) | Value::Tuple(_), Some(changes)) if !changes.written.is_empty() => {
                changes.detached(&value)
            }
            _ => value,
        }
    }

    /// The template's copy of a variable, made by `find` when it is asked for first.
    pub(crate) fn own_variable(
        &self,
        name: &str,
        find: impl FnOnce() -> Result<Option<Value>, Error>,
    ) -> Result<Option<Value>, Error> {
        if let Some(known) = self.changes.borrow().as_ref().and_then(|changes| changes.variables.get(name)) {
            return Ok(Some(known.clone()));
        }
        let Some(value) = find()? else { return Ok(None) };
        let mut changes = self.changes.borrow_mut();
        let Some(changes) = changes.as_mut().filter(|_| value.as_list().is_some() || value.as_map().is_some()) else {
            return Ok(Some(value));
        };
        let value = own(&value);
        changes.variables.insert(name.into(), value.clone());
        Ok(Some(value))
    }

    /// The template's copy of what a template in a variable gives.
    pub(crate) fn own_result(&self, template: &Arc<Template>) -> Result<Value, Error> {
        let at = Arc::as_ptr(template) as usize;
        if let Some((_, known)) = self.changes.borrow().as_ref().and_then(|changes| changes.results.get(&at)) {
            return Ok(known.clone());
        }
        let value = own(&self.template(template)?);
        if let Some(changes) = self.changes.borrow_mut().as_mut() {
            changes.results.insert(at, (Arc::clone(template), value.clone()));
        }
        Ok(value)
    }
}

/// The error that a list which contains itself is where all of it is needed.
pub(crate) fn endless() -> Error {
    Error::new(ErrorKind::Recursion, "Recursive loop detected in template: maximum recursion depth exceeded")
}
