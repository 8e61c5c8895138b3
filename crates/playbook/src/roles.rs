//! Roles: found, read with what they depend on, and turned into blocks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_value::yaml::Node;
use ksplay_value::{Map, Span, Str, Value};

use crate::collections::split;
use crate::context::Context;
use crate::keywords::{self, Kind, inherit};
use crate::paths::{self, yaml_files};
use crate::suggest::did_you_mean;
use crate::{Block, Error, ErrorKind, Item, Role, RoleVars, reserved, tasks};

/// The files of a role that are read instead of `main`.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleFiles {
    pub tasks: Option<String>,
    pub vars: Option<String>,
    pub defaults: Option<String>,
    pub handlers: Option<String>,
}

/// One use of a role; the keywords of the use are already around it.
#[derive(Debug, Clone)]
pub(crate) struct RoleUse {
    pub name: String,
    pub params: Map,
    pub span: Span,
    pub files: RoleFiles,
    pub allow_duplicates: Option<bool>,
    pub public: bool,
    pub validate: bool,
    /// Whether a task brings it in, so that the role of that task is its parent.
    pub included: bool,
    /// Text that is equal for equal uses of the same files of a role.
    pub key: String,
}

/// A role that was read.
pub(crate) struct Loaded {
    pub role: Arc<Role>,
    /// What it depends on and itself, in the order in which they run.
    pub roles: Vec<Arc<Role>>,
    pub tasks: Vec<Item>,
    pub handlers: Vec<Item>,
}

/// Reads the roles of a list, under `roles:` or `dependencies:`.
pub(crate) fn list(context: &Context<'_>, nodes: &[Node], chain: &[Arc<Ancestor>]) -> Result<Vec<Loaded>, Error> {
    nodes.iter().map(|node| one(context, node, chain)).collect()
}

fn one(context: &Context<'_>, node: &Node, chain: &[Arc<Ancestor>]) -> Result<Loaded, Error> {
    let (name, params, reserved) = match node.entries() {
        Some(entries) => {
            let name = node
                .get("role")
                .or_else(|| node.get("name"))
                .or_else(|| node.get("src").filter(|_| !chain.is_empty()))
                .ok_or_else(|| Error::content("role definitions must contain a role name", &node.span))?;
            let own = entries
                .iter()
                .filter(|(key, _)| !key.as_str().is_some_and(|key| Kind::RoleUse.knows(key) || key == "src"));
            let reserved = own.clone().filter_map(|(key, _)| reserved::warning(key.as_str()?, &key.span)).collect();
            (name, own.map(|(key, value)| (key.to_data(), value.to_value())).collect(), reserved)
        }
        None if node.as_str().is_some() => (node, Map::new(), Vec::new()),
        None => return Err(Error::invalid("Invalid role definition.", &node.span)),
    };
    if name.as_str().is_none_or(str::is_empty) {
        return Err(Error::content("role definitions must contain a role name", &name.span));
    }
    let (mut keywords, vars) = inherit(context, node, &context.outer, Kind::RoleUse)?;
    reserved::join(&mut keywords.reserved, reserved);
    let outer = Arc::new(keywords);
    let value = name.to_value();
    let text = match &value {
        Value::Template(_) => context.evaluate(&value, vars.as_deref(), &outer, &name.span)?.to_string(),
        plain => plain.to_string(),
    };
    let wanted = RoleUse {
        name: text.trim().to_owned(),
        span: name.span.clone(),
        files: RoleFiles::default(),
        allow_duplicates: None,
        public: true,
        validate: true,
        included: false,
        key: key_of(node, &params),
        params,
    };
    load(&context.within(outer), &wanted, chain)
}

/// What must be equal for two uses in lists of roles to count as the same.
fn key_of(node: &Node, params: &Map) -> String {
    let own = |key: &str| node.get(key).map(keywords::list).unwrap_or_default();
    let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(",");
    let vars = node.get("vars").map(Node::to_value);
    let vars = vars.as_ref().and_then(Value::as_map).map(key_of_vars).unwrap_or_default();
    [key_of_vars(params), vars, texts(&own("when")), texts(&own("tags"))].join("\u{1e}")
}

