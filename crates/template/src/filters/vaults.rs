//! Filters that encrypt and decrypt with a password of their own.

use ksplay_value::{Template, TemplateKind, Value};

use crate::environment::{Seal, Vault};
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("unvault", unvault), ("vault", vault)];

/// A text encrypted with a password: `'text' | vault('secret')`. Options: `salt`, `vault_id` (`filter_default`), and
/// `wrap_object`, which makes it a value that is decrypted where it is used, if the run has the password too.
fn vault(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let Vault { encrypt, .. } = functions(call)?;
    let (data, [secret, salt, id, wrap, _deprecated]) =
        call.bind(["secret", "salt", "vault_id", "wrap_object", "vaultid"])?;
    let secret = secret.required()?;
    let secret = text_of(&secret, "Secret passed is required to be a string")?;
    let plain = text_of(&data, "Can only vault strings")?;
    let usual = || call.templar.environment().vault_salt.as_deref().map(str::to_owned);
    let (salt, id) = (salt.text().or_else(usual), id.text_or("filter_default"));
    let sealed = encrypt(&Seal { plain, secret, id: &id, salt: salt.as_deref() })
        .map_err(|why| Error::operation(format!("Unable to encrypt: {why}")))?;
    if wrap.flag_or(false) {
        return Ok(Template::new(TemplateKind::Vault, sealed, None).into());
    }
    Ok(sealed.into())
}

/// The text that was encrypted with a password; a text that is not encrypted as it is: `x | unvault('secret')`.
fn unvault(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let Vault { decrypt, .. } = functions(call)?;
    let (data, [secret, _id, _deprecated]) = call.bind(["secret", "vault_id", "vaultid"])?;
    let secret = secret.required()?;
    let secret = text_of(&secret, "Secret passed is required to be as string")?;
    let text = text_of(&data, "Vault should be in the form of a string")?;
    if !text.starts_with("$ANSIBLE_VAULT;") {
        return Ok(text.into());
    }
    let plain = decrypt(text, secret).map_err(|why| Error::operation(format!("Unable to decrypt: {why}")))?;
    Ok(plain.into())
}

fn functions(call: &Call<'_, '_>) -> Result<Vault, Error> {
    call.templar.environment().vault.ok_or_else(|| Error::operation("nothing is encrypted here"))
}

fn text_of<'v>(value: &'v Value, wanted: &str) -> Result<&'v str, Error> {
    let message = || format!("{wanted}, instead we got <class '{}'>.", value.type_name());
    value.as_str().ok_or_else(|| Error::operation(message()))
}
