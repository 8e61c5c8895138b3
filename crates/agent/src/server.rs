//! The loop: requests in, answers out.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ksplay_modules::{Cancel, Payload, Probe, Sink};
use ksplay_protocol::{Become, Frames, FromAgent, PayloadOffer, Run, ToAgent};
use ksplay_value::Map;

use crate::Execute;
use crate::broken;
use crate::children::{Child, Children, Parent};
use crate::host;
use crate::job;
use crate::outbox::{Outbox, failure};
use crate::payload::{Inline, Pulled};
use crate::shutdown::{kill_children, on_signal};

/// How long what runs may take to end once it was told to.
const GRACE: Duration = Duration::from_millis(700);

/// The largest piece of what a module sends.
const PIECE: usize = 64 * 1024;

struct Server {
    execute: Execute,
    outbox: Arc<Outbox>,
    runs: Mutex<HashMap<u64, Place>>,
    ended: Condvar,
    children: Children,
    closing: AtomicBool,
}

/// Where a run takes place.
#[derive(Clone)]
enum Place {
    /// In this process; or it waits for a child to start.
    Here { cancel: Cancel, payload: Option<Pulled> },
    /// In the agent of another user.
    There(Arc<Child>),
}

/// Serves until the input ends or a signal comes; then ends everything.
pub(crate) fn run(mut input: File, output: File, execute: Execute) -> ExitCode {
    broken::listen();
    let server = Arc::new(Server {
        execute,
        outbox: Arc::new(Outbox::new(output)),
        runs: Mutex::default(),
        ended: Condvar::new(),
        children: Children::default(),
        closing: AtomicBool::new(false),
    });
    let signalled = Arc::clone(&server);
    let listening = on_signal(move || {
        signalled.shut_down();
        std::process::exit(128 + libc::SIGTERM);
    });
    if listening.is_err() || server.outbox.send(&FromAgent::Ready(host::ready())).is_err() {
        return ExitCode::FAILURE;
    }
    let outcome = serve(&server, &mut input);
    server.shut_down();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ksplay-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(server: &Arc<Server>, input: &mut impl Read) -> Result<(), Box<dyn std::error::Error>> {
    let mut frames = Frames::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => frames.push(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        }
        while let Some(message) = frames.next_message()? {
            server.take(message);
        }
    }
}

impl Server {
    fn take(self: &Arc<Self>, message: ToAgent) {
        match message {
            ToAgent::Run(run) => self.start(run),
            ToAgent::Chunk { id, .. } | ToAgent::NoPayload { id, .. } | ToAgent::Cancel { id } => {
                let Some(place) = self.runs().get(&id).cloned() else { return };
                match (place, message) {
                    // A child that is gone is noticed by its relay.
                    (Place::There(child), message) => drop(child.send(&message)),
                    (Place::Here { cancel, .. }, ToAgent::Cancel { .. }) => cancel.cancel(),
                    (Place::Here { payload: Some(payload), .. }, ToAgent::Chunk { reading, data, last, .. }) => {
                        payload.chunk(reading, data, last);
                    }
                    (Place::Here { payload: Some(payload), .. }, ToAgent::NoPayload { reading, message, .. }) => {
                        payload.missing(reading, message);
                    }
                    (Place::Here { .. }, _) => {}
                }
            }
        }
    }

    fn start(self: &Arc<Self>, mut run: Box<Run>) {
        let id = run.id;
        let cancel = Cancel::default();
        if let Some(becoming) = run.becoming.take() {
            if let Some(child) = self.children.running(&becoming) {
                return self.forward(run, child);
            }
            self.runs().insert(id, Place::Here { cancel: cancel.clone(), payload: None });
            return self.spawn(id, move |server| server.become_and_forward(run, &becoming, &cancel));
        }
        let pulled = match run.payload {
            PayloadOffer::Offered(size) => Some(Pulled::new(id, size, Arc::clone(&self.outbox), cancel.clone())),
            PayloadOffer::None | PayloadOffer::Inline(_) => None,
        };
        self.runs().insert(id, Place::Here { cancel: cancel.clone(), payload: pulled.clone() });
        match run.job {
            None => self.spawn(id, move |server| server.execute(run, cancel, pulled)),
            Some(_) => self.spawn(id, move |server| server.start_job(run, pulled)),
        }
    }

    fn spawn(self: &Arc<Self>, id: u64, work: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let server = Arc::clone(self);
        if let Err(error) = thread::Builder::new().spawn(move || work(&server)) {
            self.finish(id, failure(format!("no thread for the module: {error}")));
        }
    }

