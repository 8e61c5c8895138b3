//! Values with behaviour that live in one evaluation only: macros, loops, namespaces and the like.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ksplay_value::{Key, Map, Object, ObjectError, Str, Undefined, Value};

use super::{Frame, Home, Run};
use crate::tree::{For, Macro, Tree};

/// Types that cannot be the result of a template.
const TRANSIENT: &[&str] = &[
    "method",
    "function",
    "type",
    "Macro",
    "Namespace",
    "Cycler",
    "Joiner",
    "LoopContext",
    "TemplateModule",
    "TemplateReference",
    "range",
    "timedelta",
    super::nothing::TYPE,
];

/// Whether an object of this type cannot be the result of a template.
pub(crate) fn is_transient(object: &dyn Object) -> bool {
    TRANSIENT.contains(&object.type_name())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function or type that is known by its name: `range`, `lookup`, the method of a value.
#[derive(Debug)]
pub(crate) struct Function {
    kind: &'static str,
    /// Its name.
    pub name: Str,
    /// What it is a method of.
    pub receiver: Option<Value>,
}

/// The global function of this name.
pub(crate) fn function(kind: &'static str, name: &str) -> Value {
    Value::Object(Arc::new(Function { kind, name: name.into(), receiver: None }))
}

/// A method that is not called yet.
pub(crate) fn method(receiver: &Value, name: &str) -> Value {
    Value::Object(Arc::new(Function { kind: "method", name: name.into(), receiver: Some(receiver.clone()) }))
}

impl Object for Function {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn text(&self) -> String {
        format!("<{} {}>", self.kind, self.name)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A macro, or the body of a `{% call %}`.
#[derive(Clone)]
pub(crate) struct MacroObject {
    pub decl: Arc<Macro>,
    pub tree: Arc<Tree>,
    pub home: Home,
    /// The scopes it was made in, as they were then.
    snapshot: Vec<Frame>,
    stack: u64,
    pub sees_scope: bool,
    module: Option<Arc<ModuleState>>,
}

/// The scopes of the caller of a macro.
pub(crate) struct Outside {
    frames: Vec<Frame>,
    stack: u64,
    /// The macro's scopes are the first ones of the caller's.
    inside: bool,
    module: Option<Arc<ModuleState>>,
}

impl MacroObject {
    pub(crate) fn create(decl: &Arc<Macro>, run: &Run<'_, '_>) -> Value {
        Value::Object(Arc::new(Self {
            decl: Arc::clone(decl),
            tree: Arc::clone(&run.tree),
            home: run.home.clone(),
            snapshot: run.frames.clone(),
            stack: run.stack,
            sees_scope: run.sees_scope,
            module: None,
        }))
    }

    /// Makes the scopes of the macro those of the run.
    pub(crate) fn enter(&self, run: &mut Run<'_, '_>) -> Outside {
        let depth = self.snapshot.len();
        let mut outside = Outside { frames: Vec::new(), stack: run.stack, inside: false, module: self.module.clone() };
        if run.stack == self.stack && run.frames.len() >= depth {
            outside.frames = run.frames.split_off(depth);
            outside.inside = true;
        } else {
            let frames = match &self.module {
                Some(module) => lock(&module.frames).clone(),
                None => self.snapshot.clone(),
            };
            outside.frames = std::mem::replace(&mut run.frames, frames);
            run.stack = self.stack;
        }
        outside
    }
}

impl Outside {
    /// Gives the run its own scopes back.
    pub(crate) fn restore(self, run: &mut Run<'_, '_>) {
        if self.inside {
            run.frames.extend(self.frames);
        } else {
            let used = std::mem::replace(&mut run.frames, self.frames);
            if let Some(module) = self.module {
                *lock(&module.frames) = used;
            }
            run.stack = self.stack;
        }
    }
}

impl fmt::Debug for MacroObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Macro '{}'>", self.decl.name)
    }
}

impl Object for MacroObject {
    fn type_name(&self) -> &str {
        "Macro"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(match key.as_str() {
            Some("name") => Some(Value::from(&self.decl.name)),
            Some("arguments") => Some(self.decl.params.iter().map(|(name, _)| Value::from(name)).collect()),
            Some("catch_kwargs") => Some(self.decl.uses_kwargs.into()),
            Some("catch_varargs") => Some(self.decl.uses_varargs.into()),
            Some("caller") => Some(self.decl.uses_caller.into()),
            _ => None,
        })
    }

    fn text(&self) -> String {
        format!("<Macro '{}'>", self.decl.name)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The state of an imported template.
pub(crate) struct ModuleState {
    frames: Mutex<Vec<Frame>>,
}

/// An imported template.
pub(crate) struct Module {
    name: String,
    state: Arc<ModuleState>,
    stack: u64,
    text: Value,
}

impl Module {
    pub(crate) fn create(name: String, frames: Vec<Frame>, stack: u64, text: Value) -> Value {
        let state = Arc::new(ModuleState { frames: Mutex::new(frames) });
        Value::Object(Arc::new(Self { name, state, stack, text }))
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<TemplateModule {:?}>", self.name)
    }
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let Some(name) = key.as_str() else { return Ok(None) };
        let frames = lock(&self.state.frames);
        let found = frames.last().and_then(|frame| frame.iter().find(|local| &*local.name == name));
        Ok(found.map(|local| match &local.value {
            Value::Object(object) => match object.as_any().downcast_ref::<MacroObject>() {
                Some(made) if made.stack == self.stack => {
                    let mut made = made.clone();
                    made.module = Some(Arc::clone(&self.state));
                    Value::Object(Arc::new(made))
                }
                _ => local.value.clone(),
            },
            other => other.clone(),
        }))
    }

    fn text(&self) -> String {
        self.text.to_string()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The variable `loop`.
pub(crate) struct Loop {
    pub node: Arc<For>,
    items: Mutex<Vec<Value>>,
    index: AtomicUsize,
    pub depth: usize,
    changed: Mutex<Option<Vec<Value>>>,
}

impl Loop {
    pub(crate) fn new(node: &Arc<For>, items: Vec<Value>, depth: usize) -> Arc<Self> {
        let (items, index, changed) = (Mutex::new(items), AtomicUsize::new(0), Mutex::new(None));
        Arc::new(Self { node: Arc::clone(node), items, index, depth, changed })
    }

    /// How many items there are.
    pub(crate) fn length(&self) -> usize {
        lock(&self.items).len()
    }

    pub(crate) fn item(&self, index: usize) -> Option<Value> {
        lock(&self.items).get(index).cloned()
    }

    /// Goes on with other items.
    pub(crate) fn replace(&self, items: Vec<Value>) {
        *lock(&self.items) = items;
    }

    pub(crate) fn advance(&self, index: usize) {
        self.index.store(index, Ordering::Relaxed);
    }

    pub(crate) fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }

    /// Whether these values differ from those of the call before.
    pub(crate) fn changed(&self, values: Vec<Value>) -> bool {
        let mut last = lock(&self.changed);
        let changed = last.as_ref() != Some(&values);
        *last = Some(values);
        changed
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<LoopContext {}/{}>", self.index() + 1, self.length())
    }
}

impl Object for Loop {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let (index, length) = (self.index(), self.length());
        let neighbour = |index: Option<usize>, which: &str| {
            index.and_then(|index| self.item(index)).unwrap_or_else(|| {
                Undefined {
                    name: format!("loop.{which}item"),
                    message: format!("there is no {} item", if which == "prev" { "previous" } else { "next" }),
                    ..Undefined::default()
                }
                .into()
            })
        };
        Ok(Some(match key.as_str() {
            Some("index") => Value::from(index + 1),
            Some("index0") => Value::from(index),
            Some("revindex") => Value::from(length.saturating_sub(index)),
            Some("revindex0") => Value::from(length.saturating_sub(index + 1)),
            Some("first") => Value::Bool(index == 0),
            Some("last") => Value::Bool(index + 1 == length),
            Some("length") => Value::from(length),
            Some("depth") => Value::from(self.depth + 1),
            Some("depth0") => Value::from(self.depth),
            Some("previtem") => neighbour(index.checked_sub(1), "prev"),
            Some("nextitem") => neighbour(Some(index + 1), "next"),
            _ => return Ok(None),
        }))
    }

    fn text(&self) -> String {
        format!("{self:?}")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `namespace(…)`.
#[derive(Debug)]
pub(crate) struct NamespaceObject(Mutex<Map>);

impl NamespaceObject {
    pub(crate) fn create(map: Map) -> Value {
        Value::Object(Arc::new(Self(Mutex::new(map))))
    }

    pub(crate) fn of(value: &Value) -> Option<&Self> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn set(&self, name: &Str, value: Value) {
        lock(&self.0).insert(name, value);
    }
}

impl Object for NamespaceObject {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok(lock(&self.0).get_key(key).cloned())
    }

    fn text(&self) -> String {
        format!("<Namespace {}>", Value::from(lock(&self.0).clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `cycler(…)`.
#[derive(Debug)]
pub(crate) struct Cycler {
    items: Vec<Value>,
    index: AtomicUsize,
}

impl Cycler {
    pub(crate) fn create(items: Vec<Value>) -> Value {
        Value::Object(Arc::new(Self { items, index: AtomicUsize::new(0) }))
    }

    fn current(&self) -> Value {
        self.items.get(self.index.load(Ordering::Relaxed)).cloned().unwrap_or_default()
    }

    /// The current item; moves on to the next.
    pub(crate) fn advance(&self) -> Value {
        let current = self.current();
        self.index.store((self.index.load(Ordering::Relaxed) + 1) % self.items.len().max(1), Ordering::Relaxed);
        current
    }

    pub(crate) fn reset(&self) {
        self.index.store(0, Ordering::Relaxed);
    }
}

impl Object for Cycler {
    fn type_name(&self) -> &str {
        "Cycler"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        Ok((key.as_str() == Some("current")).then(|| self.current()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `joiner(…)`.
#[derive(Debug)]
pub(crate) struct Joiner {
    separator: Value,
    used: AtomicUsize,
}

impl Joiner {
    pub(crate) fn create(separator: Value) -> Value {
        Value::Object(Arc::new(Self { separator, used: AtomicUsize::new(0) }))
    }

    /// Nothing the first time, the separator from then on.
    pub(crate) fn call(&self) -> Value {
        if self.used.fetch_add(1, Ordering::Relaxed) == 0 { Value::from("") } else { self.separator.clone() }
    }
}

impl Object for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `range(…)`: its numbers are made when they are asked for.
#[derive(Debug)]
pub(crate) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

impl Range {
    pub(crate) fn create(start: i64, stop: i64, step: i64) -> Value {
        Value::Object(Arc::new(Self { start, stop, step }))
    }

    pub(crate) fn length(&self) -> usize {
        self.numbers().count()
    }

    /// The range of the numbers at these indices, which are `step` apart.
    pub(crate) fn part(&self, indices: &[usize], step: i64) -> Value {
        let at = |index: usize| self.start + index as i64 * self.step;
        let start = indices.first().map_or(self.start, |first| at(*first));
        let step = self.step.saturating_mul(step);
        let stop = indices.last().map_or(start, |last| at(*last).saturating_add(step));
        Self::create(start, stop, step)
    }

    fn numbers(&self) -> impl Iterator<Item = i64> + '_ {
        let mut at = Some(self.start);
        std::iter::from_fn(move || {
            let now = at?;
            if (self.step > 0 && now >= self.stop) || (self.step < 0 && now <= self.stop) {
                return None;
            }
            at = now.checked_add(self.step);
            Some(now)
        })
    }
}

impl Object for Range {
    fn type_name(&self) -> &str {
        "range"
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, ObjectError> {
        let Value::Int(index) = key.as_value() else { return Ok(None) };
        let numbers: VecDeque<i64> = self.numbers().collect();
        let index = if *index < 0 { *index + numbers.len() as i64 } else { *index };
        Ok(usize::try_from(index).ok().and_then(|index| numbers.get(index)).map(|number| Value::Int(*number)))
    }

    fn iterate(&self) -> Option<Vec<Value>> {
        Some(self.numbers().map(Value::Int).collect())
    }

    fn is_true(&self) -> bool {
        self.length() > 0
    }

    fn text(&self) -> String {
        match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        }
    }

    fn compare(&self, other: &dyn Object) -> Option<std::cmp::Ordering> {
        let other: &Self = other.as_any().downcast_ref()?;
        self.numbers().eq(other.numbers()).then_some(std::cmp::Ordering::Equal)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
