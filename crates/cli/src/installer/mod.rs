//! What ksplay does for the cluster that it brings the playbooks of.

mod all_in_one;
pub mod bundle;
mod cluster;
pub mod content;
pub mod init;
pub mod install;
pub mod ssh_copy_id;
pub mod uninstall;
