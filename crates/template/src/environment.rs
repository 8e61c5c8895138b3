//! What is the same for every evaluation of a run.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use ksplay_value::Str;

use crate::tree::Tree;
use crate::{Error, parse};

/// Decrypts an inline vault value: ciphertext in, plain text out, or a message that names no secret.
pub type Reveal = Arc<dyn Fn(&str) -> Result<String, String> + Send + Sync>;

/// Settings of a whole run.
#[derive(Clone, Default)]
pub struct Environment {
    /// How inline `!vault` values are decrypted; without it they are errors.
    pub reveal: Option<Reveal>,
    /// The folder that relative paths of lookups end at when nothing nearer has the file.
    pub base_dir: PathBuf,
    /// `ANSIBLE_ALLOW_BROKEN_CONDITIONALS`: a condition may be of any type.
    pub allow_broken_conditionals: bool,
    /// `DEFAULT_JINJA2_NATIVE` is always on since 2.19; extensions `do` and `loopcontrols` are opt-in by name.
    pub jinja_extensions: Vec<String>,
    /// Bare expressions that were parsed before.
    #[doc(hidden)]
    pub expressions: Expressions,
}

/// Parsed bare expressions by their text, shared by all clones.
#[derive(Clone, Default)]
pub struct Expressions(Arc<RwLock<HashMap<Str, ParsedExpression>>>);

type ParsedExpression = Result<Arc<Tree>, Error>;

impl Expressions {
    pub(crate) fn tree(&self, text: &Str) -> Result<Arc<Tree>, Error> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let parsed = parse::parse_expression(text).map(Arc::new);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(text.clone(), parsed.clone());
        parsed
    }
}
