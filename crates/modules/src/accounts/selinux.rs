//! `selinux`: whether SELinux is on, and with which policy.

use std::path::{Path, PathBuf};

use ksplay_value::Value;

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`SelinuxArgs`].
pub struct Selinux;

arguments! {
    /// Sets the mode and the policy of SELinux, now as far as that can be and at each start.
    pub struct SelinuxArgs {
        /// The file that says it for each start.
        configfile: String = Opt::str().default("/etc/selinux/config").aliases(&["conf", "file"]),
        /// The policy; needed unless SELinux is disabled.
        policy: Option<String> = Opt::str(),
        /// The mode.
        state: String = Opt::str().required().choices(&["disabled", "enforcing", "permissive"]),
        /// Whether the kernel's command line says it too; needs `grubby`.
        update_kernel_param: bool = Opt::bool().default("false"),
    }
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct SelinuxPlan {
    file: PathBuf,
    text: Option<String>,
    enforce: Option<bool>,
    kernel: Option<CommandSpec>,
}

/// Where the running kernel says whether it enforces; it is there when SELinux is on.
const ENFORCE: &str = "/sys/fs/selinux/enforce";

impl Module for Selinux {
    type Args = SelinuxArgs;
    type Plan = SelinuxPlan;

    fn inspect(args: &SelinuxArgs, system: &Probe) -> Result<Inspection<SelinuxPlan>, Failure> {
        let file = PathBuf::from(&args.configfile);
        if !system.exists(&file) {
            return Err(Failure::new(format!("Unable to find file {}", args.configfile))
                .with("details", "Please install SELinux-policy package, if this package is not installed previously.")
                .missing());
        }
        let text = text_file::read(&file, system)?;
        let [stored_policy, stored_state] = ["SELINUXTYPE", "SELINUX"].map(|name| setting(&text, name));
        let running_policy = text_file::read(Path::new("/etc/selinux/config"), system)?;
        let running_policy = setting(&running_policy, "SELINUXTYPE");
        let enforcing = system.read_text(ENFORCE.as_ref()).ok().map(|text| text.trim() == "1");
        let disabled = args.state == "disabled";
        let policy = match (&args.policy, disabled) {
            (Some(policy), _) => Some(policy.as_str()),
            (None, true) => stored_policy,
            (None, false) => return Err(Failure::new("Policy is required if state is not 'disabled'")),
        };
        if policy != stored_policy
            && let Some(policy) = policy
            && !system.exists(&Path::new("/etc/selinux").join(policy).join("policy"))
        {
            return Err(Failure::new(format!("Policy {policy} does not exist in /etc/selinux/")).missing());
        }
        let mut plan = SelinuxPlan { file, ..SelinuxPlan::default() };
        let mut messages = Vec::new();
        let shown = |value: Option<&str>| value.unwrap_or("None").to_owned();
        let mut after = text.clone();
        if enforcing.is_some() && policy != running_policy {
            messages.push(format!(
                "Running SELinux policy changed from '{}' to '{}'",
                shown(running_policy),
                shown(policy)
            ));
        }
        if policy != stored_policy
            && let Some(policy) = policy
        {
            after = with_setting(&after, "SELINUXTYPE", policy);
            messages.push(format!(
                "SELinux policy configuration in '{}' changed from '{}' to '{policy}'",
                args.configfile,
                shown(stored_policy)
            ));
        }
        let mut outcome = Outcome::default();
        let mut reboot_required = false;
        match enforcing {
            Some(enforcing) if disabled => {
                reboot_required = true;
                if enforcing {
                    plan.enforce = Some(false);
                    outcome.warnings.push(
                        "SELinux state temporarily changed from 'enforcing' to 'permissive'. State change will take \
                         effect next reboot."
                            .into(),
                    );
                } else {
                    outcome.warnings.push("SELinux state change will take effect next reboot".into());
                }
            }
            Some(enforcing) => {
                let now = if enforcing { "enforcing" } else { "permissive" };
                if now != args.state {
                    plan.enforce = Some(!enforcing);
                    messages.push(format!("SELinux state changed from '{now}' to '{}'", args.state));
                }
            }
            None if !disabled => {
                reboot_required = true;
                outcome.warnings.push(format!("Reboot is required to set SELinux state to '{}'", args.state));
            }
            None => {}
        }
        if stored_state != Some(args.state.as_str()) {
            after = with_setting(&after, "SELINUX", &args.state);
            messages.push(format!("Config SELinux state changed from '{}' to '{}'", shown(stored_state), args.state));
        }
        if args.update_kernel_param {
            let off = switched_off(system)?;
            if off != disabled {
                let words = if disabled { ["--args", "selinux=0"] } else { ["--remove-args", "selinux=0"] };
                let argv = ["grubby", "--update-kernel=ALL"].into_iter().chain(words);
                plan.kernel = Some(CommandSpec::new(argv).parsable());
                let word = |off| if off { "disabled" } else { "enabled" };
                messages.push(format!("Kernel SELinux state changed from '{}' to '{}'", word(off), word(disabled)));
            }
        }
        plan.text = (after != text).then_some(after);
        for (name, value) in [
            ("msg", Value::from(messages.join(", "))),
            ("configfile", args.configfile.as_str().into()),
            ("policy", policy.map_or(Value::Null, Value::from)),
            ("state", args.state.as_str().into()),
            ("reboot_required", reboot_required.into()),
        ] {
            outcome.values.insert(name, value);
        }
        if messages.is_empty() && plan.enforce.is_none() {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: SelinuxPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        if let Some(text) = &plan.text {
            text_file::write(&plan.file, text, &NewFile::default(), system)?;
        }
        if let Some(enforce) = plan.enforce {
            let value: &[u8] = if enforce { b"1" } else { b"0" };
            system
                .write_kernel(ENFORCE.as_ref(), value)
                .map_err(|error| Failure::new(format!("cannot write {ENFORCE}: {error}")))?;
        }
        if let Some(command) = &plan.kernel {
            system.run(command)?.or_stderr(command)?;
        }
        Ok(predicted)
    }
}

/// The value behind `NAME=`, of the last line that has it.
fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::trim)
}

