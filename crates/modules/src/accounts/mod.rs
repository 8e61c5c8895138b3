//! Modules for accounts, and for settings of the system as a whole.

mod getent;
mod group;
mod hostname;
mod modprobe;
mod shadow;
mod sysctl;
pub(crate) mod text_file;
mod user;

pub use getent::Getent;
pub use group::GroupModule;
pub use hostname::Hostname;
pub use modprobe::Modprobe;
pub use sysctl::Sysctl;
pub use user::UserModule;
