//! Template files: how they are rendered and where they are found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::{Source, Value};

use crate::eval::{Home, Run};
use crate::templar::{outermost, with_newlines};
use crate::tree::Tree;
use crate::{Error, Templar, parse};

/// How a template file is rendered (the options of the module `template` and its `#jinja2:` header).
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Remove the first newline after a block.
    pub trim_blocks: bool,
    /// Strip blanks before a block at the start of its line.
    pub lstrip_blocks: bool,
    /// What newlines of the template become; those of values stay.
    pub newline_sequence: String,
    /// Whether Jinja keeps the newline at the end of the file; newlines that the result lacks are added in any case.
    pub keep_trailing_newline: bool,
    /// The markers of variables, blocks and comments when they are not the usual ones.
    pub markers: Option<[(String, String); 3]>,
    /// What begins a line that is a statement.
    pub line_statement_prefix: Option<String>,
    /// What begins a comment that ends with its line.
    pub line_comment_prefix: Option<String>,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            trim_blocks: true,
            lstrip_blocks: false,
            newline_sequence: "\n".into(),
            keep_trailing_newline: false,
            markers: None,
            line_statement_prefix: None,
            line_comment_prefix: None,
        }
    }
}

impl Templar<'_> {
    /// What a template file gives: text, or a value of another type when the file is a single expression.
    ///
    /// # Errors
    ///
    /// As [`Templar::resolve`].
    pub fn render(&self, file: &Arc<Source>, options: &FileOptions) -> Result<Value, Error> {
        if !options.has_markers(&file.text) {
            return Ok(Value::from(file.text.as_str()));
        }
        let (own, text) = options.with_header(&file.text)?;
        let tree = parse::parse_file(&text.into(), &file.name, &own).map_err(|error| self.suggest(error))?;
        let mut run = Run::new(self, Arc::new(tree), Home::File(Arc::clone(file)));
        run.options = own;
        let value = run.value().and_then(|value| self.resolved(&value));
        Ok(match value.map_err(|error| self.suggest(outermost(error)))? {
            Value::String(rendered) => Value::String(with_newlines(rendered, &file.text, &options.newline_sequence)),
            other => other,
        })
    }

    /// Where template files are looked for: the folders of `ansible_search_path`, then that of the run.
    pub fn search_paths(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if let Ok(Some(Value::List(folders))) = self.variable("ansible_search_path") {
            for folder in folders.iter().filter_map(Value::as_str) {
                paths.push(PathBuf::from(folder).join("templates"));
                paths.push(PathBuf::from(folder));
            }
        }
        paths.push(self.environment.base_dir.clone());
        paths
    }

    /// The template file of this name, looked for beside `current` and then in the search paths.
    pub(crate) fn load_file(
        &self,
        name: &str,
        current: Option<&str>,
        options: &FileOptions,
    ) -> Result<Option<(Arc<Tree>, Home)>, Error> {
        self.impure();
        let mut candidates: Vec<PathBuf> = Vec::new();
        if let Some(folder) = current.and_then(|current| Path::new(current).parent()) {
            candidates.push(folder.join(name));
        }
        candidates.extend(self.search_paths().into_iter().map(|folder| folder.join(name)));
        for path in candidates {
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Error::operation(format!("cannot read '{}': {error}", path.display())))?;
            let source = Source::new(path.to_string_lossy(), text);
            let text: Arc<str> = source.text.as_str().into();
            let options = FileOptions { keep_trailing_newline: false, ..options.clone() };
            let tree = parse::parse_file(&text, &source.name, &options)?;
            return Ok(Some((Arc::new(tree), Home::File(source))));
        }
        Ok(None)
    }
}
