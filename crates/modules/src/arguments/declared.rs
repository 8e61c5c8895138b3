//! Checks values against a declaration that is data itself, such as a role's `argument_specs`.

use ksplay_value::{Key, Map, Value};

use super::OptType;
use super::check::boolean_words;
use super::convert::to_type;

/// What is wrong with these values, in the order and words of ansible-core: one sentence each, none when all is well.
///
/// `options` maps names to their declaration (`type`, `required`, `choices`, `elements`, `options`, …). Defaults play no
/// part: a value that is not given is not checked.
pub fn declared_errors(options: &Map, given: &Map) -> Vec<String> {
    let mut checker = Checker::default();
    checker.level(&Level { options, rules: None, given, path: &[] });
    if !checker.strange.is_empty() {
        let strange = checker.strange.join(", ");
        checker.errors.push(format!("{strange}. Supported parameters include: {}.", checker.supported));
    }
    checker.errors
}

#[derive(Default)]
struct Checker {
    errors: Vec<String>,
    strange: Vec<String>,
    supported: String,
}

/// The values of one mapping and what is declared for them.
struct Level<'a> {
    options: &'a Map,
    /// The declaration that holds `options`, with the rules between them.
    rules: Option<&'a Value>,
    given: &'a Map,
    path: &'a [String],
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        Some(Value::String(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}

/// A rule's groups of names: `[a, b]` is one group, `[[a, b], [c, d]]` are two.
fn groups(rules: Option<&Value>, name: &str) -> Vec<Vec<String>> {
    match rules.and_then(|rules| rules.get(name)) {
        Some(Value::List(items)) if items.iter().all(|item| matches!(item, Value::List(_))) => {
            items.iter().map(|item| texts(Some(item))).collect()
        }
        Some(list @ Value::List(_)) => vec![texts(Some(list))],
        _ => Vec::new(),
    }
}

fn kind_of(word: &str) -> Option<OptType> {
    Some(match word {
        "str" => OptType::Str,
        "path" => OptType::Path,
        "bool" => OptType::Bool,
        "int" => OptType::Int,
        "float" => OptType::Float,
        "list" => OptType::List,
        "dict" => OptType::Dict,
        "raw" | "json" | "jsonarg" | "bytes" | "bits" => OptType::Raw,
        _ => return None,
    })
}

impl Checker {
    fn level(&mut self, level: &Level<'_>) {
        let found = match level.path {
            [] => String::new(),
            path => format!(" found in {}", path.join(" -> ")),
        };
        let mut values = self.known(level);
        for group in groups(level.rules, "mutually_exclusive") {
            if group.iter().filter(|name| values.contains_key(name)).count() > 1 {
                let group = group.join("|");
                self.errors.push(format!("parameters are mutually exclusive: {group}{found}"));
                return;
            }
        }
        let is_required = |declared: &Value| declared.get("required").is_some_and(Value::is_true);
        let mut missing: Vec<&str> = named(level.options)
            .filter(|(name, declared)| is_required(declared) && !values.contains_key(name))
            .map(|(name, _)| name)
            .collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            self.errors.push(format!("missing required arguments: {}{found}", missing.join(", ")));
        }
        for (name, declared) in named(level.options) {
            let Some(value) = values.get(name).filter(|value| !value.is_null() || is_required(declared)) else {
                continue;
            };
            match converted(name, declared, value, level.path) {
                Ok((value, errors)) => {
                    values.insert(name, value);
                    self.errors.extend(errors);
                }
                Err(error) => {
                    values.remove(name);
                    self.errors.push(error);
                }
            }
        }
        for (name, declared) in named(level.options) {
            if let Some(value) = values.get(name)
                && let Some(error) = wrong_choice(name, declared, value)
            {
                self.errors.push(format!("{error}{found}"));
            }
        }
        self.rules(level.rules, &values, &found);
        for (name, declared) in named(level.options) {
            let (Some(Value::Map(options)), Some(value)) = (declared.get("options"), values.get(name)) else {
                continue;
            };
            let path: Vec<String> = level.path.iter().cloned().chain([name.to_owned()]).collect();
            let inner: Vec<&Value> = match value {
                Value::List(items) => items.iter().collect(),
                other => vec![other],
            };
            for value in inner {
                match value {
                    Value::Map(given) => self.level(&Level { options, rules: Some(declared), given, path: &path }),
                    Value::Null => {}
                    _ => self.errors.push(format!("value of '{name}' must be of type dict or list of dicts")),
                }
            }
        }
    }

    /// The values under their own names; those that are not declared are noted.
    fn known(&mut self, level: &Level<'_>) -> Map {
        let mut values = Map::new();
        let mut names = Vec::new();
        let mut all_aliases = Vec::new();
        for (name, declared) in named(level.options) {
            let aliases = texts(declared.get("aliases"));
            let value = aliases.iter().rev().find_map(|alias| level.given.get(alias.as_str()));
            if let Some(value) = value.or_else(|| level.given.get(name)) {
                values.insert(name, value.clone());
            }
            names.push(name.to_owned());
            all_aliases.extend(aliases);
        }
        let mut strange: Vec<String> = level
            .given
            .keys()
            .map(|key| key.as_value().to_string())
            .filter(|name| !names.contains(name) && !all_aliases.contains(name))
            .map(|name| level.path.iter().cloned().chain([name]).collect::<Vec<_>>().join("."))
            .collect();
        if !strange.is_empty() {
            strange.sort_unstable();
            self.strange.append(&mut strange);
            names.sort_unstable();
            all_aliases.sort_unstable();
            self.supported = names.join(", ");
            if !all_aliases.is_empty() {
                self.supported += &format!(" ({})", all_aliases.join(", "));
            }
        }
        values
    }

    fn rules(&mut self, rules: Option<&Value>, values: &Map, found: &str) {
        let has = |name: &String| values.contains_key(name.as_str());
        for group in groups(rules, "required_together") {
            let count = group.iter().filter(|name| has(name)).count();
            if count > 0 && count < group.len() {
                self.errors.push(format!("parameters are required together: {}{found}", group.join(", ")));
            }
        }
        for group in groups(rules, "required_one_of") {
            if !group.iter().any(has) {
                self.errors.push(format!("one of the following is required: {}{found}", group.join(", ")));
            }
        }
        let Some(Value::List(conditions)) = rules.and_then(|rules| rules.get("required_if")) else { return };
        for condition in conditions.iter() {
            let Value::List(parts) = condition else { continue };
            let [name, wanted, needed, rest @ ..] = &parts[..] else { continue };
            if values.get(name.to_string().as_str()) != Some(wanted) {
                continue;
            }
            let needed = texts(Some(needed));
            let lacking: Vec<&String> =
                needed.iter().filter(|name| values.get(name.as_str()).is_none_or(Value::is_null)).collect();
            let any = rest.first().is_some_and(Value::is_true);
            let broken = if any { lacking.len() == needed.len() } else { !lacking.is_empty() };
            if broken {
                let which = if any { "any" } else { "all" };
                let lacking: Vec<&str> = lacking.iter().map(|name| name.as_str()).collect();
                self.errors.push(format!(
                    "{name} is {wanted} but {which} of the following are missing: {}{found}",
                    lacking.join(", ")
                ));
            }
        }
    }
}

