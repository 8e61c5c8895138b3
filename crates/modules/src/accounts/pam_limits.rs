//! `pam_limits`: what users may take of the machine.

use std::path::PathBuf;

use super::text_file;
use crate::arguments::Opt;
use crate::{Diff, Failure, Inspection, Module, NewFile, Outcome, Probe, System, arguments};

/// See [`PamLimitsArgs`].
pub struct PamLimits;

arguments! {
    /// Keeps the limits of users and groups in the file that PAM reads.
    pub struct PamLimitsArgs {
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// A remark behind the limit.
        comment: String = Opt::str().default(""),
        /// The file.
        dest: PathBuf = Opt::path().default("/etc/security/limits.conf"),
        /// Whom it is for: a user, `@GROUP`, `*`, or a range of numbers.
        domain: String = Opt::str().required(),
        /// What is limited.
        limit_item: String = Opt::str().required().choices(&[
            "core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins",
            "maxsyslogins", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio", "chroot",
        ]),
        /// The kind of limit.
        limit_type: String = Opt::str().required().choices(&["hard", "soft", "-"]),
        /// Whether a greater value that is there stays.
        use_max: bool = Opt::bool().default("false"),
        /// Whether a smaller value that is there stays.
        use_min: bool = Opt::bool().default("false"),
        /// The limit: a number, or `unlimited`.
        value: String = Opt::str().required(),
    }
}

/// The new text.
#[derive(Debug)]
pub struct PamLimitsPlan {
    args: PamLimitsArgs,
    text: String,
}

impl Module for PamLimits {
    type Args = PamLimitsArgs;
    type Plan = PamLimitsPlan;

    fn inspect(args: &PamLimitsArgs, system: &Probe) -> Result<Inspection<PamLimitsPlan>, Failure> {
        let folder = args.dest.parent().unwrap_or(&args.dest);
        if !system.exists(&args.dest) && !system.may(folder, libc::W_OK) {
            return Err(Failure::new(format!(
                "directory {} is not writable (check presence, access rights, use sudo)",
                folder.display()
            ))
            .missing());
        }
        if args.use_max && args.use_min {
            return Err(Failure::new("Cannot use use_min and use_max at the same time."));
        }
        if !is_limit(&args.limit_item, &args.value) {
            return Err(Failure::new(refusal(&args.limit_item, &args.value)));
        }
        let before = text_file::read(&args.dest, system)?;
        let (text, line) = with_limit(&before, args)?;
        let mut outcome = Outcome::default();
        outcome.values.insert("msg", line);
        let diff = Diff { before: before.as_str().into(), after: text.as_str().into(), ..Diff::default() };
        outcome.diff = diff.into();
        if text == before {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        Ok(Inspection::change(outcome, PamLimitsPlan { args: args.clone(), text }))
    }

    fn apply(plan: PamLimitsPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let PamLimitsPlan { args, text } = plan;
        if args.backup {
            let kept = system.backup(&args.dest);
            let kept = kept.map_err(|error| Failure::new(format!("cannot keep {}: {error}", args.dest.display())))?;
            if let Some(kept) = kept {
                predicted.values.insert("backup_file", kept.display().to_string());
            }
        }
        text_file::write(&args.dest, &text, &NewFile::default(), system)?;
        Ok(predicted)
    }
}

fn is_unlimited(value: &str) -> bool {
    matches!(value, "unlimited" | "infinity" | "-1")
}

/// Whether a limit can have this value; niceness goes from -20 to 19.
fn is_limit(item: &str, value: &str) -> bool {
    let number = value.parse::<i64>().ok();
    match item {
        "nice" | "priority" => number.is_some_and(|number| (-20..=19).contains(&number)),
        _ => is_unlimited(value) || number.is_some_and(|number| number >= 0),
    }
}

fn refusal(item: &str, value: &str) -> String {
    let range = match item {
        "nice" | "priority" => "Value must be a number in the range -20 to 19 inclusive.",
        _ => {
            "Value must either be 'unlimited', 'infinity' or -1, all of which indicate no limit, or a limit of 0 or \
             larger."
        }
    };
    format!(
        " Value of '{value}' for item '{item}' is invalid. {range} Refer to the limits.conf(5) manual pages for more \
         details."
    )
}

/// How much a limit allows; no limit is more than any.
fn amount(item: &str, value: &str) -> i64 {
    let limited = matches!(item, "nice" | "priority") || !is_unlimited(value);
    if limited { value.parse().unwrap_or(i64::MAX) } else { i64::MAX }
}

/// The text with the limit, and the line that has it.
fn with_limit(text: &str, args: &PamLimitsArgs) -> Result<(String, String), Failure> {
    let made = |value: &str, comment: &str| {
        let comment = if comment.is_empty() { String::new() } else { format!("\t#{comment}") };
        format!("{}\t{}\t{}\t{value}{comment}\n", args.domain, args.limit_type, args.limit_item)
    };
    let mut result = String::new();
    let mut found = None;
    for line in text.split_inclusive('\n') {
        let (content, comment) = line.trim_end().split_once('#').unwrap_or((line.trim_end(), ""));
        let words: Vec<&str> = content.split_whitespace().collect();
        let now = match words[..] {
            [domain, kind, item, now]
                if domain == args.domain && kind == args.limit_type && item == args.limit_item =>
            {
                now
            }
            _ => {
                result += line;
                continue;
            }
        };
        if !is_limit(&args.limit_item, now) {
            return Err(Failure::new(refusal(&args.limit_item, now)));
        }
        let (old, new) = (amount(&args.limit_item, now), amount(&args.limit_item, &args.value));
        let stays = now == args.value || (args.use_max && old >= new) || (args.use_min && old <= new);
        let kept = if args.comment.is_empty() { comment } else { &args.comment };
        let line = if stays { line.to_owned() } else { made(&args.value, kept) };
        result += &line;
        found = Some(line);
    }
    let line = match found {
        Some(line) => line,
        None => {
            if !result.is_empty() && !result.ends_with('\n') {
                result.push('\n');
            }
            let line = made(&args.value, &args.comment);
            result += &line;
            line
        }
    };
    Ok((result, line))
}

#[cfg(test)]
mod tests {
    use ksplay_value::{Map, Value};

