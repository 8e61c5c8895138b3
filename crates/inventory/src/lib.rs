//! Hosts, groups, patterns and their variables