fn with_setting(text: &str, name: &str, value: &str) -> String {
    let begin = format!("{name}=");
    let mut found = false;
    let mut result = String::new();
    for line in text.lines() {
        if line.starts_with(&begin) {
            found = true;
            result += &format!("{begin}{value}\n");
        } else {
            result += line;
            result.push('\n');
        }
    }
    if !found {
        result += &format!("{begin}{value}\n");
    }
    result
}

/// Whether the command lines of the kernels switch it off.
fn switched_off(system: &Probe) -> Result<bool, Failure> {
    if system.which("grubby").is_none() {
        return Err(Failure::new("'grubby' command not found on host")
            .with("details", "`update_kernel_param` changes the kernel's command line with `grubby`: install it")
            .missing());
    }
    let command = CommandSpec::new(["grubby", "--info=ALL"]).parsable();
    let info = system.query(&command)?.or_stderr(&command)?.stdout_text();
    let mut lines = info.lines().filter_map(|line| line.strip_prefix("args=")).peekable();
    Ok(lines.peek().is_some() && lines.all(|line| line.trim_matches('"').split(' ').any(|word| word == "selinux=0")))
}

#[cfg(test)]
mod tests {
    use ksplay_value::Map;

    use super::*;
    use crate::{RunOptions, run};

    #[test]
    fn a_setting_keeps_its_line_and_comments_are_no_settings() {
        let text = " SELINUX = enforcing\nSELINUX=foo\n#SELINUX=x\nSELINUXTYPE=targeted # c\n";
        assert_eq!(setting(text, "SELINUX"), Some("foo"));
        assert_eq!(setting(text, "SELINUXTYPE"), Some("targeted # c"));
        let after = with_setting(&with_setting(text, "SELINUXTYPE", "mls"), "SELINUX", "permissive");
        assert_eq!(after, " SELINUX = enforcing\nSELINUX=permissive\n#SELINUX=x\nSELINUXTYPE=mls\n");
        assert_eq!(with_setting("x\n", "SELINUX", "disabled"), "x\nSELINUX=disabled\n");
    }

    #[test]
    fn where_it_is_off_the_file_is_kept_for_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "# c\nSELINUX=disabled\nSELINUXTYPE=targeted\n").unwrap();
        let args =
            |state: &str| Map::from([("state", state), ("policy", "targeted"), ("configfile", file.to_str().unwrap())]);
        let call = |state: &str, check: bool| {
            run("ansible.posix.selinux", &args(state), &RunOptions { check, ..RunOptions::default() }, Probe::default())
        };
        if Path::new(ENFORCE).exists() {
            return;
        }
        for check in [true, false] {
            let result = call("enforcing", check);
            assert_eq!(
                result.get("msg").unwrap().to_string(),
                "Config SELinux state changed from 'disabled' to 'enforcing'"
            );
            assert_eq!(result.get("reboot_required"), Some(&Value::Bool(true)));
            assert_eq!(result.get("changed"), Some(&Value::Bool(true)));
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# c\nSELINUX=enforcing\nSELINUXTYPE=targeted\n");
        assert_eq!(call("enforcing", false).get("changed"), Some(&Value::Bool(false)));
        assert_eq!(call("disabled", false).get("reboot_required"), Some(&Value::Bool(false)));
    }
}
