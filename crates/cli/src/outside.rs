//! What templates can do that their crate cannot: encrypt, decrypt, fetch.

use ksplay_modules::{Probe, RunOptions};
use ksplay_template::Seal;
use ksplay_value::{Map, Value};
use ksplay_vault::Secrets;

/// A text encrypted with a password, for the filter `vault`.
pub fn encrypt(seal: &Seal<'_>) -> Result<String, String> {
    let (plain, secret) = (seal.plain.as_bytes(), seal.secret.as_bytes());
    let sealed = match seal.salt {
        Some(salt) => ksplay_vault::encrypt_with_salt(plain, Some(seal.id), secret, salt.as_bytes()),
        None => ksplay_vault::encrypt(plain, Some(seal.id), secret),
    };
    sealed.map_err(|error| error.to_string())
}

/// A text decrypted with a password, for the filter `unvault`.
pub fn decrypt(text: &str, secret: &str) -> Result<String, String> {
    let mut secrets = Secrets::new();
    secrets.add("default", secret.as_bytes());
    let plain = secrets.decrypt(text).map_err(|error| error.to_string())?;
    String::from_utf8(plain).map_err(|_| "the decrypted value is not text".to_owned())
}

/// What lies at a URL, for the lookup `url`; the module `uri` fetches it.
pub fn fetch(mut arguments: Map) -> Result<String, String> {
    arguments.insert("return_content", true);
    let answer = ksplay_modules::run("uri", &arguments, &RunOptions::default(), Probe::default());
    if answer.get("failed").is_some_and(Value::is_true) {
        return Err(answer.get("msg").map(Value::to_string).unwrap_or_default());
    }
    Ok(answer.get("content").map(Value::to_string).unwrap_or_default())
}
