//! `ksplay doc`: what modules do and which arguments they take, from the declarations that the modules themselves use.

use ksplay_modules::{Docs, Opt, OptType, Spec, registry};
use ksplay_value::text::{JsonStyle, to_json};
use ksplay_value::{Diagnostic, Map, Value};

use crate::args::{DocArgs, DocKind};
use crate::failure::Failure;
use crate::output::say;
use crate::playbooks;

/// Shows what was asked for, or lists all.
///
/// # Errors
///
/// If there is nothing of such a name.
pub fn show(args: &DocArgs) -> Result<u8, Failure> {
    let width = width();
    match args.kind {
        DocKind::Module => {}
        DocKind::Filter => return name_of("filter", args, ksplay_template::filters::names()),
        DocKind::Test => return name_of("test", args, ksplay_template::tests::names()),
        DocKind::Lookup => return name_of("lookup", args, ksplay_template::lookups::names()),
    }
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
        args.names.iter().map(|name| documented().find(|entry| entry.is_called(name)).ok_or_else(|| unknown(name)));
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

/// Filters, tests and lookups have names here, and their pages in Ansible's documentation.
fn name_of(kind: &str, args: &DocArgs, names: impl Iterator<Item = &'static str>) -> Result<u8, Failure> {
    let mut known: Vec<&str> = names.collect();
    known.sort_unstable();
    if args.list || args.names.is_empty() {
        known.iter().for_each(|name| say!("{name}"));
        return Ok(0);
    }
    for name in &args.names {
        let short = name.rsplit('.').next().unwrap_or(name);
        if !known.contains(&short) {
            let hint = playbooks::nearest(short, known.iter().map(|&name| name.to_owned()));
            let diagnostic = Diagnostic::new(format!("no {kind} is named `{name}`"))
                .hint(hint.map(|hint| format!("did you mean `{hint}`?")))
                .help(Some(format!("`ksplay doc -t {kind}` lists them")));
            return Err(Failure::of(1, &diagnostic));
        }
        say!("the {kind} `{short}` is there and takes what it takes in Ansible: it has no page of its own");
    }
    Ok(0)
}

fn json(entries: impl Iterator<Item = (String, Value)>) -> Result<String, Failure> {
    let map: Map = entries.collect();
    to_json(&map.into(), &JsonStyle { sort_keys: true, ..JsonStyle::indented(4) }).map_err(Failure::error)
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

/// As wide as the terminal, but no line longer than reads well.
fn width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 100)
}

fn unknown(name: &str) -> Failure {
    let short = name.rsplit('.').next().unwrap_or(name);
    let hint = playbooks::nearest(short, documented().map(|entry| entry.name.to_owned()));
    let diagnostic = Diagnostic::new(format!("no module is named `{name}`"))
        .hint(hint.map(|hint| format!("did you mean `{hint}`?")))
        .help(Some("`ksplay doc` lists them".into()));
    Failure::of(1, &diagnostic)
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
    let mut entries: Vec<(String, &str)> =
        entries.iter().map(|entry| (entry.full_name(), entry.docs.summary)).collect();
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
        for entry in documented() {
            for line in page(&entry, 60).lines() {
                assert!(line.chars().count() <= 60 || line.split_whitespace().count() == 1, "{}: {line}", entry.name);
            }
        }
    }
}
