//! The variables that sources give a host itself. Those of hosts files are read when they are first asked for: large
//! inventories have many more hosts than a run needs.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ksplay_value::{Map, Source, Span, Str, Value};

use crate::ini::right_of;
use crate::trust::variable;
use crate::words::{Word, words};

/// The variables of a host; a later one of a name replaces an earlier one in its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnVars {
    /// What was set before the lines.
    known: Arc<Map>,
    lines: Vec<Arc<HostLine>>,
    /// Both together, once they were asked for.
    all: OnceLock<Arc<Map>>,
}

impl OwnVars {
    /// These and no others.
    pub fn of(known: Arc<Map>) -> Self {
        Self { known, ..Self::default() }
    }

    /// All of them.
    pub fn get(&self) -> &Arc<Map> {
        match self.lines.as_slice() {
            [] => &self.known,
            [line] if self.known.is_empty() => line.vars(),
            lines => self.all.get_or_init(|| {
                let mut all = Map::clone(&self.known);
                for line in lines {
                    all.extend(line.vars().iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
                }
                Arc::new(all)
            }),
        }
    }

    /// All of them, to be changed.
    pub fn get_mut(&mut self) -> &mut Map {
        if !self.lines.is_empty() {
            *self = Self::of(Arc::clone(self.get()));
        }
        Arc::make_mut(&mut self.known)
    }

    /// Lays these over those that are there.
    pub fn lay(&mut self, vars: &Arc<Map>) {
        if self.get().is_empty() {
            *self = Self::of(Arc::clone(vars));
        } else {
            self.get_mut().extend(vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())));
        }
    }

    /// Lays the variables of a line over those that are there.
    pub fn push(&mut self, line: Arc<HostLine>) {
        self.all.take();
        self.lines.push(line);
    }

    /// The lines that are laid over what was set before, in order.
    pub fn lines(&self) -> &[Arc<HostLine>] {
        &self.lines
    }
}

/// A line of a hosts file that gives hosts variables: known to be well formed, but read only when it is needed.
#[derive(Debug)]
pub(crate) struct HostLine {
    /// Where the line begins, without blanks before it.
    span: Span,
    /// Where it stands in the source, from there on.
    range: Range<usize>,
    names: Arc<Names>,
    vars: OnceLock<Arc<Map>>,
}

impl HostLine {
    /// The line of this place, whose text is a part of the place's source.
    ///
    /// The words after the first one have to be assignments.
    pub fn new(span: Span, text: &str, names: &Arc<Names>) -> Self {
        let begin = (text.as_ptr() as usize).saturating_sub(span.source.text.as_ptr() as usize);
        Self { span, range: begin..begin + text.len(), names: Arc::clone(names), vars: OnceLock::new() }
    }

    /// Where the line begins.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Its variables.
    pub fn vars(&self) -> &Arc<Map> {
        self.vars.get_or_init(|| Arc::new(self.read()))
    }

    fn read(&self) -> Map {
        let source: &Arc<Source> = &self.span.source;
        let text = source.text.get(self.range.clone()).unwrap_or_default();
        let words: Vec<Word<'_>> = words(text).skip(1).flatten().collect();
        self.names.share(words.iter().map(|Word { text, column }| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            let place = right_of(&self.span, column + name.chars().count() + 1);
            (Value::from(name), variable(value, Some(&place)))
        }))
    }
}

/// Names of variables, each kept once however many hosts have it.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashSet<Str>>);

impl Names {
    /// The variables of a mapping, their names shared.
    pub fn share(&self, entries: impl ExactSizeIterator<Item = (Value, Value)>) -> Map {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut map = Map::with_capacity(entries.len());
        for (key, value) in entries {
            let key = match key {
                Value::String(name) => Value::String(known.get(&name).cloned().unwrap_or_else(|| {
                    known.insert(Str::clone(&name));
                    name
                })),
                other => other,
            };
            map.insert(key, value);
        }
        map
    }
}
