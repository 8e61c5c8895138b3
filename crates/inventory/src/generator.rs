//! The plugin `generator`: a host for every combination of the items of some lists.

use ksplay_value::yaml::Node;
use ksplay_value::{Map, Value};

use crate::plugin::{Ask, Config};
use crate::{Error, Inventory};

/// Makes the hosts that the source describes, and the groups above them.
pub(crate) fn generate(inventory: &mut Inventory, config: &Config<'_>) -> Result<(), Error> {
    let missing = |name: &str| config.error(format!("`{name}` is missing"), &config.root.span);
    let hosts = config.root.get("hosts").ok_or_else(|| missing("hosts"))?;
    let name = hosts.get("name").ok_or_else(|| config.error("the hosts have no `name`", &hosts.span))?;
    config.root.get("layers").ok_or_else(|| missing("layers"))?;
    let maker = Maker { config };
    for vars in maker.combinations(config.mapping("layers")?)? {
        let host = maker.name(name, "host", &vars)?;
        inventory.insert_host(&host, None, Some(config.file));
        maker.parents(inventory, hosts, &vars, &mut |inventory, parent| {
            inventory.add_host_to(parent, &host).map(drop)
        })?;
    }
    Ok(())
}

struct Maker<'a> {
    config: &'a Config<'a>,
}

impl Maker<'_> {
    /// One item of each layer, in every way; the last layer changes fastest.
    fn combinations(&self, layers: &[(Node, Node)]) -> Result<Vec<Map>, Error> {
        let mut all = vec![Map::new()];
        for (layer, values) in layers {
            let values: Vec<Value> = match (values.items(), values.as_str()) {
                (Some(items), _) => items.iter().map(Node::to_value).collect(),
                // As Python takes a text for the list of its letters.
                (_, Some(text)) => text.chars().map(|letter| Value::from(letter.to_string())).collect(),
                _ => {
                    let message =
                        format!("the layer `{}` must be a list, this is {}", layer.to_data(), values.describe());
                    return Err(self.config.error(message, &values.span));
                }
            };
            let with = |vars: &Map, value: &Value| {
                let mut vars = vars.clone();
                vars.insert(layer.to_data(), value.clone());
                vars
            };
            all =
                all.iter().flat_map(|vars| values.iter().map(|value| with(vars, value)).collect::<Vec<_>>()).collect();
        }
        Ok(all)
    }

    /// Makes the groups in the `parents` of a host or group, each put above it by `put`.
    fn parents(
        &self,
        inventory: &mut Inventory,
        child: &Node,
        vars: &Map,
        put: &mut dyn FnMut(&mut Inventory, &str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(parents) = child.get("parents").filter(|parents| !parents.is_null()) else { return Ok(()) };
        let Some(parents) = parents.items() else {
            let message = format!("`parents` must be a list, this is {}", parents.describe());
            return Err(self.config.error(message, &parents.span));
        };
        for parent in parents {
            let Some(name) = parent.get("name") else {
                return Err(self.config.error("a parent has no `name`", &parent.span));
            };
            let group = inventory.declare_group(&self.name(name, "group", vars)?);
            for (key, value) in parent.get("vars").and_then(Node::entries).unwrap_or_default() {
                // Only text is evaluated here; templates inside of lists and mappings wait until they are used.
                let value = match value.as_str() {
                    Some(_) => self.evaluate(value, vars)?,
                    None => value.to_value(),
                };
                inventory.set_group_var(&group, key.to_data(), value, &key.span)?;
            }
            put(inventory, &group).map_err(|error| self.config.error(error.to_string(), &name.span))?;
            self.parents(inventory, parent, vars, &mut |inventory, above| {
                inventory.add_child(above, &group).map(drop)
            })?;
        }
        Ok(())
    }

    fn name(&self, template: &Node, kind: &str, vars: &Map) -> Result<String, Error> {
        let name = self.evaluate(template, vars)?;
        let wrong = || {
            let message = format!("the name of a {kind} must be text that is not empty, this is `{name}`");
            self.config.error(message, &template.span)
        };
        name.as_str().filter(|name| !name.is_empty()).map(str::to_owned).ok_or_else(wrong)
    }

    fn evaluate(&self, template: &Node, vars: &Map) -> Result<Value, Error> {
        let value = (self.config.evaluate)(Ask::Value(&template.to_value()), vars);
        value.map_err(|reason| self.config.error(reason, &template.span))
    }
}
