//! Secrets among the arguments of a module, which must not appear in its result.

use ksplay_value::{Map, Value};

use crate::Spec;

/// What stands for a secret within a text.
const MASK: &str = "********";

/// What stands for a whole value that is or shows a secret.
pub(crate) const MASKED_VALUE: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";

/// The texts of all secret arguments, the longest first, so that none is left half masked.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of the arguments that are declared to be secret, under whatever name they were given.
    pub(crate) fn among(spec: &Spec, args: &Map) -> Self {
        let mut texts = Vec::new();
        for opt in spec.all().filter(|opt| opt.no_log) {
            for value in opt.aliases.iter().chain([&opt.name]).filter_map(|name| args.get(name)) {
                collect(value, &mut texts);
            }
        }
        texts.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        texts.dedup();
        Self(texts)
    }

    /// The result with every secret masked, as ansible-core's modules do it; the names of the result's own values stay.
    pub(crate) fn masked(&self, result: Map) -> Map {
        if self.0.is_empty() {
            return result;
        }
        result.iter().map(|(name, value)| (name.clone(), self.without(value))).collect()
    }

    fn without(&self, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => self.text(text).into(),
            Value::List(items) | Value::Tuple(items) => items.iter().map(|item| self.without(item)).collect(),
            Value::Map(map) => {
                let masked = map.iter().map(|(key, item)| match key.as_str() {
                    Some(text) => (self.text(text).into(), self.without(item)),
                    None => (key.clone(), self.without(item)),
                });
                masked.collect::<Map>().into()
            }
            other => {
                let shown = other.to_string();
                if self.0.iter().any(|secret| shown.contains(secret)) { MASKED_VALUE.into() } else { other.clone() }
            }
        }
    }

    fn text(&self, text: &str) -> String {
        if self.0.iter().any(|secret| secret == text) {
            return MASKED_VALUE.into();
        }
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Map(map) => map.values().for_each(|item| collect(item, texts)),
        other => texts.extend(Some(other.to_string()).filter(|text| !text.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Probe, RunOptions, run};

    fn texts(texts: &[&str]) -> Secrets {
        Secrets(texts.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_secret_is_masked_wherever_a_result_shows_it() {
        let result = Map::from([
            ("msg", Value::from("login with pw1 failed")),
            ("rc", Value::Int(7)),
            ("port", Value::Int(4711)),
            ("cmd", Value::from(vec![Value::from("-p"), Value::from("pw1")])),
            ("diff", Map::from([("a pw1", Value::from("pw1pw1-")), ("n", Value::Null)]).into()),
        ]);
        let masked = texts(&["4711", "pw1"]).masked(result);
        let expected = Map::from([
            ("msg", Value::from("login with ******** failed")),
            ("rc", Value::Int(7)),
            ("port", MASKED_VALUE.into()),
            ("cmd", Value::from(vec![Value::from("-p"), MASKED_VALUE.into()])),
            ("diff", Map::from([("a ********", Value::from("****************-")), ("n", Value::Null)]).into()),
        ]);
        assert_eq!(masked, expected);
    }

    #[test]
    fn a_failure_does_not_tell_the_password_either() {
        let args = Map::from([("url", "http://127.0.0.1:1/s3cr3t"), ("password", "s3cr3t"), ("user", "u")]);
        let result = run("uri", &args, &RunOptions::default(), Probe::default());
        assert_eq!(result.get("failed"), Some(&true.into()));
        assert_eq!(result.get("url"), Some(&"http://127.0.0.1:1/********".into()), "{result:?}");
        assert!(!Value::from(result).to_string().contains("s3cr3t"));
        let wrong = Map::from([("url", "x"), ("password", "s3cr3t"), ("method", "GET"), ("return_content", "s3cr3t")]);
        let result = run("uri", &wrong, &RunOptions::default(), Probe::default());
        assert!(result.contains_key("failed") && !Value::from(result).to_string().contains("s3cr3t"));
    }
}
