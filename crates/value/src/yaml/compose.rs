//! Builds nodes from events: anchors, tags, merge keys and duplicate keys.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::events::{Event, EventKind, Parser, Place, Properties};
use super::resolve::{self, Kind};
use super::{Document, DuplicateKey, Error, Node, NodeKind, explain};
use crate::{Key, Source, Span};

/// How deep collections may stand in each other.
const DEPTH_LIMIT: usize = 256;

/// How many nodes the aliases of one document may copy.
const COPY_LIMIT: usize = 1_000_000;

const CORE: &str = "tag:yaml.org,2002:";

/// Reads documents from a text, one after the other.
pub(super) struct Composer<'a> {
    source: &'a Arc<Source>,
    parser: Parser<'a>,
    anchors: HashMap<String, Anchor>,
    duplicates: Vec<DuplicateKey>,
    copied: usize,
}

enum Anchor {
    /// The node that bears it is still being read.
    Open,
    Done {
        node: Node,
        size: usize,
    },
}

/// A node, or the `<<` that only means something as a key.
enum Composed {
    Node(Node),
    Merge(Span),
}

impl<'a> Composer<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Self {
            source,
            parser: Parser::new(source.content()),
            anchors: HashMap::new(),
            duplicates: Vec::new(),
            copied: 0,
        }
    }

    /// The next document with its place; `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<(Document, Span)>, Error> {
        loop {
            let event = self.event()?;
            match event.kind {
                EventKind::StreamEnd => return Ok(None),
                EventKind::DocumentStart => {
                    self.anchors.clear();
                    self.copied = 0;
                    let first = self.event()?;
                    let root = self.node(first, 0, true)?;
                    let document = Document { root: Some(root), duplicates: std::mem::take(&mut self.duplicates) };
                    return Ok(Some((document, self.span(event.place))));
                }
                _ => {}
            }
        }
    }

    fn event(&mut self) -> Result<Event, Error> {
        self.parser.next().map_err(|problem| explain::problem(self.source, problem))
    }

    fn span(&self, place: Place) -> Span {
        Span::new(self.source, place.line, place.column)
    }

    fn error(&self, message: impl Into<String>, place: Place) -> Error {
        Error::new(message, Some(self.span(place)))
    }

    fn node(&mut self, event: Event, depth: usize, trusted: bool) -> Result<Node, Error> {
        Ok(match self.composed(event, depth, trusted)? {
            Composed::Node(node) => node,
            Composed::Merge(span) => Node { span, kind: NodeKind::Text { text: "<<".into(), trusted } },
        })
    }

    fn composed(&mut self, event: Event, depth: usize, trusted: bool) -> Result<Composed, Error> {
        let Event { place, kind } = event;
        if depth > DEPTH_LIMIT {
            return Err(self.error(format!("lists and mappings are nested more than {DEPTH_LIMIT} deep"), place));
        }
        let (anchor, kind) = match kind {
            EventKind::Alias(name) => return self.alias(&name, place, trusted).map(Composed::Node),
            EventKind::Scalar { properties: Properties { anchor, tag }, text, implicit, plain } => {
                let is_unsafe = tag.as_deref() == Some("!unsafe");
                let (tag, implicit, trusted) = match is_unsafe {
                    // What stands behind `!unsafe` is what it would be without.
                    true => (None, plain, false),
                    false => (tag, implicit, trusted),
                };
                self.open(anchor.as_deref(), place)?;
                if tag.is_none() && implicit && resolve::looks_like(&text) == Kind::Merge {
                    return Ok(Composed::Merge(self.span(place)));
                }
                (anchor, self.scalar(tag.as_deref(), text, implicit, place, trusted)?)
            }
            EventKind::ListStart(Properties { anchor, tag }) => {
                self.open(anchor.as_deref(), place)?;
                (anchor, self.list(tag.as_deref(), depth, place, trusted)?)
            }
            EventKind::MapStart(Properties { anchor, tag }) => {
                self.open(anchor.as_deref(), place)?;
                (anchor, self.map(tag.as_deref(), depth, place, trusted)?)
            }
            _ => return Err(self.error("the text ends in the middle of a value", place)),
        };
        let node = Node { span: self.span(place), kind };
        if let Some(name) = anchor {
            let size = node.size();
            self.anchors.insert(name, Anchor::Done { node: node.clone(), size });
        }
        Ok(Composed::Node(node))
    }

    fn open(&mut self, anchor: Option<&str>, place: Place) -> Result<(), Error> {
        let Some(name) = anchor else { return Ok(()) };
        match self.anchors.insert(name.to_owned(), Anchor::Open) {
            None => Ok(()),
            Some(_) => Err(self.error(format!("the anchor `&{name}` is defined a second time"), place)),
        }
    }

    fn alias(&mut self, name: &str, place: Place, trusted: bool) -> Result<Node, Error> {
        match self.anchors.get(name) {
            None => {
                let message = format!("found the alias `*{name}`, but no anchor `&{name}` before it");
                let help = Some("put quotes around text that begins with `*`".to_owned());
                Err(Error { help, ..self.error(message, place) })
            }
            Some(Anchor::Open) => {
                Err(self.error(format!("the alias `*{name}` refers to a value that contains it"), place))
            }
            Some(Anchor::Done { node, size }) => {
                self.copied += size;
                if self.copied > COPY_LIMIT {
                    let message = format!("the aliases of this document expand to more than {COPY_LIMIT} values");
                    return Err(self.error(message, place));
                }
                let mut node = node.clone();
                if !trusted {
                    node.distrust();
                }
                Ok(node)
            }
        }
    }

    fn scalar(
        &self,
        tag: Option<&str>,
        text: String,
        implicit: bool,
        place: Place,
        trusted: bool,
    ) -> Result<NodeKind, Error> {
        let string = |text: String, trusted| NodeKind::Text { text: text.into(), trusted };
        let kind = match tag {
            None if implicit => resolve::looks_like(&text),
            None => Kind::Text,
            Some("!vault" | "!vault-encrypted") => return Ok(NodeKind::Vault(text.into())),
            Some(tag) => match tag.strip_prefix(CORE) {
                Some("str") => Kind::Text,
                Some("null") => Kind::Null,
                Some("bool") => Kind::Bool,
                Some("int") => Kind::Int,
                Some("float") => Kind::Float,
                Some("timestamp") => Kind::Timestamp,
                Some("binary") => {
                    return resolve::binary(&text)
                        .map(NodeKind::Scalar)
                        .ok_or_else(|| self.error("a `!!binary` value is not valid base64", place));
                }
                Some(name @ ("seq" | "omap" | "pairs")) => {
                    return Err(self.error(format!("`!!{name}` stands before text, but needs a list"), place));
                }
                Some(name @ ("map" | "set")) => {
                    return Err(self.error(format!("`!!{name}` stands before text, but needs a mapping"), place));
                }
                _ => return Err(self.unknown_tag(tag, place)),
            },
        };
        if kind == Kind::Text {
            return Ok(string(text, trusted));
        }
        resolve::construct(kind, &text).map(NodeKind::Scalar).map_err(|message| self.error(message, place))
    }

    fn unknown_tag(&self, tag: &str, place: Place) -> Error {
        let tag = match tag.strip_prefix(CORE) {
            Some(name) => format!("!!{name}"),
            None => tag.to_owned(),
        };
        let mut error = self.error(format!("unknown tag `{tag}`"), place);
        error.help = Some(
            "the tags are `!vault`, `!unsafe` and those of YAML itself; text that begins with `!` needs quotes".into(),
        );
        error
    }

    fn list(&mut self, tag: Option<&str>, depth: usize, place: Place, trusted: bool) -> Result<NodeKind, Error> {
        let trusted = trusted && tag != Some("!unsafe");
        let mut items = Vec::new();
        loop {
            let event = self.event()?;
            if matches!(event.kind, EventKind::ListEnd) {
                break;
            }
            items.push(self.node(event, depth + 1, trusted)?);
        }
        match tag {
            None | Some("!unsafe") => Ok(NodeKind::List(items)),
            Some("!vault" | "!vault-encrypted") => {
                Err(self.error("`!vault` stands before a list, but needs text", place))
            }
            Some(tag) => match tag.strip_prefix(CORE) {
                Some("seq") => Ok(NodeKind::List(items)),
                Some("omap" | "pairs") => items.into_iter().map(pair).collect::<Result<_, _>>().map(NodeKind::List),
                Some(name @ ("map" | "set")) => {
                    Err(self.error(format!("`!!{name}` stands before a list, but needs a mapping"), place))
                }
                Some(name @ ("str" | "int" | "float" | "bool" | "null" | "timestamp" | "binary")) => {
                    Err(self.error(format!("`!!{name}` stands before a list, but needs text"), place))
                }
                _ => Err(self.unknown_tag(tag, place)),
            },
        }
    }

    fn map(&mut self, tag: Option<&str>, depth: usize, place: Place, trusted: bool) -> Result<NodeKind, Error> {
        let trusted = trusted && tag != Some("!unsafe");
        let mut merged = Vec::new();
        let mut own = Vec::new();
        loop {
            let event = self.event()?;
            if matches!(event.kind, EventKind::MapEnd) {
                break;
            }
            let key = self.composed(event, depth + 1, trusted)?;
            let event = self.event()?;
            let value = self.node(event, depth + 1, trusted)?;
            match key {
                Composed::Node(key) => own.push((key, value)),
                Composed::Merge(span) => merge(&mut merged, value, span)?,
            }
        }
        let entries = self.entries(merged, own)?;
        match tag {
            None | Some("!unsafe") => Ok(NodeKind::Map(entries)),
            Some("!vault" | "!vault-encrypted") => {
                Err(self.error("`!vault` stands before a mapping, but needs text", place))
            }
            Some(tag) => match tag.strip_prefix(CORE) {
                Some("map") => Ok(NodeKind::Map(entries)),
                Some("set") => Ok(NodeKind::List(entries.into_iter().map(|(key, _)| key).collect())),
                Some(name @ ("seq" | "omap" | "pairs")) => {
                    Err(self.error(format!("`!!{name}` stands before a mapping, but needs a list"), place))
                }
                Some(name @ ("str" | "int" | "float" | "bool" | "null" | "timestamp" | "binary")) => {
                    Err(self.error(format!("`!!{name}` stands before a mapping, but needs text"), place))
                }
                _ => Err(self.unknown_tag(tag, place)),
            },
        }
    }

    /// Merged entries first, then the mapping's own, each key once: where it stood first, with the value it had last.
    fn entries(&mut self, merged: Vec<(Node, Node)>, own: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>, Error> {
        let mut entries: IndexMap<Key, (Node, Node, bool)> = IndexMap::with_capacity(merged.len() + own.len());
        let merged = merged.into_iter().map(|entry| (entry, false));
        for ((key, value), is_own) in merged.chain(own.into_iter().map(|entry| (entry, true))) {
            let plain = key.to_data();
            if matches!(key.kind, NodeKind::List(_) | NodeKind::Map(_)) {
                return Err(explain::collection_as_key(&key));
            }
            match entries.entry(Key::from(plain)) {
                Entry::Vacant(entry) => {
                    entry.insert((key, value, is_own));
                }
                Entry::Occupied(mut entry) => {
                    let (_, old, was_own) = entry.get_mut();
                    if *was_own && is_own {
                        let key_text = entry_text(&key);
                        self.duplicates.push(DuplicateKey { key: key_text, span: key.span });
                    }
                    *was_own |= is_own;
                    *old = value;
                }
            }
        }
        Ok(entries.into_values().map(|(key, value, _)| (key, value)).collect())
    }
}

