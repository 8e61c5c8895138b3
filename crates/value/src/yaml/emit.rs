//! YAML as PyYAML's `CSafeDumper` writes it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::Error;
use super::astral::Astral;
use super::resolve::{self, Kind};
use super::writer::{Refused, Scalar, Writer};
use crate::{Map, Value, text};

/// How scalars are written when nothing forbids it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes where possible.
    #[default]
    Any,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// Which texts are written as literal blocks (`|`), whatever the style of other scalars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blocks {
    /// None.
    #[default]
    None,
    /// Those of several lines, where YAML can write them so.
    Lines,
    /// Those of several lines, without what YAML cannot write so: spaces at the ends of lines, tabs, control characters.
    Readable,
}

/// The options of `yaml.dump` under the names that they have there; the default is that of Ansible's `to_yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitOptions {
    /// Whether collections are `[a, b]`; `None` does so for those that hold only scalars.
    pub default_flow_style: Option<bool>,
    /// How scalars are written when nothing forbids it.
    pub default_style: ScalarStyle,
    /// Which texts are literal blocks whatever that style is.
    pub blocks: Blocks,
    /// How far each level is indented; outside 2 to 9 it is 2.
    pub indent: Option<i32>,
    /// Where lines are folded; `None` is 80, a negative one is never.
    pub width: Option<i32>,
    /// Whether keys are sorted, when they can be compared.
    pub sort_keys: bool,
    /// Whether characters outside ASCII are written as they are.
    pub allow_unicode: bool,
    /// Whether the text begins with `---`.
    pub explicit_start: bool,
    /// Whether the text ends with `...`.
    pub explicit_end: bool,
    /// Whether every tag is written.
    pub canonical: bool,
    /// Whether a list or mapping that stands in several places (the same one, not an equal one) is written once, with an
    /// anchor, and referred to by aliases.
    pub aliases: bool,
}

impl Default for EmitOptions {
    fn default() -> Self {
        Self {
            default_flow_style: None,
            default_style: ScalarStyle::Any,
            blocks: Blocks::None,
            indent: None,
            width: None,
            sort_keys: true,
            allow_unicode: true,
            explicit_start: false,
            explicit_end: false,
            canonical: false,
            aliases: false,
        }
    }
}

impl EmitOptions {
    /// The options of Ansible's `to_nice_yaml`.
    pub fn nice() -> Self {
        Self { default_flow_style: Some(false), indent: Some(4), ..Self::default() }
    }
}

/// The YAML text of a value, as PyYAML writes it.
///
/// # Errors
///
/// If the value holds something that only exists in evaluation, such as an undefined value.
pub fn emit(value: &Value, options: &EmitOptions) -> Result<String, Error> {
    let refused = |message: Refused| Error::new(message, None);
    let mut emitter = Emitter::new(options, options.allow_unicode);
    let written = emitter.document(value).map_err(refused)?;
    match emitter.astral.reveal(written) {
        Some(text) => Ok(text),
        None => Emitter::new(options, false).document(value).map_err(refused),
    }
}

struct Emitter<'a> {
    options: &'a EmitOptions,
    writer: Writer,
    anchors: HashMap<usize, Anchor>,
    anchored: usize,
    astral: Astral,
    hides_astral: bool,
}

/// What is known about a collection.
#[derive(Default)]
struct Anchor {
    /// Its name, when it stands in several places.
    name: Option<Arc<str>>,
    written: bool,
}

/// Which collection this is, for those that can be shared.
fn identity(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) | Value::Tuple(items) => Some(Arc::as_ptr(items).addr()),
        Value::Map(map) => Some(Arc::as_ptr(map).addr()),
        _ => None,
    }
}

impl<'a> Emitter<'a> {
    fn new(options: &'a EmitOptions, hides_astral: bool) -> Self {
        let writer = Writer::new(options);
        Self { options, writer, anchors: HashMap::new(), anchored: 0, astral: Astral::default(), hides_astral }
    }

    fn document(&mut self, value: &Value) -> Result<String, Refused> {
        if self.options.aliases {
            self.find_shared(value);
        }
        self.writer.start(self.options.explicit_start)?;
        self.value(value)?;
        self.writer.end(self.options.explicit_end)?;
        self.writer.finish()
    }

    /// Names what stands in several places, in the order in which it is met again.
    fn find_shared(&mut self, value: &Value) {
        let Some(identity) = identity(value) else { return };
        if let Some(anchor) = self.anchors.get_mut(&identity) {
            if anchor.name.is_none() {
                self.anchored += 1;
                anchor.name = Some(format!("id{:03}", self.anchored).into());
            }
            return;
        }
        self.anchors.insert(identity, Anchor::default());
        match value {
            Value::Map(map) => {
                for (key, value) in self.entries(map) {
                    self.find_shared(key);
                    self.find_shared(value);
                }
            }
            other => other.as_list().unwrap_or_default().iter().for_each(|item| self.find_shared(item)),
        }
    }

