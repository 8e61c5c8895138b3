//! Native modules: what runs on the target.
//!
//! A module is one file: its arguments, its documentation, `inspect` (which can only read) and `apply`. The table in
//! [`registry`] names each once. [`run`] is the one way in.

mod accounts;
mod arguments;
mod commands;
mod facts;
mod files;
mod firewalls;
mod module;
mod packages;
pub mod registry;
mod secrets;
mod services;
mod storage;
mod system;
mod text;

pub use arguments::{
    Arguments, Docs, FromArgument, Given, Opt, OptType, Spec, boolean, declared_errors, expand_path, option_name,
};
pub use commands::CUSTOM;
pub use files::{Bytes, FileAttributes, Fragments};
pub use module::{
    Diff, Diffs, FORESEEN, Failure, Inspection, MISSING, Module, NOT_RUN, Outcome, RunOptions, run, run_among,
};
pub use system::{
    Cancel, CommandOutput, CommandSpec, Digest, Group, NewFile, Payload, Probe, Sink, Staged, System, User,
};
