//! Public keys, taken apart.

use ksplay_value::{Map, Value};
use num_bigint::BigUint;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{ObjectIdentifier, Uint};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::unreadable;
use crate::Error;

/// The kind of a key, and its numbers.
pub(super) fn described(key: &SubjectPublicKeyInfoOwned) -> Result<(&'static str, Map), Error> {
    let bits = key.subject_public_key.as_bytes().ok_or_else(|| Error::operation("the public key is cut short"))?;
    Ok(match key.algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => ("RSA", rsa(bits)?),
        "1.2.840.10040.4.1" => ("DSA", dsa(key, bits)?),
        "1.2.840.10045.2.1" => ("ECC", elliptic(key, bits)?),
        "1.3.101.110" => ("X25519", Map::new()),
        "1.3.101.111" => ("X448", Map::new()),
        "1.3.101.112" => ("Ed25519", Map::new()),
        "1.3.101.113" => ("Ed448", Map::new()),
        other => return Err(Error::operation(format!("public keys of the algorithm {other} are not supported"))),
    })
}

fn number(bytes: &[u8]) -> Value {
    Value::from_big(BigUint::from_bytes_be(bytes).into())
}

/// The numbers of a sequence that holds nothing else, and the bits of the first.
fn numbers<const N: usize>(sequence: Result<Vec<Uint>, x509_cert::der::Error>) -> Result<(Value, [Value; N]), Error> {
    let sequence = sequence.map_err(unreadable)?;
    let size = sequence.first().map(|first| BigUint::from_bytes_be(first.as_bytes()).bits() as i64);
    let all: Vec<Value> = sequence.iter().map(|each| number(each.as_bytes())).collect();
    let all = all.try_into().map_err(|_| Error::operation("the public key has not as many numbers as it should"))?;
    Ok((size.into(), all))
}

fn rsa(bits: &[u8]) -> Result<Map, Error> {
    let (size, [modulus, exponent]) = numbers(Vec::from_der(bits))?;
    Ok(Map::from([("size", size), ("modulus", modulus), ("exponent", exponent)]))
}

fn dsa(key: &SubjectPublicKeyInfoOwned, bits: &[u8]) -> Result<Map, Error> {
    let parameters = key.algorithm.parameters.as_ref();
    let parameters = parameters.ok_or_else(|| Error::operation("the DSA key lacks its parameters"))?;
    let (size, [p, q, g]) = numbers(parameters.decode_as())?;
    let y = number(Uint::from_der(bits).map_err(unreadable)?.as_bytes());
    Ok(Map::from([("size", size), ("p", p), ("q", q), ("g", g), ("y", y)]))
}

/// Curves: identifier, name, bits.
const CURVES: &[(&str, &str, u16)] = &[
    ("1.2.840.10045.3.1.1", "secp192r1", 192),
    ("1.2.840.10045.3.1.7", "secp256r1", 256),
    ("1.3.132.0.1", "sect163k1", 163),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.132.0.15", "sect163r2", 163),
    ("1.3.132.0.16", "sect283k1", 283),
    ("1.3.132.0.17", "sect283r1", 283),
    ("1.3.132.0.26", "sect233k1", 233),
    ("1.3.132.0.27", "sect233r1", 233),
    ("1.3.132.0.33", "secp224r1", 224),
    ("1.3.132.0.34", "secp384r1", 384),
    ("1.3.132.0.35", "secp521r1", 521),
    ("1.3.132.0.36", "sect409k1", 409),
    ("1.3.132.0.37", "sect409r1", 409),
    ("1.3.132.0.38", "sect571k1", 571),
    ("1.3.132.0.39", "sect571r1", 571),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
];

fn elliptic(key: &SubjectPublicKeyInfoOwned, bits: &[u8]) -> Result<Map, Error> {
    let parameters = key.algorithm.parameters.as_ref();
    let curve = parameters.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let curve = curve.ok_or_else(|| Error::operation("the curve of the key has no name"))?.to_string();
    let Some((_, name, size)) = CURVES.iter().find(|(known, ..)| *known == curve) else {
        return Err(Error::operation(format!("keys on the curve {curve} are not supported")));
    };
    let Some((4, point)) = bits.split_first().map(|(form, point)| (*form, point)) else {
        return Err(Error::operation("a key whose point is compressed is not supported"));
    };
    let (x, y) = point.split_at(point.len() / 2);
    Ok(Map::from([
        ("curve", Value::from(*name)),
        ("x", number(x)),
        ("y", number(y)),
        ("exponent_size", Value::Int((*size).into())),
    ]))
}
