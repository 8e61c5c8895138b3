//! Texts that `ansible-vault` of ansible-core 2.19 made, and the properties of our own.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use ksplay_vault::{Error, Header, Secrets, encrypt, encrypt_with_salt, is_encrypted};
use proptest::prelude::*;
use serde_json::Value;

fn cases() -> Vec<Value> {
    include_str!("data/ansible_vault.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn secrets(pairs: &[(&str, &str)]) -> Secrets {
    let mut secrets = Secrets::new();
    for (id, password) in pairs {
        secrets.add(*id, password.as_bytes());
    }
    secrets
}

#[test]
fn what_ansible_encrypted_is_opened_and_would_be_written_the_same() {
    for case in cases() {
        let field = |name: &str| case[name].as_str().unwrap();
        let (id, password, plain, text) = (field("id"), field("password"), field("plain"), field("text"));
        assert_eq!(secrets(&[(id, password)]).decrypt(text).unwrap(), plain.as_bytes());

        let body: String = text.lines().skip(1).collect();
        let inner = unhex(&body);
        let salt = unhex(std::str::from_utf8(&inner).unwrap().lines().next().unwrap());
        assert_eq!(encrypt_with_salt(plain.as_bytes(), Some(id), password.as_bytes(), &salt).unwrap(), text);
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn an_indented_inline_value_is_opened() {
    let text = encrypt(b"inline", None, b"pw").unwrap().replace('\n', "\r\n    ");
    assert_eq!(secrets(&[("default", "pw")]).decrypt(&text).unwrap(), b"inline");
}

#[test]
fn every_password_is_tried_and_the_error_names_ids_only() {
    let text = encrypt(b"x", Some("prod"), b"right").unwrap();
    assert_eq!(secrets(&[("a", "wrong"), ("b", "right")]).decrypt(&text).unwrap(), b"x");
    let error = secrets(&[("a", "hunter2"), ("prod", "hunter3")]).decrypt(&text).unwrap_err();
    assert_eq!(error.to_string(), "no vault password opens the text, which is labelled `prod`; tried: prod, a");
    assert_eq!(Secrets::new().decrypt(&text), Err(Error::NoPassword));
    assert_eq!(format!("{:?}", secrets(&[("a", "hunter2")])), r#"["a"]"#);
}

#[test]
fn only_passwords_of_the_label_are_tried_when_ids_must_match() {
    let strict = |pairs: &[(&str, &str)]| {
        let mut secrets = secrets(pairs);
        secrets.match_ids();
        secrets
    };
    let labelled = encrypt(b"x", Some("prod"), b"right").unwrap();
    assert_eq!(strict(&[("prod", "right")]).decrypt(&labelled).unwrap(), b"x");
    assert!(strict(&[("dev", "right")]).decrypt(&labelled).is_err());
    let bare = encrypt(b"x", None, b"right").unwrap();
    assert_eq!(strict(&[("default", "right")]).decrypt(&bare).unwrap(), b"x");
    assert!(strict(&[("prod", "right")]).decrypt(&bare).is_err());
}

#[test]
fn a_changed_text_is_refused() {
    let text = encrypt(b"some text", None, b"pw").unwrap();
    let secrets = secrets(&[("default", "pw")]);
    // The last two characters are one digit of the ciphertext, written as hexadecimal once more.
    let start = text.trim_end().len() - 2;
    let other = if text[start..].starts_with("30") { "31" } else { "30" };
    let changed = format!("{}{other}\n", &text[..start]);
    assert_eq!(secrets.decrypt(&changed), Err(Error::WrongPassword { label: None, tried: vec!["default".into()] }));
    assert!(matches!(secrets.decrypt(&text[..text.len() - 2]), Err(Error::Damaged(_))));
    assert_eq!(secrets.decrypt("plain"), Err(Error::NotEncrypted));
    assert_eq!(secrets.decrypt("$ANSIBLE_VAULT;1.0;AES\n00"), Err(Error::Version("1.0".into())));
    assert_eq!(Header::read("$ANSIBLE_VAULT;1.2;AES256;x\n").unwrap().id.as_deref(), Some("x"));
    assert!(!is_encrypted(b" $ANSIBLE_VAULT;"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_encrypted_is_opened_again(plain: Vec<u8>, password in "[!-~]{1,20}", id in "[a-z]{0,5}") {
        let text = encrypt(&plain, Some(&id).filter(|id| !id.is_empty()).map(String::as_str), password.as_bytes()).unwrap();
        prop_assert_eq!(secrets(&[("any", &password)]).decrypt(&text).unwrap(), plain);
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in prop_oneof!["[ -~\n]{0,200}", "(3[0-9]|0a|6[1-6]){0,200}"]) {
        let _ = secrets(&[("any", "pw")]).decrypt(&format!("$ANSIBLE_VAULT;1.1;AES256\n{body}"));
    }
}
