//! Modules in other languages (`library/`): a file of the controller that answers with JSON.

use std::io::Read;
use std::path::Path;

use ksplay_value::text::from_json;
use ksplay_value::{Map, Value};

use crate::{CommandOutput, CommandSpec, Failure, NewFile, Probe, RunOptions, System};

/// What a run of such a module is called; no task can name it. The module's file is the payload. Of the arguments, `name`
/// is the name of the file, `interpreter` the words before it (none for a program), and `arguments`, when it is there,
/// the text of the file that the module gets its arguments in.
pub const CUSTOM: &str = "module in another language";

/// Runs the module.
pub(crate) fn run(args: &Map, options: &RunOptions, mut probe: Probe) -> Map {
    probe.environment.clone_from(&options.environment);
    let interpreter = words(args.get("interpreter"));
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let output = execute(text("name").unwrap_or("module"), &interpreter, text("arguments"), &mut System::new(probe));
    match output {
        Ok(output) => answer(&output),
        Err(Failure { message, values }) => {
            let mut result = values;
            // The interpreter is what the user can do something about.
            let missing =
                result.get("rc").and_then(Value::as_int) == Some(i64::from(libc::ENOENT)) && !interpreter.is_empty();
            if missing {
                result = unusable(
                    &CommandOutput { rc: 127, stderr: message.clone().into_bytes(), ..CommandOutput::default() },
                    format!("The module interpreter '{}' was not found.", interpreter.join(" ")),
                );
            } else {
                result.insert("msg", message);
            }
            result.insert("failed", true);
            result.insert("changed", false);
            result
        }
    }
}

fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(words)) => words.iter().map(Value::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Puts the files into a folder that only this user can enter, and runs the module there.
fn execute(
    name: &str,
    interpreter: &[String],
    arguments: Option<&str>,
    system: &mut System,
) -> Result<CommandOutput, Failure> {
    let payload = system.payload.clone().ok_or_else(|| Failure::new("the module did not come with the task"))?;
    let cannot = |error: std::io::Error| Failure::new(format!("cannot write the module: {error}"));
    let folder = system.temp_dir().map_err(cannot)?;
    let mut write = |name: &str, content: &mut dyn Read, mode: u32| {
        let path = folder.path().join(Path::new(name).file_name().unwrap_or("module".as_ref()));
        let wanted = NewFile { mode: Some(mode), ..NewFile::default() };
        system.write_atomic(&path, content, &wanted).map(|()| path.to_string_lossy().into_owned()).map_err(cannot)
    };
    let module = write(name, &mut payload.open().map_err(cannot)?, 0o700)?;
    let mut argv = interpreter.to_vec();
    argv.push(module);
    if let Some(text) = arguments {
        argv.push(write(&format!("{name}.arguments"), &mut text.as_bytes(), 0o600)?);
    }
    system.run(&CommandSpec::new(argv))
}

/// The result in what the module said. As in Ansible, lines around the JSON do not matter.
fn answer(output: &CommandOutput) -> Map {
    let said = output.stdout_text();
    let lines: Vec<&str> = said.lines().collect();
    let Some(start) = lines.iter().position(|line| line.trim_start().starts_with('{')) else {
        return unusable(output, "Module result deserialization failed: No start of json char found".into());
    };
    let end = lines.iter().rposition(|line| line.trim_end().ends_with('}')).filter(|end| *end >= start);
    let Some(end) = end else {
        return unusable(output, "Module result deserialization failed: No end of json char found".into());
    };
    let mut result = match from_json(&lines[start..=end].join("\n")) {
        Ok(Value::Map(result)) => public(&result),
        Ok(_) => return unusable(output, "Module result deserialization failed: it is no object".into()),
        Err(error) => return unusable(output, format!("Module result deserialization failed: {error}")),
    };
    let junk = lines[end + 1..].join("\n");
    if !junk.trim().is_empty() {
        let warning = Value::from(format!("Module invocation had junk after the JSON data: {}", junk.trim()));
        let given = match result.get("warnings") {
            Some(Value::List(given)) => given.to_vec(),
            _ => Vec::new(),
        };
        result.insert("warnings", given.into_iter().chain([warning]).collect::<Value>());
    }
    result
}

/// The result without what only the engine says to modules.
fn public(map: &Map) -> Map {
    let kept = map.iter().filter(|(key, _)| !key.as_str().is_some_and(|name| name.starts_with("_ansible_")));
    kept.map(|(key, value)| {
        let value = match value {
            Value::Map(inner) => public(inner).into(),
            other => other.clone(),
        };
        (key.clone(), value)
    })
    .collect()
}

fn unusable(output: &CommandOutput, message: String) -> Map {
    Map::from([
        ("failed", Value::Bool(true)),
        ("changed", Value::Bool(false)),
        ("msg", Value::from(message)),
        ("module_stdout", Value::from(output.stdout_text())),
        ("module_stderr", Value::from(output.stderr_text())),
        ("rc", Value::from(output.rc)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Map {
        answer(&CommandOutput { rc: 4, stdout: stdout.into(), stderr: b"err".to_vec(), timed_out: false })
    }

    #[test]
    fn lines_around_the_answer_do_not_matter() {
        let result = said("before\n{\"x\": {\"_ansible_y\": 1,\n \"z\": 2}}\nafter\n");
        assert_eq!(result.get("x"), Some(&Map::from([("z", 2)]).into()));
        let warnings = result.get("warnings").unwrap().to_string();
        assert_eq!(warnings, "['Module invocation had junk after the JSON data: after']");
    }

    #[test]
    fn what_is_no_answer_is_shown() {
        for text in ["oh no\n", "", "{\"x\":\n", "{\"x\"}"] {
            let result = said(text);
            assert_eq!(result.get("module_stdout"), Some(&text.into()), "{text}");
            assert_eq!((result.get("failed"), result.get("rc")), (Some(&true.into()), Some(&4.into())), "{text}");
        }
    }

    #[test]
    fn a_module_gets_a_file_that_is_gone_afterwards() {
        struct File(&'static str);
        impl crate::Payload for File {
            fn size(&self) -> u64 {
                self.0.len() as u64
            }
            fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
                Ok(Box::new(self.0.as_bytes()))
            }
        }
        let script =
            "#!/bin/sh\necho \"{\\\"mode\\\": $(stat -c %a $1), \\\"text\\\": $(cat $1), \\\"at\\\": \\\"$1\\\"}\"";
        let probe = Probe { payload: Some(std::sync::Arc::new(File(script))), ..Probe::default() };
        let args = Map::from([("name", "own.sh"), ("arguments", "7")]);
        let result = run(&args, &RunOptions::default(), probe);
        assert_eq!((result.get("mode"), result.get("text")), (Some(&600.into()), Some(&7.into())), "{result:?}");
        assert!(!Path::new(result.get("at").unwrap().as_str().unwrap()).exists());
    }
}