/// Variables as a part of a key; their order does not matter.
pub(crate) fn key_of_vars(vars: &Map) -> String {
    let mut parts: Vec<String> = vars.iter().map(|(name, value)| format!("{}={value}", name.as_value())).collect();
    parts.sort();
    parts.join("\u{1f}")
}

/// A role on the way from the play to the one that is being read.
pub(crate) struct Ancestor {
    path: PathBuf,
    vars: RoleVars,
}

/// Reads a role with everything it depends on.
pub(crate) fn load(context: &Context<'_>, wanted: &RoleUse, chain: &[Arc<Ancestor>]) -> Result<Loaded, Error> {
    let (path, collection) = find(context, &wanted.name, chain, &wanted.span)?;
    if chain.iter().any(|ancestor| ancestor.path == path) {
        let message = format!("the role '{}' depends on itself", wanted.name);
        return Err(Error::invalid(message, &wanted.span)
            .with_help("make sure that no role among its dependencies has it as a dependency"));
    }
    let name: Str = if paths::is_absolute(&wanted.name) {
        path.file_name().map_or_else(|| wanted.name.as_str().into(), |name| name.to_string_lossy().as_ref().into())
    } else {
        match &collection {
            Some(collection) => format!("{collection}.{}", last_part(&wanted.name)).into(),
            None => wanted.name.as_str().into(),
        }
    };
    let meta = read_main(context, &path.join("meta"), None)?;
    let (depends, allow_duplicates) = metadata(&name, meta.as_ref())?;
    let (defaults, defaults_files) = variables(context, &path, "defaults", wanted.files.defaults.as_deref(), &name)?;
    let (vars, vars_files) = variables(context, &path, "vars", wanted.files.vars.as_deref(), &name)?;
    let files = defaults_files.iter().chain(&vars_files);
    let reserved = files.flat_map(|file| context.loader.reserved_names(file)).collect();
    let including = context.role.as_ref().filter(|_| chain.is_empty());
    let mut inherited: Vec<RoleVars> = Vec::new();
    let mut parents: Vec<Str> = Vec::new();
    if let Some(role) = including {
        inherited.extend(role.inherited.iter().cloned());
        inherited.push(own_vars(role));
        if wanted.included {
            parents.push(Arc::clone(&role.name));
            parents.extend(role.parents.iter().cloned());
        }
    } else {
        inherited.extend(chain.iter().map(|ancestor| ancestor.vars.clone()));
        parents.extend(context.role.iter().flat_map(|role| role.parents.iter().cloned()));
    }
    let params = Arc::new(wanted.params.clone());
    let own = RoleVars { defaults, vars, params, path: path.clone() };
    // The specification is found by the name as it is given: `other.yml` has none, where `other` has.
    let entry = wanted.files.tasks.as_deref().unwrap_or("main");
    let spec = if wanted.validate { argument_spec(context, &path, meta.as_ref(), entry)? } else { None };
    let mut deeper: Vec<Arc<Ancestor>> = chain.to_vec();
    if let Some(role) = including {
        deeper
            .extend(role.inherited.iter().map(|vars| Arc::new(Ancestor { path: PathBuf::new(), vars: vars.clone() })));
        deeper.push(Arc::new(Ancestor { path: PathBuf::new(), vars: own_vars(role) }));
    }
    deeper.push(Arc::new(Ancestor { path: path.clone(), vars: own.clone() }));
    let mut dependencies = Vec::new();
    let (mut all, mut blocks, mut handlers) = (Vec::new(), Vec::new(), Vec::new());
    for loaded in list(context, depends, &deeper)? {
        dependencies.push(loaded.role);
        all.extend(loaded.roles);
        blocks.extend(loaded.tasks);
        handlers.extend(loaded.handlers);
    }
    let mut keywords = (*context.outer).clone();
    if let Some(collection) = &collection {
        keywords.collections = vec![collection.as_str().into()];
    }
    let declared = meta.as_ref().and_then(|meta| meta.get("collections"));
    let declared = declared.map(keywords::collections).transpose()?.unwrap_or_default();
    keywords.collections.extend(declared);
    let keywords = Arc::new(keywords);
    let role = Arc::new(Role {
        name: Arc::clone(&name),
        collection: collection.map(Into::into),
        path: path.clone(),
        defaults: own.defaults,
        vars: own.vars,
        params: own.params,
        defaults_files,
        vars_files,
        reserved,
        dependencies,
        parents,
        inherited,
        key: format!("{}\n{:?}\n{}\n{}", path.display(), wanted.files, wanted.included, wanted.key).into(),
        argument_spec: spec.clone(),
        allow_duplicates: wanted.allow_duplicates.unwrap_or(allow_duplicates),
        public: wanted.public,
    });
    let inner = context.in_role(&role, Arc::clone(&keywords));
    let mut items: Vec<Item> = Vec::new();
    if let Some(spec) = &spec {
        items.extend(tasks::validation(&inner, entry, spec, &wanted.span));
    }
    items.extend(part(&inner, "tasks", wanted.files.tasks.as_deref(), &wanted.span)?);
    blocks.push(Item::Block(Arc::new(Block {
        block: items,
        rescue: Vec::new(),
        always: Vec::new(),
        keywords,
        role_of: Some(Arc::clone(&role)),
        span: wanted.span.clone(),
        name: None,
    })));
    let among_handlers = Context { handler: true, ..inner };
    handlers.extend(part(&among_handlers, "handlers", wanted.files.handlers.as_deref(), &wanted.span)?);
    all.push(Arc::clone(&role));
    Ok(Loaded { role, roles: all, tasks: blocks, handlers })
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn own_vars(role: &Role) -> RoleVars {
    RoleVars {
        defaults: Arc::clone(&role.defaults),
        vars: Arc::clone(&role.vars),
        params: Arc::clone(&role.params),
        path: role.path.clone(),
    }
}

/// The items of a role's `tasks` or `handlers`.
fn part(context: &Context<'_>, folder: &str, from: Option<&str>, span: &Span) -> Result<Vec<Item>, Error> {
    let Some(role) = &context.role else { return Ok(Vec::new()) };
    let dir = role.path.join(folder);
    let Some(path) = yaml_files(&dir, from.unwrap_or("main"), false).into_iter().next() else {
        return match from {
            Some(name) if folder == "tasks" => {
                Err(Error::invalid(format!("Could not find specified file in role: {folder}/{name}"), span)
                    .with_hint(did_you_mean(name, files_in(&dir).iter().map(String::as_str))))
            }
            _ => Ok(Vec::new()),
        };
    };
    let file = context.loader.read(&path).map_err(|error| error.at(span))?;
    let Some(root) = file.root.as_ref().filter(|root| !root.is_null()) else { return Ok(Vec::new()) };
    let Some(nodes) = root.items() else {
        let message = format!(
            "The {folder}/main.yml file for role '{}' must contain a list of tasks, not {}",
            role.name,
            root.describe()
        );
        return Err(Error::invalid(message, &root.span));
    };
    tasks::items(&context.in_file(&path, span)?, nodes)
}

fn files_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn read_main(context: &Context<'_>, dir: &Path, name: Option<&str>) -> Result<Option<Node>, Error> {
    let Some(path) = yaml_files(dir, name.unwrap_or("main"), false).into_iter().next() else { return Ok(None) };
    let file = context.loader.read(&path)?;
    Ok(file.root.clone().filter(|root| !root.is_null()))
}

/// The dependencies and `allow_duplicates` of `meta/main.yml`.
fn metadata<'m>(name: &str, meta: Option<&'m Node>) -> Result<(&'m [Node], bool), Error> {
    let Some(meta) = meta else { return Ok((&[], false)) };
    if meta.entries().is_none() {
        return Err(Error::invalid(format!("the 'meta/main.yml' for role {name} is not a dictionary"), &meta.span));
    }
    Kind::RoleMetadata.check(meta)?;
    let depends = match meta.get("dependencies") {
        None => &[][..],
        Some(list) if list.is_null() => &[][..],
        Some(list) => {
            list.items().ok_or_else(|| Error::invalid("Expected role dependencies to be a list.", &list.span))?
        }
    };
    let duplicates = meta.get("allow_duplicates").is_some_and(|flag| match flag.to_value() {
        Value::String(text) => matches!(text.to_lowercase().as_str(), "yes" | "true" | "on" | "1"),
        other => other.is_true(),
    });
    Ok((depends, duplicates))
}

