//! Messages to bytes and back.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame that is written or read.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// How deep data may be nested: as deep as threads with small stacks can follow.
const MAX_DEPTH: usize = 200;

const HEADER: usize = 4;

/// Why bytes are no message, or a message no bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The frame is larger than [`MAX_FRAME`].
    #[error("a frame of {size} bytes is too large")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// The message cannot be written.
    #[error("cannot write the message: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The bytes are not the message that is expected.
    #[error("cannot read the message: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

/// The frame of a message.
///
/// # Errors
///
/// If it holds what is no data (an unevaluated template) or is too large.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Error> {
    let mut frame = vec![0; HEADER];
    rmp_serde::encode::write(&mut frame, message)?;
    let size = frame.len() - HEADER;
    if size > MAX_FRAME {
        return Err(Error::TooLarge { size });
    }
    let header = u32::try_from(size).map_err(|_| Error::TooLarge { size })?;
    frame[..HEADER].copy_from_slice(&header.to_le_bytes());
    Ok(frame)
}

/// The message in the body of a frame.
///
/// # Errors
///
/// If the bytes are another message or none.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut decoder = rmp_serde::Deserializer::from_read_ref(body);
    decoder.set_max_depth(MAX_DEPTH);
    Ok(T::deserialize(&mut decoder)?)
}

/// Cuts a stream of bytes into frames. Holds no more than has arrived, whatever a header claims.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    start: usize,
}

impl Frames {
    /// Nothing has arrived yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The body of the next frame that is complete.
    ///
    /// # Errors
    ///
    /// If its header claims more than [`MAX_FRAME`]; nothing after that can be read.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.next_body()?.map(<[u8]>::to_vec))
    }

    /// As [`Frames::next`], decoded.
    ///
    /// # Errors
    ///
    /// If the frame is too large or another message.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        self.next_body()?.map(decode).transpose()
    }

    fn next_body(&mut self) -> Result<Option<&[u8]>, Error> {
        let arrived = &self.bytes[self.start..];
        let Some(header) = arrived.first_chunk::<HEADER>() else { return Ok(None) };
        let size = u32::from_le_bytes(*header) as usize;
        if size > MAX_FRAME {
            return Err(Error::TooLarge { size });
        }
        if arrived.len() < HEADER + size {
            return Ok(None);
        }
        let body = self.start + HEADER;
        self.start = body + size;
        Ok(Some(&self.bytes[body..body + size]))
    }
}

#[cfg(test)]
mod tests {
    use ksplay_value::{Map, Value};
    use proptest::prelude::*;

    use super::*;
    use crate::{Become, FromAgent, PayloadOffer, Run, RunOptions, ToAgent};

    fn run() -> Run {
        Run {
            id: 3,
            module: "copy".into(),
            args: Map::from([("dest", Value::from("/etc/motd")), ("mode", Value::Int(0o644))]),
            options: RunOptions { check: true, diff: false, environment: vec![("A".into(), "1".into())] },
            becoming: Some(Become::sudo("root")),
            payload: PayloadOffer::Inline(b"hello\xff".to_vec()),
            sink: false,
            job: None,
        }
    }

    #[test]
    fn a_run_arrives_as_it_was_sent() {
        let mut frames = Frames::new();
        frames.push(&encode(&ToAgent::Run(Box::new(run()))).unwrap());
        let Some(ToAgent::Run(got)) = frames.next_message().unwrap() else { panic!("no run") };
        assert_eq!(got.module, "copy");
        assert_eq!(got.args, run().args);
        assert_eq!(got.options, run().options);
        assert_eq!(got.becoming, run().becoming);
        assert!(matches!(got.payload, PayloadOffer::Inline(bytes) if bytes == b"hello\xff"));
    }

    #[test]
    fn bytes_travel_as_bytes_and_not_as_a_list_of_numbers() {
        let frame = encode(&ToAgent::Chunk { id: 1, reading: 0, data: vec![0xfe; 50_000], last: true }).unwrap();
        assert!(frame.len() < 50_100, "{} bytes", frame.len());
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_it_arrives() {
        let mut frames = Frames::new();
        frames.push(&u32::MAX.to_le_bytes());
        assert!(matches!(frames.next(), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_template_is_no_data() {
        let args = Map::from([("a", Value::Omit)]);
        assert!(matches!(encode(&FromAgent::Done { id: 1, result: args }), Err(Error::Encode(_))));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        // An array of one item, 100,000 times over, where the arguments of a result stand.
        let mut body = encode(&FromAgent::Done { id: 1, result: Map::new() }).unwrap().split_off(HEADER);
        assert_eq!(body.pop(), Some(0x80));
        body.extend([0x81, 0xa1, b'a']);
        body.extend(std::iter::repeat_n(0x91, 100_000));
        body.push(0xc0);
        assert!(decode::<FromAgent>(&body).is_err());
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        // {"Done": [1, <map of four billion entries>]}
        let mut body = encode(&FromAgent::Done { id: 1, result: Map::new() }).unwrap().split_off(HEADER);
        assert_eq!(body.pop(), Some(0x80));
        body.extend([0xdf, 0xff, 0xff, 0xff, 0xff, 0x01, 0xdd, 0xff, 0xff, 0xff, 0xff]);
        assert!(decode::<FromAgent>(&body).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = decode::<ToAgent>(&bytes);
            let _ = decode::<FromAgent>(&bytes);
            let mut frames = Frames::new();
            frames.push(&bytes);
            while let Ok(Some(_)) = frames.next() {}
        }

        #[test]
        fn a_damaged_message_never_panics(at in 0usize..200, with in any::<u8>(), cut in 0usize..200) {
            let mut body = encode(&ToAgent::Run(Box::new(run()))).unwrap().split_off(HEADER);
            let at = at % body.len();
            body[at] = with;
            body.truncate(body.len().saturating_sub(cut % 40));
            let _ = decode::<ToAgent>(&body);
        }

        #[test]
        fn frames_are_the_same_however_they_are_cut(sizes in proptest::collection::vec(1usize..40, 1..60)) {
            let sent: Vec<u64> = (0..20).collect();
            let stream: Vec<u8> = sent.iter().flat_map(|id| encode(&ToAgent::Cancel { id: *id }).unwrap()).collect();
            let mut frames = Frames::new();
            let mut got = Vec::new();
            let mut rest = &stream[..];
            for size in sizes.iter().cycle() {
                if rest.is_empty() { break }
                let (now, later) = rest.split_at((*size).min(rest.len()));
                frames.push(now);
                rest = later;
                while let Some(message) = frames.next_message().unwrap() {
                    let ToAgent::Cancel { id } = message else { panic!("another message") };
                    got.push(id);
                }
            }
            prop_assert_eq!(got, sent);
        }
    }
}
