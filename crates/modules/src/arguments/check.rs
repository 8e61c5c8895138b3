//! Checks what was given against a declaration, with ansible-core's order of checks and its messages.

use ksplay_value::{Map, Value};

use super::convert::convert;
use super::{Given, Opt, OptType, Spec};
use crate::Failure;

/// What the names of arguments begin with that only the controller gives.
pub(super) const INTERNAL: &str = "_ksplay_";

impl Given {
    /// Checks what was given to the module of this name.
    ///
    /// # Errors
    ///
    /// With Ansible's messages: unsupported parameters, missing required arguments, wrong types and choices, broken
    /// rules.
    pub fn check(module: &str, spec: &'static Spec, args: &Map) -> Result<Self, Failure> {
        let mut given = Self { values: Map::new(), secret: Vec::new(), misfit: None };
        given.take_known(spec, args);
        exclusive(spec, &given.values)?;
        required(spec, &given.values)?;
        given.convert_all(spec)?;
        given.check_choices(spec)?;
        groups(spec, &given.values)?;
        given.fill_in_defaults(spec)?;
        conditional(spec, &given.values)?;
        unsupported(module, spec, args)?;
        Ok(given)
    }

    /// Puts every known argument under its own name; of several names for one argument the alias that is declared
    /// last wins, as it does in Ansible.
    fn take_known(&mut self, spec: &Spec, args: &Map) {
        for opt in spec.all() {
            let value = opt.aliases.iter().rev().find_map(|alias| args.get(alias)).or_else(|| args.get(opt.name));
            if let Some(value) = value {
                self.values.insert(opt.name, value.clone());
            }
            if opt.no_log {
                self.secret.push(opt.name);
            }
        }
    }

    fn convert_all(&mut self, spec: &Spec) -> Result<(), Failure> {
        for opt in spec.all() {
            let Some(value) = self.values.get_mut(opt.name) else { continue };
            if value.is_null() && !opt.required {
                continue;
            }
            *value = convert(opt, value)?;
        }
        Ok(())
    }

    fn check_choices(&mut self, spec: &Spec) -> Result<(), Failure> {
        for opt in spec.all().filter(|opt| !opt.choices.is_empty()) {
            let Some(value) = self.values.get_mut(opt.name) else { continue };
            if let Value::List(items) = value {
                let wrong: Vec<String> =
                    items.iter().map(Value::to_string).filter(|item| !opt.choices.contains(&item.as_str())).collect();
                if !wrong.is_empty() {
                    return Err(Failure::new(format!(
                        "value of {} must be one or more of: {}. Got no match for: {}",
                        opt.name,
                        opt.choices.join(", "),
                        wrong.join(", ")
                    )));
                }
                continue;
            }
            let text = value.to_string();
            if opt.choices.contains(&text.as_str()) {
                continue;
            }
            match choice_of_boolean(opt, &text) {
                Some(word) => *value = word.into(),
                None => {
                    let choices = opt.choices.join(", ");
                    return Err(Failure::new(format!("value of {} must be one of: {choices}, got: {text}", opt.name)));
                }
            }
        }
        Ok(())
    }

    fn fill_in_defaults(&mut self, spec: &Spec) -> Result<(), Failure> {
        let mut values = Map::with_capacity(self.values.len());
        for opt in spec.all() {
            let given = self.values.remove(opt.name).filter(|value| !value.is_null());
            let value = match (given, opt.default) {
                (Some(value), _) => value,
                (None, Some(text)) => default(opt, text)?,
                (None, None) => Value::Null,
            };
            values.insert(opt.name, value);
        }
        self.values = values;
        Ok(())
    }
}

/// The words that YAML turns into this boolean.
pub(super) fn boolean_words(boolean: &str) -> Option<&'static [&'static str]> {
    match boolean {
        "True" => Some(&["yes", "on", "true"]),
        "False" => Some(&["no", "off", "false"]),
        _ => None,
    }
}

