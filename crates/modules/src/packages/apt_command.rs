//! Calls of `apt-get`.

use std::path::Path;
use std::time::Duration;

use super::apt::AptArgs;
use crate::{CommandSpec, Failure, NewFile, System};

/// Makes calls with the options that the arguments ask for.
pub(crate) struct Apt<'a>(&'a AptArgs);

impl<'a> Apt<'a> {
    pub(crate) fn new(args: &'a AptArgs) -> Self {
        Self(args)
    }

    /// The call with these words: a verb and what it acts on.
    pub(crate) fn command(&self, words: &[String], simulate: bool) -> CommandSpec {
        let args = self.0;
        let mut argv = vec!["/usr/bin/apt-get".to_owned(), "-y".into()];
        let mut option = |text: String| argv.extend(["-o".to_owned(), text]);
        for dpkg in args.dpkg_options.split(',').filter(|option| !option.is_empty()) {
            option(format!("Dpkg::Options::=--{dpkg}"));
        }
        if simulate {
            // Without these two, apt writes what it has parsed to the disk.
            option("Dir::Cache::pkgcache=".into());
            option("Dir::Cache::srcpkgcache=".into());
        } else {
            option(format!("DPkg::Lock::Timeout={}", args.lock_timeout));
        }
        if args.install_recommends == Some(true) {
            option("APT::Install-Recommends=yes".into());
        }
        let flags = [
            (args.install_recommends == Some(false), "--no-install-recommends"),
            (args.only_upgrade, "--only-upgrade"),
            (args.fail_on_autoremove, "--no-remove"),
            (args.autoremove && words.first().is_none_or(|verb| verb != "autoremove"), "--auto-remove"),
            (args.force, "--force-yes"),
            (args.allow_unauthenticated, "--allow-unauthenticated"),
            (args.allow_downgrade, "--allow-downgrades"),
            (args.allow_change_held_packages, "--allow-change-held-packages"),
            (args.purge && words.first().is_some_and(|verb| verb == "autoremove"), "--purge"),
            (simulate, "--simulate"),
        ];
        argv.extend(flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| flag.to_owned()));
        if let Some(release) = &args.default_release {
            argv.extend(["-t".to_owned(), release.clone()]);
        }
        argv.extend(words.iter().cloned());
        quiet(CommandSpec::new(argv))
    }
}

/// How the package lists are read anew.
#[derive(Debug)]
pub(crate) struct Refresh {
    /// How often it is tried again.
    pub retries: i64,
    /// How many seconds lie between two tries at most.
    pub longest_pause: i64,
    /// How many seconds to wait for another apt to end.
    pub lock_timeout: i64,
}

/// Reads the package lists.
pub(crate) fn read_lists(refresh: &Refresh, system: &mut System) -> Result<(), Failure> {
    let lock = format!("DPkg::Lock::Timeout={}", refresh.lock_timeout);
    let command = quiet(CommandSpec::new(["/usr/bin/apt-get", "-o", &lock, "update"]));
    let mut said = String::new();
    for attempt in 0..=refresh.retries.clamp(0, 30) {
        let output = system.run(&command)?;
        said = output.stderr_text();
        // A list that could not be fetched is a warning for apt.
        let missing = said.lines().any(|line| line.starts_with("W: Failed to fetch") || line.starts_with("E: "));
        if output.ok() && !missing {
            return Ok(());
        }
        let longest = refresh.longest_pause.max(0).unsigned_abs();
        let pause = Duration::from_secs((1_u64 << attempt.min(6)).min(longest));
        if attempt == refresh.retries || !system.sleep(pause) {
            break;
        }
    }
    Err(Failure::new(format!("Failed to update apt cache: {}", said.trim())))
}

/// The call without any question to a person.
fn quiet(command: CommandSpec) -> CommandSpec {
    command.parsable().env("DEBIAN_FRONTEND", "noninteractive").env("DEBIAN_PRIORITY", "critical")
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// The file that tells maintainer scripts whether they may start services, replaced for a while.
pub(crate) struct PolicyFile {
    before: Option<Vec<u8>>,
}

impl PolicyFile {
    /// Replaces it by one that ends with this code.
    pub(crate) fn write(code: i64, system: &mut System) -> Result<Self, Failure> {
        let before = system.read(Path::new(POLICY)).ok();
        put(format!("#!/bin/sh\nexit {code}\n").as_bytes(), system)?;
        Ok(Self { before })
    }

    /// Puts back what was there.
    pub(crate) fn restore(self, system: &mut System) -> Result<(), Failure> {
        match self.before {
            Some(bytes) => put(&bytes, system),
            None => system
                .remove_file(Path::new(POLICY))
                .map_err(|error| Failure::new(format!("cannot remove {POLICY}: {error}"))),
        }
    }
}

fn put(mut bytes: &[u8], system: &mut System) -> Result<(), Failure> {
    let wanted = NewFile { mode: Some(0o755), ..NewFile::default() };
    system
        .write_atomic(Path::new(POLICY), &mut bytes, &wanted)
        .map_err(|error| Failure::new(format!("cannot write {POLICY}: {error}")))
}

#[cfg(test)]
mod tests {
    use ksplay_value::Map;

    use super::*;
    use crate::{Arguments, Given};

    #[test]
    fn a_simulation_writes_no_cache() {
        let args: AptArgs = Given::check("apt", AptArgs::SPEC_REF, &Map::new()).unwrap().typed().unwrap();
        let words = ["install".to_owned(), "tree".to_owned()];
        let simulated = Apt::new(&args).command(&words, true).shown();
        assert!(simulated.contains("-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --simulate"), "{simulated}");
        assert!(!Apt::new(&args).command(&words, false).shown().contains("Dir::Cache"));
    }
}
