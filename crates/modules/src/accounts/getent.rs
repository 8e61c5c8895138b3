//! `getent`: entries of the system's databases.

use ksplay_value::{Map, Value};

use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`GetentArgs`].
pub struct Getent;

arguments! {
    /// Looks up entries of the system's databases (`passwd`, `group`, `hosts`, …) as the fact `getent_DATABASE`.
    pub struct GetentArgs {
        /// The database.
        database: String = Opt::str().required(),
        /// The entry; all of them unless given.
        key: Option<String> = Opt::str(),
        /// What stands between the fields of an entry.
        split: Option<String> = Opt::str(),
        /// The service that is asked, instead of all.
        service: Option<String> = Opt::str(),
        /// Whether an entry that does not exist is a failure.
        fail_key: bool = Opt::bool().default("true"),
    }
}

impl Module for Getent {
    type Args = GetentArgs;
    type Plan = ();

    fn inspect(args: &GetentArgs, system: &Probe) -> Result<Inspection<()>, Failure> {
        let service = args.service.iter().flat_map(|service| ["-s".to_owned(), service.clone()]);
        let words =
            ["getent".to_owned()].into_iter().chain(service).chain([args.database.clone()]).chain(args.key.clone());
        let output = system.query(&CommandSpec::new(words).parsable())?;
        let (mut entries, mut values) = (Map::new(), Map::new());
        match output.rc {
            0 => entries = parse(&output.stdout_text(), &args.database, args.split.as_deref()),
            1 => return Err(Failure::new("Missing arguments, or database unknown.")),
            2 if args.fail_key => {
                return Err(Failure::new("One or more supplied key could not be found in the database."));
            }
            2 => {
                values.insert("msg", "One or more supplied key could not be found in the database.");
                entries.insert(args.key.clone().unwrap_or_default(), Value::Null);
            }
            3 => return Err(Failure::new("Enumeration not supported on this database.")),
            _ => return Err(output.failure("Unexpected failure!")),
        }
        let facts = Map::from([(format!("getent_{}", args.database), entries)]);
        Ok(Inspection::nothing_to_do(Outcome { facts: Some(facts), values, ..Outcome::default() }))
    }

    fn apply((): (), predicted: Outcome, _system: &mut System) -> Result<Outcome, Failure> {
        Ok(predicted)
    }
}

/// The entries by their first field. Several lines for one key become a list of their fields' lists.
fn parse(text: &str, database: &str, split: Option<&str>) -> Map {
    let by_colon = matches!(database, "passwd" | "shadow" | "group" | "gshadow");
    let split = split.or(by_colon.then_some(":"));
    let mut entries = Map::new();
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = match split {
            Some(separator) => line.split(separator).collect(),
            None => line.split_whitespace().collect(),
        };
        let Some((key, rest)) = fields.split_first() else { continue };
        let rest: Value = rest.iter().copied().collect();
        let count = counts.entry((*key).to_owned()).or_default();
        *count += 1;
        let value = match (*count, entries.get(key)) {
            (2, Some(first)) => Value::from(vec![first.clone(), rest]),
            (3.., Some(all)) => all.as_list().unwrap_or_default().iter().cloned().chain([rest]).collect(),
            _ => rest,
        };
        entries.insert(*key, value);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_split_as_their_database_needs() {
        let passwd = parse("root:x:0:0:root:/root:/bin/bash\n", "passwd", None);
        assert_eq!(passwd.get("root"), Some(&["x", "0", "0", "root", "/root", "/bin/bash"].into_iter().collect()));
        let hosts = parse("127.0.0.1 localhost vm\n127.0.0.1 other\n", "hosts", None);
        let lists = hosts.get("127.0.0.1").unwrap().as_list().unwrap();
        assert_eq!(lists[1], ["other"].into_iter().collect());
    }
}
