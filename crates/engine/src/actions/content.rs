//! Files of the controller on their way to the target.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use ksplay_transport::PayloadSource;
use ksplay_value::{Map, Value};
use md5::Md5;
use sha1::{Digest, Sha1};

use super::ActionCall;
use crate::failure::TaskFailure;

/// What vaulted files begin with.
const VAULTED: &[u8] = b"$ANSIBLE_VAULT;";

/// Content that is sent to a module, with its digest: the module fetches it only when it has other content.
pub(crate) struct Content {
    pub payload: PayloadSource,
    pub sha1: String,
    /// The permission bits of the file that it comes from.
    pub mode: Option<u32>,
}

impl Content {
    /// Bytes made here.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let sha1 = hex(&Sha1::digest(&bytes));
        Self { payload: PayloadSource::Bytes(bytes), sha1, mode: None }
    }

    /// A file; when it is vaulted and `decrypt` says so, what is in it.
    pub fn of_file(call: &ActionCall<'_>, path: &Path, decrypt: bool) -> Result<Self, TaskFailure> {
        let unreadable = |error: std::io::Error| TaskFailure::action(format!("{}: {error}", path.display()));
        let mode = Some(std::fs::metadata(path).map_err(unreadable)?.mode() & 0o7777);
        if decrypt && is_vaulted(path).map_err(unreadable)? {
            let bytes = decrypted(call, path)?;
            return Ok(Self { mode, ..Self::of_bytes(bytes) });
        }
        let sha1 = checksum(path).map_err(unreadable)?.unwrap_or_default();
        Ok(Self { payload: PayloadSource::File(path.to_path_buf()), sha1, mode })
    }

    /// Adds to the arguments of a module what it may know beforehand, and gives the payload.
    pub fn announce(self, args: &mut Map) -> PayloadSource {
        args.insert("_ksplay_sha1", self.sha1);
        if let Some(mode) = self.mode {
            args.insert("_ksplay_source_mode", i64::from(mode));
        }
        self.payload
    }
}

/// The text of a file, decrypted when it is vaulted.
pub(crate) fn text(call: &ActionCall<'_>, path: &Path) -> Result<String, TaskFailure> {
    let unreadable = |error: std::io::Error| TaskFailure::action(format!("{}: {error}", path.display()));
    let bytes = match is_vaulted(path).map_err(unreadable)? {
        true => decrypted(call, path)?,
        false => std::fs::read(path).map_err(unreadable)?,
    };
    String::from_utf8(bytes).map_err(|_| TaskFailure::action(format!("{}: the file is not UTF-8", path.display())))
}

fn is_vaulted(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(VAULTED.len() as u64).read_to_end(&mut start)?;
    Ok(start == VAULTED)
}

fn decrypted(call: &ActionCall<'_>, path: &Path) -> Result<Vec<u8>, TaskFailure> {
    let failure = |why: &str| TaskFailure::action(format!("Decryption failed on {}: {why}", path.display()));
    let decrypt = call.work.shared.loader.options().decrypt.as_ref().ok_or_else(|| {
        TaskFailure::action(format!("Attempting to decrypt {} but no vault secrets found.", path.display()))
    })?;
    let bytes = std::fs::read(path).map_err(|error| failure(&error.to_string()))?;
    decrypt(&bytes).map_err(|why| failure(&why))
}

/// The SHA-1 of a file, as Ansible gives it; `None` when there is no file.
pub(crate) fn checksum(path: &Path) -> std::io::Result<Option<String>> {
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut hash = Sha1::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Some(hex(&hash.finalize()))),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// The MD5 of a file.
pub(crate) fn md5(path: &Path) -> std::io::Result<String> {
    std::fs::read(path).map(|bytes| hex(&Md5::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a result says that the module failed.
pub(crate) fn has_failed(result: &Map) -> bool {
    result.get("failed").is_some_and(Value::is_true)
}

/// Whether a result says that something changed.
pub(crate) fn has_changed(result: &Map) -> bool {
    result.get("changed").is_some_and(Value::is_true)
}
