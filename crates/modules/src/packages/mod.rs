//! Modules for packages.

mod apk;
mod apt;
mod apt_command;
mod apt_repository;
mod apt_request;
mod deb822_repository;
mod debconf;
mod dnf;
mod dpkg_selections;
mod git;
mod git_remote;
mod npm;
mod package;
mod package_facts;
mod pip;
pub(crate) mod settings;
mod snap;
mod yum_repository;

pub use apk::Apk;
pub use apt::AptModule;
pub use apt_repository::AptRepository;
pub use deb822_repository::Deb822Repository;
pub use debconf::Debconf;
pub use dnf::Dnf;
pub use dpkg_selections::DpkgSelections;
pub use git::Git;
pub use npm::Npm;
pub use package::Package;
pub use package_facts::PackageFacts;
pub use pip::Pip;
pub use snap::Snap;
pub use yum_repository::YumRepository;
