//! Values in JSON, MessagePack and whatever else serde knows.
//!
//! Only data can be written: what lives in evaluation (templates, undefined, unknown, omit) is an error. Text that is read
//! is always plain text, so that what comes from a target can never be evaluated.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use crate::{Map, Value};

/// The MessagePack extension under which an integer of more than 64 bits travels, as its decimal text.
const BIG_INT: i8 = 1;

/// The name by which serde's MessagePack encoder knows an extension.
const EXTENSION: &str = "_ExtStruct";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::BigInt(number) => big_int(number, serializer),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) | Self::Tuple(items) => items.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
            Self::Object(object) => serializer.serialize_str(&object.json()),
            Self::Template(_) => Err(ser::Error::custom("a template that was not evaluated is no data")),
            Self::Undefined(undefined) => Err(ser::Error::custom(&undefined.message)),
            Self::Unknown(_) => Err(ser::Error::custom("a value that is not known yet is no data")),
            Self::Omit => Err(ser::Error::custom("`omit` is no data")),
        }
    }
}

fn big_int<S: Serializer>(number: &BigInt, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(number) = number.to_u64() {
        return serializer.serialize_u64(number);
    }
    let digits = number.to_string();
    if serializer.is_human_readable() {
        // JSON has no limit, but serde has no way to say it; see `text::to_json` for exact JSON.
        return serializer.serialize_str(&digits);
    }
    serializer.serialize_newtype_struct(EXTENSION, &(BIG_INT, Raw(digits.as_bytes())))
}

/// Bytes that serde writes as bytes.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serializer.is_human_readable();
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            match key.as_value() {
                key if text => map.serialize_entry(&crate::text::json_key(key).map_err(ser::Error::custom)?, value)?,
                key => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(std::sync::Arc::unwrap_or_clone(map)),
            other => Err(de::Error::custom(format!("a mapping belongs here, found {}", other.type_name()))),
        }
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(crate::Bytes(bytes.to_vec()).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(4096));
        while let Some(item) = items.next_element::<Value>()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::with_capacity(entries.size_hint().unwrap_or(0).min(4096));
        while let Some((key, value)) = entries.next_entry::<Value, Value>()? {
            map.insert(key, value);
        }
        Ok(map.into())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let (kind, digits) = <(i8, Digits)>::deserialize(deserializer)?;
        if kind != BIG_INT {
            return Err(de::Error::custom(format!("unknown extension {kind}")));
        }
        Ok(Value::from_big(digits.0))
    }
}

struct Digits(BigInt);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Decimal;

        impl Visitor<'_> for Decimal {
            type Value = Digits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("decimal digits")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Digits, E> {
                let digits = std::str::from_utf8(bytes).map_err(E::custom)?;
                BigInt::from_str(digits).map(Digits).map_err(E::custom)
            }
        }

        deserializer.deserialize_bytes(Decimal)
    }
}
