//! What ksplay does for the cluster that it brings the playbooks of.

pub mod content;
pub mod init;
