//! The ansible-vault format: text that holds a secret, and the passwords that open it.
//!
//! Versions 1.1 and 1.2 with the cipher `AES256` (AES-256-CTR, HMAC-SHA256, keys by PBKDF2 with 10,000 rounds), which is
//! everything that ansible-core writes.
//!
//! ```
//! use ksplay_vault::{Secrets, encrypt, is_encrypted};
//!
//! let text = encrypt(b"s3cret", Some("prod"), b"password")?;
//! assert!(text.starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n") && is_encrypted(text.as_bytes()));
//!
//! let mut secrets = Secrets::new();
//! secrets.add("prod", b"password");
//! assert_eq!(secrets.decrypt(&text)?, b"s3cret");
//! # Ok::<(), ksplay_vault::Error>(())
//! ```

mod cipher;
mod envelope;
mod secrets;

pub use envelope::{Header, is_encrypted};
pub use secrets::{Secrets, encrypt, encrypt_with_salt};

/// Why a vault text cannot be opened or made. No message holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text does not begin with a vault header.
    #[error("the text is not encrypted: it does not begin with `$ANSIBLE_VAULT;`")]
    NotEncrypted,
    /// A version of the format that is not known.
    #[error("vault format {0} is not supported, only 1.1 and 1.2 are")]
    Version(String),
    /// A cipher that is not known.
    #[error("vault cipher {0} is not supported, only AES256 is")]
    Cipher(String),
    /// The text is cut short or was changed by hand.
    #[error("the vault text is damaged: {0}")]
    Damaged(&'static str),
    /// There is no password at all.
    #[error("the text is encrypted, but no vault password was given")]
    NoPassword,
    /// No password fits.
    #[error("no vault password opens the text{}; tried: {}", labelled(.label.as_deref()), .tried.join(", "))]
    WrongPassword {
        /// The id that the text is labelled with.
        label: Option<String>,
        /// The ids of the passwords that were tried, in order.
        tried: Vec<String>,
    },
    /// The id cannot stand in a header.
    #[error("the vault id `{0}` holds a `;` or a line break")]
    Id(String),
    /// The system gave no random bytes.
    #[error("the system has no random bytes: {0}")]
    Random(String),
}

fn labelled(label: Option<&str>) -> String {
    label.map(|label| format!(", which is labelled `{label}`")).unwrap_or_default()
}
