//! The text of values against what Python 3.11 gave for the same values.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use ksplay_value::text::{JsonStyle, from_json, repr, to_json};
use ksplay_value::{Key, Map, Value};
use proptest::prelude::*;

fn cases(data: &str) -> impl Iterator<Item = Value> + '_ {
    data.lines().map(|line| from_json(line).unwrap())
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap()
}

#[test]
fn values_have_the_text_that_python_gives_them() {
    for case in cases(include_str!("data/python_text.jsonl")) {
        let value = case.get("value").unwrap();
        assert_eq!(repr(value), text(&case, "repr"));
        assert_eq!(value.to_string(), text(&case, "str"));
        assert_eq!(to_json(value, &JsonStyle::default()).unwrap(), text(&case, "dumps"));
        assert_eq!(to_json(value, &JsonStyle::compact()).unwrap(), text(&case, "compact"));
        assert_eq!(to_json(value, &JsonStyle::result()).unwrap(), text(&case, "utf8"));
    }
}

#[test]
fn json_is_read_and_refused_as_by_python() {
    for case in cases(include_str!("data/python_json.jsonl")) {
        let input = text(&case, "text");
        match from_json(input) {
            Ok(value) => {
                let expected = case.get("value").unwrap_or_else(|| panic!("python refuses {input:?}: {case}"));
                assert_eq!(to_json(&value, &JsonStyle::default()).unwrap(), expected.as_str().unwrap(), "{input:?}");
            }
            Err(error) => {
                let expected = case.get("error").unwrap_or_else(|| panic!("python reads {input:?}: {error}"));
                assert_eq!(error.to_string(), expected.as_str().unwrap(), "{input:?}");
            }
        }
    }
}

#[test]
fn a_tuple_of_one_has_its_comma_and_is_a_list_in_json() {
    let tuple = Value::Tuple(vec![Value::from(1)].into());
    assert_eq!(repr(&tuple), "(1,)");
    assert_eq!(to_json(&tuple, &JsonStyle::default()).unwrap(), "[1]");
}

#[test]
fn keys_of_all_scalar_types_become_text_in_json() {
    let mut map = Map::new();
    map.insert(Value::Null, 1);
    map.insert(Value::Bool(true), 2);
    map.insert(Value::Float(1.5), 3);
    map.insert(7, 4);
    assert_eq!(
        to_json(&map.clone().into(), &JsonStyle::default()).unwrap(),
        r#"{"null": 1, "true": 2, "1.5": 3, "7": 4}"#
    );
    assert_eq!(serde_json::to_string(&Value::from(map)).unwrap(), r#"{"null":1,"true":2,"1.5":3,"7":4}"#);
}

#[test]
fn messagepack_brings_every_kind_of_data_back() {
    let big: num_bigint::BigInt = "123456789012345678901234567890".parse().unwrap();
    let mut map = Map::new();
    map.insert(Value::Null, Value::Float(0.5));
    map.insert(1, Value::from(vec![Value::from(u64::MAX), Value::from(big.clone()), Value::from(-big)]));
    map.insert("text {{ not evaluated }}", Value::Bool(true));
    let value = Value::from(map);
    let bytes = rmp_serde::to_vec_named(&value).unwrap();
    let back: Value = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(back, value);
    assert_eq!(back.as_map().unwrap().get_key(&Key::from(1)).unwrap().as_list().unwrap().len(), 3);
}

#[test]
fn what_lives_in_evaluation_is_refused_by_serde() {
    for value in [Value::Omit, Value::from(ksplay_value::Undefined::default())] {
        assert!(serde_json::to_string(&value).is_err());
        assert!(rmp_serde::to_vec(&value).is_err());
    }
}

#[test]
fn ordering_is_that_of_python() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let list = |items: &[i64]| items.iter().copied().collect::<Value>();
    let big = Value::from(num_bigint::BigInt::from(i64::MAX) + 1);
    for (left, right, expected) in [
        (Value::from(1), Value::from(1.5), Some(Less)),
        (Value::from(-1), Value::from(-1.5), Some(Greater)),
        (Value::Bool(true), Value::from(1), Some(Equal)),
        (Value::Int(i64::MAX), Value::Float(9_223_372_036_854_775_808.0), Some(Less)),
        (big.clone(), Value::Float(9_223_372_036_854_775_808.0), Some(Equal)),
        (big, Value::Float(f64::INFINITY), Some(Less)),
        (Value::from("a"), Value::from("B"), Some(Greater)),
        (list(&[1, 2]), list(&[1, 2, 0]), Some(Less)),
        (Value::from("1"), Value::from(1), None),
        (Value::Null, Value::Null, None),
        (Value::Float(f64::NAN), Value::from(1), None),
    ] {
        assert_eq!(left.compare(&right), expected, "{left} {right}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_json_reader_panic(text in "([\\[\\]{}\",:0-9eE+.\\\\u -]|null|\\PC){0,40}") {
        let _ = from_json(&text);
    }

    #[test]
    fn strings_and_numbers_come_back_from_json(text: String, int: i64, float in any::<f64>().prop_filter("nan", |n| !n.is_nan())) {
        let value = Value::from(vec![Value::from(text), Value::from(int), Value::from(float)]);
        for style in [JsonStyle::default(), JsonStyle::compact(), JsonStyle::result()] {
            prop_assert_eq!(&from_json(&to_json(&value, &style).unwrap()).unwrap(), &value);
        }
        let bytes = rmp_serde::to_vec(&value).unwrap();
        prop_assert_eq!(rmp_serde::from_slice::<Value>(&bytes).unwrap(), value);
    }
}
