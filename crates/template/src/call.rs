//! How a filter, test, lookup or global function sees its call.

use ksplay_value::{Map, Value};

use crate::{Error, Templar};

/// A filter, test, lookup or global: plain Rust from a call to a value.
pub type Function = fn(&mut Call<'_, '_>) -> Result<Value, Error>;

/// One call: the arguments (already evaluated) and the way back into the evaluator.
///
/// For a filter or test the value it is applied to is the first of `args`.
pub struct Call<'c, 'e> {
    /// The name under which it was called.
    pub name: &'c str,
    /// Positional arguments; a filter's or test's subject first.
    pub args: Vec<Value>,
    /// Keyword arguments.
    pub kwargs: Map,
    /// The evaluator: variables, settings, calling other filters and tests.
    pub templar: &'c Templar<'e>,
}
