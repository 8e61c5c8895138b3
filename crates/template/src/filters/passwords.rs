//! Hashes of passwords as `/etc/shadow` has them.

use ksplay_value::Value;
use sha1::Digest;

use super::args::string;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("password_hash", password_hash)];

/// The hash of a password: `'pw' | password_hash('sha512', 'salt')`. Types: `sha512`, `sha256`, `md5`, `bcrypt` and
/// `blowfish`. Without a salt, a random one. `rounds` defaults to 656000 for sha512, 535000 for sha256, 12 for bcrypt.
fn password_hash(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [hashtype, salt, salt_size, rounds, ident]) =
        call.bind(["hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let password = string(&value)?.to_owned();
    let size = salt_size.int()?.and_then(|size| usize::try_from(size).ok());
    let request = Request { salt: salt.text(), salt_size: size, rounds: rounds.int()?, ident: ident.text() };
    hashed(&password, &hashtype.text_or("sha512"), &request).map(Value::from)
}

/// What may be asked of a hash beside its type.
#[derive(Default)]
pub(crate) struct Request {
    /// The salt; a random one when absent.
    pub(crate) salt: Option<String>,
    /// How long a random salt is.
    pub(crate) salt_size: Option<usize>,
    /// How often it goes round.
    pub(crate) rounds: Option<i64>,
    /// The variant of bcrypt: `2a`, `2b`, `2y`.
    pub(crate) ident: Option<String>,
}

/// The hash, in the form of `/etc/shadow`.
pub(crate) fn hashed(password: &str, hashtype: &str, request: &Request) -> Result<String, Error> {
    match hashtype {
        "sha512" | "sha512_crypt" => sha_crypt(password, request, true),
        "sha256" | "sha256_crypt" => sha_crypt(password, request, false),
        "md5" | "md5_crypt" => Ok(md5_crypt(password.as_bytes(), &request.salt(8, 8)?)),
        "bcrypt" | "blowfish" => bcrypt_hash(password, request),
        other => Err(Error::operation(format!(
            "{other} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512"
        ))),
    }
}

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Request {
    fn salt(&self, default_size: usize, most: usize) -> Result<String, Error> {
        let salt = match &self.salt {
            Some(salt) => salt.clone(),
            None => super::random::letters(self.salt_size.unwrap_or(default_size), ALPHABET),
        };
        if self.salt_size.is_some_and(|size| size > most) || salt.len() > most {
            return Err(Error::operation(format!("salt too large (requires <= {most} chars)")));
        }
        if !salt.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err(Error::operation("invalid characters in salt"));
        }
        Ok(salt)
    }
}

fn sha_crypt(password: &str, request: &Request, long: bool) -> Result<String, Error> {
    let salt = request.salt(16, 16)?;
    let rounds = request.rounds.unwrap_or(if long { 656_000 } else { 535_000 });
    let params = u32::try_from(rounds).ok().and_then(|rounds| sha_crypt::Params::new(rounds).ok());
    let Some(params) = params else {
        return Err(Error::operation(format!("rounds must be >= 1000 and <= 999999999, not {rounds}")));
    };
    let (password, bytes) = (password.as_bytes(), salt.as_bytes());
    let (mark, digest) = if long {
        let order: [u8; 63] = [
            0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30,
            51, 31, 52, 10, 53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39,
            60, 40, 61, 19, 62, 20, 41,
        ];
        let sum = sha_crypt::sha512_crypt(password, bytes, params);
        ("6", crypt64(&order.map(|at| sum[usize::from(at)]), &[sum[63]]))
    } else {
        let order: [u8; 30] = [
            0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19,
            29,
        ];
        let sum = sha_crypt::sha256_crypt(password, bytes, params);
        ("5", crypt64(&order.map(|at| sum[usize::from(at)]), &[sum[31], sum[30]]))
    };
    let rounds = if rounds == 5000 { String::new() } else { format!("rounds={rounds}$") };
    Ok(format!("${mark}${rounds}{salt}${digest}"))
}

