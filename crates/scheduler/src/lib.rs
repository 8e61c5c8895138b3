//! The order in which hosts go through the steps of a play.
//!
//! A play compiles to a directed graph ([`Graph`]): steps, with an edge to what comes next and an edge to where a failure
//! leads (a rescue, an always, or out of the play). Every host has a place in that graph; a [`Strategy`] decides which of
//! the hosts may go on. Nothing here opens a socket or looks at a clock: the caller asks [`Scheduler::next`] what to start
//! and tells [`Scheduler::complete`] how it ended.
//!
//! ```
//! use ksplay_scheduler::{Ended, Scheduler, Strategy, Tree};
//!
//! let play = vec![Tree::Step("first"), Tree::Step("second")];
//! let mut scheduler = Scheduler::new(play, Vec::new(), 2, Strategy::Linear);
//! let ready = scheduler.next();
//! assert_eq!(scheduler.payload(ready[0].step), Some(&"first"));
//! assert_eq!(ready[0].hosts.len(), 2);
//! for host in ready[0].hosts.clone() {
//!     scheduler.complete(ready[0].step, host, Ended::Ok);
//! }
//! let step = scheduler.next()[0].step;
//! assert_eq!(scheduler.payload(step), Some(&"second"));
//! ```

mod graph;
mod order;
mod scheduler;
mod strategy;

pub use graph::{Graph, StepId, Tree};
pub use scheduler::{Consequence, Ended, HostIndex, Ready, Scheduler, Standing};
pub use strategy::Strategy;