fn named(options: &Map) -> impl Iterator<Item = (&str, &Value)> {
    options.iter().filter_map(|(name, declared)| Some((Key::as_str(name)?, declared)))
}

/// The value in its type; of a list the elements that fit theirs, and what is said of the others.
fn converted(name: &str, declared: &Value, value: &Value, path: &[String]) -> Result<(Value, Vec<String>), String> {
    let place = match path {
        [] => String::new(),
        path => format!(" found in '{}'.", path.join(" -> ")),
    };
    let word = declared.get("type").and_then(Value::as_str).unwrap_or("str").to_owned();
    let refused = |what: &str, value: &Value, word: &str, why: &str| {
        format!(
            "{what} '{name}' is of type {}{place} and we were unable to convert to {word}: {why}",
            value.type_name()
        )
    };
    let unknown = "there is no such type";
    let kind = kind_of(&word).ok_or_else(|| refused("argument", value, &word, unknown))?;
    let value = to_type(kind, value).map_err(|why| refused("argument", value, kind.word(), &why))?;
    let Value::List(items) = &value else { return Ok((value, Vec::new())) };
    let Some(word) = declared.get("elements").and_then(Value::as_str) else { return Ok((value, Vec::new())) };
    let what = "Elements value for option";
    let kind = kind_of(word).ok_or_else(|| refused(what, &value, word, unknown))?;
    let (mut fitting, mut errors) = (Vec::new(), Vec::new());
    for item in items.iter() {
        match to_type(kind, item) {
            Ok(item) => fitting.push(item),
            Err(why) => errors.push(refused(what, item, kind.word(), &why)),
        }
    }
    Ok((fitting.into(), errors))
}

