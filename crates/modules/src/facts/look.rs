//! Reads small text files for the collectors, from a root of its own in tests.

#[cfg(test)]
use std::path::Path;
use std::path::PathBuf;

use crate::system::{CommandOutput, CommandSpec, Probe};

/// A [`Probe`] whose absolute paths start at `root`.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    /// What reads.
    pub(crate) probe: &'a Probe,
    root: PathBuf,
}

impl<'a> Look<'a> {
    /// Looks at the machine itself.
    pub(crate) fn new(probe: &'a Probe) -> Self {
        Self { probe, root: PathBuf::from("/") }
    }

    /// Looks at a tree of files that stands for a machine.
    #[cfg(test)]
    pub(crate) fn at(probe: &'a Probe, root: &Path) -> Self {
        Self { probe, root: root.to_owned() }
    }

    /// Where this absolute path really is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The text of a file; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let bytes = self.probe.read(&self.path(path)).ok()?;
        Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The text of a file without the white space around it; `None` when nothing is left.
    pub(crate) fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether there is something at this path.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.probe.exists(&self.path(path))
    }

    /// The sorted names in a directory; none when it cannot be read.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let paths = self.probe.list_dir(&self.path(path)).unwrap_or_default();
        paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }

    /// The last component of what a symbolic link points to.
    pub(crate) fn link_name(&self, path: &str) -> Option<String> {
        let target = self.probe.read_link(&self.path(path)).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    /// Where in the usual directories this program is.
    pub(crate) fn program(&self, name: &str) -> Option<String> {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"]
            .into_iter()
            .map(|directory| format!("{directory}/{name}"))
            .find(|path| self.exists(path))
    }

    /// Runs a program that only reports; `None` when it cannot be started.
    pub(crate) fn query(&self, argv: &[&str]) -> Option<CommandOutput> {
        let argv = argv.iter().map(ToString::to_string).collect();
        let timeout = Some(std::time::Duration::from_secs(5));
        self.probe.query(&CommandSpec { argv, timeout, ..CommandSpec::default() }.parsable()).ok()
    }
}

/// The entries of `NAME=value` text as shells read it: quotes removed, comments skipped.
pub(crate) fn assignments(text: &str) -> Vec<(&str, String)> {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(name, _)| !name.starts_with('#'))
        .map(|(name, value)| {
            let value = value.trim();
            let quoted = [('"', '"'), ('\'', '\'')]
                .into_iter()
                .find_map(|(open, close)| value.strip_prefix(open)?.strip_suffix(close));
            (name.trim(), quoted.unwrap_or(value).to_owned())
        })
        .collect()
}
