//! The plugin `constructed`: variables and groups of the hosts that earlier sources brought, by expressions.

use ksplay_value::yaml::Node;
use ksplay_value::{Map, Span, Template, TemplateKind, Value, has_markers};

use crate::inventory::valid_group_name;
use crate::plugin::{Ask, Config};
use crate::{Error, HostName, Inventory};

/// Gives every host that is known so far the variables and groups that the source describes.
pub(crate) fn construct(inventory: &mut Inventory, config: &Config<'_>) -> Result<(), Error> {
    let rules = Rules::read(config)?;
    let hosts: Vec<HostName> = inventory.hosts().map(|host| host.name().clone()).collect();
    hosts.iter().try_for_each(|host| rules.apply(inventory, host))
}

struct Rules<'a> {
    config: &'a Config<'a>,
    strict: bool,
    use_vars_files: bool,
    use_extra_vars: bool,
    leading_separator: bool,
    compose: Vec<(&'a Node, Value)>,
    groups: Vec<(&'a Node, Value)>,
    keyed_groups: Vec<Keyed<'a>>,
}

/// An entry of `keyed_groups`.
struct Keyed<'a> {
    span: &'a Span,
    key: Value,
    prefix: String,
    separator: String,
    default_value: Option<String>,
    trailing_separator: bool,
    parent_group: Option<Value>,
}

impl<'a> Rules<'a> {
    fn read(config: &'a Config<'a>) -> Result<Self, Error> {
        let compose = config.mapping("compose")?.iter().map(|(name, text)| (name, expression(text)));
        let groups = config.mapping("groups")?.iter().map(|(name, text)| (name, condition(text)));
        let keyed_groups = config.list("keyed_groups")?.iter().map(|entry| Keyed::read(config, entry));
        Ok(Self {
            config,
            strict: config.flag("strict", false)?,
            use_vars_files: config.flag("use_vars_plugins", false)?,
            use_extra_vars: config.flag("use_extra_vars", config.options.use_extra_vars)?,
            leading_separator: config.flag("leading_separator", true)?,
            compose: compose.collect(),
            groups: groups.collect(),
            keyed_groups: keyed_groups.collect::<Result<_, _>>()?,
        })
    }

    fn apply(&self, inventory: &mut Inventory, host: &HostName) -> Result<(), Error> {
        let vars = self.variables(inventory, host)?;
        for (name, text) in &self.compose {
            let failed = |reason| (format!("Could not set {} for host {host}: {reason}", name.to_data()), &name.span);
            match self.expression(text, &vars).map_err(failed) {
                Ok(Value::Omit) => {}
                Ok(value) => inventory.set_variable(host, name.to_data(), value, &name.span)?,
                Err(failure) => self.passed_over(failure)?,
            }
        }
        let vars = self.variables(inventory, host)?;
        for (name, text) in &self.groups {
            let group = valid_group_name(&name.to_data().to_string());
            let failed = |reason| (format!("Could not add host {host} to group {group}: {reason}"), &name.span);
            match (self.config.evaluate)(Ask::Condition(text), &vars).map_err(failed) {
                Ok(truth) if truth.is_true() => self.join(inventory, &group, host)?,
                Ok(_) => {}
                Err(failure) => self.passed_over(failure)?,
            }
        }
        self.keyed_groups.iter().try_for_each(|keyed| self.group_by_key(inventory, host, &vars, keyed))
    }

    fn group_by_key(
        &self,
        inventory: &mut Inventory,
        host: &HostName,
        vars: &Map,
        keyed: &Keyed<'_>,
    ) -> Result<(), Error> {
        let key = match self.expression(&keyed.key, vars) {
            Ok(key) => key,
            Err(reason) => {
                let message =
                    format!("Could not generate group for host {host} from an entry of keyed_groups: {reason}");
                return self.passed_over((message, keyed.span));
            }
        };
        let Some(endings) = keyed.endings(&key) else {
            let message = format!(
                "Invalid group name format, expected a string or a list of them or dictionary, got: {}",
                key.type_name()
            );
            return Err(self.config.error(message, keyed.span));
        };
        if endings.is_empty() {
            let message = format!("the key of a keyed group has no value for host {host}");
            return self.passed_over((message, keyed.span));
        }
        let bare = keyed.prefix.is_empty() && !self.leading_separator;
        let separator = if bare { "" } else { &keyed.separator };
        for ending in endings {
            let parent = match &keyed.parent_group {
                Some(parent) => match (self.config.evaluate)(Ask::Value(parent), vars) {
                    Ok(parent) => Some(valid_group_name(&parent.to_string())),
                    Err(reason) => {
                        let message = format!("Could not generate the parent of group '{ending}': {reason}");
                        self.passed_over((message, keyed.span))?;
                        continue;
                    }
                },
                None => None,
            };
            let group = valid_group_name(&format!("{}{separator}{ending}", keyed.prefix));
            if group.is_empty() {
                return Err(self.config.error("a keyed group has an empty name", keyed.span));
            }
            self.join(inventory, &group, host)?;
            if let Some(parent) = parent {
                inventory.add_group(&parent);
                inventory
                    .add_child(&parent, &group)
                    .map_err(|error| self.config.error(error.to_string(), keyed.span))?;
            }
        }
        Ok(())
    }

