//! Retry files: the hosts that failed, for `--limit @FILE`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_engine::{Event, Sink};
use ksplay_report::Terminal;

use crate::files;

/// Writes the file at the end of a run in which hosts failed.
pub struct RetryFile {
    path: PathBuf,
    terminal: Arc<Terminal>,
}

impl RetryFile {
    /// The file for this playbook, in this folder or else beside it.
    pub fn new(playbook: &Path, dir: Option<&Path>, terminal: &Arc<Terminal>) -> Self {
        let beside = playbook.with_extension("retry");
        let path = match (dir, beside.file_name()) {
            (Some(dir), Some(name)) => dir.join(name),
            _ => beside,
        };
        Self { path: std::path::absolute(&path).unwrap_or(path), terminal: Arc::clone(terminal) }
    }
}

impl Sink for RetryFile {
    fn event(&self, event: &Event) {
        let Event::Recap(counts) = event else { return };
        let failed = counts.iter().filter(|(_, counts)| counts.failed > 0 || counts.unreachable > 0);
        let mut hosts: Vec<&str> = failed.map(|(host, _)| &**host).collect();
        if hosts.is_empty() {
            return;
        }
        hosts.sort_unstable();
        let written = self
            .path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| files::replace_plain(&self.path, format!("{}\n", hosts.join("\n")).as_bytes()));
        let path = self.path.display();
        self.terminal.event(&match written {
            Ok(()) => Event::Notice(format!("\tto retry, use: --limit @{path}")),
            Err(error) => Event::Warning(format!("Could not create retry file '{path}'. {error}")),
        });
    }
}
