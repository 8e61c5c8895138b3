//! Modules for packages.

mod apk;
mod apt;
mod apt_command;
mod apt_repository;
mod apt_request;
mod deb822_repository;
mod dnf;
mod dpkg_selections;
mod package;
mod package_facts;
pub(crate) mod settings;
mod yum_repository;

pub use apk::Apk;
pub use apt::AptModule;
pub use apt_repository::AptRepository;
pub use deb822_repository::Deb822Repository;
pub use dnf::Dnf;
pub use dpkg_selections::DpkgSelections;
pub use package::Package;
pub use package_facts::PackageFacts;
pub use yum_repository::YumRepository;