/// YAML turns an unquoted `yes` into a boolean; when exactly one choice is a word for it, that one was meant.
fn choice_of_boolean(opt: &Opt, text: &str) -> Option<&'static str> {
    let words = boolean_words(text)?;
    let mut fitting = opt.choices.iter().filter(|choice| words.contains(choice));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(*first)
}

/// The default, whose text is of the declared type by construction.
fn default(opt: &Opt, text: &str) -> Result<Value, Failure> {
    let value = match opt.kind {
        OptType::List => text.trim_matches(['[', ']']).split(", ").filter(|item| !item.is_empty()).collect(),
        OptType::Dict => Value::empty_map(),
        _ => Value::from(text),
    };
    convert(opt, &value)
}

fn unsupported(module: &str, spec: &Spec, args: &Map) -> Result<(), Failure> {
    let known = |name: &str| spec.all().any(|opt| opt.name == name || opt.aliases.contains(&name));
    let mut unknown: Vec<String> = args
        .keys()
        .map(|name| name.as_value().to_string())
        .filter(|name| !known(name) && !name.starts_with(INTERNAL))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.sort_unstable();
    let mut names: Vec<&str> = spec.all().map(|opt| opt.name).filter(|name| !name.starts_with(INTERNAL)).collect();
    names.sort_unstable();
    let mut aliases: Vec<&str> = spec.all().flat_map(|opt| opt.aliases.iter().copied()).collect();
    aliases.sort_unstable();
    let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
    Err(Failure::new(format!(
        "Unsupported parameters for ({module}) module: {}. Supported parameters include: {}{aliases}.",
        unknown.join(", "),
        names.join(", "),
    )))
}

fn exclusive(spec: &Spec, values: &Map) -> Result<(), Failure> {
    let broken: Vec<String> = spec
        .mutually_exclusive
        .iter()
        .filter(|group| group.iter().filter(|name| values.contains_key(name)).count() > 1)
        .map(|group| group.join("|"))
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("parameters are mutually exclusive: {}", broken.join(", "))))
}

