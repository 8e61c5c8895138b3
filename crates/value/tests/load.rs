//! What is read from YAML, against what PyYAML's `CSafeLoader` reads; and properties that hold for any text.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use ksplay_value::text::{from_json, repr};
use ksplay_value::yaml::{EmitOptions, Node, NodeKind, emit, load, load_all};
use ksplay_value::{Bytes, Date, DateTime, Map, Source, TemplateKind, Value};
use num_bigint::BigInt;
use proptest::prelude::*;

fn read(text: &str) -> Node {
    load(&Source::new("test.yml", text)).unwrap_or_else(|error| panic!("{text}\n{error}")).root.unwrap()
}

fn refusal(text: &str) -> String {
    let error = load(&Source::new("test.yml", text)).unwrap_err();
    format!("{}: {}", error.span.clone().map(|span| span.to_string()).unwrap_or_default(), error.message)
}

fn places(node: &Node, places: &mut Vec<Value>) {
    places.push([i64::from(node.span.line), i64::from(node.span.column)].into_iter().collect());
    for item in node.items().unwrap_or_default() {
        self::places(item, places);
    }
    for (key, value) in node.entries().unwrap_or_default() {
        self::places(key, places);
        self::places(value, places);
    }
}

#[test]
fn documents_are_read_and_refused_as_by_pyyaml() {
    for line in include_str!("data/pyyaml_load.jsonl").lines() {
        let case = from_json(line).unwrap();
        let text = case.get("yaml").and_then(Value::as_str).unwrap();
        match load(&Source::new("test.yml", text)) {
            Ok(document) => {
                let expected = case.get("repr").unwrap_or_else(|| panic!("pyyaml refuses {text:?}: {line}"));
                let value = document.root.as_ref().map(Node::to_data).unwrap_or_default();
                assert_eq!(repr(&value), expected.as_str().unwrap(), "{text:?}");
                if let (Some(marks), Some(root)) = (case.get("marks"), &document.root) {
                    let mut found = Vec::new();
                    places(root, &mut found);
                    assert_eq!(Value::from(found), *marks, "{text:?}");
                }
            }
            Err(error) => {
                assert!(case.get("error").is_some(), "pyyaml reads {text:?}: {error} {:?}", error.span);
                assert!(error.span.is_some(), "{text:?}: {error}");
            }
        }
    }
}

