//! Looking at what a run would do: a run in check mode, told to a recorder.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use ksplay_inventory::View;
use ksplay_report::plan::{Hidden, Recorder, Step};
use ksplay_report::{Form, Options, Palette, Terminal};
use ksplay_value::{Map, Source, Value, names_secret, yaml};

use super::inputs::Inputs;
use crate::args::RunArgs;
use crate::assemble::{self, Assembled};
use crate::failure::Failure;

/// What was seen.
pub struct Look {
    /// What the run would do. Secrets are hidden.
    pub steps: Vec<Step>,
    /// What it rests on.
    pub inputs: Inputs,
    /// The exit code of the run in check mode.
    pub code: u8,
    /// The colours in which it is to be shown.
    pub palette: Option<Palette>,
}

/// Looks at what this run would do; the terminal is told on its error output what goes wrong, and how far it is.
///
/// # Errors
///
/// If what is to be run cannot be read, or the run not be begun.
pub fn look(mut run: RunArgs) -> Result<Look, Failure> {
    run.work.check = true;
    run.work.diff = true;
    run.work.sources.vault.keep_opened = true;
    let mut assembled = crate::read(&mut run)?;
    // What else hears of runs hears of those that change something.
    assembled.callbacks.clear();
    assembled.listeners.clear();
    let options = Options {
        show_ok: false,
        show_skipped: false,
        diff: false,
        check_markers: false,
        form: Form::Default,
        progress: stderr().is_terminal(),
        ..assembled.shown.clone()
    };
    let screen = Arc::new(Terminal::new(options, Box::new(stderr()), Box::new(stderr())));
    let recorder = Arc::new(Recorder::new(Arc::clone(&screen)));
    let palette = assembled.shown.palette.clone();
    let (reads, vault) = (assembled.loader.reads(), Arc::clone(&assembled.vault));
    let mut inputs = Inputs::of(&assembled)?;
    let mut secrets = named_secrets(&assembled)?;
    let code = assemble::carry_out_telling(assembled, Box::new(Arc::clone(&recorder)), screen)?;
    inputs.add_files(&reads.paths());
    vault.opened().iter().for_each(|opened| opened_secrets(opened, &mut secrets));
    let hidden = Hidden::new(secrets);
    let mut steps = recorder.take_steps();
    hidden.hide(&mut steps);
    from_here(&mut steps);
    Ok(Look { steps, inputs, code, palette })
}

/// Names places below the current directory from there.
pub fn from_here(steps: &mut [Step]) {
    let Ok(here) = std::env::current_dir() else { return };
    let prefix = format!("{}/", here.display());
    for step in steps {
        if let Some(place) = step.place.strip_prefix(&prefix) {
            step.place = place.to_owned();
        }
    }
}

/// What variables hold whose names say that they hold secrets.
fn named_secrets(assembled: &Assembled) -> Result<Vec<String>, Failure> {
    let mut secrets = Vec::new();
    let view = View::of(&assembled.inventory);
    for host in assembled.inventory.hosts() {
        collect(&view.variables(host.name())?, false, &mut secrets);
    }
    collect(&assembled.options.extra_vars, false, &mut secrets);
    for play in assembled.playbooks.iter().flat_map(|playbook| &playbook.plays) {
        collect(&play.vars, false, &mut secrets);
        for role in &play.roles {
            [&role.defaults, &role.vars, &role.params].into_iter().for_each(|vars| collect(vars, false, &mut secrets));
        }
    }
    Ok(secrets)
}

/// The texts in a mapping that stand under the name of a secret, or all of them.
fn collect(vars: &Map, all: bool, secrets: &mut Vec<String>) {
    for (key, value) in vars.iter() {
        texts(value, all || key.as_str().is_some_and(names_secret), secrets);
    }
}

fn texts(value: &Value, is_secret: bool, secrets: &mut Vec<String>) {
    match value {
        Value::String(_) | Value::Int(_) | Value::Float(_) if is_secret => secrets.push(value.to_string()),
        Value::List(items) => items.iter().for_each(|item| texts(item, is_secret, secrets)),
        Value::Map(map) => collect(map, is_secret, secrets),
        _ => {}
    }
}

/// What is secret in a text that was decrypted: of a file of variables the values, else all of it.
fn opened_secrets(opened: &[u8], secrets: &mut Vec<String>) {
    let text = String::from_utf8_lossy(opened);
    match yaml::load(&Source::new("<vault>", &*text)).map(|document| document.root.map(|root| root.to_value())) {
        Ok(Some(Value::Map(vars))) => collect(&vars, true, secrets),
        _ => secrets.push(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets_in(opened: &str) -> Vec<String> {
        let mut secrets = Vec::new();
        opened_secrets(opened.as_bytes(), &mut secrets);
        secrets
    }

    #[test]
    fn of_a_file_of_variables_each_value_is_a_secret_and_of_other_text_all_of_it() {
        assert_eq!(secrets_in("---\na: one\nb: [two, {c: three}]\nd: 4\n"), ["one", "two", "three", "4"]);
        assert_eq!(secrets_in("just text"), ["just text"]);
    }

    #[test]
    fn only_names_of_secrets_make_texts_of_variables_secret() {
        let vars = Map::from([
            ("ansible_ssh_pass", Value::from("p1")),
            ("port", Value::from("p2")),
            ("db", Value::from(Map::from([("api_token", "p3"), ("user", "p4")]))),
        ]);
        let mut secrets = Vec::new();
        collect(&vars, false, &mut secrets);
        assert_eq!(secrets, ["p1", "p3"]);
    }
}
