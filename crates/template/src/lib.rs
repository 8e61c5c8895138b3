//! Jinja templates as Ansible evaluates them.
//!
//! An [`Environment`] holds what is the same for a whole run (settings, vault secrets); a [`Templar`] joins it with the
//! variables of one host at one task (a [`Scope`]) and evaluates [`Value::Template`]s.
//!
//! Filters, tests and lookups are plain functions over a [`Call`]; each family is a file under `filters/`, `tests/`
//! and `lookups/`, and each function one line in the family's table.
//!
//! [`Value::Template`]: ksplay_value::Value::Template

mod about;
mod access;
mod accounts;
mod call;
mod condition;
mod environment;
mod error;
mod eval;
mod files;
pub mod filters;
mod header;
mod invoke;
mod literals;
pub mod lookups;
mod near;
mod page;
mod parse;
mod reads;
mod scope;
mod signature;
pub mod syntax;
mod templar;
pub mod tests;
mod tree;

pub use call::{Call, Function};
pub use condition::{CONDITIONAL, Truth, unknown_in};
pub use environment::{Environment, Expressions, Fetch, KnownSettings, Reveal, Seal, Vault, Warn};
pub use error::{Error, ErrorKind};
pub use files::FileOptions;
pub use page::{Page, page, pages};
pub use reads::Reads;
pub use scope::{Layer, Scope};
pub use templar::Templar;
