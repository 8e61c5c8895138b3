//! Playbooks whose exit code, output and files must be those of ansible-core.
//!
//! Each folder below `behaviour/` is a case: `playbook.yml` and what it needs, `args` with further arguments (one a line),
//! and `expected.txt` with the reference's answer. Where ksplay says it in its own words, `own-words` says why, and only the
//! exit code is compared; where warnings and the places of errors are the point, there is a file `exact`.
//! `behaviour/record` asks the reference again; the tests do not need it.
//! A case with `commands` instead of a playbook has command lines of Ansible's programs, one a line, answered one after
//! the other; what a line changes below `WORKDIR` is seen by the next. Words `ANSIBLE_NAME=VALUE` before the program are its
//! environment.
//! What is typed is in `stdin`.
//! Hosts are `a` and `b` on the local connection unless the case has a `hosts.ini`.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;

/// The program that answers when the answers are recorded.
const REFERENCE: &str = "KSPLAY_RECORD_FROM";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour").canonicalize().unwrap();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("playbook.yml").is_file() || folder.join("commands").is_file());
    folders.sort();
    let trials = folders.into_iter().map(|folder| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || check(&folder))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn check(case: &Path) -> Result<(), Failed> {
    let stored = case.join("expected.txt");
    if let Ok(reference) = std::env::var(REFERENCE) {
        std::fs::write(stored, answer(case, &reference)).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(stored).map_err(|_| "the case has no expected.txt: run `record`")?;
    let ksplay = std::env::var("KSPLAY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_ksplay").to_owned());
    let got = answer(case, &ksplay);
    if case.join("own-words").exists() {
        let codes = |answer: &str| {
            let lines = answer.lines().filter(|line| line.starts_with("exit code "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        return if codes(&got) == codes(&expected) { Ok(()) } else { Err(got.into()) };
    }
    if got == expected {
        return Ok(());
    }
    let difference = similar::TextDiff::from_lines(&expected, &got);
    Err(difference.unified_diff().context_radius(2).header("ansible", "ksplay").to_string().into())
}

/// What a program makes of a case: exit code, output, and the files below `workdir`.
fn answer(case: &Path, program: &str) -> String {
    let workdir = tempfile::Builder::new().prefix("behaviour-").tempdir().unwrap();
    let places = [(workdir.path().to_str().unwrap(), "WORKDIR"), (case.to_str().unwrap(), "CASE")];
    let mut answer = String::new();
    let exact = case.join("exact").exists();
    if let Ok(lines) = std::fs::read_to_string(case.join("commands")) {
        let links = tempfile::tempdir().unwrap();
        let programs = programs(program, links.path());
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let words = shlex::split(&line.replace("WORKDIR", places[0].0)).unwrap();
            let variables = words.iter().take_while(|word| word.starts_with("ANSIBLE_")).count();
            let (variables, words) = words.split_at(variables);
            let (name, arguments) = words.split_first().unwrap();
            let mut command = Command::new("timeout");
            command.arg("120").arg(programs.join(name)).args(arguments);
            let variables = variables.iter().map(|variable| variable.split_once('=').unwrap());
            let (code, text) = output_of(command, variables, case);
            write!(answer, "$ {line}\nexit code {code}\n{}", normal(&text, &places, exact)).unwrap();
        }
    } else {
        let (code, text) = output_of(playbook_command(case, program, workdir.path()), std::iter::empty(), case);
        answer = format!("exit code {code}\n{}", normal(&text, &places, exact));
    }
    let mut files = String::new();
    tree(workdir.path(), "", &mut files);
    if !files.is_empty() {
        write!(answer, "--- files below workdir\n{}", replaced(&files, &places)).unwrap();
    }
    answer
}

/// The folder with Ansible's programs: beside the reference's, or links to ksplay.
fn programs(program: &str, links: &Path) -> PathBuf {
    if program.ends_with("ansible-playbook") {
        return Path::new(program).parent().unwrap().to_owned();
    }
    assert!(Command::new(program).arg("links").arg(links).stdout(Stdio::null()).status().unwrap().success());
    links.to_owned()
}

fn playbook_command(case: &Path, program: &str, workdir: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["120", program, "playbook.yml", "-c", "local", "-f", "1"]);
    command.args(["-i", if case.join("hosts.ini").exists() { "hosts.ini" } else { "a,b," }]);
    command.arg("-e").arg(format!("workdir={}", workdir.display()));
    if let Ok(arguments) = std::fs::read_to_string(case.join("args")) {
        command.args(arguments.lines());
    }
    command
}

/// The exit code and all output of a command in the folder of the case, with these variables in its environment.
fn output_of<'v>(
    mut command: Command,
    variables: impl Iterator<Item = (&'v str, &'v str)>,
    case: &Path,
) -> (i32, String) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANSIBLE_")) {
        command.env_remove(name);
    }
    command
        .env("ANSIBLE_NOCOLOR", "1")
        .env("ANSIBLE_DEPRECATION_WARNINGS", "False")
        .env("ANSIBLE_LOCALHOST_WARNING", "False")
        .env("ANSIBLE_PYTHON_INTERPRETER", std::env::var("RECORD_PYTHON").unwrap_or_default())
        .env("LC_ALL", "C.UTF-8")
        .env_remove("PYTHONPATH")
        .envs(variables);
    // One file for both outputs, so that their order is seen.
    let mut log = tempfile::tempfile().unwrap();
    let status = command
        .current_dir(case)
        .stdin(File::open(case.join("stdin")).map_or_else(|_| Stdio::null(), Stdio::from))
        .stdout(log.try_clone().unwrap())
        .stderr(log.try_clone().unwrap())
        .status()
        .unwrap();
    let mut text = String::new();
    std::io::Seek::rewind(&mut log).unwrap();
    std::io::Read::read_to_string(&mut log, &mut text).unwrap();
    (status.code().unwrap_or(-1), text)
}

