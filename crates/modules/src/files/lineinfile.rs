//! `lineinfile`: sees to one line of a file.

use std::path::PathBuf;

use fancy_regex::Regex;
use ksplay_value::Value;

use super::attributes::FileAttributes;
use super::edit::{Edit, EditPlan, Original, Shows};
use crate::arguments::Opt;
use crate::text::regex;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`LineArgs`].
pub struct LineInFile;

arguments! {
    /// Sees to it that a line is in a file, replaces it, or removes it.
    pub struct LineArgs {
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest", "destfile", "name"]),
        /// Whether the line is to be there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The pattern of the line to be replaced or removed.
        regexp: Option<String> = Opt::str().aliases(&["regex"]),
        /// A text in the line to be replaced or removed.
        search_string: Option<String> = Opt::str(),
        /// The line.
        line: Option<String> = Opt::str().aliases(&["value"]),
        /// Whether `line` has references to groups of the pattern; without a match nothing is done.
        backrefs: bool = Opt::bool().default("false"),
        /// The pattern after whose last match a new line goes, or `EOF`.
        insertafter: Option<String> = Opt::str(),
        /// The pattern before whose last match a new line goes, or `BOF`.
        insertbefore: Option<String> = Opt::str(),
        /// Whether the first match counts for these two.
        firstmatch: bool = Opt::bool().default("false"),
        /// Whether a missing file is made.
        create: bool = Opt::bool().default("false"),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// A command that must accept the new content, with `%s` for its place.
        validate: Option<String> = Opt::str(),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["insertbefore", "insertafter"], &["regexp", "search_string"], &["backrefs", "search_string"]] }
}

impl LineArgs {
    fn edit(&self) -> Edit {
        Edit {
            path: self.path.clone(),
            create: self.create && self.state == "present",
            backup: self.backup,
            validate: self.validate.clone(),
            attributes: self.attributes.clone(),
            missing: "Destination",
            backup_name: "backup",
            shows: Shows::ContentAndAttributes,
        }
    }
}

impl Module for LineInFile {
    type Args = LineArgs;
    type Plan = EditPlan;

    fn inspect(args: &LineArgs, system: &Probe) -> Result<Inspection<EditPlan>, Failure> {
        let edit = args.edit();
        if system.is_dir(&args.path) {
            return Err(Failure::new(format!("Path {} is a directory !", args.path.display())).with("rc", 256));
        }
        if args.state == "absent" {
            if args.regexp.is_none() && args.search_string.is_none() && args.line.is_none() {
                let message = "one of line, search_string, or regexp is required with state=absent";
                return Err(Failure::new(message));
            }
            return absent(args, &edit, system);
        }
        if args.backrefs && args.regexp.is_none() {
            return Err(Failure::new("regexp is required with backrefs=true"));
        }
        let mut outcome = Outcome::default();
        if args.regexp.as_deref() == Some("") {
            outcome.warnings.push(
                "The regular expression is an empty string, which will match every line in the file. This may have \
                 unintended consequences, such as replacing the last line in the file rather than appending. If this \
                 is desired, use '^' to match every line in the file and avoid this warning."
                    .into(),
            );
        }
        let Some(line) = &args.line else { return Err(Failure::new("line is required with state=present")) };
        let original = edit.read(system)?;
        let (content, message) = present(args, line, &original)?;
        edit.inspect(original, content, message, outcome, system)
    }

    fn apply(plan: EditPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        plan.apply(predicted, system)
    }
}

/// What a line is looked for by.
enum Search {
    Pattern(Regex),
    Text(String),
    Exactly(String),
}

impl Search {
    fn of(args: &LineArgs) -> Result<Option<Self>, Failure> {
        Ok(match (&args.regexp, &args.search_string) {
            (Some(pattern), _) => Some(Self::Pattern(regex::compile(pattern, "")?)),
            (None, Some(text)) => Some(Self::Text(text.clone())),
            _ => None,
        })
    }

