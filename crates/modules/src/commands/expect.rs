//! `expect`: runs a program that asks, and answers it.

use std::time::{Duration, Instant};

use fancy_regex::Regex;
use ksplay_value::{Map, Value};

use super::command::{insert_text, insert_times};
use crate::arguments::Opt;
use crate::system::{Calendar, Heard, check_folder};
use crate::text::{regex, words};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`ExpectArgs`].
pub struct Expect;

arguments! {
    /// Runs a program on a terminal and answers what it asks.
    pub struct ExpectArgs {
        /// The directory it runs in.
        chdir: Option<String> = Opt::path(),
        /// The program and its arguments; no shell is between.
        command: String = Opt::str().required(),
        /// A file that makes the task a no-op when it is there.
        creates: Option<String> = Opt::path(),
        /// Whether the answers stand among the output.
        echo: bool = Opt::bool().default("false"),
        /// A file that makes the task a no-op when it is not there.
        removes: Option<String> = Opt::path(),
        /// For the pattern of each question the answer, or a list of answers to be given in turn.
        responses: Map = Opt::dict().required(),
        /// How many seconds are waited for a question; null for ever.
        timeout: Value = Opt::raw().default("30"),
    }
}

/// A question and its answers.
#[derive(Debug)]
struct Question {
    pattern: Regex,
    text: String,
    answers: Answers,
}

#[derive(Debug)]
enum Answers {
    Always(String),
    InTurn(std::collections::VecDeque<String>),
}

/// What is run, and what is answered.
#[derive(Debug)]
pub struct ExpectPlan {
    spec: CommandSpec,
    shown: String,
    echo: bool,
    questions: Vec<Question>,
    timeout: Option<Duration>,
}

/// How much of what was said last is searched.
const WINDOW: usize = 2000;

impl Module for Expect {
    type Args = ExpectArgs;
    type Plan = ExpectPlan;

    fn inspect(args: &ExpectArgs, system: &Probe) -> Result<Inspection<ExpectPlan>, Failure> {
        if args.command.trim().is_empty() {
            return Err(Failure::new("no command given").with("rc", 256));
        }
        let timeout = seconds(&args.timeout)?;
        let questions = args.responses.iter().map(question).collect::<Result<_, _>>()?;
        if let Some(folder) = &args.chdir {
            check_folder(system, folder)?;
        }
        let there =
            |path: &String| system.exists(&std::path::Path::new(args.chdir.as_deref().unwrap_or(".")).join(path));
        let skipped = match (&args.creates, &args.removes) {
            (Some(path), _) if there(path) => Some(format!("skipped, since {path} exists")),
            (_, Some(path)) if !there(path) => Some(format!("skipped, since {path} does not exist")),
            _ => None,
        };
        if let Some(said) = skipped {
            let values =
                Map::from([("cmd", Value::from(args.command.as_str())), ("stdout", said.into()), ("rc", 0.into())]);
            return Ok(Inspection::nothing_to_do(Outcome { values, ..Outcome::default() }));
        }
        let mut spec = CommandSpec::new(words::split(&args.command).map_err(Failure::new)?);
        spec.chdir.clone_from(&args.chdir);
        let plan = ExpectPlan { spec, shown: args.command.clone(), echo: args.echo, questions, timeout };
        Ok(Inspection::only_for_real("expect", plan))
    }

    fn apply(mut plan: ExpectPlan, _: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let (start, begin) = (Calendar::now(), Instant::now());
        let mut said = Vec::new();
        let rc = talk(&mut plan, &mut said, system)?;
        let mut values = Map::from([("cmd", plan.shown.as_str())]);
        insert_text(&mut values, "stdout", String::from_utf8_lossy(&said).trim_end_matches(['\r', '\n']));
        values.insert("rc", rc.map_or(Value::Null, Value::from));
        insert_times(&mut values, &start, begin);
        let failed = match rc {
            Some(0) => None,
            Some(_) => Some("non-zero return code"),
            None => Some("command exceeded timeout"),
        };
        match failed {
            None => Ok(Outcome { changed: true, values, ..Outcome::default() }),
            Some(message) => {
                values.insert("changed", true);
                Err(Failure { message: message.into(), values })
            }
        }
    }
}

fn seconds(timeout: &Value) -> Result<Option<Duration>, Failure> {
    let text = timeout.to_string();
    match timeout {
        Value::Null => Ok(None),
        _ => match text.trim().parse::<u64>() {
            Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
            Err(_) => Err(Failure::new(format!(
                "argument 'timeout' is of type {} and we were unable to convert to int: \"{}\" cannot be converted to an int",
                timeout.type_name(),
                ksplay_value::text::repr(timeout)
            ))),
        },
    }
}

fn question((key, answer): (&ksplay_value::Key, &Value)) -> Result<Question, Failure> {
    let text = key.as_value().to_string();
    let line = |value: &Value| format!("{}\n", value.to_string().trim_end_matches('\n'));
    let answers = match answer.as_list() {
        Some(answers) => Answers::InTurn(answers.iter().map(line).collect()),
        None => Answers::Always(line(answer)),
    };
    Ok(Question { pattern: regex::compile(&text, "")?, text, answers })
}

