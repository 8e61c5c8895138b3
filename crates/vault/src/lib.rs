//! The ansible-vault format
