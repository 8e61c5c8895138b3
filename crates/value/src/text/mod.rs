//! Python's text of values: `str()`, `repr()`, and JSON as Python writes and reads it.

mod difflib;
mod hex;
mod json;
mod literal;
mod number;
mod parse;
mod repr;

pub use difflib::{Step, hunks};
pub use hex::hex;
pub use json::{JsonStyle, NotJson, json_key, to_json};
pub use literal::from_literal;
pub use number::float;
pub use parse::{JsonError, from_json};
pub use repr::{quoted, repr, write_repr, write_str};
