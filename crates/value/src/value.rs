//! The one type for all data.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use crate::{Map, Object, Span, Template};

/// A shared, immutable string.
pub type Str = Arc<str>;

/// Any datum, cheap to clone.
///
/// The last four variants exist only while something is evaluated; what is stored (facts, registered results, module
/// arguments) never contains them.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Python's `None`, YAML's `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// An integer that does not; kept only outside the range of [`Value::Int`].
    BigInt(Arc<BigInt>),
    /// A floating-point number.
    Float(f64),
    /// Plain text; never evaluated.
    String(Str),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A mapping in the order of insertion.
    Map(Arc<Map>),
    /// Trusted text to be evaluated before use, or an inline vault value.
    Template(Arc<Template>),
    /// A value with behaviour.
    Object(Arc<dyn Object>),
    /// Python's tuple: what `items()` and a literal `(1, 2)` give. Becomes a list when evaluation ends.
    Tuple(Arc<Vec<Value>>),
    /// Something that was looked for and is not there.
    Undefined(Arc<Undefined>),
    /// Something that cannot be known before the play is carried out.
    Unknown(Arc<Unknown>),
    /// The value of `omit`: the argument or keyword that has it is left out.
    Omit,
}

/// What was missing, for the error that its use raises.
#[derive(Debug, Clone, Default)]
pub struct Undefined {
    /// The name or attribute path that was looked for, such as `foo` or `foo.bar`.
    pub name: String,
    /// The whole message, such as `'foo' is undefined`.
    pub message: String,
    /// Where it was looked for.
    pub span: Option<Span>,
    /// The error, when what should have given the value failed: nothing stands in for such a value, as `default` would.
    pub failure: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// Why something is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// What it rests on, such as the name of a registered variable; several when values were combined.
    pub because: Vec<Str>,
}

impl Value {
    /// An empty mapping.
    pub fn empty_map() -> Self {
        Self::Map(Arc::default())
    }

    /// The name of the type as Python gives it.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::String(_) | Self::Template(_) => "str",
            Self::List(_) => "list",
            Self::Map(_) => "dict",
            Self::Object(object) => object.type_name(),
            Self::Tuple(_) => "tuple",
            Self::Undefined(_) => "Undefined",
            Self::Unknown(_) => "Unknown",
            Self::Omit => "Omit",
        }
    }

    /// The text of a plain string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The flag of a boolean; no other type counts.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number of an integer that fits in 64 bits; booleans do not count.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The entry under a string key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Python's truth of plain data: empty, zero, null and undefined are false.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null | Self::Undefined(_) => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::List(items) | Self::Tuple(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.is_true(),
            Self::BigInt(_) | Self::Template(_) | Self::Unknown(_) | Self::Omit => true,
        }
    }

    /// An integer of any size, as [`Value::Int`] when it fits.
    pub fn from_big(number: BigInt) -> Self {
        match number.to_i64() {
            Some(small) => Self::Int(small),
            None => Self::BigInt(Arc::new(number)),
        }
    }
}

/// Python's `==`: numbers and booleans compare across types, a list is no tuple.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Omit, Self::Omit) => true,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::List(left), Self::List(right)) | (Self::Tuple(left), Self::Tuple(right)) => left == right,
            (Self::Map(left), Self::Map(right)) => left == right,
            (Self::Template(left), Self::Template(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => {
                Arc::ptr_eq(left, right) || left.compare(right.as_ref()) == Some(Ordering::Equal)
            }
            (Self::Undefined(_), Self::Undefined(_)) => true,
            _ => match (self.number(), other.number()) {
                (Some(left), Some(right)) => left.compare(&right) == Some(Ordering::Equal),
                _ => false,
            },
        }
    }
}

/// A number as Python compares it: exactly, whatever the types.
enum Number<'a> {
    Int(i64),
    Big(&'a BigInt),
    Float(f64),
}

impl Number<'_> {
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right),
            (Self::Float(float), number) => Some(number.compare_float(*float)?.reverse()),
            (number, Self::Float(float)) => number.compare_float(*float),
            (left, right) => Some(left.big().cmp(&right.big())),
        }
    }

    fn compare_float(&self, float: f64) -> Option<Ordering> {
        if float.is_nan() {
            return None;
        }
        let Some(whole) = BigInt::from_f64(float.trunc()) else {
            return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
        };
        Some(self.big().cmp(&whole).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)))
    }

    fn big(&self) -> BigInt {
        match self {
            Self::Int(number) => BigInt::from(*number),
            Self::Big(number) => (*number).clone(),
            Self::Float(number) => BigInt::from_f64(*number).unwrap_or_default(),
        }
    }
}

impl Value {
    fn number(&self) -> Option<Number<'_>> {
        match self {
            Self::Bool(flag) => Some(Number::Int(i64::from(*flag))),
            Self::Int(number) => Some(Number::Int(*number)),
            Self::Float(number) => Some(Number::Float(*number)),
            Self::BigInt(number) => Some(Number::Big(number)),
            _ => None,
        }
    }
}

/// Python's `str()`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::text::write_str(f, self)
    }
}

macro_rules! from {
    ($($source:ty, $name:ident => $value:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($name: $source) -> Self {
                $value
            }
        }
    )*};
}

from! {
    bool, flag => Self::Bool(flag);
    i64, number => Self::Int(number);
    i32, number => Self::Int(number.into());
    u32, number => Self::Int(number.into());
    u64, number => Self::from_big(number.into());
    usize, number => Self::from_big(number.into());
    f64, number => Self::Float(number);
    BigInt, number => Self::from_big(number);
    &str, text => Self::String(text.into());
    &String, text => Self::String(text.as_str().into());
    String, text => Self::String(text.into());
    Str, text => Self::String(text);
    &Str, text => Self::String(text.clone());
    Map, map => Self::Map(Arc::new(map));
    Vec<Value>, items => Self::List(Arc::new(items));
    Template, template => Self::Template(Arc::new(template));
    Undefined, undefined => Self::Undefined(Arc::new(undefined));
    Unknown, unknown => Self::Unknown(Arc::new(unknown));
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(Arc::new(items.into_iter().map(Into::into).collect()))
    }
}

impl Value {
    /// Python's ordering; `None` where Python raises `TypeError` (or compares with not-a-number).
    ///
    /// Numbers and booleans, strings, and lists and tuples among themselves can be ordered, nothing else.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::String(left), Self::String(right)) => Some(left.cmp(right)),
            (Self::List(left), Self::List(right)) | (Self::Tuple(left), Self::Tuple(right)) => {
                match left.iter().zip(right.iter()).find(|(left, right)| left != right) {
                    Some((left, right)) => left.compare(right),
                    None => Some(left.len().cmp(&right.len())),
                }
            }
            (Self::Object(left), Self::Object(right)) => left.compare(right.as_ref()),
            _ => self.number()?.compare(&other.number()?),
        }
    }
}