/// The variables in a folder of a role, and their files.
fn variables(
    context: &Context<'_>,
    role: &Path,
    folder: &str,
    from: Option<&str>,
    name: &str,
) -> Result<(Arc<Map>, Vec<PathBuf>), Error> {
    let files = yaml_files(&role.join(folder), from.unwrap_or("main"), true);
    let mut all: Option<Arc<Map>> = None;
    for path in &files {
        let map = context.loader.vars_file(path).map_err(|error| match error.kind {
            ErrorKind::Invalid => Error {
                message: format!("The {folder}/main.yml file for role '{name}' must contain a dictionary of variables"),
                ..error
            },
            _ => error,
        })?;
        all = Some(match all {
            None => map,
            Some(before) => {
                let mut joined = Arc::unwrap_or_clone(before);
                joined.extend((*map).clone());
                Arc::new(joined)
            }
        });
    }
    Ok((all.unwrap_or_default(), files))
}

/// The arguments that a role declares for an entry point.
fn argument_spec(context: &Context<'_>, role: &Path, meta: Option<&Node>, entry: &str) -> Result<Option<Map>, Error> {
    let own = read_main(context, &role.join("meta"), Some("argument_specs"))?;
    let Some(specs) = own.as_ref().or(meta).and_then(|node| node.get("argument_specs")) else { return Ok(None) };
    if specs.is_null() {
        return Ok(None);
    }
    must_be_mapping("argument_specs", specs)?;
    let Some(spec) = specs.get(entry) else { return Ok(None) };
    if let Some(options) = spec.get("options").filter(|options| !options.is_null()) {
        check_options(options)?;
    }
    Ok(spec.to_value().as_map().cloned())
}

