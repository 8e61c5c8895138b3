//! The data that every other crate speaks: [`Value`], YAML with positions, and Python's text for values.
//!
//! Playbooks, inventories, facts and results are all [`Value`]s. A string that came from a trusted source and holds
//! template markers is a [`Value::Template`]; any other string is plain data and can never be evaluated.
//!
//! ```
//! use ksplay_value::{Map, Value};
//!
//! let mut host = Map::new();
//! host.insert("ansible_port", Value::from(22));
//! assert_eq!(host.get("ansible_port"), Some(&Value::Int(22)));
//! ```

mod date;
mod diagnostic;
mod map;
mod object;
mod serde;
mod source;
mod template;
pub mod text;
mod value;
pub mod yaml;

pub use date::{Bytes, Date, DateTime};
pub use diagnostic::Diagnostic;
pub use map::{Key, Map};
pub use object::{Object, ObjectError};
pub use source::{Source, Span, hide_secrets, names_secret};
pub use template::{Template, TemplateKind, has_markers};
pub use value::{Str, Undefined, Unknown, Value};
