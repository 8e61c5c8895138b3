//! A channel to the agent of one host.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ksplay_protocol::{FromAgent, Run, ToAgent, encode};
use ksplay_value::Map;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::files::{Sink, Source};
use crate::start::{self, Opened};
use crate::{AgentFiles, Call, Error, Target};

/// How many messages of one call may wait: the rest waits on the line.
const WAITING: usize = 32;

/// What an agent says about where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteInfo {
    /// The architecture, as `uname -m` names it.
    pub arch: String,
    /// The home directory of the user.
    pub home: String,
    /// The user's number.
    pub uid: u32,
    /// The user's name.
    pub user: String,
}

/// An open channel. Dropping it ends ssh and the agent.
#[derive(Debug)]
pub struct Connection {
    info: RemoteInfo,
    channel: Arc<Channel>,
    next: AtomicU64,
    /// Dropped, it makes the guard of the process end it.
    _open: oneshot::Sender<()>,
    guard: JoinHandle<()>,
}

/// What calls and the tasks behind them share.
#[derive(Debug)]
pub(crate) struct Channel {
    out: mpsc::UnboundedSender<Vec<u8>>,
    calls: Arc<Calls>,
}

/// The calls that wait for answers.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<u64, mpsc::Sender<FromAgent>>,
    /// Why the channel ended.
    lost: Option<String>,
}

impl Connection {
    /// Connects, and starts the agent (sending it first where it is missing).
    ///
    /// # Errors
    ///
    /// If the host cannot be reached or has no agent for its architecture.
    pub async fn open(target: &Target, agents: &AgentFiles) -> Result<Self, Error> {
        let Opened { process, ready, line } = start::agent(target, agents).await?;
        let calls = Arc::new(Calls::default());
        let (out, messages) = mpsc::unbounded_channel();
        let (open, closed) = oneshot::channel();
        let guard = tokio::spawn(line.serve(process, messages, Arc::clone(&calls), closed));
        let info = RemoteInfo { arch: ready.arch, home: ready.home, uid: ready.uid, user: ready.user };
        Ok(Self { info, channel: Arc::new(Channel { out, calls }), next: AtomicU64::new(1), _open: open, guard })
    }

    /// Who and where the agent is.
    pub fn info(&self) -> &RemoteInfo {
        &self.info
    }

    /// Runs a module and waits for its result. Calls on one connection run at the same time; dropping the future
    /// cancels the module.
    ///
    /// # Errors
    ///
    /// If there is no result: a lost connection, a refused become. A module that fails is no error: its map has `failed`.
    pub async fn call(&self, call: Call) -> Result<Map, Error> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (payload, mut source) = Source::offer(call.payload).await?;
        let mut sink = Sink::new(call.sink);
        let mut ticket = Ticket::take(&self.channel, id)?;
        self.channel.send(&ToAgent::Run(Box::new(Run {
            id,
            module: call.module,
            args: call.args,
            options: call.options,
            becoming: call.becoming,
            payload,
            sink: sink.is_wanted(),
            job: call.job,
        })))?;
        while let Some(message) = ticket.answers.recv().await {
            match message {
                FromAgent::Pull { reading, bytes, .. } => source.give(&self.channel, id, reading, bytes).await?,
                FromAgent::Data { data, .. } => sink.take(&data).await?,
                FromAgent::Done { result, .. } => {
                    ticket.ended = true;
                    sink.finish().await?;
                    return Ok(result);
                }
                FromAgent::BecomeFailed { message, .. } => {
                    ticket.ended = true;
                    return Err(Error::BecomeFailed { message });
                }
                FromAgent::Ready(_) => {}
            }
        }
        ticket.ended = true;
        Err(self.channel.calls.lost_error())
    }

    /// Ends the agent and waits for it.
    pub async fn close(self) {
        let Self { channel, guard, _open: open, .. } = self;
        drop((channel, open));
        // A guard that broke off leaves nothing to wait for.
        let _ = guard.await;
    }
}

impl Channel {
    /// Puts a message on the line.
    pub(crate) fn send(&self, message: &ToAgent) -> Result<(), Error> {
        let frame = encode(message).map_err(|error| Error::Protocol { message: error.to_string() })?;
        self.out.send(frame).map_err(|_| self.calls.lost_error())
    }
}

impl Calls {
    /// The way to the call that a message belongs to; none if nobody waits for it any more.
    pub(crate) fn waiting(&self, message: &FromAgent) -> Option<mpsc::Sender<FromAgent>> {
        self.state().waiting.get(&message.id()?).cloned()
    }

    /// The channel has ended: nobody gets an answer any more.
    pub(crate) fn lose(&self, why: String) {
        let mut state = self.state();
        state.lost.get_or_insert(why);
        state.waiting.clear();
    }

    fn lost_error(&self) -> Error {
        Error::Lost { message: self.state().lost.clone().unwrap_or_else(|| "the agent has ended".into()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait; given up early, it cancels the run.
struct Ticket<'a> {
    channel: &'a Channel,
    id: u64,
    answers: mpsc::Receiver<FromAgent>,
    ended: bool,
}

impl<'a> Ticket<'a> {
    fn take(channel: &'a Channel, id: u64) -> Result<Self, Error> {
        let (sender, answers) = mpsc::channel(WAITING);
        {
            let mut state = channel.calls.state();
            if state.lost.is_none() {
                state.waiting.insert(id, sender);
                return Ok(Self { channel, id, answers, ended: false });
            }
        }
        Err(channel.calls.lost_error())
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.channel.calls.state().waiting.remove(&self.id);
        if !self.ended {
            // A line that is gone has cancelled everything.
            let _ = self.channel.send(&ToAgent::Cancel { id: self.id });
        }
    }
}
