//! The target as modules see it: [`Probe`] reads, [`System`] also changes.

mod accounts;
mod cancel;
mod clock;
mod command;
mod content;
mod http;
mod inode_flags;
mod probe;
mod terminal;
mod write;

pub use accounts::{Group, User};
pub(crate) use accounts::{home_of, own_home};
pub use cancel::Cancel;
pub(crate) use clock::{Calendar, parsed_time, seconds_after_1970};
pub use command::{CommandOutput, CommandSpec};
pub(crate) use command::{check_folder, os_error, os_error_alone, os_message};
pub use content::{Digest, Payload, Sink};
pub(crate) use http::{HttpAnswer, HttpGet, HttpRequest, host_of};
pub use inode_flags::InodeFlags;
pub use probe::Probe;
pub(crate) use terminal::Heard;
pub use write::{NewFile, Staged, System};