/// The base64 of crypt: three bytes, most significant first, as four letters, least significant first.
fn crypt64(bytes: &[u8], rest: &[u8]) -> String {
    let mut text = String::new();
    let mut push = |group: &[u8], letters: usize| {
        let mut bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for _ in 0..letters {
            text.push(char::from(ALPHABET[(bits & 63) as usize]));
            bits >>= 6;
        }
    };
    for group in bytes.chunks(3) {
        push(group, 4);
    }
    push(rest, rest.len() + 1);
    text
}

fn md5_crypt(password: &[u8], salt: &str) -> String {
    let salt = salt.as_bytes();
    let mut digest = md5::Md5::digest([password, salt, password].concat());
    let mut input = [password, b"$1$", salt].concat();
    let mut left = password.len();
    while left > 0 {
        input.extend_from_slice(&digest[..left.min(16)]);
        left = left.saturating_sub(16);
    }
    let mut length = password.len();
    while length > 0 {
        input.push(if length & 1 == 1 { 0 } else { password[0] });
        length >>= 1;
    }
    digest = md5::Md5::digest(&input);
    for round in 0..1000 {
        let mut input = Vec::new();
        input.extend_from_slice(if round % 2 == 1 { password } else { &digest });
        if round % 3 != 0 {
            input.extend_from_slice(salt);
        }
        if round % 7 != 0 {
            input.extend_from_slice(password);
        }
        input.extend_from_slice(if round % 2 == 1 { &digest } else { password });
        digest = md5::Md5::digest(&input);
    }
    let order: [usize; 15] = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5];
    format!("$1${}${}", String::from_utf8_lossy(salt), crypt64(&order.map(|at| digest[at]), &[digest[11]]))
}

const BCRYPT: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn bcrypt_hash(password: &str, request: &Request) -> Result<String, Error> {
    let refuse = |message: String| Error::operation(format!("Could not hash the secret: {message}"));
    if password.len() > 72 {
        return Err(refuse("password cannot be longer than 72 bytes".to_owned()));
    }
    let salt = request.salt(22, 22)?;
    if salt.len() < 22 {
        return Err(refuse("salt too small (bcrypt requires exactly 22 chars)".to_owned()));
    }
    let mut bits = Vec::with_capacity(132);
    for letter in salt.chars() {
        let value = BCRYPT.find(letter).unwrap_or(0);
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let mut raw = [0u8; 16];
    for (at, bit) in bits.iter().take(128).enumerate() {
        raw[at / 8] |= u8::from(*bit == 1) << (7 - at % 8);
    }
    let cost = u32::try_from(request.rounds.unwrap_or(12)).map_err(|error| refuse(error.to_string()))?;
    let version = match request.ident.as_deref().unwrap_or("2b") {
        "2a" => bcrypt::Version::TwoA,
        "2b" => bcrypt::Version::TwoB,
        "2y" => bcrypt::Version::TwoY,
        other => return Err(refuse(format!("invalid ident: {other}"))),
    };
    let parts = bcrypt::hash_with_salt(password, cost, raw).map_err(|error| refuse(error.to_string()))?;
    Ok(parts.format_for_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcrypt_hashes_are_those_of_the_reference_implementation() {
        let request = |rounds, ident: &str| Request {
            salt: Some("abcdefghijklmnopqrstuv".to_owned()),
            rounds: Some(rounds),
            ident: Some(ident.to_owned()),
            ..Request::default()
        };
        let hash = hashed("pw", "bcrypt", &request(4, "2a")).unwrap();
        assert_eq!(hash, "$2a$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW");
        assert!(hashed(&"x".repeat(73), "bcrypt", &request(4, "2b")).is_err());
    }

    #[test]
    fn a_salt_by_chance_is_long_enough_and_never_twice_the_same() {
        let salt = || Request::default().salt(16, 16).unwrap();
        assert_eq!(salt().len(), 16);
        assert_ne!(salt(), salt());
    }
}
