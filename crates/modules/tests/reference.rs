//! Runs the cases of `data/cases.jsonl` and compares results and files with what ansible-core did (`data/answers.jsonl`,
//! recorded by `data/record.py`): in check mode, for real, and for real again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use ksplay_modules::{Bytes, Probe, RunOptions, run};
use ksplay_value::{Map, Value};
use serde_json::{Value as Json, json};

/// What differs from one run to the next, or is made by the controller.
const VOLATILE: &[&str] = &[
    "invocation",
    ksplay_modules::MISSING,
    ksplay_modules::NOT_RUN,
    "start",
    "end",
    "delta",
    "uid",
    "gid",
    "owner",
    "group",
    "atime",
    "mtime",
    "ctime",
    "inode",
    "dev",
    "block_size",
    "blocks",
    "device_type",
    "nlink",
    "pw_name",
    "gr_name",
    "exception",
    "warnings",
    "elapsed",
    "secontext",
    "failed",
    "deprecations",
];

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(value).collect(),
        Json::Object(map) => map.iter().map(|(key, item)| (key.as_str(), value(item))).collect::<Map>().into(),
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::String(text) => json!(text.as_ref()),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(map) => map.iter().map(|(key, item)| (key.as_value().to_string(), json_of(item))).collect(),
        other => json!(other.to_string()),
    }
}

