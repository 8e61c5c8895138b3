//! `module_defaults`: which modules and groups of modules their names mean.

use ksplay_value::Value;
use ksplay_value::yaml::{Node, NodeKind};

use crate::collections::split;
use crate::context::Context;
use crate::suggest::did_you_mean;
use crate::{Error, modules};

/// The groups of ansible.builtin, which stand for those of the collections that its modules went to.
const GROUPS: &[&str] = &["acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"];

/// The mappings that the keyword holds, in order.
pub(crate) fn of(context: &Context<'_>, node: &Node) -> Result<Vec<Value>, Error> {
    let mappings = match &node.kind {
        NodeKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for mapping in mappings {
        let Some(entries) = mapping.entries() else {
            return Err(Error::invalid(
                "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, the keys of which \
                 must be static action, module, or group names. Only the values may contain templates.",
                &node.span,
            ));
        };
        entries.iter().try_for_each(|(key, _)| check(context, key))?;
    }
    Ok(mappings.iter().map(Node::to_value).collect())
}

/// Refuses a name that means nothing.
fn check(context: &Context<'_>, key: &Node) -> Result<(), Error> {
    let text = key.to_data().to_string();
    if let Some(group) = text.strip_prefix("group/") {
        if has_group(context, group) {
            return Ok(());
        }
        let message = format!("Error loading module_defaults: could not resolve the module_defaults group {group}");
        return Err(Error::invalid(message, &key.span).with_hint(did_you_mean(group, GROUPS.iter().copied())));
    }
    if modules::exists(context, &text, key)? {
        return Ok(());
    }
    let message = format!("Could not resolve action {text} in module_defaults");
    Err(Error::invalid(message, &key.span).with_hint(modules::hint(context, &text)))
}

fn has_group(context: &Context<'_>, name: &str) -> bool {
    match split(name) {
        Some((collection, group)) if collection != "ansible.builtin" => {
            context.loader.has_group(context, &collection, group)
        }
        Some((_, group)) => GROUPS.contains(&group),
        None => GROUPS.contains(&name),
    }
}
