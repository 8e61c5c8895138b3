//! Inventories in TOML: a table for each group, with `hosts`, `children` and `vars`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Date, DateTime, Diagnostic, Object, Source, Span, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};
use toml::value::Offset;

use crate::{Error, Inventory, structured};

/// Reads a TOML inventory. What was read before an error stays.
pub(crate) fn parse(inventory: &mut Inventory, source: &Arc<Source>, file: &Arc<Path>) -> Result<(), Error> {
    let text = &*source.text;
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let reader = Reader { source, lines: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() };
    let root = DeTable::parse(text).map_err(|error| {
        let span = error.span().map(|range| reader.span(&range));
        Error::syntax(format!("not TOML: {}", error.message()), span)
    })?;
    if root.get_ref().is_empty() {
        return Err(Error::syntax("the file holds no inventory: it is empty", None));
    }
    let mut groups = Vec::new();
    for (name, group) in root.get_ref() {
        let name_node = reader.text(name.get_ref(), &name.span());
        if name.get_ref() == "plugin" {
            let message = "a TOML file cannot configure an inventory plugin";
            return Err(Error::Syntax {
                message: message.to_owned(),
                span: Some(name_node.span),
                help: Some("write the configuration as YAML".to_owned()),
            });
        }
        let DeValue::Table(sections) = group.get_ref() else {
            let message = format!("Skipping '{}' as this is not a valid group definition", name.get_ref());
            inventory.warnings.push(Diagnostic::new(message).at(Some(name_node.span)));
            continue;
        };
        groups.push((name_node, reader.group(name.get_ref(), sections, &group.span())?));
    }
    structured::groups(inventory, &groups, file)
}

/// Turns tables into the nodes of a YAML inventory of the same meaning.
struct Reader<'a> {
    source: &'a Arc<Source>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Reader<'_> {
    fn group(&self, name: &str, sections: &DeTable<'_>, range: &Range<usize>) -> Result<Node, Error> {
        let mut entries = Vec::new();
        for (section, content) in sections {
            let content_node = match (section.get_ref().as_ref(), content.get_ref()) {
                ("children", DeValue::Array(children)) => self.children(children, &content.span())?,
                ("children", _) => return Err(self.wrong(name, "children", "an array", content)),
                ("hosts" | "vars", DeValue::Table(_)) => self.node(content)?,
                ("hosts" | "vars", _) => return Err(self.wrong(name, section.get_ref(), "a table", content)),
                _ => self.node(content)?,
            };
            entries.push((self.text(section.get_ref(), &section.span()), content_node));
        }
        Ok(Node { span: self.span(range), kind: NodeKind::Map(entries) })
    }

    /// A YAML inventory has children as a mapping, TOML as an array of names.
    fn children(&self, children: &[Spanned<DeValue<'_>>], range: &Range<usize>) -> Result<Node, Error> {
        let mut entries = Vec::new();
        for child in children {
            let name = self.node(child)?;
            let span = name.span.clone();
            entries.push((name, Node { span, kind: NodeKind::Scalar(Value::Null) }));
        }
        Ok(Node { span: self.span(range), kind: NodeKind::Map(entries) })
    }

    fn wrong(&self, group: &str, section: &str, wanted: &str, content: &Spanned<DeValue<'_>>) -> Error {
        let message = format!("the {section} of `{group}` must be {wanted}, this is {}", described(content.get_ref()));
        Error::syntax(message, Some(self.span(&content.span())))
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Result<Node, Error> {
        let span = self.span(&value.span());
        let kind = match value.get_ref() {
            DeValue::String(text) => NodeKind::Text { text: text.as_ref().into(), trusted: true },
            DeValue::Boolean(flag) => NodeKind::Scalar(Value::Bool(*flag)),
            DeValue::Integer(number) => NodeKind::Scalar(integer(number, &span)?),
            DeValue::Float(number) => {
                let float = number.as_str().parse().map_err(|_| Error::syntax("not a number", Some(span.clone())))?;
                NodeKind::Scalar(Value::Float(float))
            }
            DeValue::Datetime(time) => instant(time),
            DeValue::Array(items) => {
                NodeKind::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => {
                let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| -> Result<_, Error> {
                    let key: &Spanned<std::borrow::Cow<'_, str>> = key;
                    Ok((self.text(key.get_ref(), &key.span()), self.node(value)?))
                };
                NodeKind::Map(table.iter().map(entry).collect::<Result<_, _>>()?)
            }
        };
        Ok(Node { span, kind })
    }

    fn text(&self, text: &str, range: &Range<usize>) -> Node {
        Node { span: self.span(range), kind: NodeKind::Text { text: text.into(), trusted: true } }
    }

    fn span(&self, range: &Range<usize>) -> Span {
        let line = self.lines.partition_point(|begin| *begin <= range.start);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.source.text.get(begin..range.start).unwrap_or_default();
        Span::new(self.source, line as u32, before.chars().count() as u32 + 1)
    }
}

/// A day or a day with a time, as Python has them; a time without a day is its text.
fn instant(given: &toml::value::Datetime) -> NodeKind {
    let date = given.date.and_then(|day| Date::new(day.year, day.month, day.day));
    let value: Arc<dyn Object> = match (date, given.time) {
        (Some(date), None) => Arc::new(date),
        (Some(date), Some(time)) => Arc::new(DateTime {
            date,
            hour: time.hour,
            minute: time.minute,
            second: time.second.unwrap_or_default(),
            microsecond: time.nanosecond.unwrap_or_default() / 1000,
            offset: given.offset.map(|offset| match offset {
                Offset::Z => 0,
                Offset::Custom { minutes } => i32::from(minutes) * 60,
            }),
        }),
        _ => return NodeKind::Text { text: given.to_string().into(), trusted: false },
    };
    NodeKind::Scalar(Value::Object(value))
}

fn integer(number: &DeInteger<'_>, span: &Span) -> Result<Value, Error> {
    let parsed = i64::from_str_radix(number.as_str(), number.radix());
    parsed.map(Value::Int).map_err(|error| Error::syntax(error.to_string(), Some(span.clone())))
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
