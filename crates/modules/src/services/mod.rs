//! Modules for services.

mod init_script;
mod service;
mod service_facts;
mod systemd;
mod sysvinit;
mod unit;

pub use service::Service;
pub use service_facts::ServiceFacts;
pub use systemd::Systemd;
pub use sysvinit::Sysvinit;
