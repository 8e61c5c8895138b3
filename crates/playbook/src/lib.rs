//! Plays, blocks, tasks, roles and handlers: load and validate.
//!
//! [`Loader::load`] reads a playbook with everything that is static in it; [`Loader::include_tasks`] and
//! [`Loader::include_role`] read at run time what is dynamic. Whatever is wrong in a file is an [`Error`] with its place,
//! before anything is touched.

mod model;

pub use model::{Block, GatherOptions, Item, Keywords, Loop, LoopControl, Play, Playbook, Role, Task, VarsPrompt};
