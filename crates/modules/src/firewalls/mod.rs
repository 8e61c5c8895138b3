//! Modules for packet filters.

mod firewalld;
mod iptables;
mod ufw;

pub use firewalld::Firewalld;
pub use iptables::Iptables;
pub use ufw::Ufw;
