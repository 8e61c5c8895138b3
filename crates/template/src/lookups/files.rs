//! Lookups of files: `file`, `unvault`, `template`, `fileglob`, `first_found`, `csvfile`, `ini`.

use std::path::Path;

use ksplay_value::{Map, Str, Value};

use super::find::{inline_options, source};
use super::glob::files_matching;
use crate::filters::regex::{Flags, Pattern};
use crate::{Call, Error, FileOptions, Function, Scope, Templar};

pub(super) const TABLE: &[(&str, Function)] = &[
    ("csvfile", csvfile),
    ("file", file),
    ("fileglob", fileglob),
    ("first_found", first_found),
    ("ini", ini),
    ("template", template),
    ("unvault", unvault),
];

/// The texts of files, blanks at their end removed unless `rstrip=false`: `lookup('file', 'key.pub')`.
fn file(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (lstrip, rstrip) = (call.flag_option("lstrip", false), call.flag_option("rstrip", true));
    let mut texts = Vec::new();
    for name in call.terms() {
        let (_, text) = call.read_file("files", &name.to_string())?;
        let text = if lstrip { text.trim_start() } else { &text };
        texts.push(Value::from(if rstrip { text.trim_end() } else { text }));
    }
    Ok(texts.into())
}

/// The texts of files, vaults opened, as they are.
fn unvault(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut texts = Vec::new();
    for name in call.terms() {
        let name = name.to_string();
        let Some(path) = call.find_file("files", &name)? else {
            return Err(Error::operation(format!("Unable to find file matching \"{name}\"")));
        };
        texts.push(Value::from(call.read(&path)?));
    }
    Ok(texts.into())
}

/// The texts of template files, rendered: `lookup('template', 'x.j2')`. Options: `template_vars`, `trim_blocks`,
/// `lstrip_blocks`, and the markers' names as the module `template` has them. A template sees what
/// [`Templar::about_file`] tells.
fn template(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let given = call.option("template_vars").and_then(|vars| vars.as_map().cloned()).unwrap_or_default();
    let marker = |call: &mut Call<'_, '_>, name: &str, default: &str| call.text_option(name, default);
    let markers = [
        (marker(call, "variable_start_string", "{{"), marker(call, "variable_end_string", "}}")),
        (marker(call, "block_start_string", "{%"), marker(call, "block_end_string", "%}")),
        (marker(call, "comment_start_string", "{#"), marker(call, "comment_end_string", "#}")),
    ];
    let usual = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    let same = markers.iter().zip(usual).all(|(marker, usual)| (marker.0.as_str(), marker.1.as_str()) == usual);
    let options = FileOptions {
        trim_blocks: call.flag_option("trim_blocks", true),
        lstrip_blocks: call.flag_option("lstrip_blocks", false),
        markers: (!same).then_some(markers),
        ..FileOptions::default()
    };
    let mut texts = Vec::new();
    for name in call.terms() {
        let name = name.to_string();
        let Some(path) = call.find_file("templates", &name)? else {
            return Err(Error::operation(format!("the template file {name} could not be found for the lookup")));
        };
        let text = call.read(&path)?;
        let base = call.templar.scope();
        let mut own = call.templar.about_file(&name, &path, Value::Null)?;
        own.extend(given.iter().map(|(key, value)| (key.clone().into_value(), value.clone())));
        let scope = Overlay { own: &own, base };
        texts.push(Templar::new(call.templar.environment(), &scope).render(&source(&path, text), &options)?);
    }
    Ok(texts.into())
}

/// Variables for one template on top of those that are there.
struct Overlay<'s> {
    own: &'s Map,
    base: &'s dyn Scope,
}

impl Scope for Overlay<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.own.get(name).cloned().or_else(|| self.base.get(name))
    }

    fn names(&self) -> Vec<Str> {
        self.own.keys().filter_map(|key| key.as_str().map(Str::from)).chain(self.base.names()).collect()
    }
}

/// The files that match patterns: `query('fileglob', 'conf/*.yml')`.
fn fileglob(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut found = Vec::new();
    for term in std::mem::take(&mut call.args) {
        for place in call.candidates("files", crate::filters::args::path(&term)?)? {
            let files = files_matching(&place.to_string_lossy());
            if !files.is_empty() {
                found.extend(files.into_iter().map(Value::from));
                break;
            }
        }
    }
    Ok(found.into())
}

