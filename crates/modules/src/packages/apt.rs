//! `apt`: packages of Debian and its relatives.

use std::time::{SystemTime, UNIX_EPOCH};

use ksplay_value::Value;

use super::apt_command::{Apt, PolicyFile, Refresh, read_lists};
use super::apt_request::{Request, installed, update_time};
use crate::arguments::{Opt, OptType};
use crate::{CommandOutput, CommandSpec, Diff, Failure, Inspection, Module, Outcome, Probe, System, arguments};

/// See [`AptArgs`].
pub struct AptModule;

arguments! {
    /// Installs, upgrades and removes packages of Debian and its relatives.
    pub struct AptArgs {
        /// The packages: names, `name=version` (with `*` for any text), patterns.
        package: Vec<String> = Opt::list(OptType::Str).aliases(&["pkg", "name"]),
        /// `present` and `absent`; `latest` upgrades as well; `build-dep` installs what building them needs; `fixed` repairs
        /// broken dependencies.
        state: String = Opt::str().default("present").choices(&["absent", "build-dep", "fixed", "latest", "present"]),
        /// Read the package lists anew first.
        update_cache: Option<bool> = Opt::bool().aliases(&["update-cache"]),
        /// How often reading the lists is tried again.
        update_cache_retries: i64 = Opt::int().default("5"),
        /// The longest pause between two tries, in seconds.
        update_cache_retry_max_delay: i64 = Opt::int().default("12"),
        /// Lists that are younger than this many seconds are not read anew.
        cache_valid_time: i64 = Opt::int().default("0"),
        /// Remove configuration files as well.
        purge: bool = Opt::bool().default("false"),
        /// The release to install from (`-t`).
        default_release: Option<String> = Opt::str().aliases(&["default-release"]),
        /// Whether recommended packages are installed; the target's own setting decides unless given.
        install_recommends: Option<bool> = Opt::bool().aliases(&["install-recommends"]),
        /// Install what is not authenticated, downgrade, and whatever else apt warns of.
        force: bool = Opt::bool().default("false"),
        /// Remove the downloaded package files.
        clean: bool = Opt::bool().default("false"),
        /// Install packages that cannot be authenticated.
        allow_unauthenticated: bool = Opt::bool().default("false").aliases(&["allow-unauthenticated"]),
        /// Install an older version over a newer one.
        allow_downgrade: bool = Opt::bool().default("false")
            .aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"]),
        /// Change packages that are held.
        allow_change_held_packages: bool = Opt::bool().default("false"),
        /// Upgrade everything: `yes` and `safe` remove nothing, `full` and `dist` may.
        upgrade: String = Opt::str().default("no").choices(&["dist", "full", "no", "safe", "yes"]),
        /// Options of dpkg, with commas between them.
        dpkg_options: String = Opt::str().default("force-confdef,force-confold"),
        /// The path of a package file on the target.
        deb: Option<String> = Opt::path(),
        /// Remove packages that nothing needs any more.
        autoremove: bool = Opt::bool().default("false"),
        /// Remove downloaded package files that can no longer be downloaded.
        autoclean: bool = Opt::bool().default("false"),
        /// While installing, the exit code of `/usr/sbin/policy-rc.d`: 101 keeps services from being started.
        policy_rc_d: Option<i64> = Opt::int(),
        /// Upgrade only packages that are installed.
        only_upgrade: bool = Opt::bool().default("false"),
        /// Fail where packages would be removed.
        fail_on_autoremove: bool = Opt::bool().default("false"),
        /// Accepted for compatibility: apt-get is always used.
        force_apt_get: bool = Opt::bool().default("false"),
        /// How many seconds to wait for another apt to end.
        lock_timeout: i64 = Opt::int().default("60"),
        /// Accepted for compatibility: nothing has to be installed for this module.
        auto_install_module_deps: bool = Opt::bool().default("true"),
    }
    rules {
        mutually_exclusive: &[&["deb", "package", "upgrade"]],
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct AptPlan {
    args: AptArgs,
    update: bool,
    /// The call of `apt-get` that does it.
    command: Option<Vec<String>>,
    clean: bool,
}

impl Module for AptModule {
    type Args = AptArgs;
    type Plan = AptPlan;

    fn inspect(args: &AptArgs, system: &Probe) -> Result<Inspection<AptPlan>, Failure> {
        let update = needs_update(args, system);
        let mut outcome = Outcome::default();
        outcome.values.insert("cache_updated", update);
        outcome.values.insert("cache_update_time", update_time(system));
        let mut command = None;
        if let Some(mut words) = words(args, system)? {
            let mut simulated = system.query(&Apt::new(args).command(&words, true))?;
            // A name that several packages provide is no package for apt-get, though one of them may be installed.
            let provided = if simulated.ok() { Vec::new() } else { provided_names(&simulated, system)? };
            if !provided.is_empty() {
                words.retain(|word| !provided.contains(word));
                simulated = system.query(&Apt::new(args).command(&words, true))?;
            }
            // What lists that are out of date do not know may well be in the new ones.
            if !simulated.ok() && !update {
                return Err(refused(args, &words, &simulated, &outcome));
            }
            if !simulated.ok() || changes_something(&simulated) {
                say(&mut outcome, &simulated, system.diff);
                outcome.changed = true;
                command = Some(words);
            }
        } else if !acts_on_packages(args) {
            outcome.changed = update;
        }
        let needed = update || command.is_some() || args.clean;
        let plan = needed.then(|| AptPlan { args: args.clone(), update, command, clean: args.clean });
        Ok(Inspection { predicted: outcome, plan })
    }

    fn apply(plan: AptPlan, predicted: Outcome, system: &mut System) -> Result<Outcome, Failure> {
        let AptPlan { args, update, mut command, clean } = plan;
        let mut outcome = predicted;
        if clean {
            let command = CommandSpec::new(["apt-get", "clean"]);
            system.run(&command)?.checked(&command)?;
        }
        if update {
            let refresh = Refresh {
                retries: args.update_cache_retries,
                longest_pause: args.update_cache_retry_max_delay,
                lock_timeout: args.lock_timeout,
            };
            read_lists(&refresh, system)?;
            outcome.values.insert("cache_update_time", update_time(system));
            // New lists can name newer versions and packages that were not known before.
            if acts_on_packages(&args) {
                command = words(&args, system)?;
                if let Some(words) = &command {
                    let simulated = system.query(&Apt::new(&args).command(words, true))?;
                    if !simulated.ok() {
                        return Err(refused(&args, words, &simulated, &outcome));
                    }
                    if !changes_something(&simulated) {
                        command = None;
                    }
                }
                outcome.changed = command.is_some();
            }
        }
        let Some(words) = command else { return Ok(outcome) };
        let policy = args.policy_rc_d.map(|code| PolicyFile::write(code, system)).transpose()?;
        let output = system.run(&Apt::new(&args).command(&words, false));
        if let Some(policy) = policy {
            policy.restore(system)?;
        }
        let output = output?;
        if !output.ok() {
            return Err(refused(&args, &words, &output, &outcome));
        }
        say(&mut outcome, &output, system.diff);
        Ok(outcome)
    }
}

fn acts_on_packages(args: &AptArgs) -> bool {
    !args.package.is_empty()
        || args.deb.is_some()
        || args.upgrade != "no"
        || args.autoremove
        || args.autoclean
        || args.state == "fixed"
}

/// The words for `apt-get`; `None` when it is known without asking it that nothing is to be done.
fn words(args: &AptArgs, system: &Probe) -> Result<Option<Vec<String>>, Failure> {
    let verb = |verb: &str, rest: Vec<String>| Some([verb.to_owned()].into_iter().chain(rest).collect());
    match args.upgrade.as_str() {
        "dist" | "full" => return Ok(verb("dist-upgrade", vec![])),
        "yes" | "safe" => return Ok(verb("upgrade", vec!["--with-new-pkgs".into()])),
        _ => {}
    }
    if let Some(deb) = &args.deb {
        return deb_words(deb, args, system);
    }
    if args.package.is_empty() {
        return Ok(if args.autoremove {
            verb(
                if args.purge { "purge" } else { "autoremove" },
                if args.purge { vec!["--auto-remove".into()] } else { vec![] },
            )
        } else if args.autoclean {
            verb("autoclean", vec![])
        } else if args.state == "fixed" {
            verb("install", vec!["--fix-broken".into()])
        } else {
            None
        });
    }
    let requests: Vec<Request> = args
        .package
        .iter()
        .flat_map(|name| name.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(Request::parse)
        .collect();
    // All packages at once are what the old and new name `*` would mean, and never what was wanted.
    if requests.iter().any(|request| request.name == "*") {
        return Err(Failure::new("name=* and state=latest are replaced by upgrade"));
    }
    if args.state == "build-dep" {
        return Ok(verb("build-dep", requests.iter().map(Request::shown).collect()));
    }
    let installed = installed(&requests, system)?;
    let chosen: Vec<String> = match args.state.as_str() {
        "absent" => requests.iter().flat_map(|request| request.removable(&installed, args.purge)).collect(),
        "latest" => requests
            .iter()
            .filter(|request| !args.only_upgrade || request.is_installed(&installed))
            .map(Request::shown)
            .collect(),
        _ => requests
            .iter()
            .filter(|request| !request.is_satisfied(&installed))
            .filter(|request| !args.only_upgrade || request.is_installed(&installed))
            .map(Request::shown)
            .collect(),
    };
    if chosen.is_empty() {
        return Ok(if args.state == "fixed" { verb("install", vec!["--fix-broken".into()]) } else { None });
    }
    let word = match args.state.as_str() {
        "absent" if args.purge => "purge",
        "absent" => "remove",
        _ => "install",
    };
    Ok(verb(word, chosen))
}

fn deb_words(deb: &str, args: &AptArgs, system: &Probe) -> Result<Option<Vec<String>>, Failure> {
    if deb.contains("://") {
        return Err(Failure::new(format!("download `{deb}` with get_url first: deb takes a path on the target")));
    }
    let command = CommandSpec::new(["dpkg-deb", "-f", deb, "Package", "Version"]).parsable();
    let output = system.query(&command)?;
    if !output.ok() {
        return Err(Failure::new(format!("Unable to install package: {}", output.stderr_text().trim())));
    }
    let text = output.stdout_text();
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let request = Request::parse(&format!("{}={}", field("Package:"), field("Version:")));
    if request.is_satisfied(&installed(std::slice::from_ref(&request), system)?) && !args.force {
        return Ok(None);
    }
    let path =
        system.canonicalize(deb.as_ref()).map_err(|error| Failure::new(format!("cannot find {deb}: {error}")))?;
    Ok(Some(vec!["install".into(), path.to_string_lossy().into_owned()]))
}

fn needs_update(args: &AptArgs, system: &Probe) -> bool {
    let wanted = args.update_cache.unwrap_or(args.cache_valid_time > 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    wanted && now - update_time(system) >= args.cache_valid_time
}

/// Those of the names without an installation candidate that an installed package provides.
fn provided_names(simulated: &CommandOutput, system: &Probe) -> Result<Vec<String>, Failure> {
    let said = simulated.stderr_text();
    let refused = said.lines().filter(|line| line.contains("has no installation candidate"));
    let names: Vec<&str> = refused.filter_map(|line| line.split('\'').nth(1)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let query = CommandSpec::new(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Provides}\\n"]).parsable();
    let text = system.query(&query)?.stdout_text();
    let provided = |name: &str| {
        text.lines()
            .filter_map(|line| line.strip_prefix("installed "))
            .any(|provides| provides.split(", ").any(|provided| provided.split([' ', ':']).next() == Some(name)))
    };
    Ok(names.into_iter().filter(|name| provided(name)).map(str::to_owned).collect())
}

fn changes_something(simulated: &CommandOutput) -> bool {
    simulated
        .stdout_text()
        .lines()
        .any(|line| ["Inst ", "Remv ", "Purg ", "Del ", "Conf "].iter().any(|word| line.starts_with(word)))
}

fn say(outcome: &mut Outcome, output: &CommandOutput, diff: bool) {
    outcome.values.insert("stdout", output.stdout_text());
    outcome.values.insert("stderr", output.stderr_text());
    if diff {
        outcome.diff = Diff { prepared: Some(summary(&output.stdout_text())), ..Diff::default() }.into();
    }
}

/// What apt announces, between its reading and its doing.
fn summary(text: &str) -> String {
    let reading = ["Reading ", "Building ", "Inst ", "Conf ", "Remv ", "Purg ", "Need to get", "Get:", "Note, "];
    let announced = text.lines().skip_while(|line| reading.iter().any(|word| line.starts_with(word)));
    let announced: Vec<&str> =
        announced.take_while(|line| !reading.iter().any(|word| line.starts_with(word))).collect();
    announced.join("\n")
}

fn refused(args: &AptArgs, words: &[String], output: &CommandOutput, outcome: &Outcome) -> Failure {
    let said = output.stderr_text();
    let quoted = |line: &str, index: usize| line.split('\'').nth(index).map(str::to_owned);
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("E: Unable to locate package ") {
            return Failure::new(format!("No package matching '{name}' is available")).missing();
        }
        if line.starts_with("E: Package '") && line.contains("has no installation candidate") {
            let name = quoted(line, 1).unwrap_or_default();
            return Failure::new(format!("No package matching '{name}' is available")).missing();
        }
        if line.starts_with("E: Version '") {
            let (version, name) = (quoted(line, 1).unwrap_or_default(), quoted(line, 3).unwrap_or_default());
            let failure = Failure::new(format!("no available installation candidate for {name}={version}")).missing();
            return with_cache(failure, outcome);
        }
    }
    let command = Apt::new(args).command(words, false).shown();
    with_cache(output.failure(format!("'{command}' failed: {said}")), outcome)
}

fn with_cache(failure: Failure, outcome: &Outcome) -> Failure {
    let of = |name: &str| outcome.values.get(name).cloned().unwrap_or(Value::Null);
    failure.with("cache_updated", of("cache_updated")).with("cache_update_time", of("cache_update_time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from `apt-get -s install tree` on Debian 12.
    const SIMULATED: &str = "Reading package lists...\nBuilding dependency tree...\nReading state information...\nThe following NEW packages will be installed:\n  tree\n0 upgraded, 1 newly installed, 0 to remove and 120 not upgraded.\nInst tree (2.1.0-1 Debian:12.15/oldstable [amd64])\nConf tree (2.1.0-1 Debian:12.15/oldstable [amd64])\n";

    #[test]
    fn a_simulation_tells_whether_something_would_change() {
        let output = |text: &str| CommandOutput { stdout: text.into(), ..CommandOutput::default() };
        assert!(changes_something(&output(SIMULATED)));
        assert!(!changes_something(&output(
            "Reading package lists...\ntree is already the newest version (2.1.0-1).\n"
        )));
    }

    #[test]
    fn the_summary_is_what_apt_announces() {
        let expected = "The following NEW packages will be installed:\n  tree\n0 upgraded, 1 newly installed, 0 to remove and 120 not upgraded.";
        assert_eq!(summary(SIMULATED), expected);
    }
}
