//! Connections to hosts: ssh or local, the start of the agent, become, and the moving of files.
//!
//! One [`Connection`] is one ssh process and one agent for the whole run. Every [`Call`] has a number of its own on that
//! channel, so that any number of them run at the same time.
//!
//! The program that uses this crate calls [`askpass_if_asked`] before anything else: ssh asks for passwords by running
//! the very same program.
//!
//! ```no_run
//! use ksplay_transport::{AgentFiles, Become, Call, Connection, Error, Target};
//! use ksplay_value::Map;
//!
//! # async fn ping() -> Result<(), Error> {
//! let agents = AgentFiles::find()?;
//! let connection = Connection::open(&Target::ssh("node1", "10.0.0.11"), &agents).await?;
//! let ping = Call { becoming: Some(Become::sudo("root")), ..Call::new("ping", Map::new()) };
//! println!("{:?}", connection.call(ping).await?.get("ping"));
//! connection.close().await;
//! # Ok(())
//! # }
//! ```

mod agent_files;
mod askpass;
mod bootstrap;
mod call;
mod connection;
mod error;
mod files;
mod line;
mod raw;
mod shell;
mod ssh;
mod start;
mod target;

pub use agent_files::AgentFiles;
pub use askpass::askpass_if_asked;
pub use call::{Call, PayloadSource};
pub use connection::{Connection, RemoteInfo};
pub use error::Error;
pub use ksplay_protocol::{Become, Job, Method, RunOptions, Secret};
pub use raw::{RawOutput, raw, raw_while_awaited};
pub use shell::quoted;
pub use target::{Link, Ssh, Target};
