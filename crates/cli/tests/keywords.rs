//! Every keyword of the playbook language stands in some case of `behaviour/`, in every place where it is allowed.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ksplay_value::Source;
use ksplay_value::yaml::{self, Node};

/// Keywords that an import takes and never uses: it is no task when the play runs.
const OF_TASKS: &[&str] = &[
    "action",
    "args",
    "async",
    "changed_when",
    "delay",
    "failed_when",
    "local_action",
    "loop",
    "loop_control",
    "notify",
    "poll",
    "register",
    "retries",
    "until",
];

/// The places in which the keywords of a kind may stand, and those of them that are no keywords there.
const PLACES: &[(&str, &str, &[&str])] = &[
    ("play", "Play", &[]),
    ("block", "Block", &[]),
    ("apply", "Block", &["block", "rescue", "always", "notify", "name"]),
    ("task", "Task", &[]),
    ("handler", "Handler", &[]),
    // They have no arguments but the file's or role's name, and that is no mapping.
    ("include_tasks", "TaskInclude", &["local_action"]),
    ("include_role", "IncludeRole", &["local_action"]),
    ("import_tasks", "Task", OF_TASKS),
    ("import_role", "Task", OF_TASKS),
    ("import_playbook", "PlaybookInclude", &[]),
    ("roles", "RoleInclude", &[]),
    ("dependencies", "RoleInclude", &[]),
    ("meta/main.yml", "RoleMetadata", &[]),
    // `parallel` is ours; `behaviour/` has what Ansible has.
    ("loop_control", "LoopControl", &["parallel"]),
];

type Seen = BTreeMap<&'static str, BTreeSet<String>>;

#[test]
fn every_keyword_stands_in_a_case_in_every_place() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour");
    let mut seen = Seen::new();
    files(&cases, &mut |path| {
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap_or_default());
        // Some cases are about files that are no YAML.
        if let Ok(yaml::Document { root: Some(root), .. }) = yaml::load(&source) {
            file(path, &root, &mut seen);
        }
    });
    let kinds: BTreeMap<_, _> = ksplay_playbook::keywords().collect();
    let missing: Vec<String> = PLACES
        .iter()
        .flat_map(|(place, kind, without)| {
            let keywords = kinds[kind].iter().filter(|keyword| !without.contains(keyword));
            keywords.map(|keyword| (*place, *keyword)).collect::<Vec<_>>()
        })
        .filter(|(place, keyword)| !seen.get(place).is_some_and(|seen| seen.contains(*keyword)))
        .map(|(place, keyword)| format!("{place}: {keyword}"))
        .collect();
    assert!(missing.is_empty(), "no case has\n{}", missing.join("\n"));
}

fn files(dir: &Path, visit: &mut impl FnMut(&Path)) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            visit(&path);
        }
    }
}

fn file(path: &Path, root: &Node, seen: &mut Seen) {
    let within = |folder: &str| path.parent().is_some_and(|dir| dir.ends_with(folder));
    if within("meta") {
        note("meta/main.yml", root, seen);
        items(root.get("dependencies")).for_each(|role| note("dependencies", role, seen));
        return;
    }
    for item in items(Some(root)) {
        if item.get("hosts").is_some() {
            play(item, seen);
        } else if item.get("import_playbook").is_some() || item.get("ansible.builtin.import_playbook").is_some() {
            note("import_playbook", item, seen);
        } else {
            task(item, within("handlers"), seen);
        }
    }
}

fn play(play: &Node, seen: &mut Seen) {
    note("play", play, seen);
    items(play.get("roles")).for_each(|role| note("roles", role, seen));
    for (section, handlers) in [("pre_tasks", false), ("tasks", false), ("post_tasks", false), ("handlers", true)] {
        items(play.get(section)).for_each(|item| task(item, handlers, seen));
    }
}

fn task(item: &Node, handler: bool, seen: &mut Seen) {
    if item.get("block").is_some() {
        note("block", item, seen);
        for part in ["block", "rescue", "always"] {
            items(item.get(part)).for_each(|item| task(item, handler, seen));
        }
        return;
    }
    const INCLUDES: &[&str] = &["include_tasks", "include_role", "import_tasks", "import_role"];
    let named = |name: &&&str| {
        [format!("ansible.builtin.{name}"), (**name).to_owned()]
            .iter()
            .find_map(|n| item.get(n))
            .or(
                // `action: include_tasks …` is the other way to write it.
                item.get("action")
                    .filter(|action| action.as_str().is_some_and(|text| text.split(' ').next() == Some(name))),
            )
            .is_some()
    };
    let place = INCLUDES.iter().find(named).copied().unwrap_or(if handler { "handler" } else { "task" });
    note(place, item, seen);
    if let Some(control) = item.get("loop_control") {
        note("loop_control", control, seen);
    }
    let included = ["include_tasks", "include_role"].iter().find_map(|name| item.get(name)).or(item.get("args"));
    if let Some(apply) = included.and_then(|args| args.get("apply")) {
        note("apply", apply, seen);
    }
}

fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    node.and_then(Node::items).unwrap_or_default().iter()
}

fn note(place: &'static str, node: &Node, seen: &mut Seen) {
    let keys = node.entries().unwrap_or_default().iter().filter_map(|(key, _)| key.as_str());
    let seen = seen.entry(place).or_default();
    for key in keys {
        seen.insert(if key.starts_with("with_") { "loop".to_owned() } else { key.to_owned() });
    }
}
