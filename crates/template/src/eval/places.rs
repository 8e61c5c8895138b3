//! Places: what a method changes when it changes its receiver.
//!
//! Values are shared and immutable; Python's are references. `xs.append(1)` therefore finds the variable that `xs`
//! stands for, changes the value in it and puts it back; a variable that is another name of something remembers that.

use std::sync::Arc;

use ksplay_value::{Key, Str, Value};

use super::objects::NamespaceObject;
use super::{Local, Run};
use crate::Error;
use crate::tree::{Arg, Expr, ExprKind};

/// A variable, and the way from it to a value in it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: Str,
    keys: Vec<Value>,
}

impl Place {
    /// The item of this place at an index.
    pub(crate) fn item(&self, index: usize) -> Self {
        let mut place = self.clone();
        place.keys.push(Value::from(index));
        place
    }
}

/// Changes a value; `Null` stands for a place that is not there.
pub(crate) type Change<'c> = &'c mut dyn FnMut(&mut Value) -> Result<Value, Error>;

/// Whether anything in a place is changed by a method of this name.
pub(crate) fn changes(name: &str) -> bool {
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
            | "__setitem__"
    )
}

impl Run<'_, '_> {
    /// The place that an expression names; `None` when it is a value of its own.
    pub(crate) fn place(&mut self, expr: &Expr) -> Result<Option<Place>, Error> {
        Ok(match &expr.kind {
            ExprKind::Var(name) => Some(Place { root: name.clone(), keys: Vec::new() }),
            ExprKind::Attr(base, name) => self.place(base)?.map(|mut place| {
                place.keys.push(Value::from(name));
                place
            }),
            ExprKind::Item(base, key) => match self.place(base)? {
                Some(mut place) => {
                    place.keys.push(self.eval(key)?);
                    Some(place)
                }
                None => None,
            },
            // `d.setdefault('k', []).append(1)`, `d.get('k').append(1)`: the item itself.
            ExprKind::Call(callee, args) => match (&callee.kind, args.0.first()) {
                (ExprKind::Attr(base, name), Some(Arg::Positional(key))) if matches!(&**name, "setdefault" | "get") => {
                    match self.place(base)? {
                        Some(mut place) => {
                            place.keys.push(self.eval(key)?);
                            Some(place)
                        }
                        None => None,
                    }
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// The place of the items that a loop over this expression sees.
    pub(crate) fn item_places(&mut self, iter: &Expr, iterated: &Value) -> Result<Option<Place>, Error> {
        match iterated {
            Value::List(_) | Value::Tuple(_) => self.place(iter),
            _ => Ok(None),
        }
    }

    /// Changes the value in a place and everything that is another name of it.
    pub(crate) fn change(&mut self, place: &Place, change: Change<'_>) -> Result<Value, Error> {
        let (frame, slot) = match self.slot(&place.root) {
            Some(found) => found,
            None => {
                // A variable of the play is changed for this template only: it becomes one of its own.
                let Some(value) = self.templar.scope_variable(&place.root)? else {
                    return change(&mut Value::Null);
                };
                self.frames[0].push(Local { name: place.root.clone(), value, origin: None });
                (0, self.frames[0].len() - 1)
            }
        };
        let local = &mut self.frames[frame][slot];
        let origin = local.origin.clone();
        let mut value = std::mem::take(&mut local.value);
        let before = identity(&value);
        let result = self.along(&mut value, &place.keys, change);
        self.frames[frame][slot].value = value.clone();
        if let Some(origin) = origin {
            self.change(&origin, &mut |target| {
                *target = value.clone();
                Ok(Value::Null)
            })?;
        } else {
            self.rename(before, &value);
        }
        result
    }

    /// Gives other variables that held the same value the changed one.
    fn rename(&mut self, before: usize, value: &Value) {
        if before == 0 || before == identity(value) {
            return;
        }
        for local in self.frames.iter_mut().flatten() {
            if identity(&local.value) == before {
                local.value = value.clone();
            }
        }
    }

    fn slot(&self, name: &str) -> Option<(usize, usize)> {
        self.frames.iter().enumerate().rev().find_map(|(frame, locals)| {
            let slot = locals.iter().rposition(|local| &*local.name == name)?;
            Some((frame, slot))
        })
    }

    fn along(&mut self, value: &mut Value, keys: &[Value], change: Change<'_>) -> Result<Value, Error> {
        if let Value::Template(_) = value {
            *value = self.templar.shallow(value)?;
        }
        let Some((key, rest)) = keys.split_first() else {
            return change(value);
        };
        match value {
            Value::List(items) => {
                let length = items.len() as i64;
                let index = match key {
                    Value::Int(index) if *index < 0 => *index + length,
                    Value::Int(index) => *index,
                    _ => -1,
                };
                match usize::try_from(index).ok().filter(|index| *index < items.len()) {
                    Some(index) => self.along(&mut Arc::make_mut(items)[index], rest, change),
                    None => change(&mut Value::Null),
                }
            }
            Value::Map(map) => match Arc::make_mut(map).get_key_mut(&Key::from(key.clone())) {
                Some(value) => self.along(value, rest, change),
                None => change(&mut Value::Null),
            },
            Value::Object(object) => {
                let object = Arc::clone(object);
                let key = Key::from(key.clone());
                let namespace = object.as_any().downcast_ref::<NamespaceObject>();
                let Some(mut value) = namespace.and_then(|namespace| namespace.take(&key)) else {
                    return change(&mut Value::Null);
                };
                let result = self.along(&mut value, rest, change);
                if let Some(namespace) = namespace {
                    namespace.put(key, value);
                }
                result
            }
            _ => change(&mut Value::Null),
        }
    }
}

/// A number that two values share only when they are the same list or mapping.
fn identity(value: &Value) -> usize {
    match value {
        Value::List(items) => Arc::as_ptr(items).cast::<()>() as usize,
        Value::Map(map) => Arc::as_ptr(map).cast::<()>() as usize,
        _ => 0,
    }
}
