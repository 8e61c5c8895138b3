//! What is the same for every evaluation of a run.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use ksplay_value::{Map, Str, Value};

use crate::tree::Tree;
use crate::{Error, parse};

/// Decrypts an inline vault value: ciphertext in, plain text out, or a message that names no secret.
pub type Reveal = Arc<dyn Fn(&str) -> Result<String, String> + Send + Sync>;

/// Encrypts and decrypts texts with passwords of their own, for the filters `vault` and `unvault`.
#[derive(Clone, Copy)]
pub struct Vault {
    /// The ciphertext of a text.
    pub encrypt: fn(&Seal<'_>) -> Result<String, String>,
    /// The plain text of a ciphertext, by a password.
    pub decrypt: fn(&str, &str) -> Result<String, String>,
}

/// What is encrypted, and how.
pub struct Seal<'s> {
    /// The text.
    pub plain: &'s str,
    /// The password.
    pub secret: &'s str,
    /// The id that the ciphertext is labelled with.
    pub id: &'s str,
    /// The salt; by chance when `None`.
    pub salt: Option<&'s str>,
}

/// Fetches what lies at a URL; the arguments are those of the module `uri`.
pub type Fetch = fn(Map) -> Result<String, String>;

/// Tells the user something that is no error.
pub type Warn = Arc<dyn Fn(String) + Send + Sync>;

/// The settings that the lookup `config` finds, by the names that `ansible-config` has: values, and where each was set.
pub type KnownSettings = BTreeMap<&'static str, (Value, String)>;

/// Settings of a whole run.
#[derive(Clone, Default)]
pub struct Environment {
    /// How inline `!vault` values are decrypted; without it they are errors.
    pub reveal: Option<Reveal>,
    /// How the filters `vault` and `unvault` work; without it they are errors.
    pub vault: Option<Vault>,
    /// The salt of the filter `vault` where it is given none; by chance without it.
    pub vault_salt: Option<Str>,
    /// How the lookup `url` works; without it it is an error.
    pub fetch: Option<Fetch>,
    /// Who is told warnings.
    pub warn: Option<Warn>,
    /// What the lookup `config` finds.
    pub settings: Arc<KnownSettings>,
    /// The format of `ansible_managed` in templates; the usual text without it.
    pub managed: Option<Str>,
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