fn replaced(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (place, name)| text.replace(place, name))
}

/// The output without what differs from run to run; unless the case is `exact` also without warnings, and of errors only
/// what they say first.
fn normal(text: &str, places: &[(&str, &str)], exact: bool) -> String {
    let text = replaced(text, places);
    // The head of the output with `-vv` is about Python and its plugins, and so is what `-vvv` tells of connections.
    let text = text.find("\nPLAYBOOK: ").map_or(&*text, |at| &text[at..]);
    let chatter = r"(?m)^(<\S+> .*|Using module file .*|Pipelining is .*|Parsed .* inventory source with .*)\n";
    let text = Regex::new(chatter).unwrap().replace_all(text, "");
    let text = Regex::new(r"\*{3,}").unwrap().replace_all(&text, "***");
    let times = r#"("(?:start|end|delta|mtime|atime|ctime|inode|pid)": )("[^"]*"|[0-9.]+)"#;
    let text = Regex::new(times).unwrap().replace_all(&text, "${1}T");
    let text = Regex::new(r"(?m)^( +(?:start|end|delta): ).*$").unwrap().replace_all(&text, "${1}T");
    let text = Regex::new(r"\bj\d+\.\d+").unwrap().replace_all(&text, "JOB");
    let scratch = Regex::new(r#"/[^\s"']*/ansible-(tmp|local)-[^\s"']*"#).unwrap();
    let text = scratch.replace_all(&text, "SCRATCH");
    if exact {
        return text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    }
    let goes_on =
        Regex::new(r"^(\[|\$ |\S+ \| |ok:|changed:|skipping:|failed:|fatal:|included:|TASK |PLAY |RUNNING |FAILED )")
            .unwrap();
    let mut normal = String::new();
    let mut lines = text.lines().map(str::trim_end).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("[WARNING]") || line.starts_with("[DEPRECATION WARNING]") {
            // With a place it goes on until the blank line below it.
            if lines.peek().is_some_and(|next| next.starts_with("Origin: ")) {
                lines.by_ref().find(|line| line.trim_start().starts_with('^'));
                lines.next_if(|line| line.is_empty());
            }
            // These go on for as many lines as there are reasons.
            if ["Invalid no_log value", "template error", "Failed to parse inventory"]
                .iter()
                .any(|text| line.contains(text))
            {
                while lines.next_if(|next| !goes_on.is_match(next)).is_some() {}
            }
            continue;
        }
        normal.push_str(line);
        normal.push('\n');
        // The title has every reason; how the chain of places below it is told, is no behaviour.
        if line.starts_with("[ERROR]: Task failed") {
            while lines.next_if(|next| !goes_on.is_match(next)).is_some() {}
        }
    }
    normal
}

/// The files below a folder with their modes and contents.
fn tree(folder: &Path, below: &str, files: &mut String) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let about = path.symlink_metadata().unwrap();
        let mode = about.permissions().mode() & 0o7777;
        if about.is_dir() {
            writeln!(files, "{mode:04o} {name}/").unwrap();
            tree(&path, &format!("{name}/"), files);
        } else if about.is_symlink() {
            writeln!(files, "link {name} -> {}", std::fs::read_link(&path).unwrap().display()).unwrap();
        } else {
            let content = std::fs::read(&path).unwrap_or_default();
            writeln!(files, "{mode:04o} {name} {:?}", String::from_utf8_lossy(&content)).unwrap();
        }
    }
}
