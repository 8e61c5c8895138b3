//! The way from the run to who shows it: one thread, so that a terminal that has stopped does not stop the run.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::event::{Event, Sink};

/// Tells events in their order, without waiting for whoever hears them.
#[derive(Clone)]
pub(crate) struct Teller {
    line: Arc<Mutex<Line>>,
}

/// What goes to the thread that tells.
enum Told {
    Event(Event),
    /// All before this has been told.
    Settled(tokio::sync::oneshot::Sender<()>),
}

enum Line {
    Open(Sender<Told>, JoinHandle<()>),
    /// No thread could be had: told at once.
    Direct(Box<dyn Sink>),
    Closed,
}

impl Teller {
    pub fn new(sink: Box<dyn Sink>) -> Self {
        let (sender, events) = channel::<Told>();
        let sink = Arc::new(sink);
        let own = Arc::clone(&sink);
        let thread = std::thread::Builder::new().name("events".into()).spawn(move || {
            for told in events {
                match told {
                    Told::Event(event) => own.event(&event),
                    // Who asked may have gone.
                    Told::Settled(done) => drop(done.send(())),
                }
            }
        });
        let line = match thread {
            Ok(thread) => Line::Open(sender, thread),
            Err(_) => Line::Direct(Box::new(sink)),
        };
        Self { line: Arc::new(Mutex::new(line)) }
    }

    pub fn tell(&self, event: Event) {
        match &*self.line.lock().unwrap_or_else(PoisonError::into_inner) {
            // It has only gone if the thread panicked, which `finish` tells.
            Line::Open(sender, _) => drop(sender.send(Told::Event(event))),
            Line::Direct(sink) => sink.event(&event),
            Line::Closed => {}
        }
    }

    /// Waits until everything has been told so far.
    pub async fn settle(&self) {
        let (done, settled) = tokio::sync::oneshot::channel();
        if let Line::Open(sender, _) = &*self.line.lock().unwrap_or_else(PoisonError::into_inner) {
            drop(sender.send(Told::Settled(done)));
        }
        // Where there is no thread, all has been told already.
        let _ = settled.await;
    }

    /// Waits until everything has been told; nothing can be told after it.
    pub async fn finish(&self) {
        let line = std::mem::replace(&mut *self.line.lock().unwrap_or_else(PoisonError::into_inner), Line::Closed);
        if let Line::Open(sender, thread) = line {
            drop(sender);
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if let Ok(Err(panic)) = joined {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

impl<S: Sink + ?Sized> Sink for std::sync::Arc<S> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Hears nothing until it is let go on.
    struct Stalled {
        go_on: Mutex<Receiver<()>>,
        heard: Sender<String>,
    }

    impl Sink for Stalled {
        fn event(&self, event: &Event) {
            let _ = self.go_on.lock().unwrap().recv();
            if let Event::Notice(text) = event {
                self.heard.send(text.clone()).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_stalled_reader_stops_nobody_and_misses_nothing() {
        let (go, go_on) = channel();
        let (heard, hears) = channel();
        let teller = Arc::new(Teller::new(Box::new(Stalled { go_on: Mutex::new(go_on), heard })));
        for number in 0..10_000 {
            teller.tell(Event::Notice(number.to_string()));
        }
        assert!(hears.try_recv().is_err(), "the reader was not stalled");
        drop(go);
        teller.finish().await;
        let all: Vec<String> = hears.try_iter().collect();
        assert_eq!(all, (0..10_000).map(|number| number.to_string()).collect::<Vec<_>>());
    }
}
