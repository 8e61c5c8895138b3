//! `template`: renders a file of the controller and brings it to the target.

use std::path::Path;
use std::sync::Arc;

use ksplay_template::FileOptions;
use ksplay_value::{Map, Source, Value};

use super::content::{self, Content};
use super::copy::send;
use super::{ActionCall, take_flag, take_text};
use crate::failure::TaskFailure;
use crate::scope::HostScope;

/// Renders `src` with the host's variables; the rest is what `copy` does.
pub(super) async fn run(call: &mut ActionCall<'_>) -> Result<Map, TaskFailure> {
    let mut args = call.args()?;
    let Some(src) = take_text(&mut args, &["src"]) else {
        return Err(TaskFailure::raised("src and dest are required"));
    };
    if args.get("content").is_some_and(|content| !content.is_null()) {
        return Err(TaskFailure::action("src and content are mutually exclusive"));
    }
    args.remove("remote_src");
    let Some(dest) = args.get("dest").filter(|dest| !dest.is_null()).map(Value::to_string) else {
        return Err(TaskFailure::raised("src and dest are required"));
    };
    let mut options = FileOptions {
        trim_blocks: take_flag(&mut args, &["trim_blocks"], true)?,
        lstrip_blocks: take_flag(&mut args, &["lstrip_blocks"], false)?,
        ..FileOptions::default()
    };
    if let Some(sequence) = take_text(&mut args, &["newline_sequence"]) {
        options.newline_sequence = sequence.replace("\\n", "\n").replace("\\r", "\r");
        if !matches!(options.newline_sequence.as_str(), "\n" | "\r" | "\r\n") {
            return Err(TaskFailure::raised("newline_sequence needs to be one of: \n, \r or"));
        }
    }
    let encoding = Encoding::named(&take_text(&mut args, &["output_encoding"]).unwrap_or_else(|| "utf-8".into()))?;
    let mut marker = |name: &str, default: &str| take_text(&mut args, &[name]).unwrap_or_else(|| default.into());
    let markers = [
        (marker("variable_start_string", "{{"), marker("variable_end_string", "}}")),
        (marker("block_start_string", "{%"), marker("block_end_string", "%}")),
        (marker("comment_start_string", "{#"), marker("comment_end_string", "#}")),
    ];
    if markers.iter().map(|(start, end)| (start.as_str(), end.as_str())).ne([("{{", "}}"), ("{%", "%}"), ("{#", "#}")])
    {
        options.markers = Some(markers);
    }
    let file = call.find_file("templates", &src)?;
    let (shared, scope, path) = (Arc::clone(&call.work.shared), call.scope.clone(), file.clone());
    let rendered = content::blocking(move || {
        let text = content::text(&shared, &path)?;
        let scope = with_template_variables(&scope, &src, &path, &dest)?;
        let source = Source::new(path.display().to_string(), text);
        let value = scope.templar().render(&source, &options)?;
        if let Some(unknown) = ksplay_template::unknown_in(&value) {
            return Err(TaskFailure::undecided(&source.name, &unknown));
        }
        Ok(match value {
            Value::Null | Value::Omit => String::new(),
            value => value.to_string(),
        })
    })
    .await?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    args.insert("_original_basename", name);
    args.insert("src", file.display().to_string());
    let bytes = encoding.encode(&rendered)?;
    send(call, args, Content::of_bytes(bytes)).await
}

/// The variables that a template sees about itself.
fn with_template_variables(scope: &HostScope, src: &str, file: &Path, dest: &str) -> Result<HostScope, TaskFailure> {
    let about = scope.templar().about_file(src, file, dest.into())?;
    let mut scope = scope.clone();
    if let Value::List(dirs) = ksplay_template::Scope::get(&scope, "ansible_search_path").unwrap_or_default() {
        let own = file.parent().map(|parent| Value::from(parent.display().to_string()));
        scope.set_local("ansible_search_path", own.into_iter().chain(dirs.iter().cloned()).collect::<Value>());
    }
    for (key, value) in about.iter() {
        scope.set_local(key.as_str().unwrap_or_default(), value.clone());
    }
    Ok(scope)
}

/// How the text becomes bytes.
enum Encoding {
    Utf8,
    /// One byte a character, up to this one.
    Bytes {
        name: &'static str,
        last: u8,
    },
}

impl Encoding {
    fn named(name: &str) -> Result<Self, TaskFailure> {
        match name.to_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Bytes { name: "latin-1", last: 0xff }),
            "ascii" | "us-ascii" => Ok(Self::Bytes { name: "ascii", last: 0x7f }),
            _ => Err(TaskFailure::new(format!(
                "the output_encoding '{name}' is not supported; utf-8, latin-1 and ascii are"
            ))),
        }
    }

    fn encode(&self, text: &str) -> Result<Vec<u8>, TaskFailure> {
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Bytes { name, last } => {
                text.chars()
                    .map(|char| {
                        u8::try_from(u32::from(char)).ok().filter(|byte| byte <= last).ok_or_else(|| {
                            TaskFailure::new(format!("the character '{char}' cannot be written in {name}"))
                        })
                    })
                    .collect()
            }
        }
    }
}
