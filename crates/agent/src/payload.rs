//! Content that the controller has: in memory already, or pulled while it is read.

use std::collections::HashMap;
use std::io::{self, Cursor, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ksplay_modules::{Cancel, Payload};
use ksplay_protocol::FromAgent;

use crate::outbox::Outbox;

/// How many bytes may be on their way: enough to fill a long line, little enough to keep.
const WINDOW: u64 = 1024 * 1024;

/// How often a reader looks whether its task was cancelled.
const PATIENCE: Duration = Duration::from_millis(100);

/// Content that came with the request.
pub(crate) struct Inline(pub(crate) Arc<[u8]>);

impl Payload for Inline {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(Arc::clone(&self.0))))
    }
}

/// The next part of a reading.
enum Piece {
    Bytes { data: Vec<u8>, last: bool },
    Missing(String),
}

/// Content that is asked for when it is opened.
#[derive(Clone)]
pub(crate) struct Pulled {
    id: u64,
    size: u64,
    outbox: Arc<Outbox>,
    cancel: Cancel,
    readings: Arc<Mutex<Readings>>,
}

#[derive(Default)]
struct Readings {
    started: u32,
    open: HashMap<u32, Sender<Piece>>,
}

impl Pulled {
    pub(crate) fn new(id: u64, size: u64, outbox: Arc<Outbox>, cancel: Cancel) -> Self {
        Self { id, size, outbox, cancel, readings: Arc::default() }
    }

    /// Bytes have arrived.
    pub(crate) fn chunk(&self, reading: u32, data: Vec<u8>, last: bool) {
        self.give(reading, Piece::Bytes { data, last });
    }

    /// The controller cannot read it.
    pub(crate) fn missing(&self, reading: u32, message: String) {
        self.give(reading, Piece::Missing(message));
    }

    fn give(&self, reading: u32, piece: Piece) {
        if let Some(reader) = self.readings().open.get(&reading) {
            // A reader that was dropped no longer wants it.
            let _ = reader.send(piece);
        }
    }

    fn pull(&self, reading: u32, bytes: u64) -> io::Result<()> {
        self.outbox.send(&FromAgent::Pull { id: self.id, reading, bytes })
    }

    fn readings(&self) -> std::sync::MutexGuard<'_, Readings> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Payload for Pulled {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let (sender, pieces) = mpsc::channel();
        let reading = {
            let mut readings = self.readings();
            readings.started += 1;
            let reading = readings.started;
            readings.open.insert(reading, sender);
            reading
        };
        let reader = Reader {
            payload: self.clone(),
            reading,
            pieces,
            piece: Vec::new(),
            taken: 0,
            unacknowledged: 0,
            ended: false,
        };
        self.pull(reading, WINDOW)?;
        Ok(Box::new(reader))
    }
}

/// One reading from the first byte on.
struct Reader {
    payload: Pulled,
    reading: u32,
    pieces: Receiver<Piece>,
    piece: Vec<u8>,
    taken: usize,
    unacknowledged: u64,
    ended: bool,
}

impl Reader {
    fn next_piece(&mut self) -> io::Result<()> {
        let piece = loop {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => break piece,
                Err(RecvTimeoutError::Timeout) if !self.payload.cancel.is_cancelled() => {}
                Err(_) => return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cancelled")),
            }
        };
        match piece {
            Piece::Missing(message) => Err(io::Error::other(message)),
            Piece::Bytes { data, last } => {
                self.unacknowledged += data.len() as u64;
                self.piece = data;
                self.taken = 0;
                self.ended = last;
                if !last && self.unacknowledged >= WINDOW / 2 {
                    self.payload.pull(self.reading, self.unacknowledged)?;
                    self.unacknowledged = 0;
                }
                Ok(())
            }
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() && !self.ended && !buffer.is_empty() {
            self.next_piece()?;
        }
        let count = buffer.len().min(self.piece.len() - self.taken);
        buffer[..count].copy_from_slice(&self.piece[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.payload.readings().open.remove(&self.reading);
    }
}
