//! `module_defaults`: which modules and groups of modules their names mean.

use std::collections::HashMap;

use ksplay_value::yaml::{Node, NodeKind};
use ksplay_value::{Str, Value};

use crate::collections::split;
use crate::context::Context;
use crate::suggest::did_you_mean;
use crate::{Error, modules};

/// The groups of ansible.builtin, which stand for those of the collections that its modules went to.
const GROUPS: &[&str] = &["acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"];

/// The groups that are named, with the full names of their modules.
pub(crate) type Groups = HashMap<Str, Vec<Str>>;

/// The mappings that the keyword holds, in order, and the groups that they name.
pub(crate) fn of(context: &Context<'_>, node: &Node) -> Result<(Vec<Value>, Groups), Error> {
    let mut groups = Groups::new();
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
        entries.iter().try_for_each(|(key, _)| check(context, key, &mut groups))?;
    }
    Ok((mappings.iter().map(Node::to_value).collect(), groups))
}

/// Refuses a name that means nothing; looks up what a group has.
fn check(context: &Context<'_>, key: &Node, groups: &mut Groups) -> Result<(), Error> {
    let text = key.to_data().to_string();
    if let Some(group) = text.strip_prefix("group/") {
        if let Some(modules) = modules_of(context, group) {
            groups.insert(group.into(), modules);
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

fn modules_of(context: &Context<'_>, name: &str) -> Option<Vec<Str>> {
    let builtin = |group| GROUPS.contains(&group).then(Vec::new);
    match split(name) {
        Some((collection, group)) if collection != "ansible.builtin" => {
            context.loader.group(context, &collection, group)
        }
        Some((_, group)) => builtin(group),
        None => builtin(name),
    }
}
