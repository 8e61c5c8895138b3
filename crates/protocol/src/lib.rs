//! Frames and messages between controller and agent.
//!
//! A frame is four bytes of length (little-endian) and one message in MessagePack. The agent speaks first ([`Ready`]);
//! then the controller sends [`Run`]s, each with a number of its own, in any order and without waiting, and gets one
//! [`FromAgent::Done`] for each. The bytes of a large payload are pulled: the agent asks for as many as it has room for,
//! and only if the module reads them.
//!
//! ```
//! use ksplay_protocol::{Frames, ToAgent, decode, encode};
//!
//! let mut frames = Frames::new();
//! frames.push(&encode(&ToAgent::Cancel { id: 7 })?);
//! let frame = frames.next()?.expect("a whole frame");
//! assert!(matches!(decode(&frame)?, ToAgent::Cancel { id: 7 }));
//! # Ok::<(), ksplay_protocol::Error>(())
//! ```

mod become_user;
mod frame;
mod message;
mod method;
mod secret;

pub use become_user::{Become, Method};
pub use frame::{Error, Frames, MAX_FRAME, decode, encode};
pub use message::{FromAgent, INLINE_PAYLOAD, Job, PayloadOffer, Ready, Run, RunOptions, ToAgent, VERSION};
pub use method::{Prompt, QUIET};
pub use secret::Secret;
