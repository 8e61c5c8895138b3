//! Plays, blocks, tasks, roles and handlers: load and validate.
//!
//! [`Loader::load`] reads a playbook with everything that is static in it; [`Loader::include_tasks`] and
//! [`Loader::include_role`] read at run time what is dynamic. Whatever is wrong in a file is an [`Error`] with its place,
//! before anything is touched.
//!
//! ```
//! use ksplay_playbook::{Item, Loader, LoaderOptions};
//!
//! let file = std::env::temp_dir().join(format!("ksplay-{}.yml", std::process::id()));
//! std::fs::write(&file, "- hosts: all\n  tags: hello\n  tasks:\n    - debug: msg=hi\n")?;
//! let playbook = Loader::new(LoaderOptions::default()).load(&file)?;
//! let Item::Task(task) = &playbook.plays[0].tasks[0] else { unreachable!("it is a task") };
//! assert_eq!(&*task.action, "debug");
//! assert_eq!(&*task.keywords.tags[0], "hello");
//! # std::fs::remove_file(&file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod advice;
mod arguments;
mod collections;
mod context;
mod defaults;
mod error;
mod files;
mod imports;
mod keywords;
mod loader;
mod missing;
mod model;
mod modules;
mod options;
mod paths;
mod play;
mod reserved;
mod roles;
mod suggest;
mod tasks;
mod values;

pub use arguments::key_values;
pub use collections::find_playbook;
pub use error::{Error, ErrorKind};
pub use files::Reads;
pub use keywords::keywords;
pub use loader::{IncludedRole, Loader};
pub use model::{
    Block, GatherOptions, Item, Keywords, Loop, LoopControl, Play, Playbook, Role, RoleVars, Task, VarsPrompt,
};
pub use options::{Decrypt, LoaderOptions, RoleRequest};
pub use reserved::{Reserved, is_reserved, reserved_name};
pub use values::odd_debugger;
