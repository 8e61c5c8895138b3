//! `ini_file`: one option or section of a file.

use std::path::{Path, PathBuf};

use ksplay_value::{Map, Value};

use super::attributes::{Current, FileAttributes};
use super::rewrite::{Rewrite, create_parents, text_diff};
use super::{describe, python_error};
use crate::arguments::{Opt, OptType};
use crate::text::bytes;
use crate::text::ini::{Condition, Target};
use crate::{Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`IniFileArgs`].
pub struct IniFile;

arguments! {
    /// Sees to one option or section of a file of sections and options.
    pub struct IniFileArgs {
        /// The file.
        path: PathBuf = Opt::path().required().aliases(&["dest"]),
        /// The section; without it, what stands before the first is meant.
        section: Option<String> = Opt::str(),
        /// What the section must hold to be the one that is meant among several of its name: mappings of `option` and
        /// `value` or `values`.
        section_has_values: Option<Vec<Map>> = Opt::list(OptType::Dict),
        /// The option; without it, with `state=absent`, the section is removed.
        option: Option<String> = Opt::str(),
        /// Its value.
        value: Option<String> = Opt::str(),
        /// Its values, a line for each.
        values: Option<Vec<String>> = Opt::list(OptType::Str),
        /// Whether the old content is kept under another name.
        backup: bool = Opt::bool().default("false"),
        /// Whether it is there.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// Whether other values of the option are removed.
        exclusive: bool = Opt::bool().default("true"),
        /// Whether nothing is put around `=`.
        no_extra_spaces: bool = Opt::bool().default("false"),
        /// Whether a line stays that differs in nothing but white space.
        ignore_spaces: bool = Opt::bool().default("false"),
        /// Whether the option may stand without `=` and value.
        allow_no_value: bool = Opt::bool().default("false"),
        /// Whether a comment that holds the option is replaced.
        modify_inactive_option: bool = Opt::bool().default("true"),
        /// Whether a missing file is made.
        create: bool = Opt::bool().default("true"),
        /// Whether the file behind a symbolic link is changed, instead of the link being replaced by a file.
        follow: bool = Opt::bool().default("false"),
    }
    includes { attributes: FileAttributes }
    rules { mutually_exclusive: &[&["value", "values"]] }
}

/// The new content, if it changes, and how it is put in place.
#[derive(Debug)]
pub struct IniFilePlan {
    content: Option<Vec<u8>>,
    place: PathBuf,
    rewrite: Rewrite,
}

impl IniFileArgs {
    fn target<'a>(&'a self, holds: &'a [Condition]) -> Target<'a> {
        let given = self.value.iter().chain(self.values.iter().flatten());
        let mut values: Vec<Option<&str>> = Vec::new();
        for value in given {
            if !values.contains(&Some(value)) {
                values.push(Some(value));
            }
        }
        if values.is_empty() && self.allow_no_value {
            values.push(None);
        }
        Target {
            section: self.section.as_deref().unwrap_or_default(),
            holds,
            option: self.option.as_deref(),
            values,
            exclusive: self.exclusive,
            no_extra_spaces: self.no_extra_spaces,
            ignore_spaces: self.ignore_spaces,
            modify_inactive: self.modify_inactive_option,
        }
    }

    fn conditions(&self) -> Result<Vec<Condition>, Failure> {
        self.section_has_values.iter().flatten().map(condition).collect()
    }
}

fn condition(given: &Map) -> Result<Condition, Failure> {
    let wrong = |what: &str| Failure::new(format!("{what} found in section_has_values"));
    let known = ["option", "value", "values"];
    if let Some((name, _)) = given.iter().find(|(name, _)| !known.iter().any(|known| name.as_str() == Some(known))) {
        return Err(wrong(&format!("unsupported parameter {} (supported are option, value, values)", name.as_value())));
    }
    let text = |value: &Value| value.to_string();
    let of = |name: &str| given.get(name).filter(|value| !value.is_null());
    let option = of("option").map(text).ok_or_else(|| wrong("missing required arguments: option"))?;
    let values = match (of("value"), of("values")) {
        (Some(_), Some(_)) => return Err(wrong("parameters are mutually exclusive: value|values")),
        (None, Some(Value::List(items))) => items.iter().map(text).collect(),
        (one, other) => one.or(other).map(text).into_iter().collect(),
    };
    Ok(Condition { option, values })
}

/// Where the content goes: behind a symbolic link, or in its place.
fn place_of(path: &Path, follow: bool, system: &Probe) -> PathBuf {
    match system.read_link(path) {
        Ok(target) if follow => {
            let beside = path.parent().unwrap_or(Path::new("")).join(target);
            system.canonicalize(path).unwrap_or(beside)
        }
        _ => path.to_owned(),
    }
}

impl Module for IniFile {
    type Args = IniFileArgs;
    type Plan = IniFilePlan;

    fn inspect(args: &IniFileArgs, system: &Probe) -> Result<Inspection<IniFilePlan>, Failure> {
        let holds = args.conditions()?;
        let target = args.target(&holds);
        let present = args.state == "present";
        if present && target.values.is_empty() {
            return Err(Failure::new(
                "Parameter 'value(s)' must be defined if state=present and allow_no_value=False.",
            ));
        }
        let before = match system.read(&args.path) {
            Ok(content) => bytes::decode(&content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && args.create => String::new(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let message = format!("Destination {} does not exist!", args.path.display());
                return Err(Failure::new(message).with("rc", 257).missing());
            }
            Err(error) => return Err(Failure::new(python_error(&error, &args.path))),
        };
        let before = before.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        if present && target.section.is_empty() && !target.is_in(&before) {
            let message = "nothing before the first section has what section_has_values says: name a section";
            return Err(Failure::new(message));
        }
        let (after, message) = if present { target.present(&before) } else { target.absent(&before) };
        let mut outcome = Outcome::default();
        outcome.values.insert("msg", message);
        outcome.values.insert("path", args.path.display().to_string());
        if system.exists(&args.path) {
            describe(system, &args.path, &mut outcome.values);
        }
        if system.diff {
            outcome.diff = text_diff(format!("{} (content)", args.path.display()), &before, &after).into();
        }
        let place = place_of(&args.path, args.follow, system);
        let found = system.metadata(&place).ok();
        let current = found.as_ref().map_or_else(|| Current::new_file(system), Current::of);
        let written = after != before;
        let changes_attributes = !args.attributes.change(&place, &current, system)?.is_empty();
        if !written && (!changes_attributes || found.is_none()) {
            return Ok(Inspection::nothing_to_do(outcome));
        }
        let plan = IniFilePlan {
            content: written.then(|| bytes::encode(&after)),
            rewrite: Rewrite {
                path: args.path.clone(),
                backup: args.backup && found.is_some(),
                validate: None,
                attributes: args.attributes.clone(),
            },
            place,
        };
        Ok(Inspection::change(outcome, plan))
    }

    fn apply(plan: IniFilePlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let IniFilePlan { content, place, rewrite } = plan;
        if let Some(content) = content {
            create_parents(&place, system)?;
            let staged = system
                .stage(&place, &mut &content[..])
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", place.display())))?;
            if let Some(backup) = rewrite.put(staged, &place, system)?.backup {
                predicted.values.insert("backup_file", backup);
            }
        }
        rewrite.attributes.ensure(&place, system)?;
        describe(system, &rewrite.path, &mut predicted.values);
        Ok(predicted)
    }
}