/// The first of several files that exists: `lookup('first_found', ['a.yml', 'b.yml'])`, or with `files` and `paths`.
/// Nothing with `skip=true` when there is none, else an error.
fn first_found(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let mut skip = call.flag_option("skip", false);
    let mut names = Vec::new();
    let terms = std::mem::take(&mut call.args);
    let (files, paths) = (list(call.option("files").as_ref()), list(call.option("paths").as_ref()));
    if terms.is_empty() {
        names.extend(joined(&files, &paths));
    }
    let mut pending: Vec<Value> = terms.into_iter().rev().collect();
    while let Some(term) = pending.pop() {
        match &term {
            Value::Map(map) => {
                skip |= map.get("skip").is_some_and(crate::filters::types::truth);
                names.extend(joined(&list(map.get("files")), &list(map.get("paths"))));
            }
            Value::List(items) | Value::Tuple(items) => pending.extend(items.iter().rev().cloned()),
            Value::String(_) => names.extend(joined(&list(Some(&term)), &paths)),
            other => {
                return Err(Error::operation(format!(
                    "Invalid term supplied. A string, dict or list is required, not '{}').",
                    other.type_name()
                )));
            }
        }
    }
    let subfolder = call.templar.variable("ansible_lookup_subdir")?.and_then(|name| name.as_str().map(str::to_owned));
    for name in &names {
        for folder in [subfolder.as_deref().unwrap_or("files"), "vars", "templates"] {
            if let Some(path) = call.find_file(folder, name)?.filter(|path| path.is_file()) {
                return Ok(vec![Value::from(path.display().to_string())].into());
            }
        }
    }
    if skip {
        return Ok(Value::List(Default::default()));
    }
    Err(Error::operation("No file was found when using first_found."))
}

/// Names as a list; one text may hold several, parted by `,` or `;`.
fn list(value: Option<&Value>) -> Vec<String> {
    let split = |text: &str| text.split([',', ';']).map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items) | Value::Tuple(items)) => {
            items.iter().flat_map(|item| split(&item.to_string())).collect()
        }
        Some(other) => split(&other.to_string()),
    }
}

fn joined(files: &[String], paths: &[String]) -> Vec<String> {
    match (files.is_empty(), paths.is_empty()) {
        (_, true) => files.to_vec(),
        (true, false) => paths.to_vec(),
        (false, false) => paths
            .iter()
            .flat_map(|path| files.iter().map(move |file| Path::new(path).join(file).to_string_lossy().into_owned()))
            .collect(),
    }
}

/// The options of a term over those of the call.
fn with_inline(options: &Map, inline: Vec<(String, String)>) -> Map {
    let mut all = options.clone();
    all.extend(inline.into_iter().map(|(name, value)| (name, Value::from(value))));
    all
}

fn text_of(options: &Map, name: &str, default: &str) -> String {
    options.get(name).filter(|value| !value.is_null()).map_or_else(|| default.to_owned(), Value::to_string)
}

/// What a term of `csvfile` may say besides its key.
const CSV_OPTIONS: [&str; 6] = ["col", "default", "delimiter", "encoding", "file", "keycol"];

/// A cell of a CSV file, in the row that begins with a key: `lookup('csvfile', 'key', file='x.csv', delimiter=',')`.
/// Options: `file`, `delimiter` (`TAB`), `col` (1), `keycol` (0), `default`.
fn csvfile(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let given = std::mem::take(&mut call.kwargs);
    let mut found = Vec::new();
    for term in call.terms() {
        let (key, inline) = inline_options(&term.to_string());
        if key.is_empty() {
            return Err(Error::operation("Search key is required but was not found"));
        }
        if let Some((name, _)) = inline.iter().find(|(name, _)| !CSV_OPTIONS.contains(&name.as_str())) {
            return Err(Error::operation(format!("'{name}' is not a valid option")));
        }
        let options = with_inline(&given, inline);
        let delimiter = match text_of(&options, "delimiter", "TAB").as_str() {
            "TAB" | "\\t" => '\t',
            other if other.chars().count() == 1 => other.chars().next().unwrap_or('\t'),
            _ => return Err(Error::operation("\"delimiter\" must be a 1-character string")),
        };
        let column = |name: &str, default: &str| -> Result<usize, Error> {
            let text = text_of(&options, name, default);
            text.parse().map_err(|_| Error::operation(format!("{name} must be a number, not {text}")))
        };
        let (col, keycol) = (column("col", "1")?, column("keycol", "0")?);
        let (_, text) = call.read_file("files", &text_of(&options, "file", "ansible.csv"))?;
        let row = rows(&text, delimiter).into_iter().find(|row| row.get(keycol) == Some(&key));
        match row {
            Some(row) => {
                let cell = row.get(col).ok_or_else(|| Error::operation("list index out of range"))?;
                found.push(Value::from(cell));
            }
            None => found.extend(options.get("default").filter(|value| !value.is_null()).cloned()),
        }
    }
    Ok(found.into())
}

