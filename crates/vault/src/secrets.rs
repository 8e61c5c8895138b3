//! The passwords of a run, each under its id.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::envelope::{self, Envelope};
use crate::{Error, cipher};

/// Passwords with their ids, in the order in which they were given. Wiped from memory when dropped.
#[derive(Clone, Default)]
pub struct Secrets {
    all: Vec<Secret>,
    strict: bool,
    opened: Option<Opened>,
}

/// What was decrypted, when it is kept.
type Opened = Arc<Mutex<Vec<Zeroizing<Vec<u8>>>>>;

/// The id of texts without a label.
const DEFAULT_ID: &str = "default";

#[derive(Clone)]
struct Secret {
    id: String,
    password: Zeroizing<Vec<u8>>,
}

impl Secrets {
    /// No password.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on only passwords with the id of a text's label open it (`VAULT_ID_MATCH`); a text without one has the id
    /// `default`.
    pub fn match_ids(&mut self) {
        self.strict = true;
    }

    /// From now on what is decrypted is kept, for whoever has to know it again where it must not be seen.
    pub fn keep_opened(&mut self) {
        self.opened = Some(Arc::default());
    }

    /// What was decrypted since [`Secrets::keep_opened`].
    pub fn opened(&self) -> Vec<Zeroizing<Vec<u8>>> {
        self.opened.iter().flat_map(|all| all.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    /// Adds a password under an id. White space around it is not part of it, as in a password file.
    pub fn add(&mut self, id: impl Into<String>, password: &[u8]) {
        self.all.push(Secret { id: id.into(), password: Zeroizing::new(password.trim_ascii().to_vec()) });
    }

    /// Whether there is no password.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|secret| secret.id.as_str())
    }

    /// The password under an id, the first when no id is asked for.
    pub fn password(&self, id: Option<&str>) -> Option<&[u8]> {
        self.all.iter().find(|secret| id.is_none_or(|id| secret.id == id)).map(|secret| secret.password.as_slice())
    }

    /// Opens a vault text: the password with the id of its label is tried first, then the others in order.
    ///
    /// # Errors
    ///
    /// If the text is not a vault text, is damaged, or no password opens it.
    pub fn decrypt(&self, text: &str) -> Result<Vec<u8>, Error> {
        let Envelope { header, salt, signature, data } = Envelope::read(text)?;
        if self.is_empty() {
            return Err(Error::NoPassword);
        }
        let label = header.id.as_deref().unwrap_or(DEFAULT_ID);
        let labelled = self.all.iter().filter(|secret| secret.id == label);
        let others = self.all.iter().filter(|secret| secret.id != label && !self.strict);
        let mut tried = Vec::new();
        for Secret { id, password } in labelled.chain(others) {
            if let Some(plain) = cipher::open(&salt, &signature, &data, password)? {
                if let Some(all) = &self.opened {
                    all.lock().unwrap_or_else(PoisonError::into_inner).push(Zeroizing::new(plain.clone()));
                }
                return Ok(plain);
            }
            tried.push(id.clone());
        }
        Err(Error::WrongPassword { label: header.id, tried })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Makes a vault text: version 1.2 with the id as its label, or 1.1 without an id or with the id `default`.
///
/// # Errors
///
/// If the id cannot stand in a header, or the system has no random bytes.
pub fn encrypt(plain: &[u8], id: Option<&str>, password: &[u8]) -> Result<String, Error> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|error| Error::Random(error.to_string()))?;
    encrypt_with_salt(plain, id, password, &salt)
}

/// As [`encrypt`] with a salt of the caller's, so that the same input gives the same text. A salt must not be used for two
/// different plain texts.
///
/// # Errors
///
/// If the id cannot stand in a header.
pub fn encrypt_with_salt(plain: &[u8], id: Option<&str>, password: &[u8], salt: &[u8]) -> Result<String, Error> {
    let (signature, data) = cipher::seal(plain, password, salt)?;
    envelope::write(id, salt, &signature, &data)
}
