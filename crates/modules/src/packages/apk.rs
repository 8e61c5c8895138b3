//! `apk`: packages of Alpine.

use crate::arguments::{Opt, OptType};
use crate::{CommandSpec, Failure, Inspection, Module, Outcome, Probe, System, arguments};

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
        if !names.is_empty() {
            let simulated = system.query(&apk(&[words, &["--simulate"]].concat(), &names))?;
            if !simulated.ok() && !updates {
                let verb = if absent { "remove" } else { "install" };
                return Err(simulated.failure(format!("failed to {verb} {}", names.join(" "))));
            }
            let text = simulated.stdout_text();
            if !simulated.ok() || text.lines().any(|line| line.starts_with('(')) {
                commands.push(apk(words, &names));
                changed = true;
            }
        }
        changed |= updates && args.name.is_empty();
        let mut outcome = Outcome { changed, ..Outcome::default() };
        outcome.values.insert("msg", if changed { "packages changed" } else { "package(s) already as wanted" });
        outcome.values.insert("packages", names.into_iter().collect::<ksplay_value::Value>());
        let plan = (!commands.is_empty()).then_some(ApkPlan { commands });
        Ok(Inspection { predicted: outcome, plan })
    }

    fn apply(plan: ApkPlan, mut predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        for command in plan.commands {
            let output = system.run(&command)?.checked(&command)?;
            predicted.values.insert("stdout", output.stdout_text());
            predicted.values.insert("stderr", output.stderr_text());
        }
        Ok(predicted)
    }
}
