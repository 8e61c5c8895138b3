//! `blockinfile`: sees to a block of lines between two markers.

use std::path::PathBuf;

use super::attributes::FileAttributes;
use super::edit::{Edit, EditPlan, Shows};
use crate::arguments::Opt;
use crate::text::regex;
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`BlockArgs`].
pub struct BlockInFile;

arguments! {
    /// Sees to it that a block of lines between two markers is in a file, or removes it.
    pub struct BlockArgs {
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest", "destfile", "name"]),
        /// Whether the block is to be there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// The lines of the markers; `{mark}` becomes `marker_begin` and `marker_end`.
        marker: String = Opt::str().default("# {mark} ANSIBLE MANAGED BLOCK"),
        /// The block; empty, it is removed.
        block: String = Opt::str().default("").aliases(&["content"]),
        /// The pattern after whose last match a new block goes, or `EOF`.
        insertafter: Option<String> = Opt::str(),
        /// The pattern before whose last match a new block goes, or `BOF`.
        insertbefore: Option<String> = Opt::str(),
        /// Whether a missing file is made.
        create: bool = Opt::bool().default("false"),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// A command that must accept the new content, with `%s` for its place.
        validate: Option<String> = Opt::str(),
        /// What `{mark}` is at the beginning.
        marker_begin: String = Opt::str().default("BEGIN"),
        /// What `{mark}` is at the end.
        marker_end: String = Opt::str().default("END"),
        /// Whether an empty line follows the block.
        append_newline: bool = Opt::bool().default("false"),
        /// Whether an empty line stands before the block.
        prepend_newline: bool = Opt::bool().default("false"),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["insertbefore", "insertafter"]] }
}

impl Module for BlockInFile {
    type Args = BlockArgs;
    type Plan = EditPlan;

    fn inspect(args: &BlockArgs, system: &Probe) -> Result<Inspection<EditPlan>, Failure> {
        if system.is_dir(&args.path) {
            return Err(Failure::new(format!("Path {} is a directory !", args.path.display())).with("rc", 256));
        }
        let edit = Edit {
            path: args.path.clone(),
            create: args.create,
            backup: args.backup,
            validate: args.validate.clone(),
            attributes: args.attributes.clone(),
            missing: "Path",
            backup_name: "backup_file",
            shows: Shows::ContentAndAttributes,
        };
        let original = edit.read(system)?;
        let (content, message) = changed(args, &original.text)?;
        if !original.exists && content.is_empty() {
            let mut outcome = Outcome::default();
            outcome.values.insert("msg", format!("File {} not present", args.path.display()));
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let message = if original.exists { message } else { "File created" };
        edit.inspect(original, content, message.into(), Outcome::default(), system)
    }

    fn apply(plan: EditPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        plan.apply(predicted, system)
    }
}

/// The content with the block in it, or without it, and what was done.
fn changed(args: &BlockArgs, original: &str) -> Result<(String, &'static str), Failure> {
    let begin = args.marker.replace("{mark}", &args.marker_begin);
    let end = args.marker.replace("{mark}", &args.marker_end);
    let mut lines: Vec<String> = original.split_inclusive('\n').map(str::to_owned).collect();
    let is = |line: &String, marker: &str| line.trim_end_matches(['\r', '\n']) == marker;
    let first = lines.iter().rposition(|line| is(line, &begin));
    let last = lines.iter().rposition(|line| is(line, &end));
    let wanted = args.state == "present" && !args.block.trim_end_matches(['\r', '\n']).is_empty();
    let at = match (first, last) {
        (Some(first), Some(last)) => {
            let (first, last) = (first.min(last), first.max(last));
            lines.drain(first..=last);
            first
        }
        _ if !wanted => return Ok((original.to_owned(), "")),
        _ => place(args, &lines)?,
    };
    if wanted {
        if at > 0
            && let Some(before) = lines.get_mut(at - 1)
            && !before.ends_with('\n')
        {
            before.push('\n');
        }
        let mut block = vec![format!("{begin}\n")];
        let text = args.block.strip_suffix('\n').unwrap_or(&args.block);
        block.extend(text.split('\n').map(|line| format!("{line}\n")));
        block.push(format!("{end}\n"));
        let blank = |line: Option<&String>| line.is_some_and(|line| line.trim_end_matches(['\r', '\n']).is_empty());
        if args.prepend_newline && at > 0 && !blank(lines.get(at - 1)) {
            block.insert(0, "\n".into());
        }
        if args.append_newline && at < lines.len() && !blank(lines.get(at)) {
            block.push("\n".into());
        }
        lines.splice(at..at, block);
    }
    let content = lines.concat();
    let message = match () {
        () if content == original => "",
        () if original.is_empty() && first.is_none() => "Block inserted",
        () if content.is_empty() || !wanted => "Block removed",
        () => "Block inserted",
    };
    Ok((content, message))
}

/// Before which line a new block goes.
fn place(args: &BlockArgs, lines: &[String]) -> Result<usize, Failure> {
    let (pattern, shift) = match (args.insertbefore.as_deref(), args.insertafter.as_deref()) {
        (Some("BOF"), _) => return Ok(0),
        (Some(pattern), _) => (pattern, 0),
        (None, None | Some("EOF")) => return Ok(lines.len()),
        (None, Some(pattern)) => (pattern, 1),
    };
    let pattern = regex::compile(pattern, "")?;
    let found = lines.iter().rposition(|line| regex::occurs(&pattern, line.trim_end_matches(['\r', '\n'])));
    Ok(found.map_or(lines.len(), |at| at + shift))
}
