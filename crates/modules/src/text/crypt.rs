//! Hashes of passwords as web servers know them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;

/// The letters of salts and hashes, each for six bits.
pub(crate) const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A way to hash a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// MD5 in a thousand rounds, as Apache marks it (`$apr1$`).
    Apache,
    /// The same as Unix marks it (`$1$`).
    Md5,
    /// SHA-1 (`{SHA}`).
    Sha1,
    /// The password itself.
    Plain,
}

impl Scheme {
    /// The scheme of this name, as passlib calls it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "apr_md5_crypt" => Self::Apache,
            "md5_crypt" => Self::Md5,
            "ldap_sha1" => Self::Sha1,
            "plaintext" => Self::Plain,
            _ => return None,
        })
    }

    /// The scheme that a hash is of; none for one of another scheme.
    pub fn of(hash: &str) -> Option<Self> {
        match hash {
            _ if hash.starts_with("$apr1$") => Some(Self::Apache),
            _ if hash.starts_with("$1$") => Some(Self::Md5),
            _ if hash.starts_with("{SHA}") => Some(Self::Sha1),
            _ if hash.starts_with(['$', '{']) => None,
            _ => Some(Self::Plain),
        }
    }

    /// The hash of a password.
    pub fn hash(self, password: &str, salt: &str) -> String {
        match self {
            Self::Apache => md5_crypt(password.as_bytes(), salt, "$apr1$"),
            Self::Md5 => md5_crypt(password.as_bytes(), salt, "$1$"),
            Self::Sha1 => format!("{{SHA}}{}", STANDARD.encode(Sha1::digest(password))),
            Self::Plain => password.to_owned(),
        }
    }

    /// Whether this hash, which is of this scheme, is that of the password.
    pub fn verifies(self, password: &str, hash: &str) -> bool {
        let salt = hash.split('$').nth(2).unwrap_or_default();
        self.hash(password, salt) == hash
    }
}

/// Poul-Henning Kamp's hash, which `crypt` has for `$1$` and Apache for `$apr1$`.
fn md5_crypt(password: &[u8], salt: &str, mark: &str) -> String {
    let salt = &salt[..salt.len().min(8)];
    let mut inner = Md5::new();
    for part in [password, salt.as_bytes(), password] {
        inner.update(part);
    }
    let inner = inner.finalize();
    let mut outer = Md5::new();
    for part in [password, mark.as_bytes(), salt.as_bytes()] {
        outer.update(part);
    }
    outer.update(inner.iter().copied().cycle().take(password.len()).collect::<Vec<u8>>());
    let mut length = password.len();
    while length > 0 {
        outer.update(if length & 1 == 1 { &[0][..] } else { &password[..1] });
        length >>= 1;
    }
    let mut sum = outer.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        if round % 2 == 1 {
            next.update(password)
        } else {
            next.update(sum)
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        if round % 2 == 1 {
            next.update(sum)
        } else {
            next.update(password)
        }
        sum = next.finalize();
    }
    let mut text = format!("{mark}{salt}$");
    let mut put = |bits: u32, letters: u32| {
        for letter in 0..letters {
            text.push(LETTERS[(bits >> (6 * letter) & 63) as usize] as char);
        }
    };
    for index in 0..5 {
        let third = if index == 4 { 5 } else { index + 12 };
        let bytes = [sum[index], sum[index + 6], sum[third]].map(u32::from);
        put(bytes[0] << 16 | bytes[1] << 8 | bytes[2], 4);
    }
    put(u32::from(sum[11]), 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_openssl() {
        // openssl passwd -apr1 -salt xxxxxxxx, and -1
        for (password, apache, unix) in DATA {
            assert_eq!(Scheme::Apache.hash(password, "xxxxxxxx"), *apache);
            assert_eq!(Scheme::Md5.hash(password, "xxxxxxxx"), *unix);
            assert!(Scheme::Apache.verifies(password, apache));
            assert!(!Scheme::Apache.verifies("other", apache));
        }
        assert_eq!(Scheme::Sha1.hash("x", ""), "{SHA}EfatjsUqKYSrqv18O1FlA3hcIHI=");
    }

    const DATA: &[(&str, &str, &str)] = &[
        ("pw", "$apr1$xxxxxxxx$chY.w2eF7dPHX8QwFFjk3/", "$1$xxxxxxxx$7hjegUUfqGXbmlfvnXxmG/"),
        ("", "$apr1$xxxxxxxx$AL/DOdqyMUurcg0cPNW/P1", "$1$xxxxxxxx$IqF7NosA6k6TofrEZx5/s/"),
        (
            "a much longer password than sixteen bytes",
            "$apr1$xxxxxxxx$Hj3ucz3tHH8wNFzvVUcAG/",
            "$1$xxxxxxxx$xB7dZGCVtfxrcic6TgGB31",
        ),
    ];
}