    use super::*;
    use crate::{RunOptions, run};

    #[test]
    fn a_limit_is_kept_in_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("limits");
        let before =
            "# head\n#@x soft nofile 1\nann soft nofile 100 # keep\nann   hard\tnofile 200\n@g - nproc unlimited";
        std::fs::write(&file, before).unwrap();
        let call = |fields: &[(&str, &str)]| {
            let mut args = Map::from([("dest", file.to_str().unwrap())]);
            args.extend(fields.iter().map(|(name, value)| (*name, *value)).collect::<Map>());
            let result = run("community.general.pam_limits", &args, &RunOptions::default(), Probe::default());
            (result.get("changed").and_then(Value::as_bool).unwrap(), result.get("msg").unwrap().to_string())
        };
        let soft = [("domain", "ann"), ("limit_type", "soft"), ("limit_item", "nofile"), ("value", "500")];
        assert_eq!(call(&soft), (true, "ann\tsoft\tnofile\t500\t# keep\n".into()));
        assert_eq!(call(&soft), (false, "ann\tsoft\tnofile\t500\t# keep\n".into()));
        let hard = |value| [("domain", "ann"), ("limit_type", "hard"), ("limit_item", "nofile"), ("value", value)];
        assert_eq!(
            call(&[&hard("100")[..], &[("use_max", "yes")]].concat()),
            (false, "ann   hard\tnofile 200\n".into())
        );
        let commented = [&hard("300")[..], &[("use_max", "yes"), ("comment", "why")]].concat();
        assert_eq!(call(&commented), (true, "ann\thard\tnofile\t300\t#why\n".into()));
        let group =
            [("domain", "@g"), ("limit_type", "-"), ("limit_item", "nproc"), ("value", "7"), ("use_max", "yes")];
        assert!(!call(&group).0);
        let nice = [("domain", "n"), ("limit_type", "-"), ("limit_item", "nice"), ("value", "-5")];
        assert_eq!(call(&nice), (true, "n\t-\tnice\t-5\n".into()));
        assert!(call(&hard("many")).1.starts_with(" Value of 'many' for item 'nofile' is invalid."));
        let after = "# head\n#@x soft nofile 1\nann\tsoft\tnofile\t500\t# keep\nann\thard\tnofile\t300\t#why\n\
                     @g - nproc unlimited\nn\t-\tnice\t-5\n";
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    }
}
