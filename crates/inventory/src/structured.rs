//! Inventories in YAML and JSON: groups as mappings of `hosts`, `children` and `vars`.

use std::path::Path;
use std::sync::Arc;

use ksplay_value::yaml::{self, Node};
use ksplay_value::{Diagnostic, Span, Value};

use crate::own::Names;
use crate::{Error, Inventory, LoadOptions, range};

/// Reads a YAML (or JSON) inventory. What was read before an error stays.
pub(crate) fn parse_yaml(
    inventory: &mut Inventory,
    document: yaml::Document,
    file: &Arc<Path>,
    options: &LoadOptions,
) -> Result<(), Error> {
    let (root, warnings) = document.judged(options.duplicate_keys)?;
    inventory.warnings.extend(warnings);
    let Some(root) = root.filter(|root| !root.is_null()) else {
        return Err(Error::syntax("the file holds no inventory: it is empty", None));
    };
    let Some(groups) = root.entries() else {
        let message = format!("a YAML inventory is a mapping of groups, this is {}", root.describe());
        return Err(Error::syntax(message, Some(root.span.clone())));
    };
    if let Some((key, _)) = root.entry("plugin") {
        return Err(Error::Syntax {
            message: "this configures an inventory plugin, it is no inventory".to_owned(),
            span: Some(key.span.clone()),
            help: Some("enable the plugin `auto`".to_owned()),
        });
    }
    self::groups(inventory, groups, file)
}

/// Puts groups into the inventory: each a name and a mapping.
pub(crate) fn groups(inventory: &mut Inventory, groups: &[(Node, Node)], file: &Arc<Path>) -> Result<(), Error> {
    let mut reader = Reader { inventory, file, names: Names::default() };
    groups.iter().try_for_each(|(name, group)| reader.group(name, group).map(drop))
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    file: &'a Arc<Path>,
    names: Names,
}

impl Reader<'_> {
    /// Reads a group and what is below it; gives its name.
    fn group(&mut self, key: &Node, data: &Node) -> Result<Arc<str>, Error> {
        let Some(name) = key.as_str() else {
            let message = format!("a group's name must be text, this is {}", key.describe());
            return Err(Error::syntax(message, Some(key.span.clone())));
        };
        if data.is_null() {
            return Ok(self.inventory.declare_group(name));
        }
        let Some(sections) = data.entries() else {
            let message = format!("the group `{name}` must be a mapping, this is {}", data.describe());
            return Err(Error::syntax(message, Some(data.span.clone())));
        };
        let group = self.inventory.declare_group(name);
        let name = &*group;
        // Nothing is taken of a group that has a section of a wrong kind.
        for section in ["vars", "children", "hosts"] {
            data.get(section).map_or(Ok(Vec::new()), |content| entries(content, section, name))?;
        }
        for (section, content) in sections {
            match section.as_str() {
                Some("vars") => {
                    for (key, value) in entries(content, "vars", name)? {
                        let value = value.map_or(Value::Null, Node::to_value);
                        self.inventory.set_group_var(name, key.to_data(), value, &key.span)?;
                    }
                }
                Some("children") => {
                    for (child, below) in entries(content, "children", name)? {
                        let empty = Node { span: child.span.clone(), kind: yaml::NodeKind::Scalar(Value::Null) };
                        let child_name = self.group(child, below.unwrap_or(&empty))?;
                        self.inventory
                            .add_child(name, &child_name)
                            .map_err(|error| Error::syntax(error.to_string(), Some(child.span.clone())))?;
                    }
                }
                Some("hosts") => {
                    for (host, vars) in entries(content, "hosts", name)? {
                        self.host(name, host, vars)?;
                    }
                }
                _ => {
                    let key = section.to_data();
                    let message = format!(
                        "Skipping unexpected key ({key}) in group ({name}), only \"vars\", \"children\" and \"hosts\" are valid"
                    );
                    self.inventory.warnings.push(Diagnostic::new(message).at(Some(section.span.clone())));
                }
            }
        }
        Ok(group)
    }

    fn host(&mut self, group: &str, key: &Node, vars: Option<&Node>) -> Result<(), Error> {
        let Some(pattern) = key.as_str() else {
            let message = format!("a host's name must be text, this is {}", key.describe());
            return Err(Error::Syntax {
                message,
                span: Some(key.span.clone()),
                help: Some("quote the name".to_owned()),
            });
        };
        let (names, port) = range::expand(pattern).map_err(|reason| Error::syntax(reason, Some(key.span.clone())))?;
        let vars = match vars {
            Some(vars) if !vars.is_null() => entries(vars, "variables", pattern)?,
            _ => Vec::new(),
        };
        let places: Vec<&Span> = vars.iter().map(|(key, _)| &key.span).collect();
        let value = |(key, value): (&Node, Option<&Node>)| (key.to_data(), value.map_or(Value::Null, Node::to_value));
        let vars = Arc::new(self.names.share(vars.into_iter().map(value)));
        for name in names {
            self.inventory.insert_host(&name, port, Some(self.file));
            self.inventory.add_host_to(group, &name)?;
            self.inventory.set_variables(&name, &vars, &places)?;
        }
        Ok(())
    }
}

/// The entries of a section; a single text stands for an entry without a value.
fn entries<'n>(node: &'n Node, section: &str, of: &str) -> Result<Vec<(&'n Node, Option<&'n Node>)>, Error> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    if node.as_str().is_some() {
        return Ok(vec![(node, None)]);
    }
    match node.entries() {
        Some(entries) => Ok(entries.iter().map(|(key, value)| (key, Some(value))).collect()),
        None => {
            let message = format!("the {section} of `{of}` must be a mapping, this is {}", node.describe());
            let help =
                (section != "variables").then_some("write each name with a `:` behind it, not with a `-` before it");
            Err(Error::Syntax { message, span: Some(node.span.clone()), help: help.map(str::to_owned) })
        }
    }
}
