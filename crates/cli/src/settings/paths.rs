//! Paths in settings: `~`, variables of the environment, relative ones.

use std::path::{Path, PathBuf};

/// Replaces a leading `~` and every `$NAME` and `${NAME}` that is set.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let home = variable("HOME").filter(|_| text == "~" || text.starts_with("~/"));
    let text = home.map_or_else(|| text.to_owned(), |home| format!("{home}{}", &text[1..]));
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let bare = after.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(after.len());
        let (name, tail) = braced.unwrap_or_else(|| after.split_at(bare));
        match variable(name).filter(|_| !name.is_empty()) {
            Some(value) => {
                expanded.push_str(&value);
                rest = tail;
            }
            None => {
                expanded.push('$');
                rest = after;
            }
        }
    }
    expanded + rest
}

/// The absolute path that a setting means; relative ones begin at `base`, `{{CWD}}` is the current directory.
pub(super) fn resolve(text: &str, base: &Path, dir: &Path, variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let text = text.replace("{{CWD}}", &dir.display().to_string());
    let joined = base.join(expand(&text, variable));
    let mut path = PathBuf::new();
    for part in joined.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}
