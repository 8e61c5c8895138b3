//! Which module a name means: one of the engine's, or a file that comes with playbook, role or collection.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use ksplay_value::Str;
use ksplay_value::yaml::Node;

use crate::arguments::builtin_name;
use crate::collections::{Routed, split};
use crate::context::{Context, PlayState};
use crate::keywords::Kind;
use crate::loader::playbook_dir;
use crate::missing::Why;
use crate::suggest::{did_you_mean, nearest};
use crate::{Error, Loader, Task, advice};

/// The modules of a folder by name.
pub(crate) type Library = HashMap<String, PathBuf>;

/// Modules of ansible.builtin, so that those which are not there yet are told from slips.
const BUILTIN: &[&str] = &["apt_key", "dnf5", "expect", "iptables", "mount_facts", "rpm_key", "subversion"];

/// Actions that belong to the language itself.
pub(crate) fn is_language(action: &str) -> bool {
    matches!(
        builtin_name(action),
        "include_tasks" | "import_tasks" | "include_role" | "import_role" | "meta" | "include" | "import_playbook"
    )
}

/// The name under which the engine knows the module that a task's key names. One that cannot be run is noted in
/// [`PlayState::missing`].
pub(crate) fn resolve(
    context: &Context<'_>,
    name: &str,
    collections: &[Str],
    key: &Node,
    kind: Kind,
) -> Result<Str, Error> {
    let is_action = &context.loader.options().is_action;
    let note = |name: &str, why: Why, hint: Option<String>| context.play.missing.note(name, why, &key.span, hint);
    if is_language(name) || is_action(name) {
        return Ok(name.into());
    }
    let mut names = vec![name.to_owned()];
    names.extend(in_collections(name, collections));
    for full in &names {
        let target = target(context, full, key)?;
        if is_action(&target) {
            return Ok(if *full == target { name.into() } else { target.into() });
        }
        if let Some(file) = context.loader.module_file(&target, context) {
            if let Some(language) = language(&file) {
                note(&target, Why::Language(language), None);
            }
            return Ok(name.into());
        }
    }
    if BUILTIN.contains(&builtin_name(name)) {
        note(name, Why::NotYet, None);
    } else if let Some((full, language)) = context.loader.anywhere(name) {
        note(&full, Why::Language(language), None);
    } else if let Some(advice) = advice::of_module(name) {
        note(name, Why::NoModule(advice), None);
    } else {
        note(name, Why::Unknown, hint(context, name).or_else(|| did_you_mean(name, kind.keywords())));
    }
    Ok(name.into())
}

/// Whether a name means some module, be it one that can be run or not.
pub(crate) fn exists(context: &Context<'_>, name: &str, key: &Node) -> Result<bool, Error> {
    let is_action = &context.loader.options().is_action;
    if is_language(name) || is_action(name) || BUILTIN.contains(&builtin_name(name)) {
        return Ok(true);
    }
    let target = target(context, name, key)?;
    Ok(is_action(&target)
        || context.loader.module_file(&target, context).is_some()
        || context.loader.anywhere(name).is_some())
}

/// The name that collections lead this one to.
fn target(context: &Context<'_>, name: &str, key: &Node) -> Result<String, Error> {
    match context.loader.route(context, name) {
        Routed::To(target) => Ok(target),
        Routed::Removed(why) => Err(Error::content(format!("The '{name}' module has been removed. {why}"), &key.span)),
    }
}

/// The module that was probably meant.
pub(crate) fn hint(context: &Context<'_>, name: &str) -> Option<String> {
    let known = (context.loader.options().action_names)();
    near_module(name, &known).map(|near| format!("did you mean `{near}`?"))
}

/// The language of a module file that needs more on the target than the file: Python with Ansible's library, PowerShell.
fn language(file: &Path) -> Option<&'static str> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("ps1") => return Some("PowerShell"),
        Some("py") | None => {}
        Some(_) => return None,
    }
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let needs = ["ansible.module_utils", "ansible_collections", "ActionBase", "ActionModule"];
    // What is there only to be documented has its code in an action plugin, or in PowerShell.
    let documents = || file.extension().is_some() && text.contains("DOCUMENTATION") && !text.contains("def main");
    (needs.iter().any(|word| text.contains(word)) || documents()).then_some("Python")
}

/// The module that a name is most probably a slip of: for a full name one of the same collection, or of the same last part.
fn near_module(name: &str, names: &[String]) -> Option<String> {
    let Some((collection, last)) = name.rsplit_once('.') else {
        return nearest(name, names.iter().map(|name| builtin_name(name))).map(str::to_owned);
    };
    let in_collection = names.iter().filter_map(|name| name.strip_prefix(collection)?.strip_prefix('.'));
    let same_part = || names.iter().find(|name| name.rsplit_once('.').is_some_and(|(_, other)| other == last)).cloned();
    nearest(last, in_collection).map(|near| format!("{collection}.{near}")).or_else(same_part)
}

