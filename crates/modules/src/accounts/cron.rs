//! `cron`: jobs that run at their times.

use std::path::PathBuf;

use ksplay_value::Value;

use super::text_file;
use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`CronArgs`].
pub struct Cron;

arguments! {
    /// Keeps jobs and variables in the table of a user or in a file of `/etc/cron.d`.
    pub struct CronArgs {
        /// The name of the job, kept in a comment above it, or the variable's.
        name: String = Opt::str().required(),
        /// The command, or the variable's value.
        job: Option<String> = Opt::str().aliases(&["value"]),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["present", "absent"]),
        /// Whose table it is in; in a file, as whom the command runs.
        user: Option<String> = Opt::str(),
        /// A file instead of the user's table: a path, or a name in `/etc/cron.d`.
        cron_file: Option<PathBuf> = Opt::path(),
        /// Whether the table as it was is kept.
        backup: bool = Opt::bool().default("false"),
        /// The minute.
        minute: String = Opt::str().default("*"),
        /// The hour.
        hour: String = Opt::str().default("*"),
        /// The day of the month.
        day: String = Opt::str().default("*").aliases(&["dom"]),
        /// The month.
        month: String = Opt::str().default("*"),
        /// The day of the week.
        weekday: String = Opt::str().default("*").aliases(&["dow"]),
        /// A word for the time.
        special_time: Option<String> = Opt::str()
            .choices(&["reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"]),
        /// Whether the job is commented out.
        disabled: bool = Opt::bool().default("false"),
        /// Whether this is a variable instead of a job.
        env: bool = Opt::bool().default("false"),
        /// The variable after which this one is put.
        insertafter: Option<String> = Opt::str(),
        /// The variable before which this one is put.
        insertbefore: Option<String> = Opt::str(),
    }
    rules {
        mutually_exclusive: &[&["insertafter", "insertbefore"]],
    }
}

/// The new table.
#[derive(Debug)]
pub struct CronPlan {
    args: CronArgs,
    file: Option<PathBuf>,
    before: String,
    text: String,
}

impl Module for Cron {
    type Args = CronArgs;
    type Plan = CronPlan;

    fn inspect(args: &CronArgs, system: &Probe) -> Result<Inspection<CronPlan>, Failure> {
        if args.state == "present" && args.job.is_none() {
            return Err(Failure::new("You must specify 'job' to install a new cron job or variable"));
        }
        if args.cron_file.is_some() && args.user.is_none() && !args.env && args.state == "present" {
            return Err(Failure::new("To use cron_file=... parameter you must specify user=... as well"));
        }
        let file = args.cron_file.as_ref().map(|file| PathBuf::from("/etc/cron.d").join(file));
        let before = match &file {
            Some(file) => text_file::read(file, system)?,
            None => {
                let output = system.query(&crontab(args, "-l").parsable())?;
                // 1 says that the user has no table.
                if !matches!(output.rc, 0 | 1) {
                    return Err(output.failure("Unable to read crontab"));
                }
                output.stdout_text()
            }
        };
        let after = if args.env { with_variable(&before, args)? } else { with_job(&before, args) };
        let mut outcome = Outcome::default();
        outcome.values.insert("jobs", jobs_of(&after));
        outcome.values.insert("envs", variables_of(&after));
        if let Some(file) = &file {
            outcome.values.insert("cron_file", file.display().to_string());
        }
        if after == before {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        if system.diff {
            let shown = file.clone().unwrap_or_else(|| "crontab".into());
            outcome.diff = text_file::diff(&shown, &before, &after).into();
        }
        Ok(Inspection::change(outcome, CronPlan { args: args.clone(), file, before, text: after }))
    }

    fn apply(plan: CronPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let CronPlan { args, file, before, text } = plan;
        if args.backup {
            let failed = |error: std::io::Error| Failure::new(format!("cannot keep the table as it was: {error}"));
            let kept = system.temp_path(&std::env::temp_dir(), "crontab", "", false).map_err(failed)?;
            text_file::write(&kept, &before, &NewFile::default(), system)?;
            predicted.values.insert("backup_file", kept.display().to_string());
        }
        match file {
            Some(file) if text.trim().is_empty() => system
                .remove_file(&file)
                .map_err(|error| Failure::new(format!("cannot remove {}: {error}", file.display())))?,
            Some(file) => {
                let wanted = NewFile { mode: Some(0o644), ..NewFile::default() };
                text_file::write(&file, &text, &wanted, system)?;
            }
            None => {
                let command = crontab(&args, "-").stdin(text);
                let output = system.run(&command)?;
                if !output.ok() {
                    return Err(output.failure(output.stderr_text().trim()));
                }
            }
        }
        Ok(predicted)
    }
}

fn crontab(args: &CronArgs, last: &str) -> CommandSpec {
    let user = args.user.iter().flat_map(|user| ["-u", user]);
    CommandSpec::new(["crontab"].into_iter().chain(user).chain([last])).tool()
}

/// The comment that stands above a job of this module.
const MARK: &str = "#Ansible: ";

fn job_line(args: &CronArgs) -> String {
    let job = args.job.as_deref().unwrap_or_default().trim_matches(['\r', '\n']);
    let time = match &args.special_time {
        Some(word) => format!("@{word}"),
        None => [&args.minute, &args.hour, &args.day, &args.month, &args.weekday].map(String::as_str).join(" "),
    };
    let user = match (&args.cron_file, &args.user) {
        (Some(_), Some(user)) => format!("{user} "),
        _ => String::new(),
    };
    format!("{}{time} {user}{job}", if args.disabled { "#" } else { "" })
}

fn with_job(text: &str, args: &CronArgs) -> String {
    let mark = format!("{MARK}{}", args.name);
    let wanted = (args.state == "present").then(|| job_line(args));
    let mut result = String::new();
    let mut found = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != mark {
            result += line;
            result.push('\n');
            continue;
        }
        lines.next();
        if let Some(wanted) = wanted.as_ref().filter(|_| !found) {
            result += &format!("{mark}\n{wanted}\n");
        }
        found = true;
    }
    if let (false, Some(wanted)) = (found, wanted) {
        result += &format!("{mark}\n{wanted}\n");
    }
    result
}

