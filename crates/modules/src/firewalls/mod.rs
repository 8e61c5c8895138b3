//! Modules for packet filters.

mod iptables;
mod ufw;

pub use iptables::Iptables;
pub use ufw::Ufw;
