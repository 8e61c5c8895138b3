//! Readers of a run beside the one that shows it, each as the callback of Ansible of its name.
//!
//! To add one, write a file here that implements [`ksplay_engine::Sink`], and a line in the table of `cli/src/callbacks.rs`.

mod clock;
mod json;
mod jsonl;
mod junit;
mod output;
mod profile_roles;
mod profile_tasks;
mod record;
mod timer;
mod tree;

pub use json::Json;
pub use jsonl::Jsonl;
pub use junit::{Junit, JunitOptions};
pub use profile_roles::ProfileRoles;
pub use profile_tasks::{Order, ProfileTasks, ProfileTasksOptions};
pub use record::now;
pub use timer::Timer;
pub use tree::Tree;
