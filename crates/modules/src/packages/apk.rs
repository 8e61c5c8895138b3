//! `apk`: packages of Alpine.

use crate::arguments::{Opt, OptType};
use crate::{CommandOutput, CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`ApkArgs`].
pub struct Apk;

arguments! {
    /// Installs, upgrades and removes packages of Alpine.
    pub struct ApkArgs {
        /// The packages.
        name: Vec<String> = Opt::list(OptType::Str),
        /// `present` (`installed`), `absent` (`removed`) or `latest`.
        state: String = Opt::str().default("present").choices(&["present", "absent", "latest", "installed", "removed"]),
        /// Read the package index anew first.
        update_cache: bool = Opt::bool().default("false"),
        /// Upgrade everything.
        upgrade: bool = Opt::bool().default("false"),
        /// Take no index from the disk.
        no_cache: bool = Opt::bool().default("false"),
        /// Repositories to use instead of those of the target.
        repository: Vec<String> = Opt::list(OptType::Str),
    }
}

/// The calls of `apk` to be made.
#[derive(Debug)]
pub struct ApkPlan {
    commands: Vec<CommandSpec>,
    /// What is said when packages cannot be installed or removed.
    refusal: String,
}

/// Whether apk names a step, such as `(1/2) Installing tree (2.1.0-r0)`.
fn did_something(output: &CommandOutput) -> bool {
    output.stdout_text().lines().any(|line| line.starts_with('('))
}

impl Module for Apk {
    type Args = ApkArgs;
    type Plan = ApkPlan;

    fn inspect(args: &ApkArgs, system: &Probe) -> Result<Inspection<ApkPlan>, Failure> {
        let apk = |words: &[&str], names: &[String]| {
            let cache = args.no_cache.then(|| "--no-cache".to_owned());
            let repositories = args.repository.iter().flat_map(|url| ["--repository".to_owned(), url.clone()]);
            let words = words.iter().map(ToString::to_string).chain(cache).chain(repositories);
            CommandSpec::new(["apk".to_owned()].into_iter().chain(words).chain(names.iter().cloned())).parsable()
        };
        let mut commands = Vec::new();
        if args.update_cache {
            commands.push(apk(&["update"], &[]));
        }
        let updates = !commands.is_empty();
        if args.upgrade {
            commands.push(apk(&["upgrade"], &[]));
        }
        let installed = system.query(&apk(&["info"], &[]))?.stdout_text();
        let bare = |name: &str| name.split(['=', '<', '>', '~', '@']).next().unwrap_or_default().to_owned();
        let has = |name: &String| installed.lines().any(|line| line.trim() == bare(name));
        let absent = matches!(args.state.as_str(), "absent" | "removed");
        let (words, names): (&[&str], Vec<String>) = match args.state.as_str() {
            "absent" | "removed" => (&["del", "--purge"], args.name.iter().filter(|name| has(name)).cloned().collect()),
            "latest" => (&["add", "--upgrade"], args.name.clone()),
            // A version that is asked for is apk's to judge.
            _ => (&["add"], args.name.iter().filter(|name| !has(name) || bare(name) != **name).cloned().collect()),
        };
        let mut changed = args.upgrade;
        let verb = if absent { "remove" } else { "install" };
        let refusal = format!("failed to {verb} {}", names.join(" "));
        if !names.is_empty() && !system.check {
            // apk itself tells then whether there was anything to do.
            commands.push(apk(words, &names));
        } else if !names.is_empty() {
            let simulated = system.query(&apk(&[words, &["--simulate"]].concat(), &names))?;
            if !simulated.ok() && !updates {
                return Err(simulated.failure(refusal));
            }
            if !simulated.ok() || did_something(&simulated) {
                commands.push(apk(words, &names));
                changed = true;
            }
        }
        changed |= updates && args.name.is_empty();
        let mut outcome = Outcome { changed, ..Outcome::default() };
        outcome.values.insert("msg", if changed { "packages changed" } else { "package(s) already as wanted" });
        outcome.values.insert("packages", names.into_iter().collect::<ksplay_value::Value>());
        let plan = (!commands.is_empty()).then_some(ApkPlan { commands, refusal });
        Ok(Inspection { predicted: outcome, plan })
    }

    fn apply(plan: ApkPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in plan.commands {
            let output = system.run(&command)?;
            if !output.ok() && command.argv.iter().any(|word| word == "add" || word == "del") {
                return Err(output.failure(plan.refusal));
            }
            let output = output.checked(&command)?;
            if did_something(&output) {
                predicted.changed = true;
                predicted.values.insert("msg", "packages changed");
            }
            predicted.values.insert("stdout", output.stdout_text());
            predicted.values.insert("stderr", output.stderr_text());
        }
        Ok(predicted)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use ksplay_value::{Map, Value};

    use crate::{Probe, RunOptions, run};

    #[test]
    fn only_a_dry_run_simulates() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}\ncase \"$1\" in info) echo there;; add) echo '(1/1) Installing tree';; esac\n",
            log.display()
        );
        let program = folder.path().join("apk");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let called = |name: &str, check: bool| {
            let _ = fs::remove_file(&log);
            let options =
                RunOptions { check, environment: vec![("PATH".into(), path.clone())], ..RunOptions::default() };
            let result = run("apk", &Map::from([("name", name)]), &options, Probe::default());
            (result.get("changed").and_then(Value::as_bool), fs::read_to_string(&log).unwrap())
        };
        assert_eq!(called("tree", true), (Some(true), "info\nadd --simulate tree\n".into()));
        assert_eq!(called("tree", false), (Some(true), "info\nadd tree\n".into()));
        assert_eq!(called("there", false), (Some(false), "info\n".into()));
    }
}
