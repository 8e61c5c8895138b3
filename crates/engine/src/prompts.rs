//! Asking the user: `vars_prompt`.

use std::io;
use std::sync::Arc;

use ksplay_playbook::{Play, VarsPrompt};
use ksplay_template::Templar;
use ksplay_value::{Map, Template, TemplateKind, Value, has_markers};
use tokio::sync::watch;

use crate::event::Event;
use crate::failure::TaskFailure;
use crate::run::{Layers, Shared};

/// Somebody who can be asked.
pub trait Prompter: Send + Sync {
    /// Whether there is anybody.
    fn is_there(&self) -> bool;

    /// Shows the question and reads a line, without its end; what is typed is not shown when it is `hidden`. Blocks.
    ///
    /// # Errors
    ///
    /// If nothing can be read any more.
    fn ask(&self, question: &str, hidden: bool) -> io::Result<String>;

    /// The answer is not waited for any more: makes the terminal what it was.
    fn give_up(&self);
}

/// Nobody can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Prompter for Nobody {
    fn is_there(&self) -> bool {
        false
    }

    fn ask(&self, _question: &str, _hidden: bool) -> io::Result<String> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn give_up(&self) {}
}

/// The play with what the user answers to its `vars_prompt`; `None` when the user ends the run instead.
pub(crate) async fn answered(
    play: &Arc<Play>,
    shared: &Arc<Shared>,
    interrupt: &mut watch::Receiver<bool>,
) -> Result<Option<Arc<Play>>, TaskFailure> {
    let mut play = Arc::clone(play);
    for index in 0..play.vars_prompt.len() {
        let prompt = &play.vars_prompt[index];
        if shared.extra_vars.contains_key(&prompt.name) {
            continue;
        }
        let Some(answer) = answer(prompt, &play, shared, interrupt).await? else { return Ok(None) };
        let name = prompt.name.clone();
        let play = Arc::make_mut(&mut play);
        play.vars.insert(&*name, answer.clone());
        Arc::make_mut(&mut play.known_vars).insert(&*name, answer);
    }
    Ok(Some(play))
}

async fn answer(
    prompt: &VarsPrompt,
    play: &Play,
    shared: &Arc<Shared>,
    interrupt: &mut watch::Receiver<bool>,
) -> Result<Option<Value>, TaskFailure> {
    let (question, default) = {
        let vars = Layers::of_play(shared, play);
        let templar = Templar::new(&shared.environment, &vars);
        let text = |value: &Option<Value>| match value {
            Some(value) => templar.resolve(value).map(|value| Some(value.to_string())),
            None => Ok(None),
        };
        (text(&prompt.prompt)?.unwrap_or_else(|| prompt.name.to_string()), text(&prompt.default)?)
    };
    let question = match &default {
        Some(default) => format!("{question} [{default}]: "),
        None => format!("{question}: "),
    };
    let typed = if shared.prompter.is_there() {
        let Some(typed) = typed(prompt, &question, shared, interrupt).await? else { return Ok(None) };
        Some(typed)
    } else {
        shared.emit(Event::Warning("Not prompting as we are not in interactive mode".into()));
        None
    };
    let typed = typed.filter(|typed| !typed.is_empty() || default.is_none());
    if prompt.encrypt.is_some() {
        let plain = typed.or(default).unwrap_or_default();
        return encrypted(prompt, plain, shared).map(Some);
    }
    Ok(Some(match (typed, &prompt.default) {
        (Some(typed), _) => trusted(typed, prompt.unsafe_),
        (None, Some(template @ Value::Template(_))) if !prompt.unsafe_ => template.clone(),
        // As in Ansible, the answer that nobody gave is a word.
        (None, _) => Value::from(default.unwrap_or_else(|| "None".into())),
    }))
}

/// What the user types, the same twice where it has to be confirmed.
async fn typed(
    prompt: &VarsPrompt,
    question: &str,
    shared: &Arc<Shared>,
    interrupt: &mut watch::Receiver<bool>,
) -> Result<Option<String>, TaskFailure> {
    loop {
        let Some(typed) = ask(shared, interrupt, question.to_owned(), prompt.private).await? else { return Ok(None) };
        if !prompt.confirm {
            return Ok(Some(typed));
        }
        let again = ask(shared, interrupt, format!("confirm {question}"), prompt.private).await?;
        let Some(again) = again else { return Ok(None) };
        if typed == again {
            return Ok(Some(typed));
        }
        shared.emit(Event::Notice("***** VALUES ENTERED DO NOT MATCH ****".into()));
    }
}

/// Asks, once all that has happened is told; `None` when the user ends the run, by Ctrl-C or the end of the input.
pub(crate) async fn ask(
    shared: &Arc<Shared>,
    interrupt: &mut watch::Receiver<bool>,
    question: String,
    hidden: bool,
) -> Result<Option<String>, TaskFailure> {
    shared.settle().await;
    let prompter = Arc::clone(&shared.prompter);
    let asking = tokio::task::spawn_blocking(move || prompter.ask(&question, hidden));
    tokio::select! {
        answer = asking => match answer.map_err(io::Error::other).flatten() {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(TaskFailure::new(format!("the terminal cannot be asked: {error}"))),
        },
        _ = interrupt.wait_for(|interrupted| *interrupted) => {
            shared.prompter.give_up();
            Ok(None)
        }
    }
}

/// What was typed; as in Ansible a template, unless that is ruled out.
fn trusted(text: String, is_data: bool) -> Value {
    if is_data || !has_markers(&text) {
        return Value::from(text);
    }
    Template::new(TemplateKind::Jinja, text, None).into()
}

/// The hash of what was typed, by the filter that makes such hashes.
fn encrypted(prompt: &VarsPrompt, plain: String, shared: &Arc<Shared>) -> Result<Value, TaskFailure> {
    let null = || Value::Null;
    let vars = Map::from([
        ("plain", Value::from(plain)),
        ("method", prompt.encrypt.clone().unwrap_or_else(null)),
        ("salt", prompt.salt.clone().unwrap_or_else(null)),
        ("size", prompt.salt_size.clone().unwrap_or_else(null)),
    ]);
    let layers = Layers(vec![Arc::new(vars)]);
    let text = "plain | password_hash(method, salt=salt, salt_size=size)";
    let expression = format!("{{{{ {text} }}}}");
    let hash = Template::new(TemplateKind::Jinja, expression, None);
    Ok(Templar::new(&shared.environment, &layers).resolve(&hash.into())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_template_unless_that_is_ruled_out() {
        assert!(matches!(trusted("{{ x }}".into(), false), Value::Template(_)));
        assert_eq!(trusted("{{ x }}".into(), true), Value::from("{{ x }}"));
        assert_eq!(trusted("x".into(), false), Value::from("x"));
    }
}
