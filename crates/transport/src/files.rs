//! Bytes that travel with a call, to the host and back.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_protocol::{INLINE_PAYLOAD, PayloadOffer, ToAgent};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection::Channel;
use crate::{Error, PayloadSource};

const CHUNK: u64 = 64 * 1024;

/// Gives the bytes of a payload as they are asked for.
pub(crate) enum Source {
    None,
    Bytes { bytes: Arc<[u8]>, given: HashMap<u32, usize> },
    File { path: PathBuf, open: HashMap<u32, File> },
}

impl Source {
    /// What the agent is told about a payload, and where the rest of it comes from.
    pub(crate) async fn offer(payload: Option<PayloadSource>) -> Result<(PayloadOffer, Self), Error> {
        let inline = |bytes: &[u8]| (PayloadOffer::Inline(bytes.to_vec()), Self::None);
        Ok(match payload {
            None => (PayloadOffer::None, Self::None),
            Some(PayloadSource::Bytes(bytes)) if bytes.len() <= INLINE_PAYLOAD => inline(&bytes),
            Some(PayloadSource::Bytes(bytes)) => {
                (PayloadOffer::Offered(bytes.len() as u64), Self::Bytes { bytes, given: HashMap::new() })
            }
            Some(PayloadSource::File(path)) => {
                let size = tokio::fs::metadata(&path).await.map_err(at(&path))?.len();
                if size <= INLINE_PAYLOAD as u64 {
                    inline(&tokio::fs::read(&path).await.map_err(at(&path))?)
                } else {
                    (PayloadOffer::Offered(size), Self::File { path, open: HashMap::new() })
                }
            }
        })
    }

    /// Sends so many more bytes of a reading.
    pub(crate) async fn give(&mut self, channel: &Channel, id: u64, reading: u32, bytes: u64) -> Result<(), Error> {
        let mut room = bytes;
        while room > 0 {
            match self.next(reading, room.min(CHUNK)).await {
                Ok(data) => {
                    room -= data.len() as u64;
                    let last = data.is_empty();
                    channel.send(&ToAgent::Chunk { id, reading, data, last })?;
                    if last {
                        self.close(reading);
                        break;
                    }
                }
                Err(error) => {
                    self.close(reading);
                    return channel.send(&ToAgent::NoPayload { id, reading, message: error.to_string() });
                }
            }
        }
        Ok(())
    }

    async fn next(&mut self, reading: u32, most: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Bytes { bytes, given } => {
                let given = given.entry(reading).or_default();
                let rest = &bytes[*given..];
                let data = rest[..rest.len().min(most as usize)].to_vec();
                *given += data.len();
                Ok(data)
            }
            Self::File { path, open } => {
                let file = match open.entry(reading) {
                    std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::hash_map::Entry::Vacant(entry) => entry.insert(File::open(path).await?),
                };
                let mut data = Vec::with_capacity(most as usize);
                file.take(most).read_to_end(&mut data).await?;
                Ok(data)
            }
        }
    }

    fn close(&mut self, reading: u32) {
        if let Self::File { open, .. } = self {
            open.remove(&reading);
        }
    }
}

/// Writes what a module sends into a file, which is made when the first bytes come.
pub(crate) struct Sink {
    path: Option<PathBuf>,
    file: Option<File>,
}

impl Sink {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.path.is_some()
    }

    pub(crate) async fn take(&mut self, data: &[u8]) -> Result<(), Error> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(path).await.map_err(at(path))?),
        };
        file.write_all(data).await.map_err(at(path))
    }

    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        match (&self.path, &mut self.file) {
            (Some(path), Some(file)) => file.flush().await.map_err(at(path)),
            _ => Ok(()),
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    Error::io(path.display().to_string())
}
