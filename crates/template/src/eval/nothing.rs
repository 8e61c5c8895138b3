//! The value of an `if` expression without `else` whose condition does not hold.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use ksplay_value::{Key, Object, ObjectError, Value};

use crate::Error;

/// What Python calls its type.
pub(super) const TYPE: &str = "Undefined";

/// What an `if` expression without `else` gives when its condition does not hold: empty in every way, and in no
/// operation to be had.
#[derive(Debug)]
pub(crate) struct Nothing {
    line: usize,
}

impl Nothing {
    /// That of an expression on this line of its template.
    pub(crate) fn create(line: usize) -> Value {
        Value::Object(Arc::new(Self { line }))
    }

    /// The error of an operation, when one of its operands is this.
    pub(crate) fn refusal<'v>(operands: impl IntoIterator<Item = &'v Value>) -> Option<Error> {
        operands.into_iter().find_map(|operand| match operand {
            Value::Object(object) => Some(Error::operation(object.as_any().downcast_ref::<Self>()?.refused())),
            _ => None,
        })
    }

    fn refused(&self) -> String {
        let line = self.line;
        format!("the inline if-expression on line {line} evaluated to false and no else section was defined.")
    }
}

impl Object for Nothing {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn get(&self, _key: &Key) -> Result<Option<Value>, ObjectError> {
        Err(self.refused().into())
    }

    fn iterate(&self) -> Option<Vec<Value>> {
        Some(Vec::new())
    }

    fn is_true(&self) -> bool {
        false
    }

    fn text(&self) -> String {
        String::new()
    }

    fn repr(&self) -> String {
        TYPE.into()
    }

    fn compare(&self, other: &dyn Object) -> Option<Ordering> {
        other.as_any().is::<Self>().then_some(Ordering::Equal)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