    fn finds(&self, line: &str) -> bool {
        match self {
            Self::Pattern(pattern) => regex::occurs(pattern, line),
            Self::Text(text) => line.contains(text),
            Self::Exactly(text) => bare(line) == text,
        }
    }
}

/// The line without its line break.
fn bare(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

fn absent(args: &LineArgs, edit: &Edit, system: &Probe) -> Result<Inspection<EditPlan>, Failure> {
    let mut outcome = Outcome::default();
    if !system.exists(&args.path) {
        outcome.values.insert("msg", "file not present");
        return Ok(Inspection::nothing_to_do(outcome));
    }
    let original = edit.read(system)?;
    let search = Search::of(args)?.unwrap_or_else(|| Search::Exactly(args.line.clone().unwrap_or_default()));
    let mut removed = 0;
    let mut kept = String::with_capacity(original.text.len());
    for line in original.text.split_inclusive('\n') {
        if search.finds(match search {
            Search::Pattern(_) => bare(line),
            _ => line,
        }) {
            removed += 1;
        } else {
            kept.push_str(line);
        }
    }
    let message = if removed > 0 { format!("{removed} line(s) removed") } else { String::new() };
    outcome.values.insert("found", Value::Int(removed));
    edit.inspect(original, kept, message, outcome, system)
}

/// The content with the line in it, and what was done.
fn present(args: &LineArgs, line: &str, original: &Original) -> Result<(String, String), Failure> {
    let lines: Vec<&str> = original.text.split_inclusive('\n').collect();
    let search = Search::of(args)?;
    let found = search.as_ref().and_then(|search| lines.iter().rposition(|line| search.finds(bare(line))));
    let same = |at: &usize| bare(lines[*at]) == line;
    if let Some(at) = found {
        let wanted = match (&search, args.backrefs) {
            (Some(Search::Pattern(pattern)), true) => expanded(pattern, bare(lines[at]), line)?,
            _ => line.to_owned(),
        };
        let wanted = format!("{}\n", wanted.trim_end_matches('\n'));
        if lines[at] == wanted || (lines[at] == bare(&wanted) && at + 1 == lines.len()) {
            return Ok((original.text.clone(), String::new()));
        }
        let content = lines.iter().enumerate().map(|(index, old)| if index == at { wanted.as_str() } else { old });
        return Ok((content.collect(), "line replaced".into()));
    }
    if args.backrefs {
        return Ok((original.text.clone(), String::new()));
    }
    if (0..lines.len()).any(|at| same(&at)) {
        return Ok((original.text.clone(), String::new()));
    }
    let at = place(args, &lines)?;
    let mut content = String::with_capacity(original.text.len() + line.len() + 2);
    for old in &lines[..at] {
        content.push_str(old);
    }
    if at == lines.len() && !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    content.push_str(line);
    content.push('\n');
    content.extend(lines[at..].iter().copied());
    Ok((content, "line added".into()))
}

fn expanded(pattern: &Regex, found: &str, line: &str) -> Result<String, Failure> {
    let captures = pattern.captures(found).ok().flatten();
    captures.map_or_else(|| Ok(line.to_owned()), |captures| regex::expand(line, &captures))
}

/// Before which line a new one goes.
fn place(args: &LineArgs, lines: &[&str]) -> Result<usize, Failure> {
    let (pattern, shift) = match (args.insertbefore.as_deref(), args.insertafter.as_deref()) {
        (Some("BOF"), _) => return Ok(0),
        (Some(pattern), _) => (pattern, 0),
        (None, None | Some("EOF")) => return Ok(lines.len()),
        (None, Some(pattern)) => (pattern, 1),
    };
    let pattern = regex::compile(pattern, "")?;
    let fits = |line: &&str| regex::occurs(&pattern, bare(line));
    let at = if args.firstmatch { lines.iter().position(fits) } else { lines.iter().rposition(fits) };
    Ok(at.map_or(lines.len(), |at| at + shift))
}
