//! The loop that runs on the target
