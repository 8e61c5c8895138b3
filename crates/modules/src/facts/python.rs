//! The Python of the target, where there is one. Nothing here needs it; playbooks ask.

use ksplay_value::{Map, Value};

use super::look::Look;

/// `python` and `python_version`; nothing without a Python.
pub(crate) fn collect(look: &Look) -> Map {
    let Some(path) = look.program("python3").or_else(|| look.program("python")) else { return Map::new() };
    let Some(output) = look.query(&[&path, "-V"]).filter(|output| output.ok()) else { return Map::new() };
    facts_of(&path, &output.stdout_text()).unwrap_or_default()
}

fn facts_of(path: &str, said: &str) -> Option<Map> {
    let version = said.trim().strip_prefix("Python ")?;
    let mut numbers = version.split('.').map(|part| part.parse::<i64>().ok());
    let (major, minor, micro) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let mut parts: Map = [("major", major), ("minor", minor), ("micro", micro), ("serial", 0)].into_iter().collect();
    parts.insert("releaselevel", "final");
    let info: Vec<Value> = vec![major.into(), minor.into(), micro.into(), "final".into(), 0.into()];
    let mut python = Map::from([("executable", path), ("type", "cpython")]);
    python.insert("has_sslcontext", true);
    python.insert("version", parts);
    python.insert("version_info", info);
    Some(Map::from([("python", Value::from(python)), ("python_version", version.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_taken_apart() {
        let facts = facts_of("/usr/bin/python3", "Python 3.11.2\n").unwrap();
        assert_eq!(facts.get("python_version"), Some(&Value::from("3.11.2")));
        assert_eq!(facts.get("python").unwrap().get("version").unwrap().get("micro"), Some(&Value::Int(2)));
        assert!(facts_of("/usr/bin/python3", "something else").is_none());
    }
}
