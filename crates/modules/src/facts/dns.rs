//! The resolver's configuration.

use ksplay_value::{Map, Value};

use super::look::Look;

/// `dns`.
pub(crate) fn collect(look: &Look) -> Map {
    let text = look.text("/etc/resolv.conf").unwrap_or_default();
    Map::from([("dns", facts_of(&text))])
}

fn facts_of(text: &str) -> Map {
    let mut facts = Map::new();
    let mut servers = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                servers.extend(words.map(Value::from));
                facts.insert("nameservers", servers.clone());
            }
            Some("domain") => {
                if let Some(domain) = words.next() {
                    facts.insert("domain", domain);
                }
            }
            Some(list @ ("search" | "sortlist")) => {
                facts.insert(list, words.collect::<Value>());
            }
            Some("options") => {
                let options: Map = words
                    .map(|option| match option.split_once(':') {
                        Some((name, value)) => (name, Value::from(value)),
                        None => (option, Value::Bool(true)),
                    })
                    .collect();
                facts.insert("options", options);
            }
            _ => {}
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_becomes_lists_and_options() {
        let facts = facts_of("# c\nnameserver 10.0.0.2\nnameserver fd00::2\nsearch a.b c.d\noptions ndots:5 rotate\n");
        assert_eq!(facts.get("nameservers"), Some(&["10.0.0.2", "fd00::2"].into_iter().collect()));
        assert_eq!(facts.get("search"), Some(&["a.b", "c.d"].into_iter().collect()));
        assert_eq!(facts.get("options").unwrap().get("ndots"), Some(&Value::from("5")));
        assert_eq!(facts.get("options").unwrap().get("rotate"), Some(&Value::Bool(true)));
    }
}
