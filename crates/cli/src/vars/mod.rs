//! `ksplay vars`: the value of a variable on a host, and everything that defines it.

mod definitions;
mod places;
mod vaulted;
mod walk;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use ksplay_engine::{HostScope, Nobody, Parts, Run};
use ksplay_playbook::Play;
use ksplay_transport::AgentFiles;
use ksplay_value::{Diagnostic, Map};

use crate::args::{RunArgs, VarsArgs, WorkArgs};
use crate::assemble::{self, Assembled};
use crate::failure::Failure;
use crate::list;
use crate::output::say;
use crate::playbooks;
use crate::settings::Settings;
use crate::vars::definitions::{Definition, Finder, Reach};
use crate::vars::places::Places;
pub use crate::vars::places::below_here;
use crate::vars::vaulted::{shortened, written};

/// Prints the variables of a host, or one with all its definitions.
///
/// # Errors
///
/// If something cannot be read, or there is no such host or variable.
pub fn show(args: &VarsArgs) -> Result<u8, Failure> {
    let is_playbook = |word: &&String| word.ends_with(".yml") || word.ends_with(".yaml");
    let (files, names): (Vec<&String>, Vec<&String>) = args.rest.iter().partition(is_playbook);
    let name = match names.as_slice() {
        [] => None,
        [name] => Some(name.as_str()),
        _ => return Err(Failure::options("one variable at a time, or none for all of them")),
    };
    let mut sources = args.sources.clone();
    sources.places = true;
    let work = WorkArgs { sources, limit: args.limit.clone(), ..WorkArgs::default() };
    let settings = Settings::load()?;
    let mut assembled = match files.is_empty() {
        true => {
            let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
            assemble::prepare(&work, &settings, vec![here], None)?
        }
        false => {
            let playbooks = files.iter().map(PathBuf::from).collect();
            assemble::read(&RunArgs { playbooks, work, ..RunArgs::default() })?
        }
    };
    if assembled.inventory.host(&args.host).is_none() {
        let names = assembled.inventory.hosts().map(|host| host.name().to_string());
        let hint = playbooks::nearest(&args.host, names).map(|name| format!("did you mean `{name}`?"));
        let message = format!("no host is named `{}`", args.host);
        return Err(Failure::of(1, &Diagnostic::new(message).hint(hint)));
    }
    if let Some(limit) = &args.limit
        && !assembled.inventory.select(&["all"], Some(limit))?.hosts.iter().any(|host| host.as_str() == args.host)
    {
        return Err(Failure::of(1, &Diagnostic::new(format!("the limit `{limit}` leaves out {}", args.host))));
    }
    let plays = plays_of(&assembled, &args.host)?;
    let playbooks = std::mem::take(&mut assembled.playbooks);
    let finder = Finder {
        assembled: &assembled,
        host: &args.host,
        places: Places::default(),
        extra: &args.sources,
        unread: RefCell::default(),
    };
    let mut sections = Vec::new();
    for play in std::iter::once(None).chain(plays.iter().map(Some)) {
        sections.push((play, finder.definitions(play.map(AsRef::as_ref))?));
    }
    // Without a play that works on the host there is only what inventory and command line say.
    if sections.len() > 1 {
        sections.remove(0);
    }
    let names: Vec<String> = sections.iter().flat_map(|(_, defined)| defined.keys().cloned()).collect();
    let unread = finder.unread.take();
    let mut shown = Vec::new();
    for (play, defined) in sections {
        let title = play.map(|play| format!("in the play at {}", places::shown(&play.span)));
        shown.push((title, defined));
    }
    drop(playbooks);
    let Assembled { options, environment, loader, inventory, .. } = assembled;
    let agents = AgentFiles::find().map_err(Failure::error)?;
    let run = Run::new(Parts {
        options,
        environment,
        loader,
        inventory,
        agents,
        sink: Box::new(Quiet),
        prompter: Arc::new(Nobody),
    });
    let mut found = false;
    for (title, defined) in shown {
        let mut scope = HostScope::outside(run.shared(), &args.host.as_str().into());
        let winners = |(name, all): (&String, &Vec<Definition>)| Some((name.clone(), winner(all)?.shown()));
        scope.extend_locals(&defined.iter().filter_map(winners).collect::<Map>());
        match name {
            None => {
                title.iter().for_each(|title| say!("{title}:"));
                defined.iter().filter_map(|(name, all)| Some((name, winner(all)?))).for_each(|(name, definition)| {
                    say!("{name} = {}   ({})", shortened(&definition.shown(), WIDTH), place(definition));
                });
                found = true;
            }
            Some(name) => {
                if let Some(all) = defined.get(name) {
                    found = true;
                    one(name, &args.host, title.as_deref(), all, &scope);
                }
            }
        }
    }
    if !unread.is_empty() {
        say!("not known before the run is what these bring:");
        unread.iter().for_each(|(place, what)| say!("  {place}   {what}"));
    }
    if !found {
        let name = name.unwrap_or_default();
        let message = format!("nothing defines `{name}` for {}", args.host);
        let hint = playbooks::nearest(name, names.into_iter()).map(|name| format!("did you mean `{name}`?"));
        let help = "facts and registered results are only known while a play runs; a playbook named behind the variable is searched too";
        return Err(Failure::of(1, &Diagnostic::new(message).hint(hint).help(Some(help.to_owned()))));
    }
    Ok(0)
}