#[test]
fn only_trusted_text_with_markers_becomes_a_template() {
    let node = read("a: '{{ x }}'\nb: !unsafe '{{ x }}'\nc: !unsafe [{d: '{{ x }}', e: 1}]\nf: plain\n");
    let value = node.to_value();
    match value.get("a") {
        Some(Value::Template(template)) => {
            assert_eq!(template.kind, TemplateKind::Jinja);
            assert_eq!(template.span.as_ref().unwrap().to_string(), "test.yml:1:4");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(value.get("b"), Some(&Value::from("{{ x }}")));
    assert_eq!(repr(value.get("c").unwrap()), "[{'d': '{{ x }}', 'e': 1}]");
    assert_eq!(value.get("f"), Some(&Value::from("plain")));
    assert_eq!(node.to_data().get("a"), Some(&Value::from("{{ x }}")));
    assert_eq!(repr(&read("[!unsafe 123, !unsafe '123', !unsafe yes]").to_value()), "[123, '123', True]");
}

#[test]
fn an_alias_under_unsafe_is_not_trusted() {
    let value = read("a: &x ['{{ x }}']\nb: !unsafe [*x]\nc: *x\n").to_value();
    assert_eq!(repr(value.get("b").unwrap()), "[['{{ x }}']]");
    assert!(matches!(value.get("b").unwrap().as_list().unwrap()[0].as_list().unwrap()[0], Value::String(_)));
    assert!(matches!(value.get("c").unwrap().as_list().unwrap()[0], Value::Template(_)));
}

#[test]
fn base64_is_read_as_python_reads_it() {
    for (text, expected) in [
        ("aGk=", "b'hi'"),
        ("a G\\nk = ", "b'hi'"),
        ("aGk=aGk=", "b'hi'"),
        ("=aGk=", "b'hi'"),
        ("aGl=", "b'hi'"),
        ("aGkh", "b'hi!'"),
        ("aA==", "b'h'"),
        ("", "b''"),
        ("/+8=", "b'\\xff\\xef'"),
    ] {
        assert_eq!(repr(&read(&format!("!!binary \"{text}\"")).to_data()), expected, "{text}");
    }
    for text in ["aGk", "a", "aG=", "aGkha"] {
        refusal(&format!("!!binary '{text}'"));
    }
}

#[test]
fn a_vault_value_keeps_its_ciphertext() {
    let text = "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3030\n";
    let node = read(text);
    assert!(matches!(&node.get("a").unwrap().kind, NodeKind::Vault(text) if text.starts_with("$ANSIBLE_VAULT")));
    match node.to_value().get("a") {
        Some(Value::Template(template)) => assert_eq!(template.kind, TemplateKind::Vault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_stands_twice_is_told_and_the_last_value_stays() {
    let document = load(&Source::new("test.yml", "x: &x {k: 0}\ny:\n  <<: *x\n  k: 1\n  j: 2\n  k: 3\n")).unwrap();
    let told: Vec<_> = document.duplicates.iter().map(|twice| format!("{} {}", twice.key, twice.span)).collect();
    assert_eq!(told, ["k test.yml:6:3"]);
    assert_eq!(repr(&document.root.unwrap().to_data()), "{'x': {'k': 0}, 'y': {'k': 3, 'j': 2}}");
}

#[test]
fn several_documents_are_read_by_load_all_only() {
    let source = Source::new("test.yml", "a\n---\nb\n");
    let texts: Vec<_> =
        load_all(&source).unwrap().into_iter().map(|document| document.root.unwrap().to_data()).collect();
    assert_eq!(repr(&texts.into()), "['a', 'b']");
    assert_eq!(refusal("a\n---\nb\n"), "test.yml:2:1: a second document begins here, where only one belongs");
    assert!(load(&Source::new("test.yml", "# nothing\n")).unwrap().root.is_none());
}

#[test]
fn errors_point_at_the_place_and_say_what_to_do() {
    for (text, expected) in [
        ("a:\n\tb: 1\n", "test.yml:2:1: a tab stands where YAML allows only spaces"),
        ("- hosts: \"abc\n  foo: bar\n", "test.yml:1:10: a quote is opened here and never closed"),
        ("- hosts: a: b\n", "test.yml:1:11: a colon followed by a space cannot stand here"),
        ("- hosts: {{ x }}\n", "test.yml:1:10: a template without quotes is read as a mapping"),
        ("- hosts: !foo x\n", "test.yml:1:10: unknown tag `!foo`"),
        ("- hosts: *foo\n", "test.yml:1:10: found the alias `*foo`, but no anchor `&foo` before it"),
        ("&a [*a]", "test.yml:1:5: the alias `*a` refers to a value that contains it"),
        ("a: !!int x", "test.yml:1:4: `x` is not an integer"),
        ("<<: 1", "test.yml:1:5: `<<` merges a mapping or a list of mappings, found an integer"),
        ("a: 1\n b: 2\n", "test.yml:2:3: a colon followed by a space cannot stand here"),
        ("a: b\u{1}\n", "test.yml:1:5: control characters are not allowed"),
        ("a: 2001-02-30", "test.yml:1:4: `2001-02-30` is not a date that exists"),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn a_text_made_to_exhaust_memory_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    assert!(refusal(&bomb).ends_with("the aliases of this document expand to more than 1000000 values"));
    assert!(refusal(&"[".repeat(100_000)).ends_with("lists and mappings are nested more than 256 deep"));
    assert!(refusal(&"- ".repeat(5_000)).ends_with("lists and mappings are nested more than 256 deep"));
}

fn day() -> impl Strategy<Value = Value> {
    (-719_162..=2_932_896i64).prop_map(|days| Date::from_days(days).map(Value::from).unwrap_or_default())
}

/// A moment whose offset from UTC is in minutes, as YAML writes it.
fn moment((instant, minutes): (i64, Option<i32>)) -> Value {
    DateTime::from_instant(instant, minutes.map(|minutes| minutes * 60)).map(Value::from).unwrap_or_default()
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["\\PC{0,12}", "[-+0-9._:exob]{0,6}", "[ \n\ta-c#:'\"\\[{&*!|>%@`-]{0,10}", any::<String>()]
        .prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("nan is unequal to itself", |number| !number.is_nan()).prop_map(Value::from),
        (any::<i64>(), 0..90u32).prop_map(|(number, zeros)| Value::from(BigInt::from(number) << zeros)),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Bytes(bytes).into()),
        day(),
        (-62_135_596_800_000_000..253_402_214_400_000_000i64, prop::option::of(-14 * 60..14 * 60)).prop_map(moment),
        text.clone(),
    ];
    let key = prop_oneof![
        4 => text,
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => (-9e15..9e15).prop_map(Value::Float),
        1 => day(),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map>())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "([ \n\ta-c0-9#:'\"\\[\\]{}&*!|>%@`?,.<-]|- |: |!!|<<: |\\PC){0,60}") {
        if let Ok(document) = load(&Source::new("any", text)) {
            let _ = document.root.map(|root| (root.to_value(), root.to_data()));
        }
    }

    #[test]
    fn what_is_written_is_read_back(value in any_value(), flow: Option<bool>, unicode: bool, indent in 0..12, width in -1..100) {
        let options = EmitOptions {
            default_flow_style: flow,
            allow_unicode: unicode,
            indent: Some(indent),
            width: Some(width),
            ..EmitOptions::default()
        };
        let text = emit(&value, &options).unwrap();
        let document = load(&Source::new("emitted", text.as_str())).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        prop_assert_eq!(document.root.map(|root| root.to_data()).unwrap_or_default(), value, "{}", text);
        prop_assert!(document.duplicates.is_empty());
    }
}
