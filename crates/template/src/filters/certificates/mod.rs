//! What a certificate says: `community.crypto.x509_certificate_info`.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Blake2s256};
use ksplay_value::{Map, Value};
use num_bigint::BigInt;
use sha1::Digest;
use sha3::digest::{ExtendableOutput, XofReader};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::time::Time;

use crate::{Call, Error, Function};

mod keys;
mod names;
mod texts;

use texts::{general_name, name_parts};

pub(super) const TABLE: &[(&str, Function)] = &[("x509_certificate_info", x509_certificate_info)];

/// What a certificate in PEM says, as a mapping: `lookup('file', 'a.crt') | community.crypto.x509_certificate_info`.
/// `name_encoding` is `ignore`, `idna` or `unicode`.
fn x509_certificate_info(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (input, [encoding]) = call.bind(["name_encoding"])?;
    let Some(text) = input.as_str() else {
        let kind = input.type_name();
        let message =
            format!("The community.crypto.x509_certificate_info input must be a text type, not <class '{kind}'>");
        return Err(Error::operation(message));
    };
    let encoding = encoding.given().map_or_else(|| "ignore".to_owned(), |encoding| encoding.to_string());
    if !matches!(encoding.as_str(), "ignore" | "idna" | "unicode") {
        return Err(Error::operation(format!(
            "The name_encoding option must be one of the values \"ignore\", \"idna\", or \"unicode\", not \"{encoding}\""
        )));
    }
    let der = certificate_in(text)?;
    let certificate = CertificateInner::<Raw>::from_der(&der).map_err(unreadable)?;
    let facts = Facts { der, certificate, unicode: encoding == "unicode" };
    Ok(facts.all()?.into())
}

fn unreadable(why: x509_cert::der::Error) -> Error {
    Error::operation(format!("the certificate cannot be read: {why}"))
}

/// The bytes of the first certificate in a PEM text.
fn certificate_in(text: &str) -> Result<Vec<u8>, Error> {
    let bad = |why: &str| Error::operation(format!("Unable to load PEM file. {why}"));
    let mut found = None;
    for label in ["CERTIFICATE", "X509 CERTIFICATE"] {
        let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
        if let Some((before, rest)) = text.split_once(&begin)
            && found.is_none_or(|(start, _)| before.len() < start)
        {
            let (body, _) = rest.split_once(&end).ok_or_else(|| bad("The certificate has no end."))?;
            found = Some((before.len(), body));
        }
    }
    let Some((_, body)) = found else {
        return Err(match text.contains("-----BEGIN ") {
            true => Error::operation(
                "Valid PEM but no BEGIN CERTIFICATE/END CERTIFICATE delimiters. Are you sure this is a certificate?",
            ),
            false => bad("It has no line `-----BEGIN CERTIFICATE-----`."),
        });
    };
    let body = body.trim().replace('\r', "");
    if body.contains("\n\n") {
        return Err(bad("There is an empty line in the certificate."));
    }
    let digits: String = body.split_whitespace().collect();
    STANDARD.decode(digits).map_err(|why| bad(&format!("The certificate is not base64: {why}.")))
}

/// Where nothing is said of something, that is null, and not critical.
type Said = (Value, bool);

struct Facts {
    der: Vec<u8>,
    certificate: CertificateInner<Raw>,
    unicode: bool,
}

