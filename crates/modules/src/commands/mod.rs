//! Modules that run what the user wrote, and `ping`.

mod command;
mod ping;
mod script;
mod wait_for;

pub(crate) use command::insert_text;
pub use command::{Command, Raw, Shell};
pub use ping::Ping;
pub use script::Script;
pub use wait_for::WaitFor;
