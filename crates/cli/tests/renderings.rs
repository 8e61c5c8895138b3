//! What the bundled roles write for given settings: manifests, units and files of settings.
//!
//! Each folder below `renderings/` is a case: `vars.yml` with settings and the templates that are rendered, and beside it the
//! files that come out. `RENDERINGS=write cargo test -p ksplay --test renderings` writes them anew, to be looked through.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/renderings").canonicalize().unwrap();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("vars.yml").is_file());
    folders.sort();
    let trials = folders.into_iter().map(|folder| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || check(&folder))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn check(case: &Path) -> Result<(), Failed> {
    let rendered = render(case)?;
    if std::env::var("RENDERINGS").is_ok_and(|wish| wish == "write") {
        for name in files_of(case).keys().filter(|name| !rendered.contains_key(*name)) {
            std::fs::remove_file(case.join(name)).unwrap();
        }
        for (name, text) in &rendered {
            std::fs::write(case.join(name), text).unwrap();
        }
        return Ok(());
    }
    let expected = files_of(case);
    let names = expected.keys().chain(rendered.keys().filter(|name| !expected.contains_key(*name)));
    let nothing = String::new();
    let mut differences = String::new();
    for name in names {
        let (old, new) = (expected.get(name).unwrap_or(&nothing), rendered.get(name).unwrap_or(&nothing));
        if old != new {
            let difference = similar::TextDiff::from_lines(old, new);
            differences += &difference.unified_diff().context_radius(2).header(name, "rendered").to_string();
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.into()) }
}

/// The files that the playbook makes of a case, by name.
fn render(case: &Path) -> Result<BTreeMap<String, String>, Failed> {
    let out = tempfile::Builder::new().prefix("renderings-").tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_ksplay"))
        .args(["-i", "hosts.ini", "render.yml", "-e"])
        .arg(format!("@{}", case.join("vars.yml").display()))
        .arg("-e")
        .arg(format!("out={}", out.path().display()))
        .current_dir(case.parent().unwrap())
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .unwrap();
    if !ran.status.success() {
        return Err(format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)).into());
    }
    Ok(files_of(out.path()))
}

/// The files of a folder, by name, without the settings.
fn files_of(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let texts = entries.map(|entry| {
        (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap())
    });
    texts.filter(|(name, _)| name != "vars.yml").collect()
}
