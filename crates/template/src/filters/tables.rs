//! Texts of tables and settings as data and back: `from_csv`, `from_ini`, `to_ini`.

use ksplay_value::{Map, Value};

use super::args::iterate;
use crate::lookups::csv_rows;
use crate::{Call, Error, Function};

pub(super) const TABLE: &[(&str, Function)] = &[("from_csv", from_csv), ("from_ini", from_ini), ("to_ini", to_ini)];

/// The rows of a CSV text as mappings, by the names in the first or in `fieldnames`. Options: `dialect` (`excel`,
/// `excel-tab`, `unix`), `delimiter`, `skipinitialspace`, `strict`.
fn from_csv(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, [dialect, fieldnames, delimiter, skip, _strict]) =
        call.bind(["dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"])?;
    let usual = match dialect.text_or("excel").as_str() {
        "excel" | "unix" => ',',
        "excel-tab" => '\t',
        other => {
            let message = format!("Dialect '{other}' is not supported by your version of python.");
            return Err(Error::operation(message));
        }
    };
    let delimiter = match delimiter.text() {
        None => usual,
        Some(text) => match (text.chars().next(), text.chars().count()) {
            (Some(letter), 1) => letter,
            _ => {
                let message = "Unable to create custom dialect: \"delimiter\" must be a 1-character string";
                return Err(Error::operation(message));
            }
        },
    };
    let skip = skip.flag_or(false);
    let cell = |cell: &String| if skip { cell.trim_start().to_owned() } else { cell.clone() };
    let rows = csv_rows(&value.to_string(), delimiter).into_iter();
    let mut rows = rows.filter(|row| row.iter().any(|cell| !cell.is_empty()) || row.len() > 1);
    let names: Vec<String> = match fieldnames.value() {
        Some(names) => iterate(&names)?.iter().map(Value::to_string).collect(),
        None => rows.next().map(|row| row.iter().map(cell).collect()).unwrap_or_default(),
    };
    let mapping = |row: Vec<String>| {
        let mut mapping = Map::new();
        for (at, name) in names.iter().enumerate() {
            mapping.insert(name.as_str(), row.get(at).map(cell));
        }
        if row.len() > names.len() {
            let more: Value = row[names.len()..].iter().map(cell).collect();
            mapping.insert(Value::Null, more);
        }
        Value::from(mapping)
    };
    Ok(rows.map(mapping).collect())
}

/// An INI text as mappings of sections: `'[a]\nb=1' | from_ini` is `{'a': {'b': '1'}, …}`.
fn from_ini(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let Some(text) = value.as_str() else {
        return Err(Error::operation(format!("from_ini requires a str, got <class '{}'>", value.type_name())));
    };
    let failed = |why: String| Error::operation(format!("from_ini failed to parse given string: {why}"));
    let mut sections: Vec<(String, Map)> = Vec::new();
    let mut open: Option<String> = None;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        let number = at + 1;
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let (Some(key), Some((_, section))) = (&open, sections.last_mut())
        {
            let before = section.get(key).map(Value::to_string).unwrap_or_default();
            section.insert(key.as_str(), format!("{before}\n{trimmed}"));
            continue;
        }
        open = None;
        if let Some(name) = trimmed.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            if sections.iter().any(|(known, _)| known == name) {
                let why = format!("While reading from '<???>' [line {number:2}]: section '{name}' already exists");
                return Err(failed(why));
            }
            sections.push((name.to_owned(), Map::new()));
            continue;
        }
        let Some((name, section)) = sections.last_mut() else {
            let why = format!("File contains no section headers.\nfile: '<???>', line: {number}\n'{line}'");
            return Err(failed(why));
        };
        let Some((key, value)) = trimmed.split_once(['=', ':']) else {
            return Err(failed(format!("Source contains parsing errors: '<???>'\n\t[line {number:2}]: '{line}'")));
        };
        let key = key.trim_end();
        if section.contains_key(key) {
            return Err(failed(format!(
                "While reading from '<???>' [line {number:2}]: option '{key}' in section '{name}' already exists"
            )));
        }
        section.insert(key, value.trim());
        open = Some(key.to_owned());
    }
    // The defaults belong to every section, and come last themselves.
    let defaults = sections.iter().position(|(name, _)| name == "DEFAULT").map(|at| sections.remove(at).1);
    let mut all = Map::new();
    for (name, section) in sections {
        let mut entries = defaults.clone().unwrap_or_default();
        entries.extend(section.iter().map(|(key, value)| (key.clone(), value.clone())));
        all.insert(name, entries);
    }
    if let Some(defaults) = defaults {
        all.insert("DEFAULT", defaults);
    }
    Ok(all.into())
}

/// Mappings of sections as an INI text: `{'a': {'b': 1}} | to_ini` is `[a]`, then `b = 1`.
fn to_ini(call: &mut Call<'_, '_>) -> Result<Value, Error> {
    let (value, []) = call.bind([])?;
    let Some(sections) = value.as_map() else {
        return Err(Error::operation(format!("to_ini requires a dict, got <class '{}'>", value.type_name())));
    };
    if sections.is_empty() {
        return Err(Error::operation("to_ini received an empty dict. An empty dict cannot be converted."));
    }
    let failed = |why: &str| Error::operation(format!("to_ini failed to parse given dict:{why}"));
    let mut parts = Vec::new();
    for (name, section) in sections.iter() {
        let Some(section) = section.as_map() else {
            return Err(failed(&format!("'{}' object has no attribute 'items'", section.type_name())));
        };
        let mut part = format!("[{}]\n", name.as_value());
        for (key, value) in section.iter() {
            if value.is_null() {
                return Err(failed("option values must be strings"));
            }
            part += &format!("{} = {}\n", key.as_value(), value.to_string().replace('\n', "\n\t"));
        }
        parts.push(part);
    }
    Ok(parts.join("\n").into())
}
