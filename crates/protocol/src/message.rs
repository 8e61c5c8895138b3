//! What controller and agent say to each other.

use ksplay_value::Map;
use serde::{Deserialize, Serialize};

use crate::Become;

/// The version of these messages; an agent of another version is not spoken to.
pub const VERSION: u32 = 2;

/// The largest payload that travels inside its [`Run`].
pub const INLINE_PAYLOAD: usize = 64 * 1024;

/// From the controller to the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ToAgent {
    /// Run a module.
    Run(Box<Run>),
    /// The next bytes of a payload that was asked for.
    Chunk {
        /// The number of the [`Run`].
        id: u64,
        /// Which reading of the payload, as in [`FromAgent::Pull`].
        reading: u32,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
        /// Whether these are the last.
        last: bool,
    },
    /// The payload cannot be read on the controller.
    NoPayload {
        /// The number of the [`Run`].
        id: u64,
        /// Which reading.
        reading: u32,
        /// Why.
        message: String,
    },
    /// End this run; it still answers.
    Cancel {
        /// The number of the [`Run`].
        id: u64,
    },
}

/// The run of one module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// Its number, unique on the channel.
    pub id: u64,
    /// The module's name.
    pub module: String,
    /// Its arguments.
    pub args: Map,
    /// How it is run.
    pub options: RunOptions,
    /// Who it runs as, if not the user of the agent.
    pub becoming: Option<Become>,
    /// The bytes it can ask for.
    pub payload: PayloadOffer,
    /// Whether bytes that it sends have somewhere to go.
    pub sink: bool,
    /// Set for a run that goes on by itself, and is answered as soon as it has begun.
    pub job: Option<Job>,
}

/// A run that outlives the channel (`async`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// How many seconds it may take.
    pub limit: u64,
    /// The folder of the file that its result goes to; `~` is the home of the user it runs as.
    pub dir: String,
}

/// How a module is run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOptions {
    /// Look, do not change.
    pub check: bool,
    /// Make diffs.
    pub diff: bool,
    /// Environment variables of the task.
    pub environment: Vec<(String, String)>,
}

/// Bytes that come with a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum PayloadOffer {
    /// None.
    #[default]
    None,
    /// All of them, at most [`INLINE_PAYLOAD`].
    Inline(#[serde(with = "serde_bytes")] Vec<u8>),
    /// This many, to be pulled.
    Offered(u64),
}

/// From the agent to the controller.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum FromAgent {
    /// The first message.
    Ready(Ready),
    /// There is room for this many more bytes of the payload.
    Pull {
        /// The number of the [`Run`].
        id: u64,
        /// Which reading of the payload: each starts at its first byte.
        reading: u32,
        /// How many bytes.
        bytes: u64,
    },
    /// Bytes that the module sends.
    Data {
        /// The number of the [`Run`].
        id: u64,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// The run ended with this result.
    Done {
        /// The number of the [`Run`].
        id: u64,
        /// What the module answered.
        result: Map,
    },
    /// The user could not be changed, so the module did not run.
    BecomeFailed {
        /// The number of the [`Run`].
        id: u64,
        /// Why, such as "Incorrect sudo password".
        message: String,
    },
}

impl FromAgent {
    /// The number of the run it belongs to; none for [`FromAgent::Ready`].
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Ready(_) => None,
            Self::Pull { id, .. } | Self::Data { id, .. } | Self::Done { id, .. } | Self::BecomeFailed { id, .. } => {
                Some(*id)
            }
        }
    }

    /// Whether it is the last message of its run.
    pub fn ends_run(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::BecomeFailed { .. })
    }
}

/// What the agent says about itself and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Its [`VERSION`].
    pub version: u32,
    /// The architecture, as `uname -m` names it.
    pub arch: String,
    /// The home directory of the user.
    pub home: String,
    /// The user's number.
    pub uid: u32,
    /// The user's name.
    pub user: String,
    /// The process.
    pub pid: u32,
}
