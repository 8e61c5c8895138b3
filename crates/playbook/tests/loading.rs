//! What whole trees of files load as; `trees/NAME/expected.txt` is the text of it, which `KSPLAY_ACCEPT=1` writes anew after
//! the difference was understood. The trees were run with the reference, whose answers the tests below repeat by hand.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ksplay_playbook::{Block, Item, Keywords, Play, RoleRequest, Task};
use ksplay_value::{Map, Value};
use support::{dump, items, loader, text};

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees").join(name)
}

fn check(name: &str, actual: &str) {
    let path = tree(name);
    if std::env::var_os("KSPLAY_ACCEPT").is_some() {
        std::fs::write(&path, actual).expect("the snapshot is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} is now\n{actual}", path.display());
}

fn load(name: &str) -> ksplay_playbook::Playbook {
    let dir = tree(name);
    loader(&dir).load(&dir.join("site.yml")).unwrap_or_else(|error| panic!("{}", error.render()))
}

/// The tasks, without those of `rescue` and `always`, which `--list-tasks` leaves out.
fn tasks(items: &[Item]) -> Vec<Arc<Task>> {
    items
        .iter()
        .flat_map(|item| match item {
            Item::Task(task) => vec![Arc::clone(task)],
            Item::Block(block) => {
                let Block { block, .. } = block.as_ref();
                tasks(block)
            }
        })
        .collect()
}

fn all_tasks(play: &Play) -> Vec<Arc<Task>> {
    [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks]
        .into_iter()
        .flat_map(|part| tasks(part))
        .collect()
}

fn tags(task: &Task) -> String {
    let mut tags: Vec<&str> = task.keywords.tags.iter().map(AsRef::as_ref).collect();
    tags.sort_unstable();
    tags.join(", ")
}

#[test]
fn roles_with_dependencies_load_as_written_down() {
    let dir = tree("roles");
    check("roles/expected.txt", &dump(&load("roles"), &dir));
}

#[test]
fn imports_blocks_and_handlers_load_as_written_down() {
    let dir = tree("language");
    check("language/expected.txt", &dump(&load("language"), &dir));
}

#[test]
fn tags_and_order_are_those_of_list_tasks() {
    for name in ["roles", "language"] {
        let listed: String = load(name)
            .plays
            .iter()
            .flat_map(|play| all_tasks(play))
            .filter(|task| task.action.as_ref() != "meta")
            .map(|task| {
                format!("{}\t[{}]\n", task.name.as_ref().map_or_else(|| task.action.to_string(), text), tags(&task))
            })
            .collect::<String>()
            .replace('"', "");
        let expected = std::fs::read_to_string(tree(name).join("list-tasks.txt")).expect("the reference's answer");
        assert_eq!(listed, expected, "{name}");
    }
}

#[test]
fn a_dynamic_include_hands_on_its_vars_and_apply_but_not_its_own_keywords() {
    let dir = tree("language");
    let loader = loader(&dir);
    let playbook = loader.load(&dir.join("site.yml")).expect("it loads");
    let include = all_tasks(&playbook.plays[0])
        .into_iter()
        .find(|task| &*task.action == "include_tasks")
        .expect("there is an include");
    let file = loader.find_tasks("more.yml", &include).expect("the file is found");
    let apply = include.args.get("apply").cloned();
    let brought = loader.include_tasks(&file, &include, apply.as_ref(), Map::from([("item", 7)])).expect("it loads");
    let mut out = String::new();
    items(&mut out, 0, &brought, &Keywords::default());
    check(
        "language/included.txt",
        &out.replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), "."),
    );
}

#[test]
fn an_included_role_knows_its_parents_and_brings_its_dependencies() {
    let dir = tree("roles");
    let loader = loader(&dir);
    let playbook = loader.load(&dir.join("site.yml")).expect("it loads");
    let from = all_tasks(&playbook.plays[0]).into_iter().find(|task| task.role.is_some()).expect("a role's task");
    let request = RoleRequest {
        name: "web".to_owned(),
        tasks_from: Some("extra".to_owned()),
        vars: Map::from([("given", 1)]),
        ..RoleRequest::default()
    };
    let included = loader.include_role(&request, &from).expect("it loads");
    let parent = from.role.as_ref().expect("a role");
    assert_eq!(included.role.parents, [Arc::clone(&parent.name)]);
    assert!(included.role.allow_duplicates && !included.role.public);
    let names: Vec<&str> = included.roles.iter().map(|role| role.name.as_ref()).collect();
    assert_eq!(names, ["common", "web"]);
    let last = tasks(&included.tasks).pop().expect("a task");
    assert_eq!(last.name, Some(Value::from("from extra")));
    assert_eq!(last.keywords.include_vars.last().and_then(|vars| vars.get("given")), Some(&Value::Int(1)));
}

#[test]
fn modules_beside_role_and_playbook_are_found_from_their_tasks() {
    let dir = tree("roles");
    let loader = loader(&dir);
    let playbook = loader.load(&dir.join("site.yml")).expect("it loads");
    let all = all_tasks(&playbook.plays[0]);
    let found = |action: &str| {
        let task = all.iter().find(|task| &*task.action == action).expect("the task");
        loader.custom_module(action, task).map(|path| path.strip_prefix(&dir).expect("below").display().to_string())
    };
    assert_eq!(found("in_role").as_deref(), Some("roles/web/library/in_role.py"));
    assert_eq!(found("beside_playbook").as_deref(), Some("library/beside_playbook"));
    assert_eq!(
        found("ns.coll.thing").as_deref(),
        Some("elsewhere/ansible_collections/ns/coll/plugins/modules/thing.sh")
    );
    assert_eq!(found("debug"), None);
}

