//! `group`: groups of accounts.

use ksplay_value::Map;

use crate::arguments::Opt;
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`GroupArgs`].
pub struct GroupModule;

arguments! {
    /// Makes, changes and removes groups of accounts.
    pub struct GroupArgs {
        /// The group.
        name: String = Opt::str().required(),
        /// Whether it exists.
        state: String = Opt::str().default("present").choices(&["absent", "present"]),
        /// Its number.
        gid: Option<i64> = Opt::int(),
        /// Whether the number may be another's as well.
        non_unique: bool = Opt::bool().default("false"),
        /// Whether a new group is one of the system's.
        system: bool = Opt::bool().default("false"),
        /// Whether a group is removed that is an account's primary one.
        force: bool = Opt::bool().default("false"),
        /// Use the `l…` commands for groups of this machine alone.
        local: bool = Opt::bool().default("false"),
        /// The lowest number for a new group.
        gid_min: Option<i64> = Opt::int(),
        /// The highest number for a new group.
        gid_max: Option<i64> = Opt::int(),
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct GroupPlan {
    name: String,
    command: CommandSpec,
}

impl Module for GroupModule {
    type Args = GroupArgs;
    type Plan = GroupPlan;

    fn inspect(args: &GroupArgs, system: &Probe) -> Result<Inspection<GroupPlan>, Failure> {
        if args.non_unique && args.gid.is_none() {
            return Err(Failure::new("non_unique is True but all of the following are missing: gid"));
        }
        let current = system.group_named(&args.name);
        let mut values = Map::from([("name", args.name.as_str()), ("state", &args.state)]);
        let program = |plain: &'static str, local: &'static str| if args.local { local } else { plain };
        let words: Option<Vec<String>> = match (&current, args.state.as_str()) {
            (Some(_), "absent") => {
                let force = (args.force && !args.local).then(|| "-f".to_owned());
                Some([program("groupdel", "lgroupdel").to_owned()].into_iter().chain(force).collect())
            }
            (None, "absent") => None,
            (None, _) => Some(creation(args, program("groupadd", "lgroupadd"))),
            (Some(group), _) => args.gid.filter(|gid| *gid != i64::from(group.gid)).map(|gid| {
                let unique = args.non_unique.then(|| "-o".to_owned());
                let words = [program("groupmod", "lgroupmod").to_owned(), "-g".into(), gid.to_string()];
                words.into_iter().chain(unique).collect()
            }),
        };
        if args.state == "present" {
            values.insert("system", args.system);
            values.insert("gid", args.gid.or(current.map(|group| i64::from(group.gid))));
        }
        let outcome = Outcome { values, ..Outcome::default() };
        Ok(match words {
            None => Inspection::nothing_to_do(outcome),
            Some(words) => {
                let command = CommandSpec::new(words.into_iter().chain([args.name.clone()])).parsable();
                Inspection::change(outcome, GroupPlan { name: args.name.clone(), command })
            }
        })
    }

    fn apply(plan: GroupPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let output = system.run(&plan.command)?;
        if !output.ok() {
            let said = output.stderr_text();
            return Err(Failure::new(said.trim()).with("name", plan.name).with("rc", output.rc));
        }
        if predicted.values.contains_key("gid") {
            predicted.values.insert("gid", system.group_named(&plan.name).map(|group| group.gid));
        }
        Ok(predicted)
    }
}

fn creation(args: &GroupArgs, program: &str) -> Vec<String> {
    let mut argv = vec![program.to_owned()];
    if let Some(gid) = args.gid {
        argv.extend(["-g".to_owned(), gid.to_string()]);
        if args.non_unique {
            argv.push("-o".into());
        }
    }
    if args.system {
        argv.push("-r".into());
    }
    for (key, value) in [("GID_MIN", args.gid_min), ("GID_MAX", args.gid_max)] {
        if let Some(value) = value {
            argv.extend(["-K".to_owned(), format!("{key}={value}")]);
        }
    }
    argv
}

#[cfg(test)]
mod tests {
    use ksplay_value::Value;

    use super::*;
    use crate::RunOptions;

    fn check(fields: &[(&str, &str)]) -> Map {
        let args: Map = fields.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        crate::run("group", &args, &RunOptions { check: true, ..RunOptions::default() }, Probe::default())
    }

    #[test]
    fn a_group_that_is_as_wanted_is_not_changed() {
        let result = check(&[("name", "root"), ("gid", "0")]);
        assert_eq!(result.get("changed"), Some(&Value::Bool(false)));
        assert_eq!(result.get("gid"), Some(&Value::Int(0)));
        assert_eq!(check(&[("name", "no-such-group"), ("state", "absent")]).get("changed"), Some(&Value::Bool(false)));
        assert_eq!(check(&[("name", "no-such-group")]).get("changed"), Some(&Value::Bool(true)));
    }
}
