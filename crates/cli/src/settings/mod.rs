//! The settings that do not stand on the command line: `ansible.cfg` and the variables `ANSIBLE_*` of the environment.
//!
//! Names, types and defaults are those of ansible-core 2.19 (`ansible-config list`); an unknown setting is passed over,
//! as there. A setting from the environment wins over the file.

mod error;
mod file;
mod ignored;
mod kind;
mod known;
mod misspelt;
mod origin;
mod others;
mod paths;
mod reader;
mod table;

pub use error::Error;
pub use misspelt::{is_variable, unknown_entries};
pub use origin::{Origin, Setting};
pub use table::{Described, Settings};

#[cfg(test)]
mod tests;