fn wrong_choice(name: &str, declared: &Value, value: &Value) -> Option<String> {
    let Some(Value::List(choices)) = declared.get("choices") else { return None };
    if value.is_null() {
        return None;
    }
    let shown = texts(Some(&Value::List(choices.clone()))).join(", ");
    if let Value::List(items) = value {
        let wrong: Vec<String> = items.iter().filter(|item| !choices.contains(item)).map(Value::to_string).collect();
        return (!wrong.is_empty()).then(|| {
            format!("value of {name} must be one or more of: {shown}. Got no match for: {}", wrong.join(", "))
        });
    }
    let text = value.to_string();
    let fits = choices.contains(value)
        || boolean_words(&text)
            .is_some_and(|words| choices.iter().filter(|c| words.contains(&c.to_string().as_str())).count() == 1);
    (!fits).then(|| format!("value of {name} must be one of: {shown}, got: {text}"))
}

#[cfg(test)]
mod tests {
    use ksplay_value::{Source, yaml};

    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let root = yaml::load(&Source::new("test", text)).unwrap().root.unwrap().to_data();
        let map = |name: &str| root.get(name).and_then(Value::as_map).cloned().unwrap_or_default();
        declared_errors(&map("spec"), &map("given"))
    }

    #[test]
    fn what_fits_is_no_error() {
        assert!(errors("{spec: {a: {type: int, required: true}, b: {}}, given: {a: '5', b: null}}").is_empty());
        assert!(errors("{spec: {a: {type: list, elements: int}}, given: {a: [1, '2']}}").is_empty());
        assert!(errors("{spec: {a: {choices: [x, y], aliases: [aa]}}, given: {aa: x}}").is_empty());
    }

    #[test]
    fn each_error_is_said_in_ansibles_words() {
        let said = [
            (
                "{spec: {a: {type: int, required: true}, b: {required: true}}, given: {c: 1}}",
                &["missing required arguments: a, b", "c. Supported parameters include: a, b."][..],
            ),
            (
                "{spec: {d: {type: dict, options: {x: {type: int, required: true}}}}, given: {d: {z: 3}}}",
                &["missing required arguments: x found in d", "d.z. Supported parameters include: x."],
            ),
            (
                "{spec: {d: {type: list, elements: dict, options: {x: {type: int}}}}, given: {d: [{x: 1}, {x: q}]}}",
                &["argument 'x' is of type str found in 'd'. and we were unable to convert to int: \"'q'\" cannot be \
                   converted to an int"],
            ),
            (
                "{spec: {l: {type: list, elements: int}}, given: {l: [1, x, '2', y]}}",
                &[
                    "Elements value for option 'l' is of type str and we were unable to convert to int: \"'x'\" cannot \
                     be converted to an int",
                    "Elements value for option 'l' is of type str and we were unable to convert to int: \"'y'\" cannot \
                     be converted to an int",
                ],
            ),
            (
                "{spec: {l: {type: list, elements: str, choices: [a, b]}}, given: {l: [a, q]}}",
                &["value of l must be one or more of: a, b. Got no match for: q"],
            ),
            (
                "{spec: {d: {type: dict, options: {x: {}, y: {}}, mutually_exclusive: [[x, y]]}}, given: {d: {x: 1, y: 1}}}",
                &["parameters are mutually exclusive: x|y found in d"],
            ),
        ];
        for (case, wanted) in said {
            assert_eq!(errors(case), wanted, "{case}");
        }
    }
}
