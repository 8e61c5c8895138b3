//! Jinja templates as Ansible evaluates them.
//!
//! An [`Environment`] holds what is the same for a whole run (settings, vault secrets); a [`Templar`] joins it with the
//! variables of one host at one task (a [`Scope`]) and evaluates [`Value::Template`]s.
//!
//! Filters, tests and lookups are plain functions over a [`Call`]; each family is a file under `filters/`, `tests/`
//! and `lookups/`, and each function one line in the family's table.
//!
//! [`Value::Template`]: ksplay_value::Value::Template

mod call;
mod environment;
mod error;
pub mod filters;
pub mod lookups;
mod templar;
pub mod tests;

pub use call::{Call, Function};
pub use environment::{Environment, Reveal};
pub use error::{Error, ErrorKind};
pub use templar::{FileOptions, Scope, Templar, Truth};
