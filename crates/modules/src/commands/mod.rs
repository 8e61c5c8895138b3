//! Modules that run what the user wrote, and `ping`.

mod ping;

pub use ping::Ping;
