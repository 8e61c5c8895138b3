//! The agent as a program of its own: the small file that is sent to targets.
fn main() {}
