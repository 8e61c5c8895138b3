//! `ksplay doc`: what modules do and which arguments they take, from the declaration that the modules themselves use.

use ksplay_modules::registry::{self, Entry};
use ksplay_modules::{Docs, Opt, OptType};
use ksplay_value::Diagnostic;

use crate::failure::Failure;
use crate::output::say;
use crate::playbooks;

/// Shows these modules, or lists all.
///
/// # Errors
///
/// If there is no module of such a name.
pub fn show(modules: &[String]) -> Result<u8, Failure> {
    let width = width();
    if modules.is_empty() {
        say!("{}", list(width).trim_end());
        return Ok(0);
    }
    for (number, name) in modules.iter().enumerate() {
        let (entry, docs) = documented(name).ok_or_else(|| unknown(name))?;
        say!("{}{}", if number > 0 { "\n" } else { "" }, page(entry, docs, width).trim_end());
    }
    Ok(0)
}

/// As wide as the terminal, but no line longer than reads well.
fn width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 100)
}

fn unknown(name: &str) -> Failure {
    if ksplay_engine::is_known(name) {
        let message = format!("`{name}` is carried out by the engine itself and has no page yet");
        return Failure::of(
            1,
            &Diagnostic::new(message).help(Some("it takes the arguments that it has in Ansible".into())),
        );
    }
    let short = name.rsplit('.').next().unwrap_or(name);
    let hint = playbooks::nearest(short, registry::MODULES.iter().map(|entry| entry.name.to_owned()));
    let diagnostic = Diagnostic::new(format!("no module is named `{name}`"))
        .hint(hint.map(|hint| format!("did you mean `{hint}`?")))
        .help(Some("`ksplay doc` lists them".into()));
    Failure::of(1, &diagnostic)
}

/// The module of this name and what is said about it.
fn documented(name: &str) -> Option<(&'static Entry, &'static Docs)> {
    let found = registry::find(name)?;
    registry::documented().find(|(entry, _)| std::ptr::eq(*entry, found))
}

fn list(width: usize) -> String {
    let mut entries: Vec<(String, &str)> =
        registry::documented().map(|(entry, docs)| (full_name(entry), docs.summary)).collect();
    entries.sort();
    let column = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    let mut text = String::new();
    for (name, summary) in entries {
        let lines = wrap(summary, width.saturating_sub(column).max(20));
        for (number, line) in lines.iter().enumerate() {
            let name = if number == 0 { name.as_str() } else { "" };
            text += &format!("{name:<column$}{line}\n");
        }
    }
    text
}

fn full_name(entry: &Entry) -> String {
    format!("{}.{}", entry.collection, entry.name)
}

fn page(entry: &Entry, docs: &Docs, width: usize) -> String {
    let mut text = full_name(entry) + "\n";
    if !entry.aliases.is_empty() {
        text += &format!("also called: {}\n", entry.aliases.join(", "));
    }
    text += &format!("\n{}\n", indented(docs.summary, 2, width));
    let mut options: Vec<(&Opt, &str)> =
        entry.spec.all().zip(docs.all()).filter(|(option, _)| !option.name.starts_with("_ksplay_")).collect();
    options.sort_by_key(|(option, _)| (!option.required, option.name));
    if options.is_empty() {
        text += "\nIt takes no arguments.\n";
        return text;
    }
    text += "\nARGUMENTS\n";
    for (option, doc) in options {
        let head = indented(&format!("{} ({})", option.name, traits(option)), 2, width);
        text += &format!("\n{head}\n{}\n", indented(doc, 6, width));
        for (label, values) in [("one of", option.choices), ("also called", option.aliases)] {
            if !values.is_empty() {
                text += &format!("{}\n", indented(&format!("{label}: {}", values.join(", ")), 6, width));
            }
        }
    }
    text + &rules(entry, width)
}

/// `path, required`, `bool, default: yes`.
fn traits(option: &Opt) -> String {
    let mut traits = vec![match option.kind {
        OptType::List => format!("list of {}", kind(option.elements)),
        other => kind(other).to_owned(),
    }];
    if option.required {
        traits.push("required".to_owned());
    }
    traits.extend(option.default.map(|default| format!("default: {default}")));
    if option.no_log {
        traits.push("never shown".to_owned());
    }
    traits.join(", ")
}

fn kind(kind: OptType) -> &'static str {
    match kind {
        OptType::Str => "str",
        OptType::Path => "path",
        OptType::Bool => "bool",
        OptType::Int => "int",
        OptType::Float => "float",
        OptType::List => "list",
        OptType::Dict => "dict",
        OptType::Raw => "any",
    }
}

/// What holds between the arguments.
fn rules(entry: &Entry, width: usize) -> String {
    let spec = entry.spec;
    let mut rules = Vec::new();
    for names in spec.mutually_exclusive {
        rules.push(format!("at most one of {}", names.join(", ")));
    }
    for names in spec.required_one_of {
        rules.push(format!("at least one of {}", names.join(", ")));
    }
    for names in spec.required_together {
        rules.push(format!("together: {}", names.join(", ")));
    }
    for (name, value, names) in spec.required_if {
        rules.push(format!("{name}={value} requires {}", names.join(", ")));
    }
    for (name, value, names) in spec.required_any_if {
        rules.push(format!("{name}={value} requires one of {}", names.join(", ")));
    }
    if rules.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = rules.iter().map(|rule| indented(rule, 2, width)).collect();
    format!("\nRULES\n\n{}\n", lines.join("\n"))
}

fn indented(text: &str, indent: usize, width: usize) -> String {
    let blank = " ".repeat(indent);
    wrap(text, width - indent).iter().map(|line| format!("{blank}{line}")).collect::<Vec<_>>().join("\n")
}

/// The words of a text in lines of at most this width.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_any_page_is_wider_than_the_terminal() {
        for (entry, docs) in registry::documented() {
            for line in page(entry, docs, 60).lines() {
                assert!(line.chars().count() <= 60 || line.split_whitespace().count() == 1, "{}: {line}", entry.name);
            }
        }
    }
}
