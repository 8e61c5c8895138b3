//! One request to an agent.

use std::path::PathBuf;
use std::sync::Arc;

use ksplay_value::Map;

use crate::{Become, Job, RunOptions};

/// The run of one module on a host.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The module's name.
    pub module: String,
    /// Its arguments.
    pub args: Map,
    /// How it is run.
    pub options: RunOptions,
    /// Who it runs as, if not the user who connected.
    pub becoming: Option<Become>,
    /// Bytes that the module can ask for (the content of `copy`); large ones travel only if it does.
    pub payload: Option<PayloadSource>,
    /// The file that the bytes which the module sends (`fetch`) are written to.
    pub sink: Option<PathBuf>,
    /// Set for a run that goes on by itself, and is answered as soon as it has begun.
    pub job: Option<Job>,
}

/// Where the bytes of a payload come from.
#[derive(Debug, Clone)]
pub enum PayloadSource {
    /// Bytes in memory.
    Bytes(Arc<[u8]>),
    /// A file on the controller.
    File(PathBuf),
}

impl Call {
    /// A module with its arguments and nothing else.
    pub fn new(module: impl Into<String>, args: Map) -> Self {
        Self { module: module.into(), args, ..Self::default() }
    }
}
