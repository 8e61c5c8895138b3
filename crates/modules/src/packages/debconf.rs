//! `debconf`: answers to the questions that Debian packages ask.

use ksplay_value::{Map, Value};

use super::settings::joined;
use crate::arguments::Opt;
use crate::{CommandSpec, Diff, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`DebconfArgs`].
pub struct Debconf;

arguments! {
    /// Answers a question that a Debian package asks before it does, or tells the answers.
    pub struct DebconfArgs {
        /// The package.
        name: String = Opt::str().required().aliases(&["pkg"]),
        /// The question.
        question: Option<String> = Opt::str().aliases(&["selection", "setting"]),
        /// The type of the question.
        vtype: Option<String> = Opt::str().choices(&[
            "boolean", "error", "multiselect", "note", "password", "seen", "select", "string", "text", "title",
        ]),
        /// The answer; of a `multiselect` it may be a list.
        value: Value = Opt::raw().aliases(&["answer"]),
        /// Whether the question still counts as not asked.
        unseen: bool = Opt::bool().default("false"),
    }
    rules { required_together: &[&["question", "vtype", "value"]] }
}

/// The line for `debconf-set-selections`.
#[derive(Debug)]
pub struct DebconfPlan {
    line: String,
    unseen: bool,
}

impl Module for Debconf {
    type Args = DebconfArgs;
    type Plan = DebconfPlan;

    fn inspect(args: &DebconfArgs, system: &Probe) -> Result<Inspection<DebconfPlan>, Failure> {
        let command = CommandSpec::new(["debconf-show", &args.name]).parsable();
        let shown = system.query(&command)?.checked(&command)?.stdout_text();
        let mut answers = Map::new();
        let mut seen = "false";
        for (flag, question, answer) in shown.lines().filter_map(parsed) {
            if flag && args.question.as_deref() == Some(question) {
                seen = "true";
            }
            answers.insert(question, answer);
        }
        let mut outcome = Outcome::default();
        outcome.values.insert("msg", "");
        let (Some(question), Some(kind)) = (&args.question, args.vtype.as_deref()) else {
            outcome.values.insert("current", answers);
            return Ok(Inspection::nothing_to_do(outcome));
        };
        let wanted = wanted(args, kind)?;
        let old = answers.get(question.as_str()).map(Value::to_string);
        let is_answered = match kind {
            // What `debconf-show` says of passwords is that there is one.
            "password" if old.is_some() => password(&args.name, question, system)? == wanted,
            "seen" => seen == wanted,
            "multiselect" if matches!(args.value, Value::List(_)) => old.as_deref().map(items) == Some(items(&wanted)),
            _ => old.as_ref() == Some(&wanted),
        };
        if is_answered {
            outcome.values.insert("current", answers);
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let previous = match old {
            Some(old) => Map::from([(question.as_str(), old)]),
            None => {
                answers.insert(question.as_str(), "");
                answers
            }
        };
        let shown = if kind == "password" { "(password omitted)" } else { wanted.as_str() };
        if system.diff {
            let mut after = previous.clone();
            after.insert(question.as_str(), shown);
            outcome.diff = Diff { before: previous.clone().into(), after: after.into(), ..Diff::default() }.into();
        }
        outcome.values.insert("current", Map::from([(question.as_str(), shown)]));
        outcome.values.insert("previous", previous);
        let line = format!("{} {question} {kind} {wanted}\n", args.name);
        Ok(Inspection::change(outcome, DebconfPlan { line, unseen: args.unseen }))
    }

    fn apply(plan: DebconfPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let unseen = plan.unseen.then_some("-u");
        let command = CommandSpec::new(["debconf-set-selections"].into_iter().chain(unseen)).parsable();
        system.run(&command.clone().secret_stdin(plan.line))?.checked(&command)?;
        Ok(predicted)
    }
}

/// A line of `debconf-show`: whether the question was seen, the question and its answer.
fn parsed(line: &str) -> Option<(bool, &str, &str)> {
    let text = line.trim_start_matches(['*', ' ']);
    let (question, answer) = text.split_once(':')?;
    Some((line.starts_with('*'), question, answer.trim()))
}

/// The answer as debconf keeps it.
fn wanted(args: &DebconfArgs, kind: &str) -> Result<String, Failure> {
    let text = match (&args.value, kind) {
        (Value::Bool(on), _) => on.to_string(),
        (Value::List(_), "multiselect") => joined(&args.value, ", "),
        (Value::List(_) | Value::Map(_), _) => {
            return Err(Failure::new(format!("the value of a question of the type {kind} is one text")));
        }
        (value, "boolean") => match value.to_string() {
            word if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") => word.to_lowercase(),
            word => word,
        },
        (value, _) => value.to_string(),
    };
    match text.contains('\n') {
        true => Err(Failure::new("an answer of several lines cannot be given to debconf: write `\\n` in it")),
        false => Ok(text),
    }
}

fn items(text: &str) -> Vec<&str> {
    let mut items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    items.sort_unstable();
    items
}

fn password(package: &str, question: &str, system: &Probe) -> Result<String, Failure> {
    let command = CommandSpec::new(["debconf-communicate", package]).parsable();
    let said = system.query(&command.stdin(format!("GET {question}\n")))?.stdout_text();
    Ok(said.trim_end_matches('\n').strip_prefix("0 ").unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_debconf_show_is_a_question_and_its_answer() {
        assert_eq!(parsed("* tzdata/Areas: Etc"), Some((true, "tzdata/Areas", "Etc")));
        assert_eq!(parsed("  tzdata/Zones/Asia:"), Some((false, "tzdata/Zones/Asia", "")));
    }

    #[test]
    fn an_answer_is_given_once() {
        // The programs are stand-ins that keep what they are told: `debconf` itself is of the whole machine.
        let folder = tempfile::tempdir().unwrap();
        let answers = folder.path().join("answers").display().to_string();
        for (name, text) in [
            ("debconf-show", format!("cat {answers} 2>/dev/null; true")),
            ("debconf-set-selections", format!("read p q t v; echo \"* $q: $v\" >> {answers}")),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let run = |check| {
            let options =
                crate::RunOptions { check, environment: vec![("PATH".into(), path.clone())], ..Default::default() };
            let args = [("name", "p"), ("question", "p/q"), ("vtype", "boolean"), ("value", "True")];
            let args: Map = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
            crate::run("debconf", &args, &options, Probe::default())
        };
        for (check, changed) in [(true, true), (false, true), (false, false)] {
            let result = run(check);
            assert_eq!(result.get("changed"), Some(&Value::Bool(changed)), "{result:?}");
            assert_eq!(result.get("current"), Some(&Map::from([("p/q", "true")]).into()));
        }
    }

    #[test]
    fn the_order_of_several_answers_does_not_matter() {
        assert_eq!(items("b, a"), items("a,b"));
    }
}