/// Options are a mapping of mappings, at every depth.
fn check_options(options: &Node) -> Result<(), Error> {
    must_be_mapping("options", options)?;
    for (name, option) in options.entries().unwrap_or_default() {
        must_be_mapping(&name.to_data().to_string(), option)?;
        if let Some(below) = option.get("options").filter(|below| !below.is_null()) {
            check_options(below)?;
        }
    }
    Ok(())
}

fn must_be_mapping(what: &str, node: &Node) -> Result<(), Error> {
    match node.entries() {
        Some(_) => Ok(()),
        None => Err(Error::invalid(format!("`{what}` must be a mapping, this is {}", node.describe()), &node.span)),
    }
}

/// The folder of a role, and its collection when it is of one.
fn find(
    context: &Context<'_>,
    name: &str,
    chain: &[Arc<Ancestor>],
    span: &Span,
) -> Result<(PathBuf, Option<String>), Error> {
    if name.contains(',') {
        return Err(Error::content(format!("Invalid old style role requirement: {name}"), span));
    }
    if let Some((collection, role)) = split(name).filter(|_| !name.contains('/')) {
        let part = format!("roles/{}", role.replace('.', "/"));
        if let Some(path) = context.loader.in_collection(context, &collection, &part, Path::is_dir) {
            return Ok((path, Some(collection)));
        }
    }
    for collection in &context.outer.collections {
        if let Some(path) = context.loader.in_collection(context, collection, &format!("roles/{name}"), Path::is_dir) {
            return Ok((path, Some(collection.to_string())));
        }
    }
    let mut places = vec![context.play.dir.join("roles")];
    places.extend(context.loader.options().roles_path.iter().cloned());
    let beside = chain.iter().map(|ancestor| ancestor.path.as_path()).rev().find(|path| !path.as_os_str().is_empty());
    let beside = beside.or_else(|| context.role.as_ref().map(|role| role.path.as_path()));
    places.extend(beside.and_then(Path::parent).map(Path::to_path_buf));
    places.push(context.play.dir.clone());
    if paths::is_absolute(name) {
        let path = paths::absolute(Path::new(name));
        if path.is_dir() {
            return Ok((path, None));
        }
    } else if let Some(found) = places.iter().map(|place| place.join(name)).find(|path| path.is_dir()) {
        return Ok((paths::absolute(&found), None));
    }
    let names: Vec<String> = places.iter().take(places.len() - 1).flat_map(|place| files_in(place)).collect();
    let message = format!("the role '{name}' was not found in {}", paths::listed(&places, ":"));
    Err(Error::new(ErrorKind::File, message, Some(span))
        .with_hint(did_you_mean(name, names.iter().map(String::as_str))))
}
