//! Pages of modules and actions: what they do and which arguments they take.

use ksplay_modules::{Docs, Opt, OptType, Spec, registry};
use ksplay_value::{Map, Value};

use super::text::{self, indented, wrap};
use super::{json, unknown};
use crate::args::DocArgs;
use crate::failure::Failure;
use crate::output::say;

pub(super) fn show(args: &DocArgs) -> Result<u8, Failure> {
    let width = text::width();
    if args.list || args.names.is_empty() {
        let wanted = |entry: &Documented| {
            let full = entry.full_name();
            args.names.is_empty()
                || args.names.iter().any(|name| full == *name || full.starts_with(&format!("{name}.")))
        };
        let entries: Vec<Documented> = documented().filter(wanted).collect();
        match args.json {
            true => say!("{}", json(entries.iter().map(|entry| (entry.full_name(), entry.docs.summary.into())))?),
            false => say!("{}", list(&entries, width).trim_end()),
        }
        return Ok(0);
    }
    let found =
        args.names.iter().map(|name| documented().find(|entry| entry.is_called(name)).ok_or_else(|| missing(name)));
    let entries: Vec<Documented> = found.collect::<Result<_, _>>()?;
    if args.json {
        say!("{}", json(args.names.iter().cloned().zip(entries.iter().map(described)))?);
        return Ok(0);
    }
    for (number, entry) in entries.iter().enumerate() {
        let text = if args.snippet { snippet(entry, width) } else { page(entry, width) };
        say!("{}{}", if number > 0 { "\n" } else { "" }, text.trim_end());
    }
    Ok(0)
}

/// A page in the shape of `ansible-doc --json`.
fn described(entry: &Documented) -> Value {
    let mut options = Map::new();
    for (option, doc) in entry.options() {
        let mut about = Map::from([
            ("description", Value::from_iter([doc])),
            ("required", Value::Bool(option.required)),
            ("type", option.kind.word().into()),
        ]);
        if option.kind == OptType::List {
            about.insert("elements", option.elements.word());
        }
        if let Some(default) = option.default {
            about.insert("default", default);
        }
        for (name, values) in [("choices", option.choices), ("aliases", option.aliases)] {
            if !values.is_empty() {
                about.insert(name, values.iter().copied().collect::<Value>());
            }
        }
        options.insert(called(option), about);
    }
    let doc = Map::from([
        ("collection", Value::from(entry.collection)),
        ("module", entry.name.into()),
        ("short_description", entry.docs.summary.into()),
        ("options", options.into()),
    ]);
    Map::from([("doc", doc)]).into()
}

/// A task with all arguments, to be filled in.
fn snippet(entry: &Documented, width: usize) -> String {
    let mut text = format!("- name: {}\n  {}:\n", entry.docs.summary, entry.name);
    for (option, doc) in entry.options() {
        let head = format!("    {}:", called(option));
        let required = if option.required { "(required) " } else { "" };
        for (number, line) in wrap(&format!("{required}{doc}"), width.saturating_sub(32)).iter().enumerate() {
            text += &format!("{:<30}# {line}\n", if number == 0 { head.as_str() } else { "" });
        }
    }
    text
}

fn missing(name: &str) -> Failure {
    unknown("module", name, documented().map(|entry| entry.name.to_owned()))
}

/// A module or action, and what is said about it.
struct Documented {
    collection: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    spec: &'static Spec,
    docs: &'static Docs,
}

impl Documented {
    fn full_name(&self) -> String {
        format!("{}.{}", self.collection, self.name)
    }

    fn is_called(&self, name: &str) -> bool {
        let short = match name.strip_prefix("ansible.legacy.") {
            Some(short) if self.collection == "ansible.builtin" => short,
            _ => name.strip_prefix(self.collection).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name),
        };
        self.name == short || self.aliases.contains(&short)
    }

    /// The arguments that a user may give, those that must be given first.
    fn options(&self) -> Vec<(&'static Opt, &'static str)> {
        let all = self.spec.all().zip(self.docs.all());
        let mut options: Vec<_> =
            all.filter(|(option, _)| !option.name.starts_with('_') || option.name == RAW).collect();
        options.sort_by_key(|(option, _)| (!option.required, called(option)));
        options
    }
}

/// The argument that holds the text of `command: TEXT`.
const RAW: &str = "_raw_params";

/// The name of an argument in its documentation.
fn called(option: &Opt) -> &'static str {
    if option.name == RAW { "free_form" } else { option.name }
}

/// All modules and actions.
fn documented() -> impl Iterator<Item = Documented> {
    let modules = registry::documented().map(|(entry, docs)| Documented {
        collection: entry.collection,
        name: entry.name,
        aliases: entry.aliases,
        spec: entry.spec,
        docs,
    });
    let actions = ksplay_engine::pages().iter().map(|page| Documented {
        collection: "ansible.builtin",
        name: page.name,
        aliases: &[],
        spec: &page.spec,
        docs: &page.docs,
    });
    modules.chain(actions)
}

fn list(entries: &[Documented], width: usize) -> String {
    let mut entries: Vec<(String, String)> =
        entries.iter().map(|entry| (entry.full_name(), entry.docs.summary.to_owned())).collect();
    entries.sort();
    text::list(&entries, width)
}

fn page(entry: &Documented, width: usize) -> String {
    let mut text = entry.full_name() + "\n";
    if !entry.aliases.is_empty() {
        text += &format!("also called: {}\n", entry.aliases.join(", "));
    }
    text += &format!("\n{}\n", indented(entry.docs.summary, 2, width));
    let options = entry.options();
    if options.is_empty() {
        text += "\nIt takes no arguments.\n";
        return text;
    }
    text += "\nARGUMENTS\n";
    for (option, doc) in options {
        let head = indented(&format!("{} ({})", called(option), traits(option)), 2, width);
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
        OptType::List => format!("list of {}", option.elements.word()),
        other => other.word().to_owned(),
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

/// What holds between the arguments.
fn rules(entry: &Documented, width: usize) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_any_page_is_wider_than_the_terminal() {
        for entry in documented() {
            for line in page(&entry, 60).lines() {
                assert!(line.chars().count() <= 60 || line.split_whitespace().count() == 1, "{}: {line}", entry.name);
            }
        }
    }
}
