//! Patterns of file names, as Python's `fnmatch` and `glob`.

use std::path::{Path, PathBuf};

use crate::Probe;

/// Whether a name fits a pattern with `*`, `?` and `[…]`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    fits(&pattern, &name)
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        Some(('?', rest)) => name.split_first().is_some_and(|(_, after)| fits(rest, after)),
        Some(('[', rest)) => match class(rest) {
            Some((set, rest)) => {
                name.split_first().is_some_and(|(char, after)| in_class(set, *char) && fits(rest, after))
            }
            None => name.first() == Some(&'[') && fits(rest, &name[1..]),
        },
        Some((char, rest)) => name.first() == Some(char) && fits(rest, &name[1..]),
    }
}

/// What stands in the brackets, and what follows them.
fn class(rest: &[char]) -> Option<(&[char], &[char])> {
    let skipped = usize::from(rest.first() == Some(&'!')) + 1;
    let end = rest.iter().skip(skipped).position(|char| *char == ']')? + skipped;
    Some((&rest[..end], &rest[end + 1..]))
}

fn in_class(set: &[char], char: char) -> bool {
    let (wanted, mut set) = match set {
        ['!', rest @ ..] => (false, rest),
        _ => (true, set),
    };
    let mut found = false;
    while let [first, rest @ ..] = set {
        set = match rest {
            ['-', last, rest @ ..] => {
                found |= (*first..=*last).contains(&char);
                rest
            }
            _ => {
                found |= *first == char;
                rest
            }
        };
    }
    found == wanted
}

/// The first path that fits a pattern, whose directories may have wildcards too.
pub(crate) fn first_match(system: &Probe, pattern: &str) -> Option<PathBuf> {
    let start = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::from(".") };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    descend(system, &start, &parts)
}

fn descend(system: &Probe, folder: &Path, parts: &[&str]) -> Option<PathBuf> {
    let Some((part, rest)) = parts.split_first() else { return system.lexists(folder).then(|| folder.to_owned()) };
    if !part.contains(['*', '?', '[']) {
        return descend(system, &folder.join(part), rest);
    }
    system.list_dir(folder).ok()?.into_iter().find_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && !part.starts_with('.');
        if hidden || !matches(part, &name) { None } else { descend(system, &path, rest) }
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn names_fit_patterns_as_in_python() {
        for (pattern, name, fits) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf~", false),
            ("?[a-c]*", "xb", true),
            ("[!a]b", "ab", false),
            ("[]x]", "]", true),
            ("[abc", "[abc", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
