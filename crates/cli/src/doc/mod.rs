//! `ksplay doc`: what there is and what it does. Pages of modules come from the declarations that the modules themselves use,
//! those of filters, tests and lookups from the comments of their functions.

mod keywords;
mod modules;
mod plugins;
mod text;

use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Diagnostic, Map, Value};

use crate::args::{DocArgs, DocKind};
use crate::failure::Failure;
use crate::playbooks;

/// Shows what was asked for, or lists all.
///
/// # Errors
///
/// If there is nothing of such a name.
pub fn show(args: &DocArgs) -> Result<u8, Failure> {
    refuse_what_needs_files(args)?;
    match args.kind {
        DocKind::Module => modules::show(args),
        DocKind::Filter => plugins::show("filter", args),
        DocKind::Test => plugins::show("test", args),
        DocKind::Lookup => plugins::show("lookup", args),
        DocKind::Keyword => keywords::show(args),
        kind => {
            let word = clap::ValueEnum::to_possible_value(&kind).map(|word| word.get_name().to_owned());
            let message = format!("there are no pages of the kind `{}`", word.unwrap_or_default());
            Err(Failure::options(message).help("there are those of modules, filters, tests, lookups and keywords"))
        }
    }
}

/// Ansible reads the documentation of a plugin from its file in Python.
fn refuse_what_needs_files(args: &DocArgs) -> Result<(), Failure> {
    let option = if args.list_files {
        "--list_files"
    } else if args.metadata_dump {
        "--metadata-dump"
    } else if args.entry_point.is_some() {
        "--entry-point"
    } else {
        return Ok(());
    };
    Err(Failure::options(format!(
        "{option} is about files of plugins and roles; the pages here are of what ksplay itself brings"
    )))
}

/// The failure for a name that there is nothing of, with the one that may be meant.
fn unknown(kind: &str, name: &str, known: impl Iterator<Item = String>) -> Failure {
    let short = name.rsplit('.').next().unwrap_or(name);
    let hint = playbooks::nearest(short, known);
    let list = if kind == "module" { "ksplay doc".to_owned() } else { format!("ksplay doc -t {kind}") };
    let diagnostic = Diagnostic::new(format!("no {kind} is named `{name}`"))
        .hint(hint.map(|hint| format!("did you mean `{hint}`?")))
        .help(Some(format!("`{list}` lists them")));
    Failure::of(1, &diagnostic)
}

fn json(entries: impl Iterator<Item = (String, Value)>) -> Result<String, Failure> {
    let map: Map = entries.collect();
    to_json(&map.into(), &JsonStyle { sort_keys: true, ..JsonStyle::indented(4) }).map_err(Failure::error)
}
