//! Modules for packages.

mod apk;
mod apt;
mod apt_command;
mod apt_request;
mod dnf;
mod dpkg_selections;
mod package;
mod package_facts;

pub use apk::Apk;
pub use apt::AptModule;
pub use dnf::Dnf;
pub use dpkg_selections::DpkgSelections;
pub use package::Package;
pub use package_facts::PackageFacts;
