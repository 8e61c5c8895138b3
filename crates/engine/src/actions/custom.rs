//! Modules in other languages: of `library/` folders and collections.

use std::path::Path;

use ksplay_modules::CUSTOM;
use ksplay_transport::{PayloadSource, quoted};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Map, Value};

use super::{ActionCall, failed_with};
use crate::connect::split_words;
use crate::failure::TaskFailure;

/// In a module's text, stands for its arguments.
const JSON_ARGS: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";

/// How a module gets its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// In a file of JSON; the module is a program and needs no interpreter.
    Binary,
    /// In its own text, as JSON.
    Within,
    /// In a file of JSON.
    Json,
    /// In a file of words `name=value`.
    Words,
    /// By Ansible's own library for Python, which is not there.
    Python,
    /// By Ansible's own library for PowerShell, which is not there either.
    PowerShell,
}

impl Style {
    /// The style of a module, by what is in its file.
    pub(super) fn of(name: &str, content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let has = |words: &str| text.contains(words);
        let is_text = |byte: &u8| matches!(byte, 7..=10 | 12 | 13 | 27 | 0x20..=0x7e | 0x80..);
        if !content.iter().take(1024).all(is_text) {
            Self::Binary
        } else if ["from ansible.module_utils", "import ansible.module_utils", "from ansible_collections."]
            .iter()
            .any(|words| has(words))
        {
            Self::Python
        } else if name.ends_with(".ps1") || has("#Requires -Module") || has("#AnsibleRequires") {
            Self::PowerShell
        } else if has(JSON_ARGS) {
            Self::Within
        } else if has("WANT_JSON") {
            Self::Json
        } else {
            Self::Words
        }
    }

    /// Whether it can be run here.
    pub(super) fn is_supported(self) -> bool {
        !matches!(self, Self::Python | Self::PowerShell)
    }
}

/// Sends the module and runs it; arguments travel in files that only its user can read.
pub(super) async fn run(
    call: &mut ActionCall<'_>,
    name: &str,
    file: &Path,
    content: Vec<u8>,
) -> Result<Map, TaskFailure> {
    let file_name = file.file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned());
    let style = Style::of(&file_name, &content);
    if !style.is_supported() {
        let library = if style == Style::Python { "ansible.module_utils" } else { "PowerShell" };
        let help = "Modules in any language that read their arguments themselves work: those with WANT_JSON, key=value files, programs.";
        return Err(TaskFailure {
            help: Some(help.into()),
            ..TaskFailure::new(format!(
                "the module '{name}' ({}) needs {library}, which is not there without Python",
                file.display()
            ))
        });
    }
    let args = call.args()?;
    let given = with_settings(call, name, args);
    let interpreter = match style {
        Style::Binary => Vec::new(),
        _ => interpreter(call, name, &content)?,
    };
    let json = || {
        to_json(&Value::from(given.clone()), &JsonStyle::default()).map_err(|error| TaskFailure::new(error.to_string()))
    };
    let (arguments, content) = match style {
        Style::Within => {
            let text = String::from_utf8_lossy(&content).replace(JSON_ARGS, &json()?);
            (None, text.into_bytes())
        }
        Style::Words => (Some(words(&given)), content),
        _ => (Some(json()?), content),
    };
    let mut args = Map::from([("name", Value::from(file_name)), ("interpreter", interpreter.into_iter().collect())]);
    if let Some(arguments) = arguments {
        args.insert("arguments", arguments);
    }
    let result = call.module(CUSTOM, args, Some(PayloadSource::Bytes(content.into()))).await?;
    // What is not the module's own answer is a failure of the action.
    if result.contains_key("module_stdout") && result.get("failed").is_some_and(Value::is_true) {
        return Err(failed_with(result));
    }
    Ok(result)
}

/// The arguments with what the engine tells every module.
fn with_settings(call: &ActionCall<'_>, name: &str, mut args: Map) -> Map {
    let options = &call.work.shared.options;
    let settings = [
        ("_ansible_check_mode", Value::Bool(call.check)),
        ("_ansible_no_log", Value::Bool(call.work.hides(call.scope))),
        ("_ansible_debug", Value::Bool(false)),
        ("_ansible_diff", Value::Bool(call.diff)),
        ("_ansible_verbosity", Value::from(u32::from(options.verbosity))),
        ("_ansible_version", Value::from(crate::ANSIBLE_VERSION)),
        ("_ansible_module_name", Value::from(name)),
        ("_ansible_syslog_facility", Value::from("LOG_USER")),
        ("_ansible_selinux_special_fs", Value::from_iter(["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"])),
        ("_ansible_socket", Value::Null),
        ("_ansible_shell_executable", Value::from("/bin/sh")),
        ("_ansible_keep_remote_files", Value::Bool(false)),
        ("_ansible_ignore_unknown_opts", Value::Bool(false)),
    ];
    args.extend(settings);
    args
}

/// The arguments as words that a shell understands.
fn words(args: &Map) -> String {
    let mut text = String::new();
    for (key, value) in args.iter() {
        let value = match value {
            Value::Null => "None".to_owned(),
            other => other.to_string(),
        };
        text.push_str(&format!("{}={} ", key.as_value(), quoted(&value)));
    }
    text
}

/// What the module's first line says, unless a variable `ansible_…_interpreter` says otherwise.
fn interpreter(call: &ActionCall<'_>, name: &str, content: &[u8]) -> Result<Vec<String>, TaskFailure> {
    let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let words = line.strip_prefix("#!").and_then(split_words).filter(|words| !words.is_empty());
    let Some(mut words) = words else {
        return Err(TaskFailure::new(format!("module ({name}) is missing interpreter line")));
    };
    if base(&words[0]) == "env" && words.len() > 1 {
        words.remove(0);
    }
    let program = base(&words[0]).to_owned();
    let variable = format!("ansible_{program}_interpreter");
    let configured = call.remote().templar().variable(&variable)?.map(|value| value.to_string());
    // The reference looks for a Python then.
    let configured = configured.filter(|value| !value.is_empty() && !value.starts_with("auto"));
    match configured {
        Some(path) => words[0] = path,
        None if program == "python" => words[0] = "python3".into(),
        None => {}
    }
    Ok(words)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_what_is_in_it() {
        for (content, style) in [
            (&b"\x7fELF\x02\x01"[..], Style::Binary),
            (b"#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", Style::Python),
            (b"#!/bin/sh\n# WANT_JSON\n", Style::Json),
            (b"#!/bin/sh\necho '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'\n", Style::Within),
            ("#!/bin/sh\n# dürr\n".as_bytes(), Style::Words),
            (b"#!powershell\n#Requires -Module Ansible.ModuleUtils.Legacy\n", Style::PowerShell),
        ] {
            assert_eq!(Style::of("x", content), style);
        }
    }

    #[test]
    fn arguments_are_words_of_a_shell() {
        let args = Map::from([("a", Value::from("it's")), ("b", Value::Bool(true)), ("c", Value::Null)]);
        assert_eq!(words(&args), r#"a='it'"'"'s' b=True c=None "#);
    }
}
