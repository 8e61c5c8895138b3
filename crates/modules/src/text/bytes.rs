//! Files as text without loss: a byte that is no UTF-8 becomes a character nobody uses, and a byte again on the way back.

/// The first of 256 characters at the end of the last private plane that stand for bytes.
const FIRST: u32 = 0x10_FE00;

/// The text of these bytes.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    }
    text
}

/// The bytes of a text from [`decode`].
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        match u32::from(char).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back_as_they_were() {
        let bytes: Vec<u8> = (0..=255).chain("äß".bytes()).collect();
        assert_eq!(encode(&decode(&bytes)), bytes);
    }
}
