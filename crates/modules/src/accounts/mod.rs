//! Modules for accounts, and for settings of the system as a whole.

mod authorized_key;
mod cron;
mod getent;
mod group;
mod hostname;
mod modprobe;
mod mount;
mod shadow;
mod sysctl;
pub(crate) mod text_file;
mod user;

pub use authorized_key::AuthorizedKey;
pub use cron::Cron;
pub use getent::Getent;
pub use group::GroupModule;
pub use hostname::Hostname;
pub use modprobe::Modprobe;
pub use mount::Mount;
pub use sysctl::Sysctl;
pub use user::UserModule;