impl Facts {
    fn all(&self) -> Result<Map, Error> {
        let body = self.certificate.tbs_certificate();
        let version = match body.version() {
            Version::V1 => 1,
            Version::V2 => return Err(Error::operation("certificates of version 2 are not supported")),
            Version::V3 => 3,
        };
        let algorithm = names::name_of(&self.certificate.signature_algorithm().oid);
        let mut all = Map::from([("signature_algorithm", Value::from(algorithm))]);
        for (what, name) in [("subject", body.subject()), ("issuer", body.issuer())] {
            let parts: Vec<(String, String)> = name_parts(name)?;
            all.insert(what, parts.iter().cloned().collect::<Map>());
            all.insert(
                format!("{what}_ordered"),
                parts.into_iter().map(|(key, value)| Value::from_iter([key, value])).collect::<Value>(),
            );
        }
        all.insert("version", version);
        let flagged = [
            ("key_usage", self.key_usage()?),
            ("extended_key_usage", self.extended_key_usage()?),
            ("basic_constraints", self.basic_constraints()?),
            ("ocsp_must_staple", self.must_staple()?),
            ("subject_alt_name", self.alternative_names()?),
        ];
        for (name, (value, critical)) in flagged {
            all.insert(name, value);
            all.insert(format!("{name}_critical"), critical);
        }
        let validity = body.validity();
        all.insert("not_before", asn1_time(&validity.not_before));
        all.insert("not_after", asn1_time(&validity.not_after));
        all.insert("expired", validity.not_after.to_system_time() < SystemTime::now());
        let key = body.subject_public_key_info();
        let encoded = key.to_der().map_err(unreadable)?;
        let (kind, data) = keys::described(key)?;
        all.insert("public_key", pem("PUBLIC KEY", &encoded));
        all.insert("public_key_type", kind);
        all.insert("public_key_data", data);
        all.insert("public_key_fingerprints", fingerprints(&encoded));
        all.insert("fingerprints", fingerprints(&self.der));
        self.key_identifiers(&mut all)?;
        let serial = BigInt::from_signed_bytes_be(body.serial_number().as_bytes());
        all.insert("serial_number", Value::from_big(serial));
        all.insert("extensions_by_oid", self.extensions());
        const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
        const ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
        all.insert("ocsp_uri", self.access(OCSP)?);
        all.insert("issuer_uri", self.access(ISSUER)?);
        Ok(all)
    }

    /// An extension and whether it is critical.
    fn extension<'a, T: Decode<'a, Error = x509_cert::der::Error> + AssociatedOid>(
        &'a self,
    ) -> Result<Option<(bool, T)>, Error> {
        self.certificate.tbs_certificate().get_extension::<T>().map_err(unreadable)
    }

    fn extensions(&self) -> Map {
        let extensions = self.certificate.tbs_certificate().extensions();
        let described = extensions.into_iter().flatten().map(|extension| {
            let value = STANDARD.encode(extension.extn_value.as_bytes());
            let described = Map::from([("critical", Value::Bool(extension.critical)), ("value", value.into())]);
            (extension.extn_id.to_string(), described)
        });
        described.collect()
    }

    fn key_usage(&self) -> Result<Said, Error> {
        let Some((critical, KeyUsage(usage))) = self.extension()? else { return Ok(Said::default()) };
        let agrees = usage.contains(KeyUsages::KeyAgreement);
        let known = [
            ("CRL Sign", KeyUsages::CRLSign, true),
            ("Certificate Sign", KeyUsages::KeyCertSign, true),
            ("Data Encipherment", KeyUsages::DataEncipherment, true),
            ("Decipher Only", KeyUsages::DecipherOnly, agrees),
            ("Digital Signature", KeyUsages::DigitalSignature, true),
            ("Encipher Only", KeyUsages::EncipherOnly, agrees),
            ("Key Agreement", KeyUsages::KeyAgreement, true),
            ("Key Encipherment", KeyUsages::KeyEncipherment, true),
            ("Non Repudiation", KeyUsages::NonRepudiation, true),
        ];
        let names = known.into_iter().filter(|(_, flag, counts)| *counts && usage.contains(*flag));
        Ok((names.map(|(name, ..)| name).collect(), critical))
    }

    fn extended_key_usage(&self) -> Result<Said, Error> {
        let Some((critical, ExtendedKeyUsage(usages))) = self.extension()? else { return Ok(Said::default()) };
        let mut names: Vec<String> = usages.iter().map(names::name_of).collect();
        names.sort();
        Ok((names.into_iter().collect(), critical))
    }

    fn basic_constraints(&self) -> Result<Said, Error> {
        let Some((critical, constraints)) = self.extension::<BasicConstraints>()? else { return Ok(Said::default()) };
        let authority = format!("CA:{}", if constraints.ca { "TRUE" } else { "FALSE" });
        let length = constraints.path_len_constraint.map(|length| format!("pathlen:{length}"));
        Ok(([Some(authority), length].into_iter().flatten().collect(), critical))
    }

