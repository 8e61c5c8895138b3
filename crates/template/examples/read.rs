//! Says of YAML files, templates and expressions in bulk how they read; `tests/collections/values` compares that with
//! PyYAML and Jinja2.
//!
//! Each line of standard input is one JSON object, and each is answered by one line: `{"yaml": PATH}` and
//! `{"document": TEXT}` by `{"repr": Python's text of the list of documents}`, `{"value": TEXT}`, `{"expression": TEXT}` and `{"file": TEXT}` by
//! `{}`; and any of them by `{"error": MESSAGE}`.

use std::error::Error;
use std::io::BufRead;

use ksplay_template::{FileOptions, syntax};
use ksplay_value::{Source, Value, text, yaml};
use serde_json::{Value as Json, json};

fn documents(text: &str) -> Result<String, String> {
    let source = Source::new("read.yml", text);
    let documents = yaml::load_all(&source).map_err(|error| error.to_string())?;
    let values = documents.iter().map(|document| document.root.as_ref().map(yaml::Node::to_data).unwrap_or_default());
    Ok(text::repr(&values.collect::<Value>()))
}

fn answer(case: &Json) -> Result<Json, String> {
    let (kind, text) = case.as_object().and_then(|case| case.iter().next()).ok_or("no case")?;
    let text = text.as_str().ok_or("not a text")?;
    let checked = match kind.as_str() {
        "yaml" => {
            let text = std::fs::read_to_string(text).map_err(|error| error.to_string())?;
            return documents(&text).map(|repr| json!({ "repr": repr }));
        }
        "document" => return documents(text).map(|repr| json!({ "repr": repr })),
        "value" => syntax::check_value(text),
        "expression" => syntax::check_expression(text),
        "file" => syntax::check_file(&Source::new("file.j2", text), &FileOptions::default()),
        other => return Err(format!("unknown kind {other}")),
    };
    checked.map(|()| json!({})).map_err(|error| error.message)
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let case = serde_json::from_str(&line?)?;
        println!("{}", answer(&case).unwrap_or_else(|error| json!({ "error": error })));
    }
    Ok(())
}
