//! Collections: where they lie, and where their names lead (`meta/runtime.yml`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use ksplay_value::Str;
use ksplay_value::yaml::{Node, NodeKind};

use crate::Loader;
use crate::context::Context;

/// How often one name may lead to another.
const MAX_REDIRECTS: usize = 8;

/// Where the modules and actions of a collection have gone.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    /// Full names by short ones.
    redirects: HashMap<String, String>,
    /// Why modules are there no longer, by short name.
    removed: HashMap<String, String>,
    /// Groups of modules (`action_groups`).
    groups: HashMap<String, Group>,
}

/// A group of modules, by full names.
#[derive(Debug, Default)]
struct Group {
    modules: Vec<Str>,
    /// Groups whose modules it has too.
    extends: Vec<String>,
}

/// A name, led on as far as it goes.
pub(crate) enum Routed {
    /// The full name.
    To(String),
    /// The module was removed; the collection says so in these words.
    Removed(String),
}

impl Loader {
    /// A part of a collection (`ns.coll`), in the collections beside the playbook or on the collections path.
    pub(crate) fn in_collection(
        &self,
        context: &Context<'_>,
        collection: &str,
        part: &str,
        fits: impl Fn(&Path) -> bool,
    ) -> Option<PathBuf> {
        let beside = context.play.dir.join("collections");
        part_of(std::iter::once(&beside).chain(&self.options().collections_paths), collection, part, fits)
    }

    /// The collection that a playbook's folder belongs to, provided that this is where the collection is found.
    pub(crate) fn collection_of(&self, context: &Context<'_>, dir: &Path) -> Option<String> {
        let below = dir.ancestors().find(|dir| dir.ends_with("ansible_collections"))?;
        let mut parts = dir.strip_prefix(below).ok()?.components().map(|part| part.as_os_str().to_string_lossy());
        let (namespace, name) = (parts.next()?, parts.next()?);
        let home = below.join(&*namespace).join(&*name);
        let full = format!("{namespace}.{name}");
        (self.in_collection(context, &full, "", Path::is_dir)? == home.join("")).then_some(full)
    }

    /// The playbook of a collection that a name like `ns.coll.site` means.
    pub(crate) fn playbook_in_collection(&self, context: &Context<'_>, name: &str) -> Option<PathBuf> {
        let beside = context.play.dir.join("collections");
        find_playbook(std::iter::once(&beside).chain(&self.options().collections_paths), name)
    }

    /// Where a full name (`ns.coll.module`) leads.
    pub(crate) fn route(&self, context: &Context<'_>, name: &str) -> Routed {
        let mut name = name.to_owned();
        for _ in 0..MAX_REDIRECTS {
            let Some((collection, short)) = split(&name) else { break };
            let routing = self.routing(context, &collection);
            if let Some(why) = routing.removed.get(short) {
                return Routed::Removed(why.clone());
            }
            match routing.redirects.get(short) {
                Some(next) => name.clone_from(next),
                None => break,
            }
        }
        Routed::To(name)
    }

    /// The full names of the modules in a group of a collection; `None` when it has no such group.
    pub(crate) fn group(&self, context: &Context<'_>, collection: &str, group: &str) -> Option<Vec<Str>> {
        self.routing(context, collection).groups.get(group)?;
        let (mut groups, mut modules) = (vec![full(collection, group)], Vec::new());
        let mut next = 0;
        while let Some((collection, group)) = groups.get(next).and_then(|name| split(name)) {
            if let Some(group) = self.routing(context, &collection).groups.get(group) {
                modules.extend(group.modules.iter().cloned());
                for extended in &group.extends {
                    if !groups.contains(extended) {
                        groups.push(extended.clone());
                    }
                }
            }
            next += 1;
        }
        Some(modules)
    }

    /// The routing of a collection, read once.
    fn routing(&self, context: &Context<'_>, collection: &str) -> Arc<Routing> {
        let Some(path) = self.in_collection(context, collection, "meta/runtime.yml", Path::is_file) else {
            return Arc::default();
        };
        if let Some(known) = self.routings.lock().unwrap_or_else(PoisonError::into_inner).get(&path) {
            return Arc::clone(known);
        }
        let routing = Arc::new(
            self.read(&path)
                .ok()
                .and_then(|file| file.root.as_ref().map(|root| routing_of(collection, root)))
                .unwrap_or_default(),
        );
        self.routings.lock().unwrap_or_else(PoisonError::into_inner).insert(path, Arc::clone(&routing));
        routing
    }
}

/// The playbook of a collection that a name like `ns.coll.site` means, in the collections below these folders.
pub fn find_playbook<'p>(paths: impl Iterator<Item = &'p PathBuf> + Clone, name: &str) -> Option<PathBuf> {
    let (collection, playbook) = split(name).filter(|_| !name.contains('/'))?;
    let playbook = playbook.replace('.', "/");
    [".yml", ".yaml"].iter().find_map(|extension| {
        part_of(paths.clone(), &collection, &format!("playbooks/{playbook}{extension}"), Path::is_file)
    })
}

fn part_of<'p>(
    paths: impl Iterator<Item = &'p PathBuf>,
    collection: &str,
    part: &str,
    fits: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let (namespace, name) = collection.split_once('.')?;
    paths
        .flat_map(|dir| [dir.join("ansible_collections"), dir.clone()])
        .map(|dir| dir.join(namespace).join(name).join(part))
        .find(|path| fits(path))
}

/// A full name as its collection and the rest.
pub(crate) fn split(name: &str) -> Option<(String, &str)> {
    let (namespace, rest) = name.split_once('.')?;
    let (collection, rest) = rest.split_once('.')?;
    Some((format!("{namespace}.{collection}"), rest))
}

/// The full form of a name that a collection writes.
fn full(collection: &str, name: &str) -> String {
    if split(name).is_some() { name.to_owned() } else { format!("{collection}.{name}") }
}

fn group_of(collection: &str, members: &Node) -> Group {
    let mut group = Group::default();
    let NodeKind::List(members) = &members.kind else { return group };
    for member in members {
        match member.as_str() {
            Some(name) => group.modules.push(full(collection, name).into()),
            None => {
                let extended = member.get("metadata").and_then(|about| about.get("extend_group"));
                let names = match extended.map(|names| &names.kind) {
                    Some(NodeKind::List(names)) => names.as_slice(),
                    _ => extended.map(std::slice::from_ref).unwrap_or_default(),
                };
                group.extends.extend(names.iter().filter_map(Node::as_str).map(|name| full(collection, name)));
            }
        }
    }
    group
}

fn routing_of(collection: &str, root: &Node) -> Routing {
    let groups = root.get("action_groups").and_then(Node::entries).unwrap_or_default().iter();
    let groups =
        groups.filter_map(|(name, members)| Some((name.as_str()?.to_owned(), group_of(collection, members)))).collect();
    let mut routing = Routing { groups, ..Routing::default() };
    let plugins = root.get("plugin_routing");
    for kind in ["action", "modules"] {
        let entries = plugins.and_then(|plugins| plugins.get(kind)).and_then(Node::entries).unwrap_or_default();
        for (name, about) in entries {
            let Some(name) = name.as_str() else { continue };
            // What is said of the module comes later, and counts.
            if let Some(target) = about.get("redirect").and_then(Node::as_str) {
                routing.redirects.insert(name.to_owned(), target.to_owned());
            }
            if let Some(tombstone) = about.get("tombstone") {
                let why = tombstone.get("warning_text").and_then(Node::as_str).unwrap_or_default();
                routing.removed.insert(name.to_owned(), why.trim().to_owned());
            }
        }
    }
    routing
}