    /// Whether the extension of features of TLS asks for a status of OCSP.
    fn must_staple(&self) -> Result<Said, Error> {
        const STATUS_REQUEST: u16 = 5;
        let Some((critical, TlsFeatures(features))) = self.extension()? else { return Ok(Said::default()) };
        Ok((features.contains(&STATUS_REQUEST).into(), critical))
    }

    fn alternative_names(&self) -> Result<Said, Error> {
        let Some((critical, SubjectAltName(names))) = self.extension()? else { return Ok(Said::default()) };
        Ok((self.general_names(&names)?, critical))
    }

    fn general_names(&self, names: &[GeneralName]) -> Result<Value, Error> {
        names.iter().map(|name| general_name(name, self.unicode).map(Value::from)).collect()
    }

    fn key_identifiers(&self, all: &mut Map) -> Result<(), Error> {
        let own: Option<(_, SubjectKeyIdentifier)> = self.extension()?;
        let own = own.map(|(_, SubjectKeyIdentifier(id))| colons(id.as_bytes()));
        let authority: Option<(_, AuthorityKeyIdentifier)> = self.extension()?;
        let authority = authority.map(|(_, authority)| authority).unwrap_or_default();
        let issuer = authority.authority_cert_issuer.map(|names| self.general_names(&names)).transpose()?;
        let serial = authority.authority_cert_serial_number;
        let serial = serial.map(|number| Value::from_big(BigInt::from_signed_bytes_be(number.as_bytes())));
        all.insert("subject_key_identifier", own);
        all.insert("authority_key_identifier", authority.key_identifier.map(|id| colons(id.as_bytes())));
        all.insert("authority_cert_issuer", issuer);
        all.insert("authority_cert_serial_number", serial);
        Ok(())
    }

    /// Where something about the issuer is to be had; the first that is a URI.
    fn access(&self, method: ObjectIdentifier) -> Result<Option<String>, Error> {
        let Some((_, AuthorityInfoAccessSyntax(places))) = self.extension()? else { return Ok(None) };
        let uri = places.into_iter().filter(|place| place.access_method == method);
        let mut uri = uri.filter_map(|place| match place.access_location {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
            _ => None,
        });
        Ok(uri.next())
    }
}

/// RFC 7633: what a server that has the certificate must offer.
struct TlsFeatures(Vec<u16>);

impl AssociatedOid for TlsFeatures {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24");
}

impl<'a> Decode<'a> for TlsFeatures {
    type Error = x509_cert::der::Error;

    fn decode<R: x509_cert::der::Reader<'a>>(reader: &mut R) -> Result<Self, Self::Error> {
        Vec::decode(reader).map(Self)
    }
}

fn asn1_time(time: &Time) -> String {
    let time = time.to_date_time();
    let (year, month, day) = (time.year(), time.month(), time.day());
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}Z", time.hour(), time.minutes(), time.seconds())
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// Bytes in hexadecimal, parted by colons.
fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Digests of bytes by every algorithm that there is, in the order of their names.
fn fingerprints(bytes: &[u8]) -> Map {
    fn shake(mut hasher: impl ExtendableOutput, bytes: &[u8]) -> String {
        let mut digest = [0; 32];
        hasher.update(bytes);
        hasher.finalize_xof().read(&mut digest);
        colons(&digest)
    }
    Map::from([
        ("blake2b", colons(&Blake2b512::digest(bytes))),
        ("blake2s", colons(&Blake2s256::digest(bytes))),
        ("md5", colons(&md5::Md5::digest(bytes))),
        ("sha1", colons(&sha1::Sha1::digest(bytes))),
        ("sha224", colons(&sha2::Sha224::digest(bytes))),
        ("sha256", colons(&sha2::Sha256::digest(bytes))),
        ("sha384", colons(&sha2::Sha384::digest(bytes))),
        ("sha3_224", colons(&sha3::Sha3_224::digest(bytes))),
        ("sha3_256", colons(&sha3::Sha3_256::digest(bytes))),
        ("sha3_384", colons(&sha3::Sha3_384::digest(bytes))),
        ("sha3_512", colons(&sha3::Sha3_512::digest(bytes))),
        ("sha512", colons(&sha2::Sha512::digest(bytes))),
        ("shake_128", shake(sha3::Shake128::default(), bytes)),
        ("shake_256", shake(sha3::Shake256::default(), bytes)),
    ])
}