/// How much of a value is shown beside others.
const WIDTH: usize = 80;

/// The plays that work on this host.
fn plays_of(assembled: &Assembled, host: &str) -> Result<Vec<std::sync::Arc<Play>>, Failure> {
    let mut plays = Vec::new();
    for play in assembled.playbooks.iter().flat_map(|playbook| &playbook.plays) {
        let selection =
            assembled.inventory.select(&list::patterns(assembled, play)?, assembled.options.limit.as_deref())?;
        if selection.hosts.iter().any(|found| found.as_str() == host) {
            plays.push(std::sync::Arc::clone(play));
        }
    }
    Ok(plays)
}

/// The definition that counts in the whole play; one that counts for some tasks only wins nowhere else.
fn winner(all: &[Definition]) -> Option<&Definition> {
    all.iter().rev().find(|definition| definition.reach == Reach::Everywhere)
}

fn one(name: &str, host: &str, title: Option<&str>, all: &[Definition], scope: &HostScope) {
    let winner = winner(all);
    let title = title.map(|title| format!(", {title}")).unwrap_or_default();
    match winner {
        Some(winner) => match scope.templar().resolve(&winner.shown()) {
            Ok(value) => say!("{name} = {}   (on {host}{title})", written(&value)),
            Err(error) => {
                say!("{name} = {}   (on {host}{title}; not known yet: {})", written(&winner.shown()), error.message)
            }
        },
        None => say!("{name} is only defined for some tasks   (on {host}{title})"),
    }
    let levels = all.iter().map(|definition| definition.level.len()).max().unwrap_or_default();
    let places = all.iter().map(|definition| place(definition).len()).max().unwrap_or_default();
    for definition in all.iter().rev() {
        let mark = if winner.is_some_and(|winner| std::ptr::eq(winner, definition)) { '*' } else { ' ' };
        let tasks = if definition.reach == Reach::Tasks { "   [only there]" } else { "" };
        say!(
            "{mark} {:<levels$}   {:<places$}   {}{tasks}",
            definition.level,
            place(definition),
            shortened(&definition.shown(), WIDTH)
        );
    }
}

fn place(definition: &Definition) -> String {
    match (&definition.span, &definition.file) {
        (Some(span), _) => places::shown(span),
        (None, Some(file)) => places::below_here(file).display().to_string(),
        (None, None) => definition.level.to_string(),
    }
}

struct Quiet;

impl ksplay_engine::Sink for Quiet {
    fn event(&self, _: &ksplay_engine::Event) {}
}

/// The definitions of each variable, lowest precedence first.
pub type Defined = IndexMap<String, Vec<Definition>>;
