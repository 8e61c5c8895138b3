//! The agent's files on the controller, one an architecture.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ksplay_value::text::hex;
use sha2::{Digest, Sha256};

use crate::Error;

/// The name of the agent's file.
const NAME: &str = "ksplay-agent";

/// What stands before the architecture in the names of agents for others, and of the whole program.
const SMALL: &str = "ksplay-agent-";
const WHOLE: &str = "ksplay-";

/// Finds the agent for an architecture and remembers its bytes and hash for the whole run.
#[derive(Debug)]
pub struct AgentFiles {
    local: PathBuf,
    remote: BTreeMap<String, PathBuf>,
    /// The whole program, where these are the small agent.
    whole: Option<Box<AgentFiles>>,
    loaded: OnceLock<Result<BTreeMap<String, Loaded>, String>>,
}

/// An agent that was read.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) bytes: Arc<[u8]>,
    /// SHA-256, hexadecimal.
    pub(crate) hash: String,
}

impl AgentFiles {
    /// The files beside the running program: `ksplay-agent`, `agents/ksplay-agent-<arch>`, or else the program itself. What
    /// only the whole program can do is left to it, and to `agents/ksplay-<arch>`.
    ///
    /// # Errors
    ///
    /// If the running program cannot be found.
    pub fn find() -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(Error::io("the running program"))?;
        let dir = program.parent().unwrap_or(Path::new("/"));
        let beside = dir.join(NAME);
        let is_small = beside.is_file();
        let mut files = Self::of(if is_small { beside } else { program.clone() });
        let mut whole = Self::of(&program);
        for entry in fs::read_dir(dir.join("agents")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(arch) = name.strip_prefix(SMALL) {
                files.remote.insert(arch.to_owned(), entry.path());
            } else if let Some(arch) = name.strip_prefix(WHOLE) {
                whole.remote.insert(arch.to_owned(), entry.path());
            }
        }
        files.whole = is_small.then(|| Box::new(whole));
        Ok(files)
    }

    /// Those that have all modules.
    pub fn whole(&self) -> &Self {
        self.whole.as_deref().unwrap_or(self)
    }

    /// This program as the agent for this machine and those of its architecture. It is run with the argument `agent`.
    pub fn of(program: impl Into<PathBuf>) -> Self {
        let local = program.into();
        let remote = BTreeMap::from([(std::env::consts::ARCH.to_owned(), local.clone())]);
        Self { local, remote, whole: None, loaded: OnceLock::new() }
    }

    /// The agent for this machine.
    pub(crate) fn local(&self) -> &Path {
        &self.local
    }

    /// The agents by architecture, read at the first call. Takes tens of milliseconds then.
    pub(crate) fn load(&self) -> Result<&BTreeMap<String, Loaded>, Error> {
        self.loaded
            .get_or_init(|| self.remote.iter().map(|(arch, path)| Ok((arch.clone(), Loaded::read(path)?))).collect())
            .as_ref()
            .map_err(|message| Error::AgentStart { message: message.clone() })
    }
}

impl Loaded {
    fn read(path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let hash = hex(&Sha256::digest(&bytes));
        Ok(Self { bytes: bytes.into(), hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_known_by_the_hash_of_its_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "abc").unwrap();
        let files = AgentFiles::of(file.path());
        let agent = &files.load().unwrap()[std::env::consts::ARCH];
        assert_eq!(agent.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(&*agent.bytes, b"abc");
    }

    #[test]
    fn a_missing_agent_is_named() {
        let error = AgentFiles::of("/nonexistent/agent").load().unwrap_err();
        assert!(error.to_string().contains("/nonexistent/agent"), "{error}");
    }
}
