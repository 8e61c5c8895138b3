//! Shell patterns over file names.

use crate::filters::regex::{Flags, Pattern, escaped};

/// The files (not directories) that match a pattern, in order of their names.
///
/// Python leaves the order to the file system; here it is sorted, so that two runs agree.
pub(crate) fn files_matching(pattern: &str) -> Vec<String> {
    let root = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![root.to_owned()];
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    for part in parts {
        found = found.iter().flat_map(|folder| step(folder, part)).collect();
    }
    found.retain(|path| std::path::Path::new(path).is_file());
    found.sort();
    found
}

fn step(folder: &str, part: &str) -> Vec<String> {
    let below = |name: &str| match folder {
        "" | "/" => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    };
    if !part.contains(['*', '?', '[']) {
        let path = below(part);
        return if std::path::Path::new(&path).exists() { vec![path] } else { Vec::new() };
    }
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { "." } else { folder }) else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with('.') <= part.starts_with('.') && name_matches(name, part))
        .map(|name| below(&name))
        .collect()
}

/// Whether a name matches a pattern of `*`, `?` and `[…]`, as Python's `fnmatch`.
pub(crate) fn name_matches(name: &str, pattern: &str) -> bool {
    let mut source = String::from("(?s)\\A");
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '*' => source += ".*",
            '?' => source.push('.'),
            '[' => {
                let inner = rest.strip_prefix(['!', '^']).unwrap_or(rest);
                let negated = inner.len() < rest.len();
                // A bracket that comes first is one of the letters.
                match inner.char_indices().skip(1).find(|(_, letter)| *letter == ']') {
                    Some((end, _)) => {
                        let set = inner[..end].replace('\\', "\\\\");
                        source += &format!("[{}{set}]", if negated { "^" } else { "" });
                        rest = &inner[end + 1..];
                    }
                    None => source += "\\[",
                }
            }
            other => source += &escaped(&other.to_string()),
        }
    }
    let pattern = Pattern::new(&(source + "\\Z"), Flags::default());
    pattern.and_then(|pattern| pattern.matches_at_start(name)).unwrap_or(false)
}