fn prepare(folder: &Path, setup: &serde_json::Map<String, Json>) {
    for (name, what) in setup {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            Json::Null => fs::create_dir_all(&path).unwrap(),
            Json::String(text) => fs::write(&path, text).unwrap(),
            what if what.get("link").is_some() => symlink(what["link"].as_str().unwrap(), &path).unwrap(),
            what => {
                fs::write(&path, what["text"].as_str().unwrap()).unwrap();
                let mode = u32::from_str_radix(what["mode"].as_str().unwrap(), 8).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

fn tree(root: &Path, folder: &Path, found: &mut BTreeMap<String, Json>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = plain(&path.strip_prefix(root).unwrap().to_string_lossy());
        let what = fs::symlink_metadata(&path).unwrap();
        let mode = format!("{:04o}", what.mode() & 0o7777);
        if what.is_symlink() {
            found.insert(name, json!(["link", fs::read_link(&path).unwrap().to_string_lossy()]));
        } else if what.is_dir() {
            found.insert(name, json!(["directory", mode]));
            tree(root, &path, found);
        } else {
            found.insert(name, json!(["file", mode, String::from_utf8_lossy(&fs::read(&path).unwrap())]));
        }
    }
}

/// A name without what is random in it: backups and temporary files.
fn plain(name: &str) -> String {
    let name = match name.split_once(".20").or(None) {
        Some(_) if name.ends_with('~') => return "BACKUP".into(),
        _ => name,
    };
    if name.ends_with('~') {
        return "BACKUP".into();
    }
    for prefix in ["p-", "ansible."] {
        if name.starts_with(prefix) {
            return format!("{prefix}RANDOM");
        }
    }
    name.into()
}

/// A result without what is volatile and without what the controller adds.
fn normalised(module: &str, result: &Json) -> BTreeMap<String, Json> {
    let mut map: BTreeMap<String, Json> = serde_json::from_value(result.clone()).unwrap();
    map.retain(|name, value| !VOLATILE.contains(&name.as_str()) && !value.is_null());
    map.insert("failed".into(), json!(result.get("failed").and_then(Json::as_bool).unwrap_or(false)));
    if let Some(Json::String(message)) = map.get_mut("msg")
        && let Some(end) = message.find("Valid booleans include")
    {
        // The reference lists them in another order each time.
        message.truncate(end);
    }
    for name in ["backup", "backup_file"] {
        if map.get(name).is_some_and(|path| path.as_str().is_some_and(|path| path.ends_with('~'))) {
            map.insert(name.into(), json!("BACKUP"));
        }
    }
    if map["failed"] == json!(true) {
        // Nobody is shown what a failed task would have changed.
        map.remove("diff");
    }
    if let Some(Json::Object(sides)) = map.get_mut("diff") {
        for side in sides.values_mut().filter_map(Json::as_object_mut) {
            side.retain(|name, _| !VOLATILE.contains(&name.as_str()));
        }
    }
    if let Some(Json::Object(stat)) = map.get_mut("stat") {
        stat.retain(|name, _| !VOLATILE.contains(&name.as_str()));
    }
    if let Some(Json::Array(files)) = map.get_mut("files") {
        for file in files.iter_mut().filter_map(Json::as_object_mut) {
            file.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            if file.get("isdir") == Some(&json!(true)) {
                file.remove("size");
            }
        }
        files.sort_by_key(|file| file["path"].as_str().map(str::to_owned));
    }
    if map.get("state") == Some(&json!("directory")) || map.get("state") == Some(&json!("link")) {
        map.remove("size");
    }
    if module == "copy" && result.get("src").and_then(Json::as_str).is_some_and(|src| src.contains("/.ansible/tmp/")) {
        map.remove("src");
    }
    if module == "tempfile" {
        map.remove("path");
    }
    map
}

fn compare(what: &str, ours: &BTreeMap<String, Json>, theirs: &BTreeMap<String, Json>, out: &mut Vec<String>) {
    let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let (ours, theirs) = (ours.get(name), theirs.get(name));
        if ours != theirs {
            let show = |side: Option<&Json>| side.map_or("nothing".into(), Json::to_string);
            out.push(format!("{what}: {name}: {} instead of {}", show(ours), show(theirs)));
        }
    }
}

fn lines(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Differences from the reference that are wanted, with the reason.
fn wanted(case: &str) -> Option<&'static str> {
    let table = lines("differences.jsonl");
    table.iter().find(|line| line["case"] == case).map(|_| "see differences.jsonl")
}

#[test]
fn modules_answer_and_write_as_the_reference_does() {
    // SAFETY: nextest runs each test in a process of its own, and no other thread is there yet.
    unsafe { libc::umask(0o022) };
    let only = std::env::var("CASE").ok();
    let answers: BTreeMap<String, Json> =
        lines("answers.jsonl").into_iter().map(|line| (line["case"].as_str().unwrap().to_owned(), line)).collect();
    let mut differences = Vec::new();
    for case in lines("cases.jsonl") {
        let name = case["case"].as_str().unwrap();
        let module = case["module"].as_str().unwrap();
        if only.as_ref().is_some_and(|only| only != name) || wanted(name).is_some() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        prepare(folder.path(), case["setup"].as_object().unwrap());
        let args: Json = serde_json::from_str(&case["args"].to_string().replace("{dir}", dir)).unwrap();
        let Value::Map(args) = value(&args) else { panic!("{name}: arguments are a mapping") };
        for (run_name, check) in [("check", true), ("first", false), ("second", false)] {
            // Of what changes nothing one run is enough.
            let Some(theirs) = answers[name].get(run_name) else { continue };
            let probe = Probe {
                payload: args
                    .get("content")
                    .filter(|_| module == "copy")
                    .map(|content| Arc::new(Bytes(content.to_string().into_bytes().into())) as _),
                ..Probe::default()
            };
            // The controller makes a payload of the content, and does not send it twice.
            let sent = args.iter().filter(|(name, _)| module != "copy" || name.as_str() != Some("content"));
            let sent: Map = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
            let result = run(module, &sent, &RunOptions { check, diff: true, ..RunOptions::default() }, probe);
            let ours: Json = serde_json::from_str(&json_of(&result.into()).to_string().replace(dir, "{dir}")).unwrap();
            let mut ours = normalised(module, &ours);
            let theirs_result = normalised(module, &theirs["result"]);
            if module == "copy" && check {
                // The controller answers before the target is asked, with less.
                ours.retain(|name, _| theirs_result.contains_key(name));
            }
            if matches!(module, "assemble" | "copy") && !theirs_result.contains_key("diff") {
                // What is made of files of the target has a diff too.
                ours.remove("diff");
            }
            if module == "copy" {
                ours.retain(|name, _| name != "src" || theirs_result.contains_key("src"));
            }
            let what = format!("{name} ({run_name})");
            compare(&what, &ours, &theirs_result, &mut differences);
            let mut files = BTreeMap::new();
            tree(folder.path(), folder.path(), &mut files);
            let files = serde_json::to_string(&files).unwrap().replace(dir, "{dir}");
            let theirs_files: BTreeMap<String, Json> = serde_json::from_value(theirs["tree"].clone()).unwrap();
            let theirs_files = theirs_files.into_iter().map(|(name, what)| (plain(&name), what)).collect();
            compare(&what, &serde_json::from_str(&files).unwrap(), &theirs_files, &mut differences);
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
