//! Content that comes from the controller or goes to it, and digests of content.

use std::io::{self, Read};
use std::sync::Arc;

use ksplay_value::text::hex;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// Content that the controller has; it travels only when it is opened.
pub trait Payload: Send + Sync {
    /// How many bytes it is.
    fn size(&self) -> u64;

    /// A reader of it.
    ///
    /// # Errors
    ///
    /// If the controller cannot give it.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// Takes bytes for the controller.
pub type Sink = Arc<dyn Fn(&[u8]) -> io::Result<()> + Send + Sync>;

/// A way to make a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// MD5.
    Md5,
    /// SHA-1, which Ansible compares files with.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// The digest of this name, as Python's `hashlib` calls it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The digest of all that the reader gives, in hexadecimal.
    ///
    /// # Errors
    ///
    /// If reading fails.
    pub fn of(self, reader: &mut dyn Read) -> io::Result<String> {
        let mut hasher = self.hasher();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hex(&hasher.finalize())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of these bytes, in hexadecimal.
    pub fn of_bytes(self, bytes: &[u8]) -> String {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hex(&hasher.finalize())
    }

    fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Md5 => Box::new(Md5::default()),
            Self::Sha1 => Box::new(Sha1::default()),
            Self::Sha224 => Box::new(Sha224::default()),
            Self::Sha256 => Box::new(Sha256::default()),
            Self::Sha384 => Box::new(Sha384::default()),
            Self::Sha512 => Box::new(Sha512::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_nothing_is_the_known_one() {
        assert_eq!(Digest::Md5.of_bytes(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(Digest::Sha1.of(&mut &b""[..]).unwrap(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }
}
