//! Modules for accounts, and for settings of the system as a whole.

mod alternatives;
mod authorized_key;
mod cron;
mod getent;
mod group;
mod hostname;
mod known_hosts;
mod locale_gen;
mod modprobe;
mod mount;
mod openssh_keypair;
mod pam_limits;
mod selinux;
mod shadow;
mod sysctl;
pub(crate) mod text_file;
mod timezone;
mod user;

pub use alternatives::Alternatives;
pub use authorized_key::AuthorizedKey;
pub use cron::Cron;
pub use getent::Getent;
pub use group::GroupModule;
pub use hostname::Hostname;
pub use known_hosts::KnownHosts;
pub use locale_gen::LocaleGen;
pub use modprobe::Modprobe;
pub use mount::Mount;
pub use openssh_keypair::OpensshKeypair;
pub use pam_limits::PamLimits;
pub use selinux::Selinux;
pub use sysctl::Sysctl;
pub use timezone::Timezone;
pub use user::UserModule;
