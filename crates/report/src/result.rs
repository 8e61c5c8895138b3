//! What of a result is shown, and in which form.

use ksplay_engine::TaskInfo;
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::yaml::{self, Blocks, EmitOptions};
use ksplay_value::{Map, Value};

use crate::options::{Options, ResultFormat};

/// The verbosity that shows what is otherwise hidden, over several lines.
const ALL: u8 = 3;

/// The action's name without the collection that is Ansible's own.
pub(crate) fn action(task: &TaskInfo) -> &str {
    let name = &*task.action;
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// Whether the result was hidden by `no_log`.
pub(crate) fn is_censored(result: &Map) -> bool {
    result.contains_key("censored")
}

/// The result without what is only of use to the machinery.
pub(crate) fn shown(result: &Map, verbosity: u8) -> Map {
    let mut shown = result.clone();
    shown.retain(|key, _| {
        key.as_str().is_none_or(|key| match key {
            "exception" | "failed" | "skipped" | "warnings" | "deprecations" => false,
            "invocation" | "diff" => verbosity >= ALL,
            _ => !key.starts_with("_ansible_"),
        })
    });
    shown
}

/// What is [`shown`] of the result, in the format of the options; YAML begins on a line of its own.
pub(crate) fn dump(result: &Map, options: &Options, several_lines: bool) -> String {
    let mut shown = shown(result, options.verbosity);
    let several_lines = several_lines || options.verbosity >= ALL;
    match options.results {
        ResultFormat::Json => json(shown, several_lines),
        ResultFormat::PrettyJson => json(shown, true),
        ResultFormat::Yaml => block(shown, "    ", &yaml_style(2, Blocks::Lines)),
        ResultFormat::PrettyYaml => {
            omit_lines(&mut shown);
            block(shown, "    ", &yaml_style(4, Blocks::Readable))
        }
        ResultFormat::CommunityYaml => community_yaml(shown),
        ResultFormat::Debug => with_texts(shown),
    }
}

/// The result as JSON.
pub(crate) fn json(shown: Map, several_lines: bool) -> String {
    written(shown, &if several_lines { JsonStyle::result() } else { JsonStyle::result_line() })
}

/// The mapping as JSON of this style; what JSON has no form for, as text.
pub(crate) fn written(map: Map, style: &JsonStyle) -> String {
    let value = Value::from(map);
    to_json(&value, style).unwrap_or_else(|_| value.to_string())
}

/// What the user wants to be known of a run (`set_stats`), on one line.
pub(crate) fn stats_line(stats: Map, format: ResultFormat) -> String {
    let text = match format {
        ResultFormat::Yaml => block(stats, " ", &yaml_style(2, Blocks::Lines)),
        ResultFormat::PrettyYaml | ResultFormat::CommunityYaml => block(stats, " ", &yaml_style(2, Blocks::Readable)),
        ResultFormat::Json | ResultFormat::PrettyJson | ResultFormat::Debug => {
            written(stats, &JsonStyle { indent: Some(" ".to_owned()), ..JsonStyle::result() })
        }
    };
    text.replace('\n', "")
}

fn yaml_style(indent: i32, blocks: Blocks) -> EmitOptions {
    EmitOptions { default_flow_style: Some(false), indent: Some(indent), blocks, ..EmitOptions::default() }
}

/// The result as YAML below the line that it belongs to; blank lines stay empty.
fn block(shown: Map, margin: &str, style: &EmitOptions) -> String {
    let value = Value::from(shown);
    let text = yaml::emit(&value, style).unwrap_or_else(|_| value.to_string());
    let mut block = String::new();
    for line in text.trim_end_matches('\n').split('\n') {
        block.push('\n');
        if !line.trim().is_empty() {
            block.push_str(margin);
            block.push_str(line);
        }
    }
    block
}

/// Leaves out of the result the lines of what stands in it as one text.
fn omit_lines(shown: &mut Map) {
    for (text, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if shown.contains_key(text) && shown.contains_key(lines) {
            shown.insert(lines, "<omitted>");
        }
    }
}

/// Whether something changed stands on the line before, and all lines are indented alike.
fn community_yaml(mut shown: Map) -> String {
    if is_censored(&shown) {
        let told = "The output has been hidden due to the fact that 'no_log: true' was specified for this result";
        return json(Map::from([("censored", told)]), false);
    }
    omit_lines(&mut shown);
    let mut text = match shown.remove("changed") {
        Some(changed) => format!("changed={} ", changed.to_string().to_lowercase()),
        None => String::new(),
    };
    if !shown.is_empty() {
        let style = EmitOptions { width: Some(-1), ..yaml_style(2, Blocks::Readable) };
        let value = Value::from(shown);
        let yaml = yaml::emit(&value, &style).unwrap_or_else(|_| value.to_string());
        for line in yaml.trim_end_matches('\n').split('\n') {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    text
}

/// The texts that tell most, written as they are below the rest.
fn with_texts(mut shown: Map) -> String {
    let mut texts = String::new();
    for key in ["stdout_lines", "stderr_lines"] {
        shown.remove(key);
    }
    for key in ["stdout", "stderr", "msg", "module_stdout", "module_stderr"] {
        if let Some(value) = shown.remove(key).filter(Value::is_true) {
            texts.push_str(&format!("\n\n{}:\n\n{value}\n", key.to_uppercase()));
        }
    }
    let text = json(shown, true) + &texts;
    text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
}

/// The result as the end of a task or an item shows it: of `debug`, only what was asked for.
pub(crate) fn cleaned(task: &TaskInfo, result: &Map) -> Map {
    let mut result = result.clone();
    if action(task) == "debug" {
        let message = result.contains_key("msg");
        result.retain(|key, _| {
            key.as_str().is_none_or(|key| {
                if message {
                    matches!(key, "msg" | "exception")
                } else {
                    !matches!(key, "changed" | "failed" | "skipped" | "skip_reason" | "invocation" | "ansible_loop_var")
                }
            })
        });
    }
    result
}
