//! Inventory plugins: sources in YAML that say `plugin: NAME` and how hosts, groups and variables are computed.

use std::path::Path;
use std::sync::Arc;

use ksplay_value::yaml::Node;
use ksplay_value::{Map, Span, Value};

use crate::{Error, Inventory, LoadOptions, constructed, generator};

/// What is to be evaluated, and how.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// A value whose templates are replaced by their results.
    Value(&'a Value),
    /// The text of an expression, without delimiters.
    Expression(&'a Value),
    /// A condition; the answer is a boolean.
    Condition(&'a Value),
}

/// Evaluates with these variables and no others.
pub type Evaluate = Arc<dyn Fn(Ask<'_>, &Map) -> Result<Value, String> + Send + Sync>;

/// A source that configures a plugin.
pub(crate) struct Config<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) root: &'a Node,
    pub(crate) file: &'a Arc<Path>,
    pub(crate) evaluate: &'a Evaluate,
    pub(crate) options: &'a LoadOptions,
}

/// Does what a source with the entry `plugin` asks for. What was done before an error stays.
pub(crate) fn run(
    inventory: &mut Inventory,
    root: &Node,
    (key, plugin): &(Node, Node),
    file: &Arc<Path>,
    options: &LoadOptions,
) -> Result<(), Error> {
    let Some(plugin) = plugin.as_str() else {
        let message = format!("`plugin` must be the name of an inventory plugin, this is {}", plugin.describe());
        return Err(Error::syntax(message, Some(key.span.clone())));
    };
    let short = plugin.strip_prefix("ansible.builtin.").unwrap_or(plugin);
    let work = match short {
        "constructed" => constructed::construct,
        "generator" => generator::generate,
        _ => return Err(unsupported(plugin, key)),
    };
    let Some(evaluate) = &options.evaluate else { return Err(unsupported(plugin, key)) };
    let config = Config { plugin: short, root, file, evaluate, options };
    work(inventory, &config)
}

/// Why `auto` leaves a file alone, unless its name is right.
pub(crate) fn check_name(file: &Path, key: &Node) -> Result<(), Error> {
    if file.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
        return Ok(());
    }
    Err(Error::Syntax {
        message: "this configures an inventory plugin, but `auto` reads only files that end in .yml or .yaml"
            .to_owned(),
        span: Some(key.span.clone()),
        help: Some("rename the file, or name the plugin in enable_plugins".to_owned()),
    })
}

fn unsupported(plugin: &str, key: &Node) -> Error {
    Error::Plugin { plugin: plugin.to_owned(), span: Some(key.span.clone()) }
}

impl<'a> Config<'a> {
    pub(crate) fn error(&self, message: impl Into<String>, span: &Span) -> Error {
        Error::Construct { plugin: self.plugin.to_owned(), message: message.into(), span: Some(span.clone()) }
    }

    /// An option that is yes or no, also in the words that Ansible takes for these.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Error> {
        let Some(node) = self.root.get(name).filter(|node| !node.is_null()) else { return Ok(default) };
        let word = node.to_data().to_string().to_lowercase();
        match word.as_str() {
            "true" | "yes" | "on" | "y" | "t" | "1" => Ok(true),
            "false" | "no" | "off" | "n" | "f" | "0" => Ok(false),
            _ => Err(self.error(format!("`{name}` must be a boolean, this is {}", node.describe()), &node.span)),
        }
    }

    /// The entries of an option that is a mapping; none when it is missing.
    pub(crate) fn mapping(&self, name: &str) -> Result<&'a [(Node, Node)], Error> {
        self.section(name, "a mapping", Node::entries)
    }

    /// The items of an option that is a list; none when it is missing.
    pub(crate) fn list(&self, name: &str) -> Result<&'a [Node], Error> {
        self.section(name, "a list", Node::items)
    }

    fn section<T>(&self, name: &str, wanted: &str, read: fn(&'a Node) -> Option<&'a [T]>) -> Result<&'a [T], Error> {
        let Some(node) = self.root.get(name).filter(|node| !node.is_null()) else { return Ok(&[]) };
        let wrong = || self.error(format!("`{name}` must be {wanted}, this is {}", node.describe()), &node.span);
        read(node).ok_or_else(wrong)
    }
}