fn required(spec: &Spec, values: &Map) -> Result<(), Failure> {
    let mut missing: Vec<&str> =
        spec.all().filter(|opt| opt.required && !values.contains_key(opt.name)).map(|opt| opt.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    Err(Failure::new(format!("missing required arguments: {}", missing.join(", "))))
}

fn groups(spec: &Spec, values: &Map) -> Result<(), Failure> {
    let has_default = |name: &str| spec.all().any(|opt| opt.name == name && opt.default.is_some());
    let present = |name: &&&str| values.contains_key(name) || has_default(name);
    for group in spec.required_together {
        let count = group.iter().filter(present).count();
        if count > 0 && count < group.len() {
            return Err(Failure::new(format!("parameters are required together: {}", group.join(", "))));
        }
    }
    for group in spec.required_one_of {
        if !group.iter().any(|name| present(&name)) {
            return Err(Failure::new(format!("one of the following is required: {}", group.join(", "))));
        }
    }
    Ok(())
}

fn conditional(spec: &Spec, values: &Map) -> Result<(), Failure> {
    let missing = |name: &&&str| values.get(name).is_none_or(Value::is_null);
    let holds = |name: &str, wanted: &str| values.get(name).is_some_and(|value| value.to_string() == wanted);
    for (name, value, needed) in spec.required_if.iter().filter(|(name, value, _)| holds(name, value)) {
        let lacking: Vec<&str> = needed.iter().filter(missing).copied().collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            return Err(Failure::new(format!("{name} is {value} but all of the following are missing: {lacking}")));
        }
    }
    for (name, value, needed) in spec.required_any_if.iter().filter(|(name, value, _)| holds(name, value)) {
        if needed.iter().filter(missing).count() == needed.len() {
            let needed = needed.join(", ");
            return Err(Failure::new(format!("{name} is {value} but any of the following are missing: {needed}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arguments, arguments};

    arguments! {
        /// Has one argument of each type.
        pub struct AllArgs {
            /// Text.
            s: Option<String> = Opt::str(),
            /// A path.
            p: Option<String> = Opt::path().aliases(&["pp", "ppp"]),
            /// A boolean.
            b: bool = Opt::bool().default("false"),
            /// An integer.
            i: Option<i64> = Opt::int(),
            /// Texts.
            l: Vec<String> = Opt::list(OptType::Str).default("[]"),
            /// Integers.
            li: Vec<i64> = Opt::list(OptType::Int),
            /// A mapping.
            d: Option<Map> = Opt::dict(),
            /// One of two.
            c: Option<String> = Opt::str().choices(&["x", "y"]),
            /// Yes or no.
            cb: Option<String> = Opt::str().choices(&["yes", "no"]),
            /// A secret.
            secret: Option<String> = Opt::str().no_log(),
            /// For the controller.
            _ksplay_x: Option<String> = Opt::str(),
        }
        rules { required_if: &[("c", "y", &["s", "i"])], mutually_exclusive: &[&["i", "li"]] }
    }

    fn check(args: &[(&str, Value)]) -> Result<Given, String> {
        Given::check("all", AllArgs::SPEC_REF, &args.iter().cloned().collect()).map_err(|failure| failure.message)
    }

    fn one(name: &str, value: impl Into<Value>) -> Value {
        check(&[(name, value.into())]).unwrap().take(name)
    }

    #[test]
    fn values_become_what_ansible_makes_of_them() {
        assert_eq!(one("s", true), "True".into());
        assert_eq!(one("s", 1.5), "1.5".into());
        assert_eq!(one("b", " oN"), true.into());
        assert_eq!(one("b", 1), true.into());
        assert_eq!(one("i", " 5.0 "), 5.into());
        assert_eq!(one("i", true), 1.into());
        assert_eq!(one("l", "a, b"), ["a", " b"].into_iter().collect());
        assert_eq!(one("l", 5), ["5"].into_iter().collect());
        assert_eq!(one("li", "1,2"), [1, 2].into_iter().collect());
        assert_eq!(one("d", "a=1, b=\"x y\""), Map::from([("a", "1"), ("b", "x y")]).into());
        assert_eq!(one("d", "{\"a\": 1}"), Map::from([("a", 1)]).into());
        assert_eq!(one("cb", true), "yes".into());
        assert_eq!(one("p", "/x/$NO_SUCH_NAME"), "/x/$NO_SUCH_NAME".into());
    }

    #[test]
    fn what_does_not_fit_is_refused_in_ansibles_words() {
        let message = |args: &[(&str, Value)]| check(args).unwrap_err();
        assert_eq!(
            message(&[("i", "x".into())]),
            "argument 'i' is of type str and we were unable to convert to int: \"'x'\" cannot be converted to an int"
        );
        assert_eq!(message(&[("c", "z".into())]), "value of c must be one of: x, y, got: z");
        assert_eq!(message(&[("c", "y".into()), ("s", "".into())]), "c is y but all of the following are missing: i");
        assert_eq!(message(&[("i", 1.into()), ("li", "1".into())]), "parameters are mutually exclusive: i|li");
        assert_eq!(
            message(&[("zz", 1.into()), ("aa", 1.into())]),
            "Unsupported parameters for (all) module: aa, zz. Supported parameters include: b, c, cb, d, i, l, li, p, s, \
             secret (pp, ppp)."
        );
        let wrong = message(&[("b", "2".into())]);
        assert!(wrong.starts_with("argument 'b' is of type str and we were unable to convert to bool: The value '2'"));
    }

    #[test]
    fn secrets_and_the_controllers_arguments_are_not_shown() {
        let given =
            check(&[("secret", "hush".into()), ("_ksplay_x", "y".into()), ("_ksplay_other", "z".into())]).unwrap();
        let shown = given.invocation(&crate::secrets::Secrets::default());
        assert_eq!(shown.get("secret"), Some(&"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER".into()));
        assert!(shown.keys().all(|name| !name.as_value().to_string().starts_with("_ksplay_")));
    }
}
