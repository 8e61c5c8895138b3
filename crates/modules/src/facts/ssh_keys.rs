//! The public keys of the SSH server.

use ksplay_value::Map;

use super::look::Look;

/// `ssh_host_key_*_public` and `…_public_keytype`, from the first directory that has any.
pub(crate) fn collect(look: &Look) -> Map {
    let mut facts = Map::new();
    for directory in ["/etc/ssh", "/etc/openssh", "/etc"] {
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let Some(text) = look.line(&format!("{directory}/ssh_host_{kind}_key.pub")) else { continue };
            let mut words = text.split_whitespace();
            if let (Some(key_type), Some(key)) = (words.next(), words.next()) {
                facts.insert(format!("ssh_host_key_{kind}_public"), key);
                facts.insert(format!("ssh_host_key_{kind}_public_keytype"), key_type);
            }
        }
        if !facts.is_empty() {
            break;
        }
    }
    facts
}
