//! The text around the ciphertext: a header line, then hexadecimal lines of 80 characters.

use crate::Error;

const MAGIC: &str = "$ANSIBLE_VAULT;";
const LINE: usize = 80;

/// Whether data begins as a vault text does.
pub fn is_encrypted(data: &[u8]) -> bool {
    data.starts_with(MAGIC.as_bytes())
}

/// The first line of a vault text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `1.1` or `1.2`.
    pub version: String,
    /// `AES256`.
    pub cipher: String,
    /// The id that the text is labelled with; only version 1.2 has one.
    pub id: Option<String>,
}

impl Header {
    /// Reads the header of a vault text.
    ///
    /// # Errors
    ///
    /// If the text is not encrypted, or by a version or cipher that is not known.
    pub fn read(text: &str) -> Result<Self, Error> {
        let text = text.trim_start();
        if !is_encrypted(text.as_bytes()) {
            return Err(Error::NotEncrypted);
        }
        let mut fields =
            text.lines().next().unwrap_or_default().split(';').skip(1).map(|field| field.trim().to_owned());
        let header = Self {
            version: fields.next().unwrap_or_default(),
            cipher: fields.next().unwrap_or_default(),
            id: fields.next().filter(|id| !id.is_empty()),
        };
        if header.version != "1.1" && header.version != "1.2" {
            return Err(Error::Version(header.version));
        }
        if header.cipher != "AES256" {
            return Err(Error::Cipher(header.cipher));
        }
        Ok(header)
    }
}

/// A vault text, taken apart.
pub(crate) struct Envelope {
    pub(crate) header: Header,
    pub(crate) salt: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Envelope {
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let header = Header::read(text)?;
        let body: Vec<u8> =
            text.trim_start().lines().skip(1).flat_map(str::bytes).filter(|byte| !byte.is_ascii_whitespace()).collect();
        let inner = unhex(&body)?;
        let mut parts = inner.splitn(3, |byte| *byte == b'\n');
        let mut part = || parts.next().ok_or(Error::Damaged("it is cut short")).and_then(unhex);
        Ok(Self { header, salt: part()?, signature: part()?, data: part()? })
    }
}

/// A vault text of these parts.
pub(crate) fn write(id: Option<&str>, salt: &[u8], signature: &[u8], data: &[u8]) -> Result<String, Error> {
    let mut text = match id {
        None | Some("default") => format!("{MAGIC}1.1;AES256\n"),
        Some(id) if id.contains([';', '\n', '\r']) => return Err(Error::Id(id.to_owned())),
        Some(id) => format!("{MAGIC}1.2;AES256;{id}\n"),
    };
    let inner = [hex(salt), hex(signature), hex(data)].join("\n");
    let body = hex(inner.as_bytes());
    for line in body.as_bytes().chunks(LINE) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &[u8]) -> Result<Vec<u8>, Error> {
    if text.len() % 2 == 1 {
        return Err(Error::Damaged("its number of hexadecimal digits is odd"));
    }
    let digit =
        |byte: u8| char::from(byte).to_digit(16).ok_or(Error::Damaged("it holds something that is not hexadecimal"));
    text.chunks_exact(2).map(|pair| Ok((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}
