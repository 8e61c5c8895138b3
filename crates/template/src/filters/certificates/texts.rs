//! Names in certificates as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::{Encode, Tag};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::names::{name_of, short_name_of};
use super::{colons, unreadable};
use crate::Error;

/// The attributes of a distinguished name, in order.
pub(super) fn name_parts(name: &Name) -> Result<Vec<(String, String)>, Error> {
    name.iter().map(|part| Ok((name_of(&part.oid), text_of(part)?))).collect()
}

/// The text of an attribute, in whichever of ASN.1's character sets it is.
fn text_of(part: &AttributeTypeAndValue) -> Result<String, Error> {
    let bytes = part.value.value();
    let text = match part.value.header().tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        }
        Tag::TeletexString => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.ok_or_else(|| Error::operation(format!("the attribute {} of a name is not text", name_of(&part.oid))))
}

/// A name of whichever kind, with its kind: `DNS:example.com`.
pub(super) fn general_name(name: &GeneralName, unicode: bool) -> Result<String, Error> {
    let domain =
        |kind: &str, text: &str| match unicode && text.split(['.', '@', '/']).any(|part| part.starts_with("xn--")) {
            true => Err(Error::operation(format!(
                "`{text}` is not turned into Unicode here; ask with name_encoding=ignore"
            ))),
            false => Ok(format!("{kind}:{text}")),
        };
    Ok(match name {
        GeneralName::DnsName(text) => domain("DNS", text.as_str())?,
        GeneralName::Rfc822Name(text) => domain("email", text.as_str())?,
        GeneralName::UniformResourceIdentifier(text) => domain("URI", text.as_str())?,
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let address = <[u8; 4]>::try_from(bytes).map(|four| Ipv4Addr::from(four).to_string());
            let address = address.or_else(|_| <[u8; 16]>::try_from(bytes).map(|all| text_of_v6(all.into())));
            format!("IP:{}", address.map_err(|_| Error::operation("an address in the certificate has a wrong length"))?)
        }
        GeneralName::DirectoryName(name) => format!("dirName:{}", distinguished(name)?),
        GeneralName::RegisteredId(id) => format!("RID:{id}"),
        GeneralName::OtherName(other) => {
            format!("otherName:{};{}", other.type_id, colons(&other.value.to_der().map_err(unreadable)?))
        }
        GeneralName::EdiPartyName(_) => {
            return Err(Error::operation("names of the kind ediPartyName are not supported"));
        }
    })
}

/// An address as Python writes it: never with the digits of version 4 inside.
fn text_of_v6(address: Ipv6Addr) -> String {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        _ => address.to_string(),
    }
}

/// A distinguished name as RFC 4514 writes it, the last attribute first.
fn distinguished(name: &Name) -> Result<String, Error> {
    let mut parts = Vec::new();
    for part in name.iter() {
        parts.push(format!("{}={}", short_name_of(&part.oid), escaped(&text_of(part)?)));
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (at, letter) in text.char_indices() {
        let last = at + letter.len_utf8() == text.len();
        match letter {
            '\0' => escaped.push_str("\\00"),
            '\\' | '"' | '+' | ',' | ';' | '<' | '>' => escaped.extend(['\\', letter]),
            '#' if at == 0 => escaped.push_str("\\#"),
            ' ' if at == 0 || last => escaped.push_str("\\ "),
            other => escaped.push(other),
        }
    }
    escaped
}
