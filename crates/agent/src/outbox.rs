//! The way back to the controller, shared by all threads.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ksplay_protocol::{FromAgent, encode};
use ksplay_value::{Map, Value};

/// Writes whole messages, one at a time.
pub(crate) struct Outbox(Mutex<Box<dyn Write + Send>>);

impl Outbox {
    pub(crate) fn new(output: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(output)))
    }

    /// Sends a message. A result that cannot be sent is replaced by a failure that says why.
    ///
    /// That the controller is gone is no error here: the end of the input says so too.
    pub(crate) fn send(&self, message: &FromAgent) -> std::io::Result<()> {
        let frame = match (encode(message), message.id()) {
            (Ok(frame), _) => frame,
            (Err(error), Some(id)) if message.ends_run() => {
                let result = failure(format!("the result cannot be sent: {error}"));
                encode(&FromAgent::Done { id, result }).map_err(std::io::Error::other)?
            }
            (Err(error), _) => return Err(std::io::Error::other(error)),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&frame)
    }

    /// Answers a run; see [`Outbox::send`].
    pub(crate) fn done(&self, id: u64, result: Map) {
        let _ = self.send(&FromAgent::Done { id, result });
    }
}

/// The result of a module that failed with this message.
pub(crate) fn failure(message: impl Into<String>) -> Map {
    Map::from([("failed", Value::Bool(true)), ("msg", Value::from(message.into())), ("changed", Value::Bool(false))])
}
