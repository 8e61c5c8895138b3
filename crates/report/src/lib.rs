//! Events to what a user reads: [`Terminal`] prints as Ansible's default callback does, [`Phases`] only what
//! a long run has come to, [`JsonLines`] writes one object an event, [`plan`] says what a run would do.
//!
//! ```
//! use ksplay_engine::{Event, Sink};
//! use ksplay_report::{Options, Terminal};
//!
//! let terminal = Terminal::new(Options::default(), Box::new(std::io::stdout()), Box::new(std::io::stderr()));
//! terminal.event(&Event::Notice("hello".into()));
//! ```

mod callbacks;
mod diff;
mod excerpt;
mod json_lines;
mod log;
mod options;
mod paint;
mod phases;
pub mod plan;
mod progress;
mod recap;
mod result;
mod several;
mod stats;
mod terminal;

pub use callbacks::{
    Json, Jsonl, Junit, JunitOptions, Order, ProfileRoles, ProfileTasks, ProfileTasksOptions, Timer, Tree, now,
};
pub use json_lines::JsonLines;
pub use log::Log;
pub use options::{Form, Options, ResultFormat};
pub use paint::{Colour, Palette};
pub use phases::Phases;
pub use several::Several;
pub use terminal::Terminal;
