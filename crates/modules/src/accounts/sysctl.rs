//! `sysctl`: settings of the kernel.

use std::path::{Path, PathBuf};

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments, boolean};

/// See [`SysctlArgs`].
pub struct Sysctl;

arguments! {
    /// Keeps settings of the kernel in a file, and sets them.
    pub struct SysctlArgs {
        /// The setting: `net.ipv4.ip_forward`.
        name: String = Opt::str().required().aliases(&["key"]),
        /// Its value.
        value: Option<String> = Opt::str().aliases(&["val"]),
        /// Whether the file has it.
        state: String = Opt::str().default("present").choices(&["present", "absent"]),
        /// Whether the file is read by the kernel's tool when it changed.
        reload: bool = Opt::bool().default("true"),
        /// The file.
        sysctl_file: PathBuf = Opt::path().default("/etc/sysctl.conf"),
        /// Whether the running kernel is looked at, and set.
        sysctl_set: bool = Opt::bool().default("false"),
        /// Go on where the kernel does not know a setting.
        ignoreerrors: bool = Opt::bool().default("false"),
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct SysctlPlan {
    args: SysctlArgs,
    value: String,
    set: bool,
    text: Option<String>,
}

impl Module for Sysctl {
    type Args = SysctlArgs;
    type Plan = SysctlPlan;

    fn inspect(args: &SysctlArgs, system: &Probe) -> Result<Inspection<SysctlPlan>, Failure> {
        let value = one_line(args.value.as_deref().unwrap_or_default());
        if args.state == "present" && args.value.is_none() {
            return Err(Failure::new(format!("value for {} cannot be null", args.name)));
        }
        if args.name.trim().is_empty() {
            return Err(Failure::new("name cannot be blank"));
        }
        let file = system.canonicalize(&args.sysctl_file).unwrap_or_else(|_| args.sysctl_file.clone());
        let before = text_file::read(&file, system)?;
        let after = with_setting(&before, &args.name, (args.state == "present").then_some(value.as_str()));
        let current = running(&args.name, system);
        let set = args.sysctl_set && args.state == "present" && current.as_deref().map(one_line) != Some(value.clone());
        let mut outcome = Outcome::default();
        let changed = after != before;
        if changed && system.diff {
            outcome.diff = text_file::diff(&file, &before, &after).into();
        }
        if !changed && !set {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let text = changed.then_some(after);
        let args = SysctlArgs { sysctl_file: file, ..args.clone() };
        Ok(Inspection::change(outcome, SysctlPlan { args, value, set, text }))
    }

    fn apply(plan: SysctlPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let SysctlPlan { args, value, set, text } = plan;
        let ignore = args.ignoreerrors.then_some("-e");
        if set {
            let setting = format!("{}={value}", args.name);
            let command = CommandSpec::new(["sysctl"].into_iter().chain(ignore).chain(["-w", &setting])).parsable();
            let output = system.run(&command)?;
            // It can fail and still exit with 0.
            if !output.ok() || (!args.ignoreerrors && says_error(&output.stderr_text())) {
                return Err(output.failure(format!(
                    "setting {} failed: {}{}",
                    args.name,
                    output.stdout_text(),
                    output.stderr_text()
                )));
            }
        }
        if let Some(text) = text {
            text_file::write(&args.sysctl_file, &text, &NewFile::default(), system)?;
            if args.reload {
                let file = args.sysctl_file.to_string_lossy().into_owned();
                let words = ["sysctl"].into_iter().chain(ignore).chain(["-p", &file]);
                let output = system.run(&CommandSpec::new(words).parsable())?;
                if !output.ok() || (!args.ignoreerrors && says_error(&output.stderr_text())) {
                    return Err(Failure::new(format!(
                        "Failed to reload sysctl: {}{}",
                        output.stdout_text(),
                        output.stderr_text()
                    )));
                }
            }
        }
        Ok(predicted)
    }
}

fn says_error(stderr: &str) -> bool {
    stderr.lines().any(|line| {
        line.contains("Invalid argument")
            || line.contains("Read-only file system")
            || line.contains("permission denied")
    })
}

/// The value as the file has it: words of truth as numbers, white space as single blanks.
fn one_line(value: &str) -> String {
    match value.trim() {
        word if word.parse::<f64>().is_err() && boolean(word).is_some() => {
            i32::from(boolean(word) == Some(true)).to_string()
        }
        text => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The value that the kernel has.
fn running(name: &str, system: &Probe) -> Option<String> {
    // In a name with slashes the dots belong to names, as in `net/ipv4/conf/eth0.1/forwarding`.
    let path = match (name.find('/'), name.find('.')) {
        (Some(slash), Some(dot)) if slash < dot => name.to_owned(),
        (Some(_), None) => name.to_owned(),
        _ => name
            .chars()
            .map(|c| match c {
                '.' => '/',
                '/' => '.',
                c => c,
            })
            .collect(),
    };
    system.read_text(&Path::new("/proc/sys").join(path)).ok()
}

/// The text with the last line of this setting changed and others of it removed; without a value all are removed.
fn with_setting(text: &str, name: &str, value: Option<&str>) -> String {
    let is_it = |line: &str| {
        let line = line.trim();
        !line.starts_with(['#', ';'])
            && line.split_once('=').is_some_and(|(key, _)| key.trim().trim_start_matches('-') == name)
    };
    let last = text.lines().filter(|line| is_it(line)).count();
    let mut seen = 0;
    let mut result = String::with_capacity(text.len());
    for line in text.lines() {
        let wanted = if is_it(line) {
            seen += 1;
            let (_, current) = line.split_once('=').unwrap_or_default();
            match value {
                Some(value) if seen == last && one_line(current) == value => Some(line.to_owned()),
                Some(value) if seen == last => Some(format!("{name}={value}")),
                _ => None,
            }
        } else {
            Some(line.to_owned())
        };
        if let Some(line) = wanted {
            result += &line;
            result.push('\n');
        }
    }
    if let (0, Some(value)) = (last, value) {
        result += &format!("{name}={value}\n");
    }
    // A file whose last line lacks its end is no reason to write it.
    if result.strip_suffix('\n') == Some(text) { text.to_owned() } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_one_line() {
        assert_eq!(with_setting("# c\na=1\n", "b", Some("2")), "# c\na=1\nb=2\n");
        assert_eq!(with_setting("a = 1\nx=0\na=2\n", "a", Some("3")), "x=0\na=3\n");
        assert_eq!(with_setting("a = 1\n", "a", Some("1")), "a = 1\n");
        assert_eq!(with_setting("#a=1\na=1\nb=2\n", "a", None), "#a=1\nb=2\n");
        assert_eq!(with_setting("a=1", "a", Some("1")), "a=1");
    }

    #[test]
    fn values_are_compared_without_regard_to_white_space_and_words_of_truth() {
        assert_eq!(one_line("4096\t131072  6291456\n"), "4096 131072 6291456");
        assert_eq!(one_line("yes"), "1");
        assert_eq!(one_line("0"), "0");
    }
}
