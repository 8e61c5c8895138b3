//! `replace`: replaces whatever a pattern finds in a file.

use std::path::PathBuf;

use super::attributes::FileAttributes;
use super::edit::{Edit, EditPlan, Shows};
use crate::arguments::Opt;
use crate::text::regex;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`ReplaceArgs`].
pub struct Replace;

arguments! {
    /// Replaces all that a pattern finds in a file.
    pub struct ReplaceArgs {
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest", "destfile", "name"]),
        /// The pattern; `^` and `$` are those of lines.
        regexp: String = Opt::str().required(),
        /// What is put in place, with references to groups.
        replace: String = Opt::str().default(""),
        /// A pattern: only what follows its match is looked at.
        after: Option<String> = Opt::str(),
        /// A pattern: only what precedes its match is looked at.
        before: Option<String> = Opt::str(),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// A command that must accept the new content, with `%s` for its place.
        validate: Option<String> = Opt::str(),
        /// The character set of the file; only `utf-8` is known.
        encoding: String = Opt::str().default("utf-8"),
    }
    includes { attributes: FileAttributes }
}

impl Module for Replace {
    type Args = ReplaceArgs;
    type Plan = EditPlan;

    fn inspect(args: &ReplaceArgs, system: &Probe) -> Result<Inspection<EditPlan>, Failure> {
        if system.is_dir(&args.path) {
            return Err(Failure::new(format!("Path {} is a directory !", args.path.display())).with("rc", 256));
        }
        if !matches!(args.encoding.to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "ascii") {
            return Err(Failure::new(format!("the encoding {} is not supported, only utf-8 is", args.encoding)));
        }
        let edit = Edit {
            path: args.path.clone(),
            create: false,
            backup: args.backup,
            validate: args.validate.clone(),
            attributes: args.attributes.clone(),
            missing: "Path",
            backup_name: "backup_file",
            shows: Shows::Content,
        };
        let original = edit.read(system)?;
        let Some((begin, end)) = section(args, &original.text)? else {
            let mut outcome = Outcome::default();
            let pattern = section_pattern(args);
            outcome.values.insert("rc", 0);
            outcome
                .values
                .insert("msg", format!("Pattern for before/after params did not match the given file: {pattern}"));
            return Ok(Inspection::nothing_to_do(outcome));
        };
        let (replaced, count) = substitute(args, &original.text[begin..end])?;
        let content = format!("{}{replaced}{}", &original.text[..begin], &original.text[end..]);
        let message = match count > 0 && content != original.text {
            true => format!("{count} replacements made"),
            false => String::new(),
        };
        let mut outcome = Outcome::default();
        outcome.values.insert("rc", 0);
        edit.inspect(original, content, message, outcome, system)
    }

    fn apply(plan: EditPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        plan.apply(predicted, system)
    }
}

fn section_pattern(args: &ReplaceArgs) -> String {
    match (&args.after, &args.before) {
        (Some(after), Some(before)) => format!("{after}(?P<subsection>.*?){before}"),
        (Some(after), None) => format!("{after}(?P<subsection>.*)"),
        (None, Some(before)) => format!("(?P<subsection>.*){before}"),
        (None, None) => String::new(),
    }
}

/// Where the part begins and ends that is looked at.
fn section(args: &ReplaceArgs, text: &str) -> Result<Option<(usize, usize)>, Failure> {
    let pattern = section_pattern(args);
    if pattern.is_empty() {
        return Ok(Some((0, text.len())));
    }
    let found = regex::compile(&pattern, "s")?.captures(text).ok().flatten();
    Ok(found.and_then(|found| found.name("subsection").map(|part| (part.start(), part.end()))))
}

fn substitute(args: &ReplaceArgs, text: &str) -> Result<(String, usize), Failure> {
    let pattern = regex::compile(&args.regexp, "m")?;
    let mut out = String::with_capacity(text.len());
    let (mut done, mut count) = (0, 0);
    for found in pattern.captures_iter(text) {
        let found =
            found.map_err(|error| Failure::new(format!("the pattern is too complicated for this file: {error}")))?;
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[done..whole.start()]);
        out.push_str(&regex::expand(&args.replace, &found)?);
        done = whole.end();
        count += 1;
    }
    out.push_str(&text[done..]);
    Ok((out, count))
}