    fn join(&self, inventory: &mut Inventory, group: &str, host: &HostName) -> Result<(), Error> {
        inventory.add_group(group);
        inventory.add_host_to(group, host).map(drop)
    }

    fn expression(&self, text: &Value, vars: &Map) -> Result<Value, String> {
        match text {
            Value::Template(_) => (self.config.evaluate)(Ask::Expression(text), vars),
            other => Err(format!("an expression must be text, this is `{other}`")),
        }
    }

    /// What cannot be evaluated for a host is passed over, unless the source is strict.
    fn passed_over(&self, (message, span): (String, &Span)) -> Result<(), Error> {
        if self.strict { Err(self.config.error(message, span)) } else { Ok(()) }
    }

    fn variables(&self, inventory: &Inventory, host: &HostName) -> Result<Map, Error> {
        let mut vars = inventory.variables_so_far(host, self.use_vars_files)?;
        if self.use_extra_vars {
            vars.extend(
                self.config.options.extra_vars.iter().map(|(key, value)| (key.as_value().clone(), value.clone())),
            );
        }
        Ok(vars)
    }
}

impl<'a> Keyed<'a> {
    fn read(config: &Config<'_>, node: &'a Node) -> Result<Self, Error> {
        if node.entries().is_none() {
            let message = format!("an entry of keyed_groups must be a mapping, this is {}", node.describe());
            return Err(config.error(message, &node.span));
        }
        let text = |name| node.get(name).map(|value| value.to_data().to_string());
        let given = |name| node.get(name).filter(|value| !value.is_null());
        let default_value = given("default_value").map(|value| value.to_data().to_string());
        let trailing_separator = given("trailing_separator").map(|value| value.to_data().is_true());
        if default_value.is_some() && trailing_separator.is_some() {
            let message = "default_value and trailing_separator of a keyed group exclude each other";
            return Err(config.error(message, &node.span));
        }
        Ok(Self {
            span: &node.span,
            key: node.get("key").map_or(Value::Null, expression),
            prefix: text("prefix").unwrap_or_default(),
            separator: text("separator").unwrap_or_else(|| "_".to_owned()),
            default_value,
            trailing_separator: trailing_separator.unwrap_or(true),
            parent_group: given("parent_group").filter(|parent| parent.as_str() != Some("")).map(Node::to_value),
        })
    }

    /// How the names of the groups end that a key means; none when it is empty, `None` when it means no names at all.
    fn endings(&self, key: &Value) -> Option<Vec<String>> {
        let or_default = |item: &Value| match &self.default_value {
            Some(default) if item.as_str() == Some("") => default.clone(),
            _ => item.to_string(),
        };
        let of_entry = |(name, value): (&Value, &Value)| match value.as_str() {
            Some("") if self.default_value.is_none() && !self.trailing_separator => name.to_string(),
            _ => format!("{name}{}{}", self.separator, or_default(value)),
        };
        Some(match key {
            Value::Null => self.default_value.iter().cloned().collect(),
            Value::String(text) if text.is_empty() => self.default_value.iter().cloned().collect(),
            key if !key.is_true() => Vec::new(),
            Value::String(text) => vec![text.to_string()],
            Value::List(items) => items.iter().map(or_default).collect(),
            Value::Map(map) => map.iter().map(|(name, value)| of_entry((name.as_value(), value))).collect(),
            _ => return None,
        })
    }
}

/// The text of an expression, to be parsed once for all hosts; what is no text stays what it is.
fn expression(node: &Node) -> Value {
    match node.as_str() {
        Some(text) => Template::new(TemplateKind::Expression, text, Some(node.span.clone())).into(),
        None => node.to_data(),
    }
}

/// A condition may also be a template, or a boolean. Nothing at all is no condition.
fn condition(node: &Node) -> Value {
    match node.as_str() {
        Some(text) if !has_markers(text) => expression(node),
        _ if node.is_null() => Value::from(""),
        _ => node.to_value(),
    }
}
