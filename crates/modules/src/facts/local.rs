//! Facts that the administrator of the target wrote: `*.fact` files, in JSON, INI or as programs that print either.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ksplay_value::text::from_json;
use ksplay_value::{Map, Value};

use super::look::Look;

/// `local`: one entry for each file of this directory.
pub(crate) fn collect(look: &Look, directory: &Path) -> Map {
    let mut facts = Map::new();
    for path in look.probe.list_dir(directory).unwrap_or_default() {
        if path.extension().is_some_and(|extension| extension == "fact") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            facts.insert(name, fact(look, &path));
        }
    }
    Map::from([("local", facts)])
}

fn fact(look: &Look, path: &Path) -> Value {
    let shown = path.display();
    let executable = look.probe.metadata(path).is_ok_and(|found| found.permissions().mode() & 0o100 != 0);
    let bytes = if executable {
        let program = path.to_string_lossy();
        match look.query(&[&program]) {
            Some(output) if output.ok() => output.stdout,
            Some(output) => {
                let said = output.stderr_text();
                return format!("Failure executing fact script ({shown}), rc: {}, err: {said}", output.rc).into();
            }
            None => return format!("Could not execute fact script ({shown})").into(),
        }
    } else {
        look.probe.read(path).unwrap_or_default()
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return format!("error loading fact - output of running \"{shown}\" was not utf-8").into();
    };
    from_json(&text)
        .ok()
        .or_else(|| ini(&text))
        .unwrap_or_else(|| format!("error loading facts as JSON or ini - please check content: {shown}").into())
}

/// Sections as mappings, with option names in lower case; `None` when the text is not of that form.
fn ini(text: &str) -> Option<Value> {
    let mut sections = Map::new();
    let mut section: Option<(String, Map)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if let Some((name, options)) = section.replace((name.to_owned(), Map::new())) {
                sections.insert(name, options);
            }
            continue;
        }
        let (_, options) = section.as_mut()?;
        let at = trimmed.find(['=', ':'])?;
        options.insert(trimmed[..at].trim().to_lowercase(), trimmed[at + 1..].trim());
    }
    if let Some((name, options)) = section {
        sections.insert(name, options);
    }
    Some(sections.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Probe;

    /// The same files, and what ansible-core 2.19.14 made of them.
    #[test]
    fn files_and_programs_give_what_the_reference_gives() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, mode: u32| {
            let path = root.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write("a.fact", "[General]\nKey=1\nb: x y\n", 0o644);
        write("j.fact", "{\"x\": [1]}", 0o644);
        write("bad.fact", "#!/bin/sh\necho nonsense", 0o755);
        write("f.fact", "#!/bin/sh\necho err >&2; exit 3", 0o755);
        write("ignored.txt", "{}", 0o644);
        let probe = Probe::default();
        let facts = collect(&Look::new(&probe), root.path());
        let local = facts.get("local").unwrap();
        let directory = root.path().display();
        assert_eq!(local.as_map().unwrap().len(), 4);
        assert_eq!(local.get("a").unwrap().get("General"), Some(&Value::from(Map::from([("key", "1"), ("b", "x y")]))));
        assert_eq!(local.get("j").unwrap().get("x"), Some(&[1].into_iter().collect()));
        let bad = format!("error loading facts as JSON or ini - please check content: {directory}/bad.fact");
        assert_eq!(local.get("bad"), Some(&Value::from(bad)));
        let failed = format!("Failure executing fact script ({directory}/f.fact), rc: 3, err: err\n");
        assert_eq!(local.get("f"), Some(&Value::from(failed)));
    }
}
