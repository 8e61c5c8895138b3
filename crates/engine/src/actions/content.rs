//! Files of the controller on their way to the target.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ksplay_transport::PayloadSource;
use ksplay_value::text::hex;
use ksplay_value::{Map, Value};
use md5::Md5;
use sha1::{Digest, Sha1};

use super::ActionCall;
use crate::failure::TaskFailure;
use crate::run::Shared;

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
    pub async fn of_file(call: &ActionCall<'_>, path: &Path, decrypt: bool) -> Result<Self, TaskFailure> {
        let (shared, path) = (Arc::clone(&call.work.shared), path.to_path_buf());
        blocking(move || Self::read(&shared, &path, decrypt)).await
    }

    fn read(shared: &Shared, path: &Path, decrypt: bool) -> Result<Self, TaskFailure> {
        let mode = Some(std::fs::metadata(path).map_err(unreadable(path))?.mode() & 0o7777);
        if decrypt && is_vaulted(path).map_err(unreadable(path))? {
            let bytes = decrypted(shared, path)?;
            return Ok(Self { mode, ..Self::of_bytes(bytes) });
        }
        let sha1 = shared.sums.of(path).map_err(unreadable(path))?;
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

/// Does what waits for disks or computes long, where it keeps no other host waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TaskFailure> + Send + 'static,
) -> Result<T, TaskFailure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(TaskFailure::action(error.to_string())),
        },
    }
}

/// The SHA-1 of files of the controller, each computed once for all hosts as long as the file is the same.
#[derive(Debug, Default)]
pub(crate) struct Sums(Mutex<HashMap<PathBuf, Arc<Mutex<Option<Sum>>>>>);

#[derive(Debug)]
struct Sum {
    /// What tells that the file is another: its number, its size and when it was changed.
    version: (u64, u64, i64, i64, i64, i64),
    sha1: String,
}

impl Sums {
    fn of(&self, path: &Path) -> std::io::Result<String> {
        let slot = Arc::clone(locked(&self.0).entry(path.to_path_buf()).or_default());
        let mut slot = locked(&slot);
        let about = std::fs::metadata(path)?;
        let version = (about.ino(), about.size(), about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec());
        if let Some(sum) = slot.as_ref().filter(|sum| sum.version == version) {
            return Ok(sum.sha1.clone());
        }
        let sha1 = checksum(path)?.ok_or(std::io::ErrorKind::NotFound)?;
        *slot = Some(Sum { version, sha1: sha1.clone() });
        Ok(sha1)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text of a file, decrypted when it is vaulted.
pub(crate) fn text(shared: &Shared, path: &Path) -> Result<String, TaskFailure> {
    let bytes = bytes(shared, path, true)?;
    String::from_utf8(bytes).map_err(|_| TaskFailure::action(format!("{}: the file is not UTF-8", path.display())))
}

/// What is in a file; when it is vaulted and `decrypt` says so, decrypted.
pub(crate) fn bytes(shared: &Shared, path: &Path, decrypt: bool) -> Result<Vec<u8>, TaskFailure> {
    match decrypt && is_vaulted(path).map_err(unreadable(path))? {
        true => decrypted(shared, path),
        false => std::fs::read(path).map_err(unreadable(path)),
    }
}

/// The failure that Ansible makes of a file that cannot be read.
pub(crate) fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> TaskFailure {
    let shown = path.display().to_string();
    move |error| {
        let text = error.to_string();
        let what = text.split(" (os error").next().unwrap_or_default();
        let number = error.raw_os_error().unwrap_or_default();
        TaskFailure::new(format!(
            "An error occurred while trying to read the file '{shown}': [Errno {number}] {what}: '{shown}'"
        ))
    }
}

fn is_vaulted(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(VAULTED.len() as u64).read_to_end(&mut start)?;
    Ok(start == VAULTED)
}

fn decrypted(shared: &Shared, path: &Path) -> Result<Vec<u8>, TaskFailure> {
    let failure = |why: &str| TaskFailure::action(format!("Decryption failed on {}: {why}", path.display()));
    let decrypt = shared.loader.options().decrypt.as_ref().ok_or_else(|| {
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

/// Whether a result says that the module failed.
pub(crate) fn has_failed(result: &Map) -> bool {
    result.get("failed").is_some_and(Value::is_true)
}

/// Whether a result says that something changed.
pub(crate) fn has_changed(result: &Map) -> bool {
    result.get("changed").is_some_and(Value::is_true)
}
