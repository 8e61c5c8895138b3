//! Variables, task evaluation and controller-side actions: a loaded playbook and an inventory in, events out.
//!
//! A [`Run`] carries playbooks out, play by play and batch by batch. Which host may do what is the scheduler's to say; what
//! a task means on a host is worked out here, action by action (`actions/`), and everything that happens is told as an
//! [`Event`] to a [`Sink`]. The engine prints nothing.

mod actions;
mod batch;
mod change;
mod clock;
mod connect;
mod effect;
mod event;
mod fact_cache;
mod failure;
mod keywords;
mod options;
mod pending;
mod prompts;
mod refuse;
mod run;
mod run_vars;
mod scope;
mod state;
mod steps;
mod tags;
mod task;
mod teller;
mod vars_files;
mod work;
mod written;

pub use actions::{Page, is_known, names, pages};
pub use batch::is_strategy;
pub use connect::{expand_home, split_words};
pub use event::{
    Arguments, AsyncState, Counts, ErrorFrame, Event, Shown, Sink, Status, TaskError, TaskInfo, TaskResult,
};
pub use fact_cache::FactCache;
pub use failure::TaskFailure;
pub use ksplay_transport::Secret;
pub use options::{BecomeDefaults, ConnectionDefaults, Gathering, Options};
pub use prompts::{Nobody, Prompter};
pub use refuse::play as refuse_unsupported;
pub use run::{Interrupter, Parts, Run, Shared, patterns_of};
pub use run_vars::{ANSIBLE_VERSION, run_vars};
pub use scope::{HostScope, PlayContext};
pub use state::{HostState, States};
pub use tags::selects;