    /// The entries in the order in which they are written.
    fn entries<'m>(&self, map: &'m Map) -> Vec<(&'m Value, &'m Value)> {
        let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.as_value(), value)).collect();
        if self.options.sort_keys && comparable(&entries) {
            entries.sort_by(|(left, _), (right, _)| left.compare(right).unwrap_or(Ordering::Equal));
        }
        entries
    }

    fn value(&mut self, value: &Value) -> Result<(), Refused> {
        let anchor = match identity(value).and_then(|identity| self.anchors.get_mut(&identity)) {
            Some(Anchor { name: Some(name), written: true }) => return self.writer.alias(name),
            Some(anchor) => {
                anchor.written = true;
                anchor.name.clone()
            }
            None => None,
        };
        match value {
            Value::List(items) | Value::Tuple(items) => {
                let flow = self.is_flow(items.iter());
                self.writer.list_start(anchor.as_deref(), flow)?;
                items.iter().try_for_each(|item| self.value(item))?;
                self.writer.list_end()
            }
            Value::Map(map) => {
                let flow = self.is_flow(map.iter().flat_map(|(key, value)| [key.as_value(), value]));
                self.writer.map_start(anchor.as_deref(), flow)?;
                for (key, value) in self.entries(map) {
                    self.value(key)?;
                    self.value(value)?;
                }
                self.writer.map_end()
            }
            scalar => self.scalar(scalar),
        }
    }

    fn is_flow<'v>(&self, mut items: impl Iterator<Item = &'v Value>) -> bool {
        let styled = self.options.default_style != ScalarStyle::Any;
        let plain = |item: &Value| match item {
            Value::List(_) | Value::Tuple(_) | Value::Map(_) => false,
            Value::Object(object) => !styled && object.type_name() != "bytes",
            _ => !styled,
        };
        self.options.default_flow_style.unwrap_or_else(|| items.all(plain))
    }

    fn scalar(&mut self, value: &Value) -> Result<(), Refused> {
        let mut style = self.options.default_style;
        let (tag, kind, text) = match value {
            Value::Null => ("tag:yaml.org,2002:null", Kind::Null, "null".to_owned()),
            Value::Bool(flag) => ("tag:yaml.org,2002:bool", Kind::Bool, flag.to_string()),
            Value::Int(_) | Value::BigInt(_) => ("tag:yaml.org,2002:int", Kind::Int, value.to_string()),
            Value::Float(number) => ("tag:yaml.org,2002:float", Kind::Float, float(*number)),
            Value::String(text) => return self.text(text, style),
            Value::Object(object) => match object.as_any().downcast_ref::<crate::Bytes>() {
                Some(bytes) => {
                    style = ScalarStyle::Literal;
                    ("tag:yaml.org,2002:binary", Kind::Merge, resolve::base64(&bytes.0))
                }
                None if matches!(object.type_name(), "date" | "datetime") => {
                    ("tag:yaml.org,2002:timestamp", Kind::Timestamp, object.text())
                }
                None => return self.text(&object.text(), style),
            },
            Value::Undefined(undefined) => return Err(undefined.message.clone()),
            other => return Err(format!("a value of type {} cannot be written as YAML", other.type_name())),
        };
        let plain = resolve::looks_like(&text) == kind;
        self.writer.scalar(&Scalar { anchor: None, tag, text: &text, plain, quoted: false, style })
    }

    fn text(&mut self, text: &str, style: ScalarStyle) -> Result<(), Refused> {
        if self.options.blocks == Blocks::None || !text.contains(['\n', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.line(text, style)
        } else if self.options.blocks == Blocks::Readable {
            self.line(&readable(text), ScalarStyle::Literal)
        } else {
            self.line(text, ScalarStyle::Literal)
        }
    }

    fn line(&mut self, text: &str, style: ScalarStyle) -> Result<(), Refused> {
        let plain = resolve::looks_like(text) == Kind::Text && !matches!(text, "=" | "!" | "&" | "*");
        let tag = "tag:yaml.org,2002:str";
        let text = &*match self.hides_astral {
            true => self.astral.hide(text),
            false => text.into(),
        };
        self.writer.scalar(&Scalar { anchor: None, tag, text, plain, quoted: true, style })
    }
}

/// The columns between two stops of a tab.
const TAB: usize = 8;

/// The text as a literal block can hold it.
fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    let mut column = 0;
    for char in text.chars() {
        match char {
            '\n' => {
                readable.truncate(readable.trim_end_matches(' ').len());
                column = 0;
                readable.push(char);
            }
            '\t' => {
                let spaces = TAB - column % TAB;
                column += spaces;
                readable.extend(std::iter::repeat_n(' ', spaces));
            }
            '\u{feff}' => {}
            _ if char.is_control() && char != '\u{85}' => {}
            _ => {
                column += 1;
                readable.push(char);
            }
        }
    }
    readable.truncate(readable.trim_end().len());
    readable
}

/// Whether any two keys can be ordered.
fn comparable(entries: &[(&Value, &Value)]) -> bool {
    if entries.iter().all(|(key, _)| key.as_str().is_some()) {
        return true;
    }
    entries
        .iter()
        .enumerate()
        .all(|(index, (left, _))| entries[index + 1..].iter().all(|(right, _)| left.compare(right).is_some()))
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = text::float(number);
    // YAML 1.1 wants a dot in every float.
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}