fn variable_name(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some(name)
}

fn with_variable(text: &str, args: &CronArgs) -> Result<String, Failure> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = |lines: &[String], name: &str| lines.iter().position(|line| variable_name(line) == Some(name));
    let current = place(&lines, &args.name);
    if args.state == "absent" {
        lines.retain(|line| variable_name(line) != Some(&args.name));
    } else {
        let wanted = format!("{}=\"{}\"", args.name, args.job.as_deref().unwrap_or_default());
        let beside =
            args.insertafter.as_ref().map(|name| (name, 1)).or(args.insertbefore.as_ref().map(|name| (name, 0)));
        match (current, beside) {
            (Some(index), _) => lines[index] = wanted,
            (None, Some((name, offset))) => {
                let index =
                    place(&lines, name).ok_or_else(|| Failure::new(format!("Variable named '{name}' not found.")))?;
                lines.insert(index + offset, wanted);
            }
            (None, None) => lines.insert(0, wanted),
        }
    }
    Ok(lines.into_iter().flat_map(|line| [line, "\n".into()]).collect())
}

fn jobs_of(text: &str) -> Value {
    text.lines().filter_map(|line| line.strip_prefix(MARK)).collect()
}

fn variables_of(text: &str) -> Value {
    text.lines().filter_map(variable_name).collect()
}

#[cfg(test)]
mod tests {
    use ksplay_value::Map;

    use super::*;
    use crate::{Arguments, Given};

    fn args(fields: &[(&str, &str)]) -> CronArgs {
        let given: Map = fields.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        Given::check("cron", CronArgs::SPEC_REF, &given).unwrap().typed().unwrap()
    }

    #[test]
    fn a_job_is_found_by_the_comment_above_it() {
        let job = args(&[("name", "back up"), ("job", "/bin/b"), ("minute", "5"), ("hour", "2")]);
        let text = with_job("MAILTO=x\n", &job);
        assert_eq!(text, "MAILTO=x\n#Ansible: back up\n5 2 * * * /bin/b\n");
        assert_eq!(with_job(&text, &job), text);
        let changed = args(&[("name", "back up"), ("job", "/bin/b"), ("special_time", "daily"), ("disabled", "yes")]);
        assert_eq!(with_job(&text, &changed), "MAILTO=x\n#Ansible: back up\n#@daily /bin/b\n");
        assert_eq!(with_job(&text, &args(&[("name", "back up"), ("state", "absent")])), "MAILTO=x\n");
    }

    #[test]
    fn a_variable_is_put_first_or_beside_another() {
        let variable = args(&[("name", "PATH"), ("job", "/bin"), ("env", "yes")]);
        assert_eq!(with_variable("A=\"1\"\n", &variable).unwrap(), "PATH=\"/bin\"\nA=\"1\"\n");
        let after = args(&[("name", "PATH"), ("job", "/bin"), ("env", "yes"), ("insertafter", "A")]);
        assert_eq!(with_variable("A=\"1\"\n", &after).unwrap(), "A=\"1\"\nPATH=\"/bin\"\n");
    }
}
