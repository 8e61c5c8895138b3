//! The kernel's command line.

use ksplay_value::{Map, Value};

use super::look::Look;

/// `cmdline` (the last of repeated options) and `proc_cmdline` (a list of them).
pub(crate) fn collect(look: &Look) -> Map {
    look.line("/proc/cmdline").map(|text| facts_of(&text)).unwrap_or_default()
}

fn facts_of(text: &str) -> Map {
    let mut last = Map::new();
    let mut all = Map::new();
    for word in words(text) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Value::from(value)),
            None => (word, Value::Bool(true)),
        };
        let together = match all.get(&name) {
            None => value.clone(),
            Some(Value::List(items)) => items.iter().cloned().chain([value.clone()]).collect(),
            Some(one) => Value::from(vec![one.clone(), value.clone()]),
        };
        all.insert(name.as_str(), together);
        last.insert(name, value);
    }
    Map::from([("cmdline", last), ("proc_cmdline", all)])
}

/// The words between spaces, quotes removed as a shell would.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_options_are_a_list_in_proc_cmdline_only() {
        let facts = facts_of("quiet console=tty0 console=ttyS0 root=\"UUID=a b\"");
        let last = facts.get("cmdline").unwrap();
        assert_eq!(last.get("console"), Some(&Value::from("ttyS0")));
        assert_eq!(last.get("quiet"), Some(&Value::Bool(true)));
        assert_eq!(last.get("root"), Some(&Value::from("UUID=a b")));
        let all = facts.get("proc_cmdline").unwrap();
        assert_eq!(all.get("console"), Some(&["tty0", "ttyS0"].into_iter().collect()));
    }
}
