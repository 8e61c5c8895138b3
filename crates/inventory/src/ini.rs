//! The hosts file: sections of hosts, of child groups and of group variables. It looks like INI and is not.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use ksplay_value::{Source, Span, Value};

use crate::own::{HostLine, Names};
use crate::trust::variable;
use crate::words::{Word, words};
use crate::{Error, Inventory, range};

/// Reads a hosts file into the inventory. What was read before an error stays.
pub(crate) fn parse(inventory: &mut Inventory, source: &Arc<Source>, file: &Arc<Path>) -> Result<(), Error> {
    let mut parser = Parser {
        inventory,
        source,
        file,
        kind: Kind::Hosts,
        group: "ungrouped".into(),
        open: IndexMap::new(),
        variables: Arc::default(),
    };
    for (index, line) in source.content().lines().enumerate() {
        parser.line(line, u32::try_from(index + 1).unwrap_or(u32::MAX))?;
    }
    match parser.open.into_values().next() {
        Some(Open { error, .. }) => Err(error),
        None => Ok(()),
    }
}

/// What the lines of a section are.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Hosts,
    Children,
    Vars,
}

/// A group that was named but not declared yet.
struct Open {
    parents: Vec<Arc<str>>,
    error: Error,
}

struct Parser<'a> {
    inventory: &'a mut Inventory,
    source: &'a Arc<Source>,
    file: &'a Arc<Path>,
    kind: Kind,
    group: Arc<str>,
    open: IndexMap<String, Open>,
    variables: Arc<Names>,
}

impl Parser<'_> {
    fn line(&mut self, line: &str, number: u32) -> Result<(), Error> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|char| char.is_whitespace()).count();
        let span = Span::new(self.source, number, u32::try_from(indent + 1).unwrap_or(u32::MAX));
        if let Some((group, kind)) = section(text) {
            return self.section(group, kind, &span);
        }
        if text.starts_with('[') && text.ends_with(']') {
            return Err(Error::Syntax {
                message: format!("invalid section entry `{text}`"),
                span: Some(span),
                help: Some("a section is [group], [group:children] or [group:vars], without spaces".to_owned()),
            });
        }
        match self.kind {
            Kind::Hosts => self.hosts(text, &span),
            Kind::Children => self.child(text, &span),
            Kind::Vars => self.variable(text, &span),
        }
    }

    fn section(&mut self, group: &str, kind: Option<&str>, span: &Span) -> Result<(), Error> {
        self.kind = match kind {
            None => Kind::Hosts,
            Some("children") => Kind::Children,
            Some("vars") => Kind::Vars,
            Some(other) => {
                return Err(Error::Syntax {
                    message: format!("section [{group}:{other}] has unknown type: {other}"),
                    span: Some(span.clone()),
                    help: Some("the types are `children` and `vars`".to_owned()),
                });
            }
        };
        let group = &*self.inventory.group_name(group);
        self.group = group.into();
        if !self.inventory.groups.contains_key(group) {
            if self.kind == Kind::Vars && !self.open.contains_key(group) {
                let message = format!("section [{group}:vars] not valid for undefined group '{group}'");
                let error = Error::syntax(message, Some(span.clone()));
                self.open.insert(group.to_owned(), Open { parents: Vec::new(), error });
            }
            self.inventory.add_group(group);
        }
        if self.kind != Kind::Vars
            && let Some(open) = self.open.shift_remove(group)
        {
            for parent in open.parents {
                self.add_child(&parent, group, span)?;
            }
        }
        Ok(())
    }

    fn child(&mut self, text: &str, span: &Span) -> Result<(), Error> {
        let name = text.split('#').next().unwrap_or_default().trim_end();
        if name.is_empty() || name.contains(|char: char| char.is_whitespace() || matches!(char, ':' | ']')) {
            return Err(Error::syntax(format!("expected group name, got: {text}"), Some(span.clone())));
        }
        let name = &*self.inventory.kept_name(name);
        let group = Arc::clone(&self.group);
        if self.inventory.groups.contains_key(name) && !self.open.contains_key(name) {
            return self.add_child(&group, name, span);
        }
        let message = format!("section [{group}:children] includes undefined group '{name}'");
        let error = Error::syntax(message, Some(span.clone()));
        self.open.entry(name.to_owned()).or_insert(Open { parents: Vec::new(), error }).parents.push(group);
        Ok(())
    }

    fn add_child(&mut self, parent: &str, child: &str, span: &Span) -> Result<(), Error> {
        match self.inventory.add_child(parent, child) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::syntax(error.to_string(), Some(span.clone()))),
        }
    }

    fn variable(&mut self, text: &str, span: &Span) -> Result<(), Error> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::syntax(format!("expected key=value, got: {text}"), Some(span.clone())));
        };
        let before = text.chars().count() - value.trim_start().chars().count();
        let place = right_of(span, before);
        let value = variable(value.trim(), Some(&place));
        let group = Arc::clone(&self.group);
        self.inventory.set_group_var(&group, Value::from(name.trim()), value, span)
    }

    fn hosts(&mut self, text: &str, span: &Span) -> Result<(), Error> {
        let broken =
            |reason| Error::syntax(format!("error parsing host definition '{text}': {reason}"), Some(span.clone()));
        let mut words = words(text);
        let Some(pattern) = words.next().transpose().map_err(broken)? else { return Ok(()) };
        let mut wrong = None;
        let mut has_vars = false;
        for word in words {
            let Word { text: word, column } = word.map_err(broken)?;
            has_vars = true;
            if wrong.is_none() && !word.contains('=') {
                wrong = Some(Error::Syntax {
                    message: format!("expected key=value host variable assignment, got: {word}"),
                    span: Some(right_of(span, column)),
                    help: Some("quote a value that has spaces: name=\"two words\"".to_owned()),
                });
            }
        }
        let (names, port) = self.names(&pattern.text, span)?;
        if let Some(error) = wrong {
            return Err(error);
        }
        let line = has_vars.then(|| Arc::new(HostLine::new(span.clone(), text, &self.variables)));
        for name in names {
            self.inventory.insert_host(&name, port, Some(self.file));
            self.inventory.add_host_to(&self.group, &name)?;
            if let Some(line) = &line {
                self.inventory.add_line(&name, line)?;
            }
        }
        Ok(())
    }

    fn names(&self, pattern: &str, span: &Span) -> Result<(Vec<String>, Option<i64>), Error> {
        let help = match pattern {
            "---" => Some("`---` begins a YAML file; such a file must end in .yml or .yaml".to_owned()),
            _ if pattern.ends_with(':') => Some("a `:` after a host introduces its port".to_owned()),
            _ => None,
        };
        if help.is_some() {
            let message = format!("invalid host pattern '{pattern}'");
            return Err(Error::Syntax { message, span: Some(span.clone()), help });
        }
        range::expand(pattern).map_err(|reason| Error::syntax(reason, Some(span.clone())))
    }
}

/// The place so many characters behind another.
pub(crate) fn right_of(span: &Span, columns: usize) -> Span {
    Span {
        source: Arc::clone(&span.source),
        line: span.line,
        column: span.column + u32::try_from(columns).unwrap_or(0),
    }
}

/// The group and the type of a section's head, when the line is one.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (head, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    if !(after.is_empty() || after.starts_with('#')) {
        return None;
    }
    let (group, kind) = match head.split_once(':') {
        Some((group, kind)) => (group, Some(kind)),
        None => (head, None),
    };
    let kind_is_word =
        kind.is_none_or(|kind| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_'));
    (!group.is_empty() && !group.contains(char::is_whitespace) && kind_is_word).then_some((group, kind))
}
