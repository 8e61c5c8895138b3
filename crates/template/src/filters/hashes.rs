//! Filters that encode and digest.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ksplay_value::Value;
use ksplay_value::text::hex;
use sha1::Digest;

use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("b64decode", b64decode),
    ("b64encode", b64encode),
    ("checksum", checksum),
    ("hash", hash),
    ("md5", md5),
    ("sha1", checksum),
    ("to_uuid", to_uuid),
];

/// The text of bytes in a character set; only Unicode's and Latin-1.
pub(crate) fn bytes_in(text: &str, encoding: &str) -> Result<Vec<u8>, Error> {
    let units = || text.encode_utf16();
    Ok(match charset(encoding).as_str() {
        "utf8" => text.as_bytes().to_vec(),
        "utf16le" => units().flat_map(u16::to_le_bytes).collect(),
        "utf16be" => units().flat_map(u16::to_be_bytes).collect(),
        "utf16" => [0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect(),
        "ascii" if text.is_ascii() => text.as_bytes().to_vec(),
        "latin1" | "iso88591" if text.chars().all(|c| (c as u32) < 256) => text.chars().map(|c| c as u8).collect(),
        _ => return Err(Error::operation(format!("cannot encode the text as {encoding}"))),
    })
}

/// The text that bytes in a character set are; only Unicode's and Latin-1.
pub(crate) fn text_in(bytes: &[u8], encoding: &str) -> Result<String, Error> {
    let units = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Ok(match charset(encoding).as_str() {
        "utf8" => String::from_utf8_lossy(bytes).into_owned(),
        "utf16le" => units(u16::from_le_bytes, bytes),
        "utf16be" => units(u16::from_be_bytes, bytes),
        "utf16" => match bytes {
            [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
            [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
            rest => units(u16::from_le_bytes, rest),
        },
        "ascii" if bytes.is_ascii() => String::from_utf8_lossy(bytes).into_owned(),
        "latin1" | "iso88591" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => return Err(Error::operation(format!("cannot decode the bytes as {encoding}"))),
    })
}

fn charset(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}

/// The text in base64: `'hello' | b64encode` is `aGVsbG8=`. Options: `encoding` (`utf-8`), `urlsafe`.
fn b64encode(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [encoding, urlsafe]) = call.bind(["encoding", "urlsafe"])?;
    let bytes = bytes_in(&value.to_string(), &encoding.text_or("utf-8"))?;
    Ok(if urlsafe.flag_or(false) { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }.into())
}

/// The text that base64 stands for: `'aGVsbG8=' | b64decode` is `hello`. Letters outside the alphabet are skipped; bytes
/// that are no text become replacement characters.
fn b64decode(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [encoding, urlsafe]) = call.bind(["encoding", "urlsafe"])?;
    let encoded: String = match urlsafe.flag_or(false) {
        true => value.to_string().replace('-', "+").replace('_', "/"),
        false => value.to_string(),
    };
    let clean: String = encoded.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect();
    let body = clean.trim_end_matches('=');
    let body = &body[..body.find('=').unwrap_or(body.len())];
    let padded = match body.len() % 4 {
        0 => body.to_owned(),
        rest if clean.len() - body.len() >= 4 - rest && rest != 1 => format!("{body}{}", "=".repeat(4 - rest)),
        _ => return Err(Error::operation("Incorrect padding")),
    };
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let bytes = lenient.decode(padded).map_err(|error| Error::operation(error.to_string()))?;
    text_in(&bytes, &encoding.text_or("utf-8")).map(Value::from)
}

/// The digest of a text, `sha1` unless another one is named: `'a' | hash('sha256')`. Known are md5, sha1, and those of
/// the families SHA-2, SHA-3 and BLAKE2.
fn hash(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [hashtype]) = call.bind(["hashtype"])?;
    let bytes = value.to_string();
    Ok(match hashtype.text_or("sha1").to_lowercase().as_str() {
        "md5" => hex(&md5::Md5::digest(&bytes)),
        "sha1" => hex(&sha1::Sha1::digest(&bytes)),
        "sha224" => hex(&sha2::Sha224::digest(&bytes)),
        "sha256" => hex(&sha2::Sha256::digest(&bytes)),
        "sha384" => hex(&sha2::Sha384::digest(&bytes)),
        "sha512" => hex(&sha2::Sha512::digest(&bytes)),
        "sha512_224" | "sha512-224" => hex(&sha2::Sha512_224::digest(&bytes)),
        "sha512_256" | "sha512-256" => hex(&sha2::Sha512_256::digest(&bytes)),
        "sha3_224" | "sha3-224" => hex(&sha3::Sha3_224::digest(&bytes)),
        "sha3_256" | "sha3-256" => hex(&sha3::Sha3_256::digest(&bytes)),
        "sha3_384" | "sha3-384" => hex(&sha3::Sha3_384::digest(&bytes)),
        "sha3_512" | "sha3-512" => hex(&sha3::Sha3_512::digest(&bytes)),
        "blake2b" | "blake2b512" => hex(&blake2::Blake2b512::digest(&bytes)),
        "blake2s" | "blake2s256" => hex(&blake2::Blake2s256::digest(&bytes)),
        other => return Err(Error::operation(format!("unsupported hash type {other}"))),
    }
    .into())
}

/// The SHA-1 of a text: `'a' | checksum`.
fn checksum(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(hex(&sha1::Sha1::digest(value.to_string())).into())
}

/// The MD5 of a text: `'a' | md5`.
fn md5(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    Ok(hex(&md5::Md5::digest(value.to_string())).into())
}

/// A version 5 UUID of a text in a namespace: `'test' | to_uuid` is `f4fb6740-9e00-5ac4-9581-f24b6ecfe71e`.
fn to_uuid(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [namespace]) = call.bind(["namespace"])?;
    let namespace = namespace.text_or("361E6D51-FAEC-444A-9079-341386DA8E2E");
    let digits: String = namespace.trim_start_matches("urn:uuid:").trim_matches(['{', '}']).replace('-', "");
    let parsed: Option<Vec<u8>> = (digits.len() == 32 && digits.is_ascii())
        .then(|| (0..16).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()).collect())
        .flatten();
    let Some(mut bytes) = parsed else {
        return Err(Error::operation(format!(
            "Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"
        )));
    };
    bytes.extend_from_slice(value.to_string().as_bytes());
    let mut id = sha1::Sha1::digest(&bytes)[..16].to_vec();
    id[6] = (id[6] & 0x0f) | 0x50;
    id[8] = (id[8] & 0x3f) | 0x80;
    let text = hex(&id);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]).into())
}