/// Answers until the program ends; its code, or nothing when its time was over.
fn talk(plan: &mut ExpectPlan, said: &mut Vec<u8>, system: &mut System) -> Result<Option<i32>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot talk to `{}`: {error}", plan.shown));
    let mut conversation = system.converse(&plan.spec, plan.echo).map_err(|_| {
        let program = plan.spec.argv.first().map(String::as_str).unwrap_or_default();
        Failure::new(format!("The command was not found or was not executable: {program}.")).missing()
    })?;
    let mut answered = 0;
    let mut asked = Instant::now();
    loop {
        let left = plan.timeout.map(|timeout| timeout.saturating_sub(asked.elapsed()));
        match conversation.hear(left).map_err(failed)? {
            Heard::Words(words) => said.extend(words),
            Heard::Silence => return Ok(None),
            // Like a timeout to Ansible, which has no code then.
            Heard::End(rc) => return Ok((rc >= 0).then_some(rc)),
        }
        loop {
            let from = answered.max(said.len().saturating_sub(WINDOW));
            let text = String::from_utf8_lossy(&said[from..]).into_owned();
            let hits = plan.questions.iter_mut().filter_map(|question| {
                let found = question.pattern.find(&text).ok().flatten()?;
                Some((found.start(), found.end(), question))
            });
            let Some((_, end, question)) = hits.min_by_key(|(start, ..)| *start) else { break };
            let answer = match &mut question.answers {
                Answers::Always(answer) => answer.clone(),
                Answers::InTurn(answers) => answers.pop_front().ok_or_else(|| {
                    let output = ksplay_value::Object::repr(&ksplay_value::Bytes(text.as_bytes()[..end].to_vec()));
                    Failure::new(format!("No remaining responses for '{}', output was '{output}'", question.text))
                })?,
            };
            conversation.say(answer.as_bytes()).map_err(failed)?;
            // The place in the bytes, where some may not be text.
            answered = if text.len() == said.len() - from { from + end } else { said.len() };
            asked = Instant::now();
            if end == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunOptions, run};

    fn call(args: &str, check: bool) -> Map {
        let args = ksplay_value::text::from_json(args).unwrap();
        run("expect", args.as_map().unwrap(), &RunOptions { check, ..RunOptions::default() }, Probe::default())
    }

    fn said(result: &Map) -> [String; 3] {
        ["rc", "stdout", "msg"].map(|name| result.get(name).map(ToString::to_string).unwrap_or_default())
    }

    const ASK: &str =
        r#"bash -c 'read -p \"Name: \" n; read -s -p \"Password for $n: \" p; echo; echo got $n/$p; exit $0'"#;

    #[test]
    fn questions_are_answered_and_answers_are_shown_when_asked() {
        let args = |more: &str, code: u8| {
            format!(r#"{{"command":"{ASK} {code}","responses":{{"Name":"ann","(?i)password":"secret"}}{more}}}"#)
        };
        assert_eq!(said(&call(&args("", 0), false)), ["0", "Name: Password for ann: \r\ngot ann/secret", ""]);
        let echoed = said(&call(&args(r#","echo":true"#, 0), false));
        assert_eq!(echoed, ["0", "Name: ann\r\nPassword for ann: \r\ngot ann/secret", ""]);
        let failed = call(&args("", 3), false);
        assert_eq!(said(&failed)[0], "3");
        assert_eq!(said(&failed)[2], "non-zero return code");
        assert_eq!(call(&args("", 0), true).get("skipped"), Some(&Value::Bool(true)));
    }

    #[test]
    fn answers_of_a_list_are_given_in_turn() {
        let args = |answers: &str| {
            let command = r#"bash -c 'for i in 1 2 3; do read -p \"Q: \" a; echo a=$a; done'"#;
            format!(r#"{{"command":"{command}","responses":{{"Q:":{answers}}}}}"#)
        };
        let all = said(&call(&args(r#"["x","y","z"]"#), false));
        assert_eq!(all, ["0", "Q: a=x\r\nQ: a=y\r\nQ: a=z", ""]);
        let few = said(&call(&args(r#"["x","y"]"#), false));
        assert_eq!(few[2], r"No remaining responses for 'Q:', output was 'b' a=y\r\nQ:''");
    }

    #[test]
    fn a_program_that_is_not_answered_is_ended() {
        let result = call(r#"{"command":"cat","responses":{"Q":"w"},"timeout":0}"#, false);
        assert_eq!(said(&result), ["None", "", "command exceeded timeout"]);
        let result = call(r#"{"command":"no-such-program","responses":{"Q":"w"}}"#, false);
        assert_eq!(said(&result)[2], "The command was not found or was not executable: no-such-program.");
    }

    #[test]
    fn nothing_is_run_when_the_file_is_there() {
        let result = call(r#"{"command":"false","responses":{},"creates":"/"}"#, false);
        assert_eq!(said(&result), ["0", "skipped, since / exists", ""]);
    }
}
