//! The facts of the target, one collector a file.

mod addresses;
mod command_line;
mod date_time;
mod devices;
mod distribution;
mod dns;
mod environment;
mod hardware;
mod local;
pub(crate) mod look;
mod mount_facts;
pub(crate) mod mounts;
mod network;
pub(crate) mod package_manager;
mod platform;
mod python;
mod security;
pub(crate) mod service_manager;
mod setup;
mod ssh_keys;
mod storage;
mod subset;
mod user;
mod virtualization;

pub(crate) use distribution::family;
pub use mount_facts::MountFacts;
pub use setup::Setup;
pub(crate) use setup::pattern_matches;

#[cfg(test)]
mod tests;
