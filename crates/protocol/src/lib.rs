//! Frames and messages between controller and agent
