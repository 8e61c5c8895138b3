//! Modules that run what the user wrote, and `ping`.

mod async_status;
mod command;
mod custom;
mod expect;
mod ping;
mod script;
mod wait_for;

pub use async_status::AsyncStatus;
pub(crate) use command::insert_text;
pub use command::{Command, Raw, Shell};
pub use custom::CUSTOM;
pub(crate) use custom::run as run_custom;
pub use expect::Expect;
pub use ping::Ping;
pub use script::Script;
pub use wait_for::WaitFor;
