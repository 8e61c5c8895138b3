//! Where in a YAML file something stands.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::yaml::{self, Node};
use ksplay_value::{Source, Span};

/// Files read for the places in them, each once.
#[derive(Default)]
pub struct Places(RefCell<HashMap<PathBuf, Option<Arc<Node>>>>);

impl Places {
    /// The key of this name at the top of a file; none for what is vaulted as a whole, or is no YAML.
    pub fn key(&self, file: &Path, name: &str) -> Option<Span> {
        let root = self.root(file, || std::fs::read_to_string(file).ok())?;
        root.entry(name).map(|(key, _)| key.span.clone())
    }

    /// The mapping that begins at this place.
    pub fn mapping(&self, at: &Span) -> Option<Node> {
        let root = self.root(Path::new(&at.source.name), || Some(at.source.text.to_string()))?;
        find(&root, at).cloned()
    }

    fn root(&self, file: &Path, text: impl FnOnce() -> Option<String>) -> Option<Arc<Node>> {
        let mut files = self.0.borrow_mut();
        let read = || {
            let source = Source::new(file.display().to_string(), text()?);
            yaml::load(&source).ok()?.root.map(Arc::new)
        };
        files.entry(file.to_owned()).or_insert_with(read).clone()
    }
}

fn find<'n>(node: &'n Node, at: &Span) -> Option<&'n Node> {
    if let Some(entries) = node.entries() {
        if (node.span.line, node.span.column) == (at.line, at.column) {
            return Some(node);
        }
        return entries.iter().find_map(|(_, value)| find(value, at));
    }
    node.items()?.iter().find_map(|item| find(item, at))
}

/// `file:line`, the file from the current folder when it is below it.
pub fn shown(span: &Span) -> String {
    format!("{}:{}", below_here(Path::new(&span.source.name)).display(), span.line)
}

/// The path from the current folder, when it leads downward.
pub fn below_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
