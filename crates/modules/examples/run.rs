//! Runs one module on this machine and prints its result: `run NAME 'JSON ARGUMENTS' [--check] [--diff]`.

use ksplay_modules::{Probe, RunOptions, run};
use ksplay_value::text::{JsonStyle, from_json, to_json};
use ksplay_value::{Map, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (flags, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.starts_with("--"));
    let name = words.first().ok_or("which module?")?;
    let args = match words.get(1) {
        Some(text) => from_json(text)?.as_map().cloned().ok_or("the arguments are no mapping")?,
        None => Map::new(),
    };
    let has = |flag: &str| flags.iter().any(|other| other == flag);
    let options = RunOptions { check: has("--check"), diff: has("--diff"), ..RunOptions::default() };
    let result = run(name, &args, &options, Probe::default());
    println!("{}", to_json(&Value::from(result), &JsonStyle::indented(4))?);
    Ok(())
}
