//! Hosts, groups, patterns and their variables.
//!
//! An [`Inventory`] is read from sources as `-i` names them, answers which hosts a pattern means, and which variables
//! a host has, layer by layer.
//!
//! ```
//! use ksplay_inventory::{Inventory, LoadOptions};
//!
//! let inventory = Inventory::load(&["web1,web2,db1".to_owned()], &LoadOptions::default()).unwrap();
//! let selection = inventory.select(&["web*:!web2"], None).unwrap();
//! assert_eq!(selection.hosts[0].as_str(), "web1");
//! assert_eq!(selection.hosts.len(), 1);
//! ```

mod constructed;
mod error;
mod format;
mod generator;
mod glob;
mod host;
mod ini;
mod inventory;
mod load;
mod own;
mod pattern;
mod plugin;
mod range;
mod script;
mod structured;
mod tables;
mod trust;
mod vars;
mod view;
mod words;

pub use error::Error;
pub use format::Format;
pub use host::{Group, Host, HostName};
pub use inventory::Inventory;
pub use load::{Decrypt, LoadOptions, OddNames};
pub use pattern::Selection;
pub use plugin::{Ask, Evaluate};
pub use vars::{Layer, Level};
pub use view::View;