/// The rows of a CSV text.
pub(crate) fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(row) = rows.last_mut() else { break };
        let Some(cell) = row.last_mut() else { break };
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            letter if letter == delimiter && !quoted => row.push(String::new()),
            letter => cell.push(letter),
        }
    }
    rows
}

/// A value of an INI file: `lookup('ini', 'user', section='db', file='x.ini')`. Options: `file` (`ansible.ini`), `section`
/// (`global`), `re` (every value whose key matches), `default`, `type` (`ini`, `properties`), `case_sensitive`,
/// `allow_no_value`.
fn ini(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let given = std::mem::take(&mut call.kwargs);
    let mut found = Vec::new();
    for term in call.terms() {
        let (key, inline) = inline_options(&term.to_string());
        let options = with_inline(&given, inline);
        let truth = |name: &str| options.get(name).is_some_and(crate::filters::types::truth);
        let properties = match text_of(&options, "type", "ini").as_str() {
            "ini" => false,
            "properties" => true,
            kind => {
                let message = format!("Invalid value '{kind}' for config 'type' for 'ini' lookup plugin.");
                return Err(Error::operation(message));
            }
        };
        let section = if properties { "java_properties".to_owned() } else { text_of(&options, "section", "global") };
        let cased = truth("case_sensitive");
        let (path, text) = call.read_file("files", &text_of(&options, "file", "ansible.ini"))?;
        let text = if properties { format!("[java_properties]\n{text}") } else { text };
        let Some(entries) = entries(&text, &section, cased, truth("allow_no_value") || truth("allow_none"))? else {
            match options.get("default") {
                Some(default) => {
                    found.push(default.clone());
                    continue;
                }
                None => return Err(Error::operation(format!("No section '{section}' in '{}'.", path.display()))),
            }
        };
        if truth("re") {
            let pattern = Pattern::new(&key, Flags::default())?;
            for (name, value) in &entries {
                if pattern.matches_at_start(name)? {
                    found.push(value.clone());
                }
            }
            continue;
        }
        let key = if cased { key } else { key.to_lowercase() };
        match entries.iter().find(|(name, _)| *name == key) {
            Some((_, value)) => found.push(value.clone()),
            None => found.push(options.get("default").filter(|v| !v.is_null()).cloned().unwrap_or_else(|| "".into())),
        }
    }
    Ok(found.into())
}

/// The entries of a section, defaults included; a line that is indented goes on with the value before it.
fn entries(text: &str, wanted: &str, cased: bool, bare: bool) -> Result<Option<Vec<(String, Value)>>, Error> {
    let mut section = None;
    let mut entries: Vec<(String, Value)> = Vec::new();
    let mut seen = false;
    let mut open = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            seen |= name == wanted;
            section = Some(name.to_owned());
            open = false;
            continue;
        }
        let Some(name) = section.as_deref() else {
            return Err(Error::operation("File contains no section headers."));
        };
        let counts = name == wanted || name == "DEFAULT";
        if line.starts_with([' ', '\t']) && open {
            if let Some((_, Value::String(value))) = entries.last_mut().filter(|_| counts) {
                *value = format!("{value}\n{trimmed}").into();
            }
            continue;
        }
        open = true;
        let (key, value) = match trimmed.split_once(['=', ':']) {
            Some((key, value)) => (key.trim(), Value::from(value.trim())),
            None if bare => (trimmed, Value::Null),
            None => return Err(Error::operation(format!("Source contains parsing errors: {trimmed:?}"))),
        };
        if counts {
            let key = if cased { key.to_owned() } else { key.to_lowercase() };
            let own = name == wanted;
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) if own => entry.1 = value,
                Some(_) => {}
                None => entries.push((key, value)),
            }
        }
    }
    Ok(seen.then_some(entries))
}
