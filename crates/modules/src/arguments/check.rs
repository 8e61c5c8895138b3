//! Checks what was given against a declaration, with ansible-core's order of checks and its messages.

use ksplay_value::{Map, Value};

use super::convert::{convert, from_yaml};
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
        let mut given = Self { values: Map::new(), secret: Vec::new() };
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
                (None, Some(yaml)) => default(opt, yaml)?,
                (None, None) => Value::Null,
            };
            values.insert(opt.name, value);
        }
        self.values = values;
        Ok(())
    }
}

/// YAML turns an unquoted `yes` into a boolean; when exactly one choice is a word for it, that one was meant.
fn choice_of_boolean(opt: &Opt, text: &str) -> Option<&'static str> {
    let words: &[&str] = match text {
        "True" => &["yes", "on", "true"],
        "False" => &["no", "off", "false"],
        _ => return None,
    };
    let mut fitting = opt.choices.iter().filter(|choice| words.contains(choice));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(*first)
}

/// The default, whose text is of the declared type by construction.
fn default(opt: &Opt, yaml: &str) -> Result<Value, Failure> {
    match opt.kind {
        OptType::List | OptType::Dict | OptType::Raw => {
            from_yaml(yaml).ok_or_else(|| Failure::new(format!("the default of `{}` is no YAML", opt.name)))
        }
        _ => convert(opt, &Value::from(yaml)),
    }
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
