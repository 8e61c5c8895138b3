//! Facts that outlive a run, in the files that Ansible's cache plugin `jsonfile` writes: either reads those of the other.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ksplay_value::text::{JsonStyle, from_json, to_json};
use ksplay_value::{Map, Value};

/// A folder with a file of facts for each host.
#[derive(Debug, Clone)]
pub struct FactCache {
    /// The folder.
    pub dir: PathBuf,
    /// What the names of files begin with.
    pub prefix: String,
    /// How long facts count; for ever without it.
    pub timeout: Option<Duration>,
}

impl FactCache {
    fn file(&self, host: &str) -> PathBuf {
        // A name with a slash would lead out of the folder.
        self.dir.join(format!("s1_{}{}", self.prefix, host.replace('/', "_")))
    }

    /// The facts of a host that are known and not too old.
    pub fn load(&self, host: &str) -> Option<Map> {
        let file = self.file(host);
        let written = std::fs::metadata(&file).ok()?.modified().ok()?;
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        if self.timeout.is_some_and(|timeout| age > timeout) {
            return None;
        }
        let outer = from_json(&std::fs::read_to_string(&file).ok()?).ok()?;
        match plain(&from_json(outer.get("__payload__")?.as_str()?).ok()?) {
            Value::Map(facts) => Some((*facts).clone()),
            _ => None,
        }
    }

    /// Keeps the facts of a host.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written to.
    pub fn store(&self, host: &str, facts: &Map) -> std::io::Result<()> {
        let style = JsonStyle::default();
        let text = |value: &Value| to_json(value, &style).map_err(std::io::Error::other);
        let payload = text(&facts.clone().into())?;
        let whole = text(&Map::from([("__payload__", payload)]).into())?;
        std::fs::create_dir_all(&self.dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(whole.as_bytes())?;
        file.persist(self.file(host))?;
        Ok(())
    }

    /// Forgets the facts of a host.
    pub fn forget(&self, host: &str) {
        // What is not there is forgotten already.
        let _ = std::fs::remove_file(self.file(host));
    }
}

/// The value without the notes on their origin that Ansible's files have.
fn plain(value: &Value) -> Value {
    match value {
        Value::Map(map) => match map.get("value").filter(|_| map.contains_key("__ansible_type")) {
            Some(value) => plain(value),
            None => map.iter().map(|(key, value)| (key.as_value().clone(), plain(value))).collect::<Map>().into(),
        },
        Value::List(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(dir: &tempfile::TempDir, timeout: Option<Duration>) -> FactCache {
        FactCache { dir: dir.path().join("facts"), prefix: "p_".into(), timeout }
    }

    #[test]
    fn facts_are_read_again_until_they_are_too_old_or_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let facts = Map::from([("ansible_system", Value::from("Linux")), ("n", Value::from(1))]);
        cache(&dir, None).store("a", &facts).unwrap();
        assert_eq!(cache(&dir, None).load("a"), Some(facts));
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(cache(&dir, Some(Duration::from_millis(1))).load("a"), None);
        cache(&dir, None).forget("a");
        assert_eq!(cache(&dir, None).load("a"), None);
    }

    #[test]
    fn a_file_of_the_reference_is_read() {
        // What ansible-core 2.19.14 wrote for `set_fact: {x: 1, cacheable: true}`.
        let text = r#"{"__payload__": "{\"ansible_system\": \"Linux\", \"x\": {\"value\": 1, \"tags\": [{\"path\": \"/p.yml\", \"line_num\": 5, \"col_num\": 19, \"__ansible_type\": \"Origin\"}], \"__ansible_type\": \"_AnsibleTaggedInt\"}}"}"#;
        let dir = tempfile::tempdir().unwrap();
        let cache = FactCache { dir: dir.path().to_owned(), prefix: String::new(), timeout: None };
        std::fs::write(dir.path().join("s1_h"), text).unwrap();
        let expected = Map::from([("ansible_system", Value::from("Linux")), ("x", Value::from(1))]);
        assert_eq!(cache.load("h"), Some(expected));
    }
}
