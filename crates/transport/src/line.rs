//! The bytes of a channel, and the process that carries them.

use std::sync::Arc;
use std::time::Duration;

use ksplay_protocol::{Frames, FromAgent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot};

use crate::connection::Calls;
use crate::ssh::Started;

/// How long a process may take to end after its input has ended.
const GRACE: Duration = Duration::from_secs(3);

/// How many messages are written at once.
const BATCH: usize = 64;

/// Both directions of a channel on which the agent has spoken.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) input: ChildStdin,
    pub(crate) output: ChildStdout,
    /// What has arrived.
    pub(crate) frames: Frames,
}

impl Line {
    /// Carries messages until the process ends or the connection is given up; then sees to it that the process ends.
    pub(crate) async fn serve(
        self,
        mut process: Started,
        messages: mpsc::UnboundedReceiver<Vec<u8>>,
        calls: Arc<Calls>,
        closed: oneshot::Receiver<()>,
    ) {
        let writing = tokio::spawn(write(self.input, messages));
        let reading = read(self.output, self.frames, &calls);
        tokio::select! {
            why = reading => {
                writing.abort();
                let words = process.words.last().await;
                calls.lose(match (words.is_empty(), why) {
                    (_, Some(why)) => why,
                    (false, None) => words,
                    (true, None) => "the agent has ended".into(),
                });
            }
            _ = closed => {
                // Nobody sends any more; what was sent still goes out, then the input ends.
                if tokio::time::timeout(GRACE, writing).await.is_err() {
                    tracing::debug!("the host takes nothing any more");
                }
                calls.lose("the connection was closed".into());
            }
        }
        if tokio::time::timeout(GRACE, process.child.wait()).await.is_err() {
            // It may have ended in this moment.
            let _ = process.child.kill().await;
        }
    }
}

async fn write(mut input: ChildStdin, mut messages: mpsc::UnboundedReceiver<Vec<u8>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let frames = if batch.len() == 1 { batch.remove(0) } else { batch.concat() };
        batch.clear();
        if input.write_all(&frames).await.is_err() {
            // The reader notices the same, and can say why.
            return;
        }
    }
}

/// Hands messages to those who wait for them. Ends with the output, or with what was wrong with it.
async fn read(mut output: ChildStdout, mut frames: Frames, calls: &Calls) -> Option<String> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        loop {
            match frames.next_message::<FromAgent>() {
                Ok(Some(message)) => {
                    if let Some(call) = calls.waiting(&message) {
                        // A call that was dropped in this moment wants nothing.
                        let _ = call.send(message).await;
                    }
                }
                Ok(None) => break,
                Err(error) => return Some(error.to_string()),
            }
        }
        match output.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => frames.push(&buffer[..count]),
        }
    }
}
