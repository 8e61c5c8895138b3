//! Modules that look at files and change them.

mod slurp;

pub use slurp::Slurp;