#[test]
fn a_thousand_tasks_that_share_files_load_quickly() {
    use std::fmt::Write;
    let dir = tempfile::tempdir().expect("a folder");
    let mut file = String::new();
    for number in 0..100 {
        let _ = writeln!(file, "- name: task {number}\n  copy: src=a dest=/b/{number}\n  when: [a, b]\n  tags: t");
    }
    std::fs::write(dir.path().join("tasks.yml"), file).expect("written");
    let site = format!("- hosts: all\n  tasks:\n{}", "    - import_tasks: tasks.yml\n".repeat(100));
    std::fs::write(dir.path().join("site.yml"), site).expect("written");
    let begun = std::time::Instant::now();
    let playbook = loader(dir.path()).load(&dir.path().join("site.yml")).expect("it loads");
    assert_eq!(all_tasks(&playbook.plays[0]).len(), 10_000);
    assert!(begun.elapsed().as_secs() < 5, "10,000 tasks took {:?}", begun.elapsed());
}

#[test]
fn a_vaulted_file_goes_through_decrypt_and_without_it_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("secret.yml");
    std::fs::write(&path, "$ANSIBLE_VAULT;1.1;AES256\n00\n").expect("written");
    let error = loader(dir.path()).load_vars_file(&path).expect_err("there is no secret");
    assert!(error.render().contains("--vault-password-file"), "{}", error.render());
    let options = ksplay_playbook::LoaderOptions {
        decrypt: Some(Arc::new(|bytes| {
            if bytes.starts_with(b"$ANSIBLE_VAULT") { Ok(b"a: 1\n".to_vec()) } else { Err("no".into()) }
        })),
        ..ksplay_playbook::LoaderOptions::default()
    };
    let vars = ksplay_playbook::Loader::new(options).load_vars_file(&path).expect("it is decrypted");
    assert_eq!(vars.get("a"), Some(&Value::Int(1)));
}

/// What was observed of the reference by removing each winner: `kind depth place: folders in order`.
const TASK_FILES: &str = "\
import 0 role: ./roles/r/tasks ./tasks ./roles/r .
import 0 play: .
import 1 role: ./tasks ./roles/r/tasks/sub . ./roles/r/tasks ./roles/r
import 1 play: ./sub .
import 2 role: ./tasks ./roles/r/tasks/deep . ./roles/r/tasks/sub/deep ./roles/r/tasks ./roles/r
import 2 play: ./deep . ./sub/deep
include 0 role: ./roles/r/tasks ./tasks ./roles/r .
include 0 play: .
include 1 role: ./roles/r/tasks ./tasks ./roles/r . ./roles/r/tasks/sub
include 1 play: ./sub .
include 2 role: ./roles/r/tasks ./tasks ./roles/r . ./roles/r/tasks/deep ./roles/r/tasks/sub/deep
include 2 play: ./deep . ./sub/deep
";

/// All tasks when every include is followed.
fn follow(loader: &ksplay_playbook::Loader, items: &[Item], out: &mut Vec<Arc<Task>>) {
    for task in tasks(items) {
        if &*task.action != "include_tasks" {
            out.push(task);
            continue;
        }
        let name = task.args.get("_raw_params").and_then(Value::as_str).expect("a name");
        let Ok(file) = loader.find_tasks(name, &task) else { continue };
        follow(loader, &loader.include_tasks(&file, &task, None, Map::new()).expect("it loads"), out);
    }
}

#[test]
fn task_files_are_found_in_the_order_of_the_reference() {
    for line in TASK_FILES.lines() {
        let (case, folders) = line.split_once(": ").expect("a case");
        let [kind, depth, place] = case.split(' ').collect::<Vec<_>>()[..] else { panic!("{case}") };
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let base = if place == "role" { "roles/r/tasks/" } else { "" };
        let next = |name: &str| format!("- {kind}_tasks: {name}\n");
        let start = if place == "role" { "main.yml" } else { "start.yml" };
        write(&format!("{base}{start}"), next(if depth == "0" { "y.yml" } else { "sub/x.yml" }));
        write(&format!("{base}sub/x.yml"), next(if depth == "1" { "y.yml" } else { "deep/z.yml" }));
        write(&format!("{base}sub/deep/z.yml"), next("y.yml"));
        let body =
            if place == "role" { "  roles: [r]\n".to_owned() } else { format!("  tasks:\n  {}", next("start.yml")) };
        write("site.yml", format!("- hosts: localhost\n{body}"));
        let expected: Vec<&str> = folders.split(' ').collect();
        for folder in &expected {
            write(&format!("{folder}/y.yml"), format!("- debug: msg={folder}\n"));
        }
        for folder in expected {
            let loader = loader(dir.path());
            let playbook =
                loader.load(&dir.path().join("site.yml")).unwrap_or_else(|error| panic!("{}", error.render()));
            let mut found = Vec::new();
            follow(&loader, &playbook.plays[0].role_tasks, &mut found);
            follow(&loader, &playbook.plays[0].tasks, &mut found);
            let winner = found.first().and_then(|task| task.args.get("msg")).map(Value::to_string);
            assert_eq!(winner.as_deref(), Some(folder), "{case}");
            std::fs::remove_file(dir.path().join(folder).join("y.yml")).expect("removed");
        }
    }
}
