//! The cryptography: a key pair from a password, then encrypt and sign, or verify and decrypt.

use aes::Aes256;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;

const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;

/// What a password and a salt give: a key to encrypt with, a key to sign with, and the first counter block.
struct Keys(Zeroizing<[u8; 80]>);

impl Keys {
    fn derive(password: &[u8], salt: &[u8]) -> Self {
        let mut keys = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, keys.as_mut_slice());
        Self(keys)
    }

    fn apply(&self, data: &mut [u8]) -> Result<(), Error> {
        ctr::Ctr128BE::<Aes256>::new_from_slices(&self.0[..32], &self.0[64..])
            .map_err(|_| Error::Damaged("the keys have the wrong length"))?
            .apply_keystream(data);
        Ok(())
    }

    fn signer(&self) -> Result<Hmac<Sha256>, Error> {
        Hmac::new_from_slice(&self.0[32..64]).map_err(|_| Error::Damaged("the keys have the wrong length"))
    }
}

/// The signature and the ciphertext of a plain text.
pub(crate) fn seal(plain: &[u8], password: &[u8], salt: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let keys = Keys::derive(password, salt);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut data = plain.to_vec();
    data.resize(plain.len() + padding, padding as u8);
    keys.apply(&mut data)?;
    let mut signer = keys.signer()?;
    signer.update(&data);
    Ok((signer.finalize().into_bytes().to_vec(), data))
}

/// The plain text, or `None` when the password is not the one.
pub(crate) fn open(salt: &[u8], signature: &[u8], data: &[u8], password: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let keys = Keys::derive(password, salt);
    let mut signer = keys.signer()?;
    signer.update(data);
    // Compares in constant time.
    if signer.verify_slice(signature).is_err() {
        return Ok(None);
    }
    let mut plain = data.to_vec();
    keys.apply(&mut plain)?;
    let padding = plain.last().copied().map_or(0, usize::from);
    let start = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
    match start {
        Some(start) if plain[start..].iter().all(|byte| usize::from(*byte) == padding) => {
            plain.truncate(start);
            Ok(Some(plain))
        }
        _ => Err(Error::Damaged("its padding is wrong")),
    }
}
