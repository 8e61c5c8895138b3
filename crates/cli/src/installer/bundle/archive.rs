//! The format of bundles: a plain tar of VERSION/ARCHITECTURE/NAME, with the checksums of a folder in its SHA256SUMS.
//!
//! Plain, so that every file can be served from where it lies in the bundle.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use ksplay_value::text::hex;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The list of checksums of a folder.
pub const SUMS: &str = "SHA256SUMS";

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// A bundle whose index was read.
#[derive(Debug)]
pub struct Bundle {
    shown: String,
    file: Arc<File>,
    entries: BTreeMap<String, Entry>,
}

/// Where a file lies in a bundle.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: u64,
    size: u64,
    executable: bool,
}

/// A file within a bundle.
#[derive(Debug)]
pub struct Section {
    file: Arc<File>,
    at: u64,
    /// How many bytes are left of it.
    pub left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.file.read_at(&mut buffer[..wanted], self.at)?;
        if count == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

impl Bundle {
    /// Reads what is in the bundle.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let open = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            let mut entries = BTreeMap::new();
            for entry in tar::Archive::new(&file).entries_with_seek()? {
                let entry = entry?;
                let path = entry.path()?.into_owned();
                let found = Entry {
                    at: entry.raw_file_position(),
                    size: entry.size(),
                    executable: entry.header().mode()? & 0o100 != 0,
                };
                let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
                if !plain || !entry.header().entry_type().is_file() || found.at + found.size > length {
                    return Err(io::Error::other(format!("{} is not whole, or no plain file", path.display())));
                }
                entries.insert(path.display().to_string(), found);
            }
            Ok((file, entries))
        };
        let (file, entries) =
            open().map_err(|error: io::Error| Failure::error(format!("cannot read the bundle {shown}: {error}")))?;
        if entries.is_empty() {
            return Err(Failure::error(format!("{shown} is no bundle")).help("`ksplay bundle create` makes one"));
        }
        Ok(Self { shown, file: Arc::new(file), entries })
    }

    /// The names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// A file of the bundle.
    pub fn section(&self, name: &str) -> Option<Section> {
        let entry = self.entries.get(name)?;
        Some(Section { file: Arc::clone(&self.file), at: entry.at, left: entry.size })
    }

    /// How many files and how much: `12 files (480 MiB)`.
    pub fn contents(&self) -> String {
        let size: u64 = self.entries.values().map(|entry| entry.size).sum();
        format!("{} files ({} MiB)", self.entries.len(), size.div_ceil(1 << 20))
    }

    /// Unpacks everything, then checks it, then moves it to the folder.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or is not what its checksum says; nothing has come to the folder then.
    pub fn extract(&self, folder: &Path) -> Result<(), Failure> {
        let unwritable = |error: io::Error| Failure::error(format!("cannot unpack to {}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(unwritable)?;
        let aside = tempfile::Builder::new().prefix(".bundle").tempdir_in(folder).map_err(unwritable)?;
        for (name, entry) in &self.entries {
            let wanted = self.checksum(name)?;
            let digest = self.write(name, *entry, &aside.path().join(name)).map_err(unwritable)?;
            if wanted.is_some_and(|wanted| wanted != digest) {
                return Err(self.damaged(name));
            }
        }
        for name in self.names() {
            let target = folder.join(name);
            let parent = target.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(unwritable)?;
            fs::rename(aside.path().join(name), &target).map_err(unwritable)?;
        }
        Ok(())
    }

    /// Writes a file; the answer is its digest.
    fn write(&self, name: &str, entry: Entry, target: &Path) -> io::Result<String> {
        target.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mode = if entry.executable { 0o755 } else { 0o644 };
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(target)?;
        let section = self.section(name).ok_or(io::ErrorKind::NotFound)?;
        let mut hashing = Hashing::new(BufReader::with_capacity(CHUNK, section));
        io::copy(&mut hashing, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        Ok(hashing.digest())
    }

    /// What the checksum of a file has to be; none for the lists themselves.
    fn checksum(&self, name: &str) -> Result<Option<String>, Failure> {
        let (folder, base) = name.rsplit_once('/').unwrap_or(("", name));
        if base == SUMS {
            return Ok(None);
        }
        let mut list = String::new();
        let section = self.section(&format!("{folder}/{SUMS}")).ok_or_else(|| self.damaged(name))?;
        section.take(1 << 20).read_to_string(&mut list).map_err(Failure::error)?;
        let found = checksums(&list).find(|(_, listed)| *listed == base);
        found.map(|(digest, _)| Some(digest.to_owned())).ok_or_else(|| self.damaged(name))
    }

    fn damaged(&self, name: &str) -> Failure {
        Failure::error(format!("the bundle {} is damaged: {name} has the wrong checksum or none", self.shown))
            .help("copy the bundle once more, or create it anew")
    }
}

/// The digests and names of a list of checksums.
fn checksums(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.lines().filter_map(|line| line.split_once("  "))
}

/// Packs what the lists of checksums below a folder name into a new file, which appears when it is complete.
///
/// # Errors
///
/// If a file cannot be read or written, or is not what its checksum says.
pub fn pack(folder: &Path, bundle: &Path) -> Result<(), Failure> {
    let unwritable =
        |error: io::Error| Failure::error(format!("cannot write the bundle {}: {error}", bundle.display()));
    let parent = bundle.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".bundle")
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(parent)
        .map_err(unwritable)?;
    let mut archive = tar::Builder::new(file);
    for list in lists_below(folder).map_err(unwritable)? {
        let name = list.strip_prefix(folder).unwrap_or(&list);
        append(&mut archive, &list, name).map_err(unwritable)?;
        let text = fs::read_to_string(&list).map_err(unwritable)?;
        for (wanted, base) in checksums(&text) {
            let digest = append(&mut archive, &list.with_file_name(base), &name.with_file_name(base));
            if digest.map_err(unwritable)? != wanted {
                return Err(Failure::error(format!("{base} in {} was changed meanwhile", folder.display())));
            }
        }
    }
    let file = archive.into_inner().map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(bundle).map(drop).map_err(|error| unwritable(error.error))
}

/// The lists of checksums at VERSION/ARCHITECTURE, in order.
pub fn lists_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let below = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| path.is_dir());
        paths.sort();
        Ok(paths)
    };
    let mut lists = Vec::new();
    for version in below(folder)? {
        lists.extend(below(&version)?.into_iter().map(|architecture| architecture.join(SUMS)));
    }
    lists.retain(|list| list.is_file());
    Ok(lists)
}

/// Adds a file; the answer is its digest.
fn append(archive: &mut tar::Builder<impl io::Write>, path: &Path, name: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut header = tar::Header::new_gnu();
    header.set_size(metadata.len());
    header.set_mode(if metadata.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 });
    let mut hashing = Hashing::new(BufReader::with_capacity(CHUNK, file));
    archive.append_data(&mut header, name, &mut hashing)?;
    Ok(hashing.digest())
}

/// Takes the digest of what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    fn digest(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}
