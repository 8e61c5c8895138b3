//! Agents that run as other users, one for each way of becoming one.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ksplay_protocol::{Become, Frames, FromAgent, Method, Prompt, ToAgent, encode};

use crate::accessible::{Program, random};
use crate::host::Account;
use crate::prompt::{Event, Launch, keep, listen, log_in};
use crate::{su, sudo};

/// An agent that runs as another user.
pub(crate) struct Child {
    user: String,
    input: Mutex<Option<File>>,
    process: Mutex<process::Child>,
    last_words: Mutex<Vec<u8>>,
    lost: AtomicBool,
}

/// What is told about a child.
pub(crate) trait Parent: Send + Sync {
    /// It answers.
    fn relay(&self, message: FromAgent);
    /// It is gone.
    fn lost(&self, child: &Arc<Child>);
}

/// The children by what they were started with.
#[derive(Default)]
pub(crate) struct Children {
    table: Mutex<HashMap<Key, Slot>>,
    hasher: RandomState,
}

/// Locked while the child is being started, so that others wait for it instead of starting another.
type Slot = Arc<Mutex<Option<Arc<Child>>>>;

#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    method: Method,
    user: String,
    exe: Option<String>,
    flags: Option<String>,
    /// A password that was not tried must not pass because another was right.
    password: u64,
}

impl Children {
    /// The child for this user if it is there already.
    pub(crate) fn running(&self, becoming: &Become) -> Option<Arc<Child>> {
        let slot = self.slot(becoming);
        let child = slot.try_lock().ok()?.clone()?;
        (!child.is_lost()).then_some(child)
    }

    /// The child for this user, started if it is not there.
    ///
    /// The error is the text for the user.
    pub(crate) fn get(&self, becoming: &Become, parent: &Arc<impl Parent + 'static>) -> Result<Arc<Child>, String> {
        let slot = self.slot(becoming);
        let mut slot = lock(&slot);
        if let Some(child) = slot.as_ref().filter(|child| !child.is_lost()) {
            return Ok(Arc::clone(child));
        }
        let child = start(becoming, Arc::clone(parent))?;
        *slot = Some(Arc::clone(&child));
        Ok(child)
    }

    /// Closes the channels of all children, which makes them end, and waits for them, but not longer than this.
    pub(crate) fn close(&self, patience: Duration) {
        let slots: Vec<Slot> = lock(&self.table).values().cloned().collect();
        let children: Vec<_> = slots.iter().filter_map(|slot| slot.try_lock().ok()?.clone()).collect();
        children.iter().for_each(|child| drop(lock(&child.input).take()));
        let deadline = Instant::now() + patience;
        for child in children {
            while matches!(lock(&child.process).try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn slot(&self, becoming: &Become) -> Slot {
        let key = Key {
            method: becoming.method,
            user: becoming.user.clone(),
            exe: becoming.exe.clone(),
            flags: becoming.flags.clone(),
            password: self.hasher.hash_one(becoming.password.as_ref().map(|password| password.expose())),
        };
        Arc::clone(lock(&self.table).entry(key).or_default())
    }
}

impl Child {
    /// Passes a message on.
    pub(crate) fn send(&self, message: &ToAgent) -> io::Result<()> {
        let frame = encode(message).map_err(io::Error::other)?;
        lock(&self.input).as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(&frame)
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Why it is gone, for the user.
    pub(crate) fn epitaph(&self) -> String {
        let words = lock(&self.last_words);
        format!("the agent of user {} has ended: {}", self.user, String::from_utf8_lossy(&words).trim())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start(becoming: &Become, parent: Arc<impl Parent + 'static>) -> Result<Arc<Child>, String> {
    let uid = match becoming.user.as_str() {
        "root" => Some(0),
        name => Account::named(name).map(|account| account.uid),
    };
    let program =
        Program::for_user(uid).map_err(|error| format!("the agent cannot be copied for another user: {error}"))?;
    let launch = |how: How| {
        let prompt = becoming.method.prompt(&format!("{:016x}", random()));
        how(becoming, prompt, program.path())
    };
    match becoming.method {
        Method::Su => started(becoming, launch(su::launch), parent),
        Method::Doas => started(becoming, launch(sudo::launch_by_doas), parent),
        Method::Sudo => match started(becoming, launch(sudo::launch), Arc::clone(&parent)) {
            Err(why) if why.contains(WANTS_TERMINAL) => started(becoming, launch(sudo::launch_on_terminal), parent),
            result => result,
        },
    }
}

type How = fn(&Become, Prompt, &Path) -> io::Result<Launch>;

/// What a sudo with `requiretty` says.
const WANTS_TERMINAL: &str = "you must have a tty";

/// The child behind a program that was started, once it speaks.
fn started(
    becoming: &Become,
    launch: io::Result<Launch>,
    parent: Arc<impl Parent + 'static>,
) -> Result<Arc<Child>, String> {
    let Launch { process, input, output, talk, keyboard, prompt } =
        launch.map_err(|error| format!("{} cannot be started: {error}", becoming.method.name()))?;
    let child = Arc::new(Child {
        user: becoming.user.clone(),
        input: Mutex::new(Some(input)),
        process: Mutex::new(process),
        last_words: Mutex::default(),
        lost: AtomicBool::new(false),
    });

    let (sender, events) = mpsc::channel();
    let (listener, heard) = (Arc::clone(&child), sender.clone());
    let listening = thread::Builder::new().name("talk".into()).spawn(move || {
        listen(talk, |words| {
            keep(&mut lock(&listener.last_words), words);
            // Once the agent is there nobody waits for words.
            let _ = heard.send(Event::Talk(words.to_vec()));
        });
    });
    let answering = Arc::clone(&child);
    let relaying = thread::Builder::new().name("relay".into()).spawn(move || {
        relay(output, &*parent, &sender);
        answering.lost.store(true, Ordering::SeqCst);
        drop(lock(&answering.input).take());
        let _ = sender.send(Event::Ended);
        parent.lost(&answering);
        while matches!(lock(&answering.process).try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
    });
    listening.and(relaying).map_err(|error| format!("no thread for another user's agent: {error}"))?;

    let result = log_in(becoming, &prompt, keyboard, &events);
    if result.is_err() {
        // It waits for an answer; the end of its input is one. It may be root's, so killing it may not work.
        drop(lock(&child.input).take());
        let _ = lock(&child.process).kill();
    } else {
        lock(&child.last_words).clear();
    }
    result.map(|()| child)
}

/// Passes on what the child's agent says until it ends.
fn relay(mut output: File, parent: &impl Parent, events: &mpsc::Sender<Event>) {
    let mut frames = Frames::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        frames.push(&buffer[..count]);
        loop {
            match frames.next_message() {
                Ok(Some(FromAgent::Ready(_))) => drop(events.send(Event::Ready)),
                Ok(Some(message)) => parent.relay(message),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}