    fn become_and_forward(self: &Arc<Self>, run: Box<Run>, becoming: &Become, cancel: &Cancel) {
        match self.children.get(becoming, self) {
            _ if cancel.is_cancelled() => self.finish(run.id, failure("cancelled")),
            Ok(child) => self.forward(run, child),
            Err(message) => {
                if self.forget(run.id) {
                    let _ = self.outbox.send(&FromAgent::BecomeFailed { id: run.id, message });
                }
            }
        }
    }

    fn forward(&self, run: Box<Run>, child: Arc<Child>) {
        let id = run.id;
        self.runs().insert(id, Place::There(Arc::clone(&child)));
        if child.send(&ToAgent::Run(run)).is_err() || child.is_lost() {
            self.finish(id, failure(child.epitaph()));
        }
    }

    fn execute(self: &Arc<Self>, mut run: Box<Run>, cancel: Cancel, pulled: Option<Pulled>) {
        let id = run.id;
        let sink = run.sink.then(|| self.sink(id));
        let probe = probe_of(&mut run, cancel, pulled, sink);
        let server = Arc::clone(self);
        broken::guarded(run.module.clone(), || (self.execute)(&run, probe), move |result| server.finish(id, result));
    }

    /// Starts a job, which takes its payload along.
    fn start_job(&self, mut run: Box<Run>, pulled: Option<Pulled>) {
        let id = run.id;
        if let Some(pulled) = pulled {
            let mut bytes = Vec::new();
            match pulled.open().and_then(|mut reader| reader.read_to_end(&mut bytes)) {
                Ok(_) => run.payload = PayloadOffer::Inline(bytes),
                Err(error) => return self.finish(id, failure(format!("the job's content did not come: {error}"))),
            }
        }
        self.finish(id, job::start(*run));
    }

    fn sink(&self, id: u64) -> Sink {
        let outbox = Arc::clone(&self.outbox);
        Arc::new(move |bytes| {
            if bytes.is_empty() {
                // An empty file is a file too.
                return outbox.send(&FromAgent::Data { id, data: Vec::new() });
            }
            bytes.chunks(PIECE).try_for_each(|piece| outbox.send(&FromAgent::Data { id, data: piece.to_vec() }))
        })
    }

    /// Answers a run that was not answered. What was broken off by shutting down has no result: it would look like
    /// the module's own.
    fn finish(&self, id: u64, result: Map) {
        // The answer goes before the run is forgotten: shutting down waits for runs, and must not cut an answer off.
        if self.runs().contains_key(&id) {
            if !self.closing.load(Ordering::SeqCst) {
                self.outbox.done(id, result);
            }
            self.forget(id);
        }
    }

    fn forget(&self, id: u64) -> bool {
        let known = self.runs().remove(&id).is_some();
        self.ended.notify_all();
        known
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<u64, Place>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all modules, their programs and the children; once.
    fn shut_down(&self) {
        if self.closing.swap(true, Ordering::SeqCst) {
            // The other thread that does it ends the process.
            thread::sleep(4 * GRACE);
            return;
        }
        for place in self.runs().values() {
            if let Place::Here { cancel, .. } = place {
                cancel.cancel();
            }
        }
        self.children.close(GRACE);
        let runs = self.runs();
        let _ = self
            .ended
            .wait_timeout_while(runs, GRACE, |runs| runs.values().any(|place| matches!(place, Place::Here { .. })));
        kill_children();
    }
}

/// What the module of a run sees of the target.
pub(crate) fn probe_of(run: &mut Run, cancel: Cancel, pulled: Option<Pulled>, sink: Option<Sink>) -> Probe {
    let payload: Option<Arc<dyn Payload>> = match std::mem::take(&mut run.payload) {
        PayloadOffer::Inline(bytes) => Some(Arc::new(Inline(bytes.into()))),
        PayloadOffer::None | PayloadOffer::Offered(_) => pulled.map(|pulled| Arc::new(pulled) as _),
    };
    Probe {
        environment: run.options.environment.clone(),
        diff: run.options.diff,
        check: run.options.check,
        payload,
        sink,
        cancel,
    }
}

impl Parent for Server {
    fn relay(&self, message: FromAgent) {
        let ended = message.id().filter(|_| message.ends_run());
        // A controller that is gone is noticed by the end of the input.
        let _ = self.outbox.send(&message);
        if let Some(id) = ended {
            self.forget(id);
        }
    }

    fn lost(&self, child: &Arc<Child>) {
        let there = |place: &Place| matches!(place, Place::There(other) if Arc::ptr_eq(other, child));
        let orphans: Vec<u64> = self.runs().iter().filter(|(_, place)| there(place)).map(|(id, _)| *id).collect();
        for id in orphans {
            self.finish(id, failure(child.epitaph()));
        }
    }
}