fn entry_text(key: &Node) -> String {
    key.to_data().to_string()
}

/// The item of an `!!omap` or `!!pairs`: a mapping of one entry, which becomes a list of two.
fn pair(item: Node) -> Result<Node, Error> {
    let Node { span, kind } = item;
    match kind {
        NodeKind::Map(mut entries) if entries.len() == 1 => {
            let items = entries.pop().map(|(key, value)| vec![key, value]).unwrap_or_default();
            Ok(Node { span, kind: NodeKind::List(items) })
        }
        kind => {
            let node = Node { span: span.clone(), kind };
            Err(Error::new(format!("a mapping of one entry belongs here, found {}", node.describe()), Some(span)))
        }
    }
}

/// Adds what stands under `<<`: a mapping, or a list of mappings of which the first wins.
fn merge(merged: &mut Vec<(Node, Node)>, value: Node, _key: Span) -> Result<(), Error> {
    match value.kind {
        NodeKind::Map(entries) => merged.extend(entries),
        NodeKind::List(items) => {
            for item in items.into_iter().rev() {
                match item.kind {
                    NodeKind::Map(entries) => merged.extend(entries),
                    _ => return Err(not_mergeable(&item)),
                }
            }
        }
        _ => return Err(not_mergeable(&value)),
    }
    Ok(())
}

fn not_mergeable(node: &Node) -> Error {
    let message = format!("`<<` merges a mapping or a list of mappings, found {}", node.describe());
    Error::new(message, Some(node.span.clone()))
}

impl Node {
    /// How many nodes this is.
    fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Scalar(_) | NodeKind::Text { .. } | NodeKind::Vault(_) => 0,
            NodeKind::List(items) => items.iter().map(Self::size).sum(),
            NodeKind::Map(entries) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }

    /// Makes all text in it plain, as `!unsafe` does.
    fn distrust(&mut self) {
        match &mut self.kind {
            NodeKind::Scalar(_) | NodeKind::Vault(_) => {}
            NodeKind::Text { trusted, .. } => *trusted = false,
            NodeKind::List(items) => items.iter_mut().for_each(Self::distrust),
            NodeKind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.distrust();
                value.distrust();
            }),
        }
    }
}