/// The engine's module that collections lead a name to, or the name: what is unknown is told when it is reached.
pub(crate) fn meant(context: &Context<'_>, name: &str, collections: &[Str]) -> Str {
    let is_action = &context.loader.options().is_action;
    if is_language(name) || is_action(name) {
        return name.into();
    }
    let names = std::iter::once(name.to_owned()).chain(in_collections(name, collections));
    let mut targets = names.map(|full| context.loader.route(context, &full)).filter_map(|routed| match routed {
        Routed::To(target) if is_action(&target) => Some(target.into()),
        Routed::To(_) | Routed::Removed(_) => None,
    });
    targets.next().unwrap_or_else(|| name.into())
}

fn in_collections(name: &str, collections: &[Str]) -> impl Iterator<Item = String> {
    collections.iter().map(move |collection| format!("{collection}.{name}"))
}

impl Loader {
    /// The module that a name of this task means which only the run brought.
    pub fn module_meant(&self, name: &str, task: &Task) -> Str {
        let state = PlayState { dir: playbook_dir(task), ..PlayState::default() };
        match self.context_of(&state, task, None, ksplay_value::Map::new()) {
            Ok(context) => meant(&context, name, &task.keywords.collections),
            Err(_) => name.into(),
        }
    }

    /// The file of a module that comes with the playbook or role (`library/`, a collection's `plugins/modules`).
    pub fn custom_module(&self, name: &str, task: &Task) -> Option<PathBuf> {
        let state = PlayState { dir: playbook_dir(task), ..PlayState::default() };
        let context = self.context_of(&state, task, None, ksplay_value::Map::new()).ok()?;
        let target = |name: &str| match self.route(&context, name) {
            Routed::To(target) => Some(target),
            Routed::Removed(_) => None,
        };
        self.module_file(&target(name)?, &context).or_else(|| {
            in_collections(name, &task.keywords.collections)
                .find_map(|full| self.module_file(&target(&full)?, &context))
        })
    }

    /// The file of a module by its name, full or short.
    fn module_file(&self, name: &str, context: &Context<'_>) -> Option<PathBuf> {
        if let Some((collection, module)) = split(name)
            && collection != "ansible.legacy"
            && collection != "ansible.builtin"
        {
            let (folder, module) = module
                .rsplit_once('.')
                .map_or((String::new(), module), |(folder, module)| (format!("/{}", folder.replace('.', "/")), module));
            return ["modules", "action"].iter().find_map(|kind| {
                let part = format!("plugins/{kind}{folder}");
                let dir = self.in_collection(context, &collection, &part, Path::is_dir)?;
                self.modules_of(&dir).get(module).cloned()
            });
        }
        let short = name.strip_prefix("ansible.legacy.").unwrap_or(name);
        context.library.iter().find_map(|dir| self.modules_of(dir).get(short).cloned())
    }

    /// The module of some collection that a short name may mean: Ansible leads those of old to where they went. Its full
    /// name, and the language that it is written in.
    fn anywhere(&self, name: &str) -> Option<(String, &'static str)> {
        if name.contains('.') {
            return None;
        }
        let folders = |dir: &Path| -> Vec<String> {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        let roots = self.options().collections_paths.iter().map(|dir| dir.join("ansible_collections"));
        for root in roots {
            for (namespace, collection) in folders(&root).iter().flat_map(|namespace| {
                folders(&root.join(namespace)).into_iter().map(move |name| (namespace.clone(), name))
            }) {
                let modules = self.modules_of(&root.join(&namespace).join(&collection).join("plugins/modules"));
                if let Some(language) = modules.get(name).and_then(|file| language(file)) {
                    return Some((format!("{namespace}.{collection}.{name}"), language));
                }
            }
        }
        None
    }

    /// The modules of a folder by name, read once.
    fn modules_of(&self, dir: &Path) -> Arc<Library> {
        if let Some(known) = self.libraries.lock().unwrap_or_else(PoisonError::into_inner).get(dir) {
            return Arc::clone(known);
        }
        let mut modules = Library::new();
        list(dir, &mut modules);
        let modules = Arc::new(modules);
        self.libraries.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_path_buf(), Arc::clone(&modules));
        modules
    }
}

fn list(dir: &Path, modules: &mut Library) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    // Of `a.ps1` and `a.py`, the first is what runs.
    files.sort();
    for path in &files {
        let Some(stem) = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()) else { continue };
        if path.is_file() && !stem.starts_with(['_', '.']) {
            modules.entry(stem).or_insert_with(|| path.clone());
        }
    }
    files.iter().filter(|path| path.is_dir()).for_each(|path| list(path, modules));
}
