//! What one does with a node: ask what it is, look into it, turn it into data.

use std::sync::Arc;

use super::{Node, NodeKind};
use crate::{Map, Template, TemplateKind, Value, has_markers};

impl Node {
    /// The node as data of a trusted source: text with template markers becomes [`Value::Template`].
    ///
    /// Keys stay plain text, whatever is in them: what evaluates keys says so.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Text { text, trusted: true } if has_markers(text) => {
                Template::new(TemplateKind::Jinja, Arc::clone(text), Some(self.span.clone())).into()
            }
            NodeKind::Vault(text) => {
                Template::new(TemplateKind::Vault, Arc::clone(text), Some(self.span.clone())).into()
            }
            _ => self.convert(Self::to_value),
        }
    }

    /// The node as data of a source that is not trusted: text stays text.
    ///
    /// A `!vault` value is its ciphertext.
    pub fn to_data(&self) -> Value {
        self.convert(Self::to_data)
    }

    fn convert(&self, each: impl Fn(&Self) -> Value) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::Text { text, .. } | NodeKind::Vault(text) => Value::String(Arc::clone(text)),
            NodeKind::List(items) => items.iter().map(each).collect(),
            NodeKind::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    map.insert(key.to_data(), each(value));
                }
                map.into()
            }
        }
    }

    /// The text of a text node, whether or not it is trusted.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of a scalar that is not text.
    pub fn as_scalar(&self) -> Option<&Value> {
        match &self.kind {
            NodeKind::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping, each key once.
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a text key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key's node and the value under a text key, when this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries()?.iter().find(|(name, _)| name.as_str() == Some(key))
    }

    /// Whether this is null, which is also what an empty value is.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar(Value::Null))
    }

    /// What this is, for a message: `a list`, `a mapping`, `text`.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            NodeKind::Text { .. } => "text",
            NodeKind::Vault(_) => "a vault value",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
            NodeKind::Scalar(value) => match value {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Int(_) | Value::BigInt(_) => "an integer",
                Value::Float(_) => "a number",
                Value::Object(object) if object.type_name() == "bytes" => "binary data",
                _ => "a date",
            },
        }
    }
}
