//! The YAML that is written, against what PyYAML's `CSafeDumper` wrote for the same values.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use ksplay_value::text::from_json;
use ksplay_value::yaml::{Blocks, EmitOptions, ScalarStyle, emit};
use ksplay_value::{Bytes, Date, Map, Value};

fn options(of: &Value) -> EmitOptions {
    let flag = |name: &str, default: bool| of.get(name).and_then(Value::as_bool).unwrap_or(default);
    let number = |name: &str| of.get(name).and_then(Value::as_int).map(|number| number as i32);
    EmitOptions {
        default_flow_style: of.get("default_flow_style").and_then(Value::as_bool),
        default_style: match of.get("default_style").and_then(Value::as_str) {
            None => ScalarStyle::Any,
            Some("'") => ScalarStyle::SingleQuoted,
            Some("\"") => ScalarStyle::DoubleQuoted,
            Some("|") => ScalarStyle::Literal,
            Some(">") => ScalarStyle::Folded,
            Some(other) => panic!("{other}"),
        },
        blocks: Blocks::None,
        indent: number("indent"),
        width: number("width"),
        sort_keys: flag("sort_keys", true),
        allow_unicode: flag("allow_unicode", false),
        explicit_start: flag("explicit_start", false),
        explicit_end: flag("explicit_end", false),
        canonical: flag("canonical", false),
        aliases: false,
    }
}

#[test]
fn values_are_written_as_pyyaml_writes_them() {
    for line in include_str!("data/pyyaml_emit.jsonl").lines() {
        let case = from_json(line).unwrap();
        let text = emit(case.get("value").unwrap(), &options(case.get("options").unwrap())).unwrap();
        assert_eq!(text, case.get("text").unwrap().as_str().unwrap(), "{line}");
    }
}

#[test]
fn what_json_has_not_is_written_as_pyyaml_writes_it() {
    let mut map = Map::new();
    map.insert(Value::Tuple(vec![Value::from(1), Value::from("b")].into()), Value::Null);
    assert_eq!(emit(&map.into(), &EmitOptions::default()).unwrap(), "? [1, b]\n: null\n");
    let values = vec![
        Value::from(Date::new(2001, 1, 2).unwrap()),
        Bytes(b"hello".to_vec()).into(),
        Value::Float(f64::NAN),
        Value::Tuple(vec![Value::from(1)].into()),
    ];
    assert_eq!(
        emit(&values.into(), &EmitOptions::default()).unwrap(),
        "- 2001-01-02\n- !!binary |\n  aGVsbG8=\n- .nan\n- [1]\n"
    );
}

#[test]
fn a_shared_list_is_written_once_when_aliases_are_wanted() {
    let shared: Value = [1i64, 2].into_iter().collect();
    let map = Value::from(Map::from([("a", shared.clone()), ("b", shared)]));
    let with = EmitOptions { aliases: true, ..EmitOptions::default() };
    assert_eq!(emit(&map, &with).unwrap(), "a: &id001 [1, 2]\nb: *id001\n");
    assert_eq!(emit(&map, &EmitOptions::default()).unwrap(), "a: [1, 2]\nb: [1, 2]\n");
}

#[test]
fn keys_that_cannot_be_ordered_keep_their_places() {
    let mut map = Map::new();
    map.insert(2, 1);
    map.insert(10, 2);
    map.insert("a", 3);
    assert_eq!(emit(&map.into(), &EmitOptions::default()).unwrap(), "{2: 1, 10: 2, a: 3}\n");
}

#[test]
fn what_is_undefined_cannot_be_written() {
    let undefined = ksplay_value::Undefined { message: "'x' is undefined".into(), ..Default::default() };
    assert_eq!(emit(&undefined.into(), &EmitOptions::default()).unwrap_err().to_string(), "'x' is undefined");
}

#[test]
fn a_text_that_looks_like_an_escape_of_ours_is_left_as_it_is() {
    let values: Value = ["\\uFFFE\\x01", "\u{1f600}"].into_iter().collect();
    let text = emit(&values, &EmitOptions::default()).unwrap();
    let source = ksplay_value::Source::new("test", text);
    assert_eq!(ksplay_value::yaml::load(&source).unwrap().root.unwrap().to_data(), values);
}

#[test]
fn texts_of_several_lines_are_blocks_where_they_are_wanted() {
    let written = |text: &str, blocks: Blocks| {
        let options = EmitOptions { default_flow_style: Some(false), blocks, ..EmitOptions::default() };
        emit(&Map::from([("a", text)]).into(), &options).unwrap()
    };
    assert_eq!(written("x\ny", Blocks::None), "a: 'x\n\n  y'\n");
    assert_eq!(written("x\ny", Blocks::Lines), "a: |-\n  x\n  y\n");
    assert_eq!(written("x \ny\t", Blocks::Lines), "a: \"x \\ny\\t\"\n");
    assert_eq!(written("x \r\n\x07ab\ty\n\n", Blocks::Readable), "a: |-\n  x\n  ab      y\n");
    assert_eq!(written("a line ", Blocks::Readable), "a: 'a line '\n");
}
